"""A list of samples with their predictions. The sample that is chosen becomes the one that the canvas shows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.learned.predictions import Predictions
from graph.text.messages import _
from ui.look.numbers import exact, number, percent, whole
from ui.look.theme import Theme
from ui.look.widgets import label
from ui.readouts.text_table import TextTable

MOST = 2000
"""Samples that a list shows."""


Text = Callable[[int], str]
"""Of the sample at a place."""
Column = tuple[str, str, Text, Text]


class SampleList(QWidget):
    """`chosen` carries the place of a sample within its part."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._found: Predictions | None = None
        self.places: np.ndarray = np.zeros(0, dtype=np.int64)
        self.heading = label("", "strong", wrap=True)
        self.table = TextTable(_("Samples"), self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.heading)
        layout.addWidget(self.table, 1)

    def show_samples(self, found: Predictions, places: np.ndarray, heading: str, theme: Theme) -> None:
        """The samples at these places of the part, in this order."""
        self._found, self.places = found, places[:MOST]
        shown = heading if len(places) <= MOST else _("{heading} (the first {most})").format(heading=heading, most=MOST)
        self.heading.setText(shown)
        self.table.dress(theme)
        columns = _columns(found)
        self.table.model_.show_rows(
            [(text, why) for text, why, _cell, _tip in columns], len(self.places),
            lambda row, column: columns[column][2](int(self.places[row])), lambda row, column: columns[column][3](int(self.places[row])),
        )  # fmt: skip

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self.places):
            self.chosen.emit(int(self.places[row]))


def _columns(found: Predictions) -> list[Column]:
    """Heading, its explanation, a text by place, and the same in full."""
    rows: list[Column] = [
        (_("row"), _("The sample's row in the data set"), lambda at: whole(float(found.rows[at] + 1)) if len(found.rows) else "", _nothing)
    ]
    if found.kind == "classes":
        confidence = found.confidence
        rows += [
            (_("true"), "", lambda at: found.classes[found.true[at]], _nothing),
            (_("predicted"), "", lambda at: found.classes[found.predicted[at]] + ("" if found.right[at] else "  ✕"), _nothing),
        ]
        if confidence is not None:
            why = _("The probability of the predicted class")
            rows.append((_("probability"), why, lambda at: percent(float(confidence[at])), lambda at: exact(float(confidence[at]))))
        else:
            why = _("The largest number of the output. It is no probability: the loss of this network defines none.")
            rows.append((_("score"), why, lambda at: number(_score(found, at)), lambda at: exact(_score(found, at))))
    else:
        for k, name in enumerate(found.names):
            rows += [
                (name, _("The true value"), _number_of(found.true, k), _exact_of(found.true, k)),
                (_("predicted"), "", _number_of(found.predicted, k), _exact_of(found.predicted, k)),
            ]
    why = _("The loss of this sample alone, without penalties")
    rows.append((_("loss"), why, lambda at: number(float(found.loss[at])), lambda at: exact(float(found.loss[at]))))
    return rows


def _nothing(_at: int) -> str:
    return ""


def _number_of(table: np.ndarray, column: int) -> Text:
    return lambda at: number(float(table[at, column]))


def _exact_of(table: np.ndarray, column: int) -> Text:
    return lambda at: exact(float(table[at, column]))


def _score(found: Predictions, at: int) -> float:
    row = found.scores[at]
    return float(row[0]) if len(row) == 1 else float(row[found.predicted[at]])

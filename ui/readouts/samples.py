"""A list of samples with their predictions: rows of a table, or pictures. The one that is chosen becomes the sample on the canvas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from engine.learned.pictures import SamplePictures
from engine.learned.predictions import Predictions
from graph.text.messages import _
from ui.look.afar import enlarge
from ui.look.numbers import exact, number, percent, whole
from ui.look.theme import LIGHT, Theme
from ui.look.widgets import label
from ui.maths.heat import bytes_image
from ui.maths.picture_grid import Caption, PictureGrid, scrolling
from ui.readouts.text_table import TextTable
from ui.shell.workspace.workspace import Workspace

MOST, MOST_PICTURES = 2000, 1000
"""Samples that a list shows, as rows and as pictures."""
SHORT = 4
"""Letters of class names of which two go on one line."""
KEPT = 4000
"""Pictures that are kept for showing them again."""
Text = Callable[[int], str]
"""Of the sample at a place."""
Column = tuple[str, str, Text, Text]


class SampleList(QWidget):
    """`chosen` carries the place of a sample within its part."""

    chosen = Signal(int)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._found: Predictions | None = None
        self._theme = LIGHT
        self._pictures: dict[int, QImage] = {}
        self._of: tuple[Any, ...] = ()
        """Which data the kept pictures are of."""
        self.places: np.ndarray = np.zeros(0, dtype=np.int64)
        self.heading = label("", "strong", wrap=True)
        self.table, self.grid = TextTable(_("Samples"), self._choose), PictureGrid(_("Samples"))
        self._area = scrolling(self.grid)
        self._body = QStackedWidget()
        self._body.addWidget(self.table)
        self._body.addWidget(self._area)
        self.grid.chosen.connect(self._choose)
        self.grid.looked_at.connect(self._fetch)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.heading)
        layout.addWidget(self._body, 1)

    def show_samples(self, found: Predictions, places: np.ndarray, heading: str, theme: Theme) -> None:
        """The samples at these places of the part, in this order."""
        most = MOST_PICTURES if found.pictures else MOST
        self._found, self.places, self._theme = found, places[:most], theme
        enlarge(self.heading, theme)
        cut = len(places) > most
        self.heading.setText(_("{heading} (the first {most})").format(heading=heading, most=most) if cut else heading)
        if found.pictures:
            self._show_pictures(found)
        else:
            self._show_rows(found)

    def _show_rows(self, found: Predictions) -> None:
        self._body.setCurrentWidget(self.table)
        columns, places = _columns(found), self.places
        self.table.model_.show_rows(
            [(text, why) for text, why, _cell, _tip in columns], len(self.places),
            lambda row, column: columns[column][2](int(places[row])), lambda row, column: columns[column][3](int(places[row])),
        )  # fmt: skip
        self.table.dress(self._theme)

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self.places):
            self.chosen.emit(int(self.places[row]))

    # pictures

    def _show_pictures(self, found: Predictions) -> None:
        self._body.setCurrentWidget(self._area)
        of = (found.part, found.stamp.structure, found.stamp.revision)
        if of != self._of or len(self._pictures) > KEPT:
            self._of, self._pictures = of, {}
        spot = self._workspace.canvas.model.samples.sample
        here = np.flatnonzero(self.places == spot.place) if spot is not None and spot.part == found.part else np.zeros(0)
        captions = [caption(found, int(place)) for place in self.places]
        self.grid.show_pictures(captions, self.picture, self._theme, int(here[0]) if len(here) else -1)

    def picture(self, index: int) -> QImage | None:
        """The picture of the sample at this index of the list, where it has arrived."""
        return self._pictures.get(int(self.places[index]))

    def _fetch(self) -> None:
        """Ask for the pictures in view that are not there yet."""
        found = self._found
        if found is None or not found.pictures or not self.grid.isVisible():
            return
        wanted = [int(self.places[index]) for index in self.grid.in_view() if index < len(self.places)]
        lacking = tuple(place for place in wanted if place not in self._pictures)
        if lacking:
            self._workspace.work.ask(SamplePictures(found.part, lacking), self._arrived, rest=0)

    def _arrived(self, question: SamplePictures, answer: Any) -> None:
        found = self._found
        if found is None or question.part != found.part or not isinstance(answer, np.ndarray) or len(answer) != len(question.places):
            return
        for place, pixels in zip(question.places, answer, strict=True):
            self._pictures[place] = bytes_image(pixels)
        self.grid.update()


def caption(found: Predictions, place: int) -> Caption:
    """What is predicted of a sample, in two short lines and in a sentence."""
    if found.kind == "numbers":
        true, predicted = (", ".join(number(float(value)) for value in table[place]) for table in (found.true, found.predicted))
        said = _("true {true}, predicted {predicted}, loss {loss}").format(true=true, predicted=predicted, loss=number(found.loss[place]))
        return Caption((true, f"→ {predicted}"), said)
    true, predicted = found.classes[found.true[place]], found.classes[found.predicted[place]]
    right, confidence = bool(found.right[place]), found.confidence
    second = percent(float(confidence[place])) if confidence is not None else number(_score(found, place))
    chance = _("probability {share}") if confidence is not None else _("score {share}")
    said = _("true class {true}, predicted {predicted}, {chance}, loss {loss}").format(
        true=true, predicted=predicted, chance=chance.format(share=second), loss=number(float(found.loss[place]))
    )
    if max(len(name) for name in found.classes) > SHORT:
        return Caption((true, "✓" if right else f"→ {predicted}", second), said, not right)
    return Caption((f"{true} ✓" if right else f"{true} → {predicted}", second), said, not right)


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
            rows.append((_("prob."), why, lambda at: percent(float(confidence[at])), lambda at: exact(float(confidence[at]))))
        else:
            why = _("The number that decided the class. It is no probability: this network's loss defines none.")
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

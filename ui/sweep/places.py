"""The table of a race: who was first at a target loss, in steps, evaluations of the gradient, epochs and seconds."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QLineEdit, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from engine.sweep.placing import Place, placing, usual_target
from graph.formula.numbers import read_number
from graph.model.loss_words import loss_words
from graph.text.messages import _
from ui.look.afar import BASE, unit, write_in
from ui.look.numbers import count
from ui.look.numerals import number
from ui.look.theme import LIGHT, Theme, color
from ui.look.widgets import label
from ui.maths.array_view import quiet_table
from ui.sweep.state import SweepState

NOTE = _("Medians over the seeds; a run that never got so low counts as ∞. With mini-batches, the loss is the mean of an epoch. A column "
         "of the Hessian counts as one evaluation. Runs that are trained together share the time.")  # fmt: skip


class PlacesTable(QWidget):
    """A field for the target, and a row for each competitor (and rate), the fastest first."""

    chosen = Signal(int)
    """A run of the row that was selected: the one with the lowest loss."""

    def __init__(self, state: SweepState) -> None:
        super().__init__()
        self._state, self.theme = state, LIGHT
        self.places: list[Place] = []
        self._typed = False
        self._filled: tuple[list[str], list[list[str]]] = [], []
        self.words = label("", "secondary")
        self.target = QLineEdit()
        self.target.setAccessibleName(_("Target loss"))
        self.target.setFixedWidth(110)
        self.complaint = label("", "complaint")
        self.table = QTableWidget()
        quiet_table(self.table)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setAccessibleName(_("Who was first"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.note = label(NOTE, "small", wrap=True)
        head = QHBoxLayout()
        head.addWidget(self.words)
        head.addWidget(self.target)
        head.addWidget(self.complaint, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.addLayout(head)
        column.addWidget(self.table, 1)
        column.addWidget(self.note)
        self.target.textEdited.connect(lambda _text: self._edited())
        self.table.itemSelectionChanged.connect(self._select)

    def dress(self, theme: Theme) -> None:
        """Type that is read from afar."""
        self.theme = theme
        pixels = round(BASE * unit(self, theme))
        self.table.setStyleSheet(f"QTableView {{ font-size: {pixels}px; }} QHeaderView::section {{ font-size: {pixels}px; padding: 4px; }}")
        self.table.verticalHeader().setDefaultSectionSize(round(pixels * 1.8))
        write_in(self.words, pixels)
        self.refresh()

    def _edited(self) -> None:
        self._typed = True
        self.refresh()

    def forget(self) -> None:
        """Another race: the target is chosen again."""
        self._typed = False

    def refresh(self) -> None:
        """Look at the state again."""
        state = self._state
        words = loss_words(any(row.penalised for row in state.rows.values()))
        self.words.setText(_("First at a {loss} of at most").format(loss=words.word))
        if not self._typed:
            usual = usual_target(state.rows.values())
            self.target.setText("" if usual is None else f"{usual:g}")
        reading = read_number(self.target.text()) if self.target.text().strip() else None
        target = reading.value if reading is not None else None
        self.complaint.setText(reading.refusal if reading is not None and reading.value is None else "")
        self.places = placing(state.plan, state.rows, float(target)) if target is not None and state.graph is not None else []
        self._fill()

    def _fill(self) -> None:
        state, table = self._state, self.table
        by = [axis.of for axis in state.plan.axes if axis.of in state.across]
        data = any(place.passes is not None for place in self.places)
        heads = ["", *(state.title(of) for of in by), _("reached"), _("steps"), _("evaluations"), *([_("epochs")] if data else []),
                 _("time"), _("lowest loss")] if state.graph is not None else []  # fmt: skip
        rows = [self._texts(rank, place, data) for rank, place in enumerate(self.places, 1)]
        if self._filled == (heads, rows):
            return
        self._filled = heads, rows
        table.blockSignals(True)
        table.clear()
        table.setColumnCount(len(heads))
        table.setHorizontalHeaderLabels(heads)
        for c in range(1, len(by) + 1):
            if (head := table.horizontalHeaderItem(c)) is not None:
                head.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.setRowCount(len(rows))
        for r, (texts, place) in enumerate(zip(rows, self.places, strict=True)):
            for c, text in enumerate(texts):
                item = QTableWidgetItem(text)
                left = 1 <= c <= len(by)
                item.setTextAlignment((Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight) | Qt.AlignmentFlag.AlignVCenter)
                if place.diverged and c == len(by) + 1:
                    item.setForeground(color(self.theme.error))
                table.setItem(r, c, item)
        table.blockSignals(False)

    def _texts(self, rank: int, place: Place, data: bool) -> list[str]:
        state = self._state
        by = [of for of in state.across if state.plan.place(of) is not None]
        names = [state.text(of, value) for of, value in zip(by, place.values, strict=True)]
        reached = _("{reached} of {count}").format(reached=place.reached, count=place.runs)
        if place.diverged:
            reached += " · " + _("∞ {lost}").format(lost=place.diverged)
        first = str(rank) if place.steps is not None and math.isfinite(place.steps) else ""
        numbers = [_whole(place.steps), _whole(place.evaluations), *([_number(place.passes)] if data else [])]
        return [first, *names, reached, *numbers, _seconds(place.seconds), _number(place.best)]

    def _select(self) -> None:
        rows = {index.row() for index in self.table.selectedIndexes()}
        if len(rows) != 1:
            return
        place = self.places[rows.pop()]
        runs = [row for index, row in self._state.rows.items()
                if tuple(self._state.value(index, of) for of in self._state.across) == place.values]  # fmt: skip
        best = min((row for row in runs if row.lows), key=lambda row: row.lows[-1][1], default=None)
        if best is not None:
            self.chosen.emit(best.index)


def _whole(value: float | None) -> str:
    if value is None:
        return "–"
    return count(value) if math.isfinite(value) and value == int(value) else number(value)


def _number(value: float | None) -> str:
    return "–" if value is None else number(value, 3)


def _seconds(value: float | None) -> str:
    if value is None:
        return "–"
    if not math.isfinite(value):
        return number(value)
    return _("{n} ms").format(n=number(1000 * value, 2)) if value < 1 else _("{n} s").format(n=number(value, 3))

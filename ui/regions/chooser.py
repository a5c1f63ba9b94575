"""Which two columns the plane is drawn over, which sample the others are held at, and which of several predicted numbers is shown.

Each is there only where there is something to choose.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from engine.learned.plane import Axis, OnPlane
from graph.text.messages import _
from ui.look.typing import scroll_past
from ui.look.widgets import button, label
from ui.regions.frame import Span

NONE = -1
"""Chosen for the vertical axis: a curve over one column."""


class Chooser(QWidget):
    """`chosen`: other columns, or another number. `held`: hold the others at the next sample (1), or the one before (−1)."""

    chosen = Signal()
    held = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._columns: tuple[str, ...] = ()
        self._names: tuple[str, ...] = ()
        self.across = _box(_("Column to the right"), _("The column that the plane shows to the right"))
        self.up = _box(_("Column upwards"), _("The column that the plane shows upwards, or a curve over the first one alone"))
        self.number = _box(_("Predicted number"), _("Which of the predicted numbers is shown"))
        self.before = button("‹", "quiet", tip=_("Hold the other columns at the sample before"))
        self.after = button("›", "quiet", tip=_("Hold the other columns at the next sample"))
        self._columns_row, self._number_row = QWidget(), QWidget()
        row = _row(self._columns_row)
        for text, box in (("→", self.across), ("↑", self.up)):
            row.addWidget(label(text, "secondary"))
            row.addWidget(box, 1)
            box.activated.connect(lambda _index, box=box: self._pick(box))
        row.addWidget(self.before)
        row.addWidget(self.after)
        row = _row(self._number_row)
        row.addWidget(label(_("shown:"), "secondary"))
        row.addWidget(self.number, 1)
        self.number.activated.connect(lambda _index: self.chosen.emit())
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        rows.addWidget(self._columns_row)
        rows.addWidget(self._number_row)
        self.before.clicked.connect(lambda: self.held.emit(-1))
        self.after.clicked.connect(lambda: self.held.emit(1))
        self.hide()

    def clear(self) -> None:
        """Another document: its own first columns."""
        self._columns = self._names = ()
        self.number.clear()
        self.hide()

    def follow(self, seen: OnPlane) -> None:
        """Offer the columns of this plane's data, and the numbers that are predicted."""
        if seen.names != self._names:
            self._names = seen.names
            self.number.clear()
            for number, name in enumerate(seen.names):
                self.number.addItem(name, number)
            self.number.setCurrentIndex(seen.output)
        if seen.columns != self._columns:
            self._columns = seen.columns
            for box in (self.across, self.up):
                box.clear()
                for number, name in enumerate(seen.columns):
                    box.addItem(name, number)
            self.up.addItem(_("(curve)"), NONE)
            self.across.setCurrentIndex(seen.axes[0].column)
            self.up.setCurrentIndex(seen.axes[1].column if len(seen.axes) > 1 else self.up.count() - 1)
        for step in (self.before, self.after):
            step.setVisible(seen.held is not None)
        several = seen.kind == "numbers" and len(seen.names) > 1
        self._columns_row.setVisible(len(seen.columns) > 2)
        self._number_row.setVisible(several)
        self.setVisible(len(seen.columns) > 2 or several)

    @property
    def output(self) -> int:
        """Which of the predicted numbers is chosen, from 0."""
        return max(self.number.currentIndex(), 0)

    def axes(self, points: tuple[int, int], spans: tuple[Span, Span] | None) -> tuple[Axis, ...]:
        """The axes that are chosen; none before there is something to choose from."""
        if not self._columns:
            return ()
        columns = [self.across.currentData(), *([self.up.currentData()] if self.up.currentData() != NONE else [])]
        chosen = spans or (None, None)
        return tuple(Axis(column, count, span) for column, count, span in zip(columns, points, chosen, strict=False))

    def _pick(self, box: QComboBox) -> None:
        """Two axes never show the same column: the other one takes the column that this one had."""
        other = self.up if box is self.across else self.across
        if other.currentData() == box.currentData():
            free = next(number for number in range(len(self._columns)) if number != box.currentData())
            other.setCurrentIndex(free)
        self.chosen.emit()


def _box(name: str, tip: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(4)
    scroll_past(box)
    return box


def _row(widget: QWidget) -> QHBoxLayout:
    row = QHBoxLayout(widget)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    return row

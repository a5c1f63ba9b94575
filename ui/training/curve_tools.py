"""The buttons beside the legend of the loss: smoothing, curves of other runs, all steps, axis, and a menu of everything."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from graph.text.messages import _
from ui.look.widgets import button, leave_out, row_width
from ui.training.curve_reading import SMOOTHINGS, smoothing_title

OTHERS = _("other runs")


class CurveTools(QWidget):
    """`chosen`: the axis, or whether curves of other runs are shown; `smoothed` carries the number of steps."""

    chosen = Signal()
    smoothed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.logarithmic = button(_("log scale"), "quiet", tip=_("Show the loss on a logarithmic scale"))
        self.logarithmic.setCheckable(True)
        self.logarithmic.toggled.connect(lambda on: self.chosen.emit())
        self.others = button(OTHERS, "quiet", tip=_("Show the curves of other runs behind the current ones"))
        self.others.setCheckable(True)
        self.others.setChecked(True)
        self.others.toggled.connect(lambda on: self.chosen.emit())
        self.others.hide()
        self.smooth = button("", "quiet", tip=_("Draw the mean of the last steps over the loss of each step"))
        self.smooth.setMenu(QMenu(self.smooth))
        for steps in SMOOTHINGS:
            action = self.smooth.menu().addAction(smoothing_title(steps))
            action.triggered.connect(functools.partial(self.smoothed.emit, steps))
        self.smooth.setText(smoothing_title(0))
        self.all = button(_("all steps"), "quiet", tip=_("Show all steps again; the mouse wheel or a drag over the plot shows fewer"))
        self.all.hide()
        self.menu = button("⋯", "quiet", tip=_("Axis, smoothing, copies and files of the curves"))
        self.menu.setAccessibleName(_("Axis, smoothing, copies and files of the curves"))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        for widget in (self.others, self.all, self.smooth, self.logarithmic, self.menu):
            self._row.addWidget(widget)

    def add_actions(self, actions: Sequence[QAction]) -> None:
        """What the menu offers."""
        menu = QMenu(self.menu)
        menu.addActions(list(actions))
        self.menu.clicked.connect(lambda: menu.popup(self.menu.mapToGlobal(self.menu.rect().bottomLeft())))

    def fit(self, width: float, zoomed: bool, again: bool) -> None:
        """Where room is short, buttons give way, for the menu has them as well; `again`: there are curves of other runs."""
        self.all.setVisible(zoomed)
        self.others.setVisible(again)
        optional = [self.smooth, *([self.others] if again else []), self.logarithmic]
        leave_out(self._row, int(width), optional)

    @property
    def wide(self) -> int:
        """The width that the visible buttons take."""
        return row_width(self._row)

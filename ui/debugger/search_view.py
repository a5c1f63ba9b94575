"""What a line search tried: the loss along its direction with the trial points on it, and their numbers beside it."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush
from PySide6.QtWidgets import QHBoxLayout, QTableWidgetItem, QVBoxLayout, QWidget

from engine.explain.update import LineSearch, TrialPoint
from graph.text.messages import _
from ui.look.numbers import exact, number
from ui.look.theme import LIGHT, Theme, color
from ui.look.widgets import FlowLayout, button, label
from ui.maths.array_view import row_table
from ui.maths.plots import dot, dress, legend, new_plot, pen

COLUMNS = ("", "t", "φ(t)", "φ′(t)", "")
DAMPED = ("", "λ", _("loss"), "", "")
CLOSE = 4.0
"""Where a trial was longer than this many steps, the plot can be drawn close to the step that was taken."""
ROOM = 0.12


class SearchView(QWidget):
    """The plot has the room that the table of trials leaves."""

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._search: LineSearch | None = None
        self._plot: Any = None
        self.table = row_table(COLUMNS, _("Points that the line search tried"), stretched=4)
        self.why = label("", "small", wrap=True)
        self.key = label("", "small", wrap=True)
        self.key.setTextFormat(Qt.TextFormat.RichText)
        self.close_up = button(_("Near the step"), "quiet", tip=_("Show the part of the line around the step that was taken"))
        self.close_up.setCheckable(True)
        self.close_up.toggled.connect(lambda _on: self._draw())
        self.head = FlowLayout(8)
        self._left, right, self._right = QVBoxLayout(), QVBoxLayout(), QWidget()
        self._left.setSpacing(2)
        self._left.addWidget(self.key)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(4)
        right.addLayout(self.head)
        right.addWidget(self.table, 1)
        right.addWidget(self.why)
        self._right.setLayout(right)
        self.head.addWidget(self.close_up)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        row.addLayout(self._left, 1)
        row.addWidget(self._right)

    def show_search(self, search: LineSearch | None) -> None:
        """Draw a search; None: forget the last."""
        self._search = search
        if search is None:
            return
        self.close_up.setVisible(0 < CLOSE * search.step < search.widest)
        self.why.setText(search.why)
        self._fill()
        if self.isVisible():
            self._draw()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.table.verticalHeader().setDefaultSectionSize(round(24 * theme.scale))
        self._right.setFixedWidth(round(330 * theme.scale))
        if self._search is not None:
            self._fill()
            if self.isVisible():
                self._draw()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self._draw()
        self._scroll()

    # the table

    def _fill(self) -> None:
        search = self._search
        assert search is not None
        damped = any(trial.damping is not None for trial in search.trials)
        self.table.setHorizontalHeaderLabels(DAMPED if damped else COLUMNS)
        self.table.setColumnHidden(3, damped)
        start = TrialPoint(0.0, search.loss, search.slope, None, _("start"))
        rows = [*([] if damped else [start]), *search.trials]
        self.table.setRowCount(len(rows))
        for at, trial in enumerate(rows):
            place = at + damped  # 0 is the start, and trials are counted from 1, as in the plot
            self._fill_row(at, trial, place, search.taken is not None and place == search.taken + 1)
        self._scroll()

    def _scroll(self) -> None:
        """To the trial that was taken."""
        search = self._search
        row = None if search is None or search.taken is None else search.taken + self.table.rowCount() - len(search.trials)
        if row is not None and (item := self.table.item(row, 1)) is not None:
            self.table.scrollToItem(item)

    def _fill_row(self, at: int, trial: TrialPoint, place: int, taken: bool) -> None:
        theme = self._theme
        first = trial.step if trial.damping is None else trial.damping
        self.table.setItem(at, 0, QTableWidgetItem(str(place) if place else ""))
        cells = ((first, theme.text), (trial.loss, theme.forward), (trial.slope, theme.backward))
        for column, (value, ink) in enumerate(cells, 1):
            item = QTableWidgetItem(number(value))
            item.setToolTip(exact(value))
            item.setForeground(QBrush(color(ink)))
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.setItem(at, column, item)
        said = QTableWidgetItem(trial.verdict)
        said.setForeground(QBrush(color(theme.text if taken else theme.secondary)))
        font = said.font()
        font.setBold(taken)
        said.setFont(font)
        self.table.setItem(at, 4, said)

    # the plot

    def _draw(self) -> None:
        search, theme = self._search, self._theme
        if search is None or not self.isVisible():
            return
        if self._plot is None:
            self._plot = new_plot(_("The loss along the direction of the step"))
            self._left.insertWidget(0, self._plot, 1)
        plot = self._plot
        plot.clear()
        dress(plot, theme, _("loss φ(t)"), _("step length t"))
        low, high = self._ends(search)
        inside = [(x, f) for x, f in zip(search.x, search.f, strict=True) if low <= x <= high and math.isfinite(f)]
        entries = [("━", theme.forward, _("loss along d"))]
        if inside:
            plot.plot([x for x, _f in inside], [f for _x, f in inside], pen=pen(theme.forward, 2.2, theme))
            self._frame(search, low, high, [f for _x, f in inside])
        if math.isfinite(search.slope):
            ends = (0.0, high)
            plot.plot(list(ends), [search.loss + x * search.slope for x in ends], pen=pen(theme.backward, 1.6, theme))
            entries.append(("━", theme.backward, _("slope φ′(0)")))
        if search.c1 is not None:
            hue = theme.swatch["layers"]
            plot.plot([0.0, high], [search.ceiling(0.0), search.ceiling(high)], pen=pen(hue, 1.6, theme, dashed=True))
            entries.append(("┅", hue, _("low enough below this line")))
        if search.curvature is not None:
            hue = theme.swatch["math"]
            parabola = [search.loss + x * search.slope + 0.5 * search.curvature * x * x for x, _f in inside]
            plot.plot([x for x, _f in inside], parabola, pen=pen(hue, 1.6, theme, dashed=True))
            entries.append(("┅", hue, _("parabola")))
        self._points(search, low, high)
        self.key.setText(legend(*entries))

    def _ends(self, search: LineSearch) -> tuple[float, float]:
        if self.close_up.isChecked() and self.close_up.isVisibleTo(self):
            return -0.5 * search.step, 2.2 * search.step
        return (search.x[0], search.x[-1]) if search.x else (0.0, 1.0)

    def _frame(self, search: LineSearch, low: float, high: float, heights: list[float]) -> None:
        """The curve where it matters: what is far above the start may leave the picture at the top."""
        shown = [trial.loss for trial in search.trials if low <= trial.step <= high and math.isfinite(trial.loss)]
        bottom, top = min(heights), max([search.loss, *shown])
        span = top - bottom or max(abs(top), 1e-300)
        self._plot.setXRange(low, high, padding=0.0)
        self._plot.setYRange(bottom - ROOM * span, top + 2 * ROOM * span, padding=0.0)

    def _points(self, search: LineSearch, low: float, high: float) -> None:
        theme, plot = self._theme, self._plot
        dot(plot, 0.0, search.loss, theme.text, theme, 9)
        for i, trial in enumerate(search.trials):
            own = trial.damping is None or i == len(search.trials) - 1
            if not (own and low <= trial.step <= high):
                continue
            taken = i == search.taken
            if not math.isfinite(trial.loss):
                self._write(trial.step, self._top(), f"{i + 1}: {number(trial.loss)}", theme.error, 0.0)
                continue
            dot(plot, trial.step, trial.loss, theme.highlight if taken else theme.secondary, theme, 13 if taken else 9)
            self._write(trial.step, trial.loss, str(i + 1), theme.text)

    def _top(self) -> float:
        """The plot's upper edge."""
        return float(self._plot.getViewBox().viewRange()[1][1])

    def _write(self, x: float, y: float, text: str, hue: str, above: float = 1.25) -> None:
        import pyqtgraph

        from ui.look.theme import font

        item = pyqtgraph.TextItem(text, color=color(hue), anchor=(0.5, above))
        item.setFont(font("small", self._theme.scale))
        self._plot.addItem(item)
        item.setPos(x, y)

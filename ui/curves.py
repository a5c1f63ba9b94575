"""Loss and accuracy against steps. pyqtgraph is imported when the first point arrives, not before."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QElapsedTimer, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from ui.plot_rules import rules
from ui.theme import LIGHT, Theme, color, font, mixed
from ui.widgets import button, label

if TYPE_CHECKING:
    from engine.kernel.protocol import Point
    from ui.pace import Pace

EMPTY = "Press Train and watch the loss fall."
PLOTS = {"loss": ("loss", "test_loss"), "accuracy": ("accuracy", "test_accuracy")}
FIELDS = tuple(field for fields in PLOTS.values() for field in fields)
FEW = 12
"""So few points are marked as such: one alone would be no line."""
DRAW_MS = 200
"""Least time between two drawings: two antialiased plots take longer than the numbers beside them, and nobody reads them faster."""
MOST_POINTS = 600
"""More points than this are thinned before drawing: a plot has about as many columns, and every point of an antialiased line costs."""


class Curves(QWidget):
    """Two plots side by side; accuracy appears when something is measured. Training part solid, test part dashed."""

    def __init__(self, pace: Pace | None = None) -> None:
        super().__init__()
        self._pace = pace
        self._theme = LIGHT
        self._points: Sequence[Point] = ()
        self._taken: dict[str, tuple[list[float], list[float]]] = {field: ([], []) for field in FIELDS}
        self._known = 0
        self._newest: Point | None = None
        self._plots: dict[str, Any] = {}
        self._lines: dict[str, Any] = {}
        self._rules: dict[str, Any] = {}
        self._logarithmic = False
        self._drawn = QElapsedTimer()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._draw_soon)
        self.logarithmic = button("log scale", "quiet", tip="Show the loss on a logarithmic scale")
        self.logarithmic.setCheckable(True)
        self.logarithmic.toggled.connect(lambda _: self._draw())
        self.hint = label(EMPTY, "secondary")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.hint)
        self._board = QWidget()
        self._row = QHBoxLayout(self._board)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(16)
        self._stack.addWidget(self._board)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for name in self._plots:
            self._paint(name)
        self._draw()

    def show_points(self, points: Sequence[Point]) -> None:
        """Draw these points, all that there are of the run."""
        self._points = points
        if not points:
            self._stack.setCurrentWidget(self.hint)
            return
        if not self._plots:
            self._make()
        self._stack.setCurrentWidget(self._board)
        if not self._later.isActive():
            since = self._drawn.elapsed() if self._drawn.isValid() else DRAW_MS
            if since < DRAW_MS:
                self._later.start(int(DRAW_MS - since))
            else:
                self._draw_soon()

    def series(self, field: str) -> tuple[list[float], list[float]]:
        """Steps and values of one curve, without the gaps; thinned when there are very many."""
        self._take()
        steps, values = self._taken[field]
        if len(steps) > MOST_POINTS:
            stride = -(-len(steps) // MOST_POINTS)
            return steps[::stride] + steps[-1:], values[::stride] + values[-1:]
        return list(steps), list(values)

    def _take(self) -> None:
        """Sort the points that came since into the curves; from the start where the run is another, or was taken back."""
        known, points = self._known, self._points
        if len(points) < known or (known and points[known - 1] is not self._newest):
            known = 0
            for steps, values in self._taken.values():
                steps.clear()
                values.clear()
        for point in points[known:]:
            for field, (steps, values) in self._taken.items():
                value = getattr(point, field)
                if value is not None and math.isfinite(value):
                    steps.append(float(point.step))
                    values.append(float(value))
        self._known, self._newest = len(points), points[-1] if points else None

    def _make(self) -> None:
        import pyqtgraph

        pyqtgraph.setConfigOptions(antialias=True)
        for name, fields in PLOTS.items():
            plot = pyqtgraph.PlotWidget()
            plot.setFrameShape(plot.Shape.NoFrame)
            plot.setMenuEnabled(False)
            plot.setMouseEnabled(False, False)
            plot.hideButtons()
            plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            plot.getPlotItem().layout.setContentsMargins(0, 8, 0, 0)  # room for the upper half of a tick's text at the very top
            plot.setAccessibleName(f"Curve of the {name}")
            holder = QWidget()
            column = QVBoxLayout(holder)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(2)
            top = QHBoxLayout()
            top.setSpacing(10)
            legend = label("", "small")
            legend.setTextFormat(Qt.TextFormat.RichText)
            legend.setObjectName(name)
            legend.setMinimumHeight(self.logarithmic.sizeHint().height())
            top.addWidget(legend)
            top.addStretch(1)
            if name == "loss":
                top.addWidget(self.logarithmic)
            column.addLayout(top)
            column.addWidget(plot, 1)
            self._row.addWidget(holder, 1)
            self._plots[name] = (plot, holder, legend)
            if name == "accuracy":
                plot.getAxis("left").setTicks([[(share, f"{share:.0%}") for share in (0.0, 0.25, 0.5, 0.75, 1.0)]])
            self._rules[name] = rules(plot)
            for field in fields:
                self._lines[field] = plot.plot([], [])
            self._paint(name)

    def _paint(self, name: str) -> None:
        import pyqtgraph

        theme = self._theme
        plot, _, legend = self._plots[name]
        plot.setBackground(color(theme.panel))
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setPen(pyqtgraph.mkPen(color(theme.hairline)))
            axis.setTextPen(pyqtgraph.mkPen(color(theme.secondary)))
            axis.setTickFont(font("tiny", theme.scale))
            axis.setStyle(tickLength=-4, tickTextOffset=6)
        plot.getAxis("left").setWidth(round(48 * theme.scale))
        plot.getAxis("bottom").setHeight(round(22 * theme.scale))
        self._rules[name].set_pen(pyqtgraph.mkPen(color(mixed(theme.hairline, theme.panel, 0.6))))
        width = 1.6 * theme.scale
        solid = pyqtgraph.mkPen(color(theme.forward), width=width)
        dashed = pyqtgraph.mkPen(color(theme.swatch["layers"]), width=width, style=Qt.PenStyle.DashLine)
        first, second = PLOTS[name]
        self._lines[first].setPen(solid)
        self._lines[second].setPen(dashed)
        for field, hue in ((first, theme.forward), (second, theme.swatch["layers"])):
            self._lines[field].setSymbolBrush(color(hue))
            self._lines[field].setSymbolPen(None)
        legend.setText(
            f'<b style="color:{theme.text}">{name.capitalize()}</b>&nbsp;&nbsp; <span style="color:{theme.forward}">━ training</span>'
            f'&nbsp;&nbsp; <span style="color:{theme.swatch["layers"]}">┅ test</span>'
        )

    def _draw_soon(self) -> None:
        """One plot after the other, each between two frames of the canvas."""
        self._drawn.start()
        for name in self._plots:
            if self._pace is None:
                self._draw_plot(name)
            else:
                self._pace.run(f"curve of {name}", functools.partial(self._draw_plot, name))

    def _draw(self) -> None:
        self._drawn.start()
        for name in self._plots:
            self._draw_plot(name)

    def _draw_plot(self, name: str) -> None:
        if not self._points:
            return
        plot, holder, _ = self._plots[name]
        logarithmic = name == "loss" and self.logarithmic.isChecked()
        if name == "accuracy":
            holder.setVisible(bool(self._taken["accuracy"][0] or self._taken["test_accuracy"][0]))
        if name == "loss" and logarithmic != self._logarithmic:  # it makes the plot look for its range again
            plot.setLogMode(x=False, y=logarithmic)
            self._logarithmic = logarithmic
        drawn = {field: self._shown(field, logarithmic) for field in PLOTS[name]}
        self._look(name, [value for _, values in drawn.values() for value in values], logarithmic)
        for field, (steps, values) in drawn.items():
            symbol = "o" if len(steps) < FEW else None
            self._lines[field].setData(steps, values, symbol=symbol, symbolSize=round(4 * self._theme.scale))

    def _shown(self, field: str, logarithmic: bool) -> tuple[list[float], list[float]]:
        steps, values = self.series(field)
        if not logarithmic:
            return steps, values
        kept = [(step, value) for step, value in zip(steps, values, strict=True) if value > 0]
        return [step for step, _ in kept], [value for _, value in kept]

    def _look(self, name: str, values: Sequence[float], logarithmic: bool) -> None:
        """Show all steps and all values. Said at once: left to itself, a plot finds its range after it was painted, and paints again."""
        plot = self._plots[name][0]
        first, last = self._points[0].step, max(self._points[-1].step, self._points[0].step + 1)
        low, high = (min(values), max(values)) if values and name == "loss" else (0.0, 1.0)
        if logarithmic:
            low, high = math.log10(low), math.log10(high)
        spare = 0.04 * (high - low) or 0.1 * abs(high) or 0.1
        plot.setRange(xRange=(first - 0.02 * (last - first), last + 0.02 * (last - first)), yRange=(low - spare, high + spare), padding=0)

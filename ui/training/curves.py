"""Loss and accuracy against steps. pyqtgraph is imported when the first point arrives, not before."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QElapsedTimer, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from graph.text.messages import _
from ui.look.schedule import Schedule
from ui.look.theme import LIGHT, Theme, color, font, mixed
from ui.look.widgets import button, label
from ui.maths.curve_scale import LINEAR, Scale, chosen_scale
from ui.maths.plot_rules import rules

if TYPE_CHECKING:
    from engine.training.curve import Point

EMPTY = _("Press Train and watch the loss fall.")
BEFORE = _("before Reset")
PARTS = {"mini-batch": _("mini-batch"), "whole": _("training set"), "": _("each step")}
"""What the loss of a step is computed over, as the legend says it."""
TITLES = {"loss": _("Loss"), "accuracy": _("Accuracy")}
PLOTS = {"loss": ("loss", "test_loss"), "accuracy": ("accuracy", "test_accuracy")}
FIELDS = tuple(field for fields in PLOTS.values() for field in fields)
FEW = 12
"""So few points are marked as such: one alone would be no line."""
AXIS = 48
"""Width of the axis beside a curve, unless its numbers need more."""
DRAW_MS, DRAW = 200, "curves"
"""Least time between two drawings: two antialiased plots take longer than the numbers beside them."""
MOST_POINTS = 600
"""More points than this are thinned before drawing: a plot has about as many columns, and every point of an antialiased line costs."""


class Curves(QWidget):
    """Two plots side by side; accuracy appears when something is measured. Training part solid, test part dashed.

    The run before a reset stays behind the new one, pale, until another document is shown.
    """

    def __init__(self, work: Schedule | None = None) -> None:
        super().__init__()
        self._work = work or Schedule(self)
        self._theme = LIGHT
        self._points: Sequence[Point] = ()
        self._taken: dict[str, tuple[list[float], list[float]]] = {field: ([], []) for field in FIELDS}
        self._known = 0
        self._newest: Point | None = None
        self._plots: dict[str, Any] = {}
        self._lines: dict[str, Any] = {}
        self._rules: dict[str, Any] = {}
        self._ghosts: dict[str, Any] = {}
        self._ghost: dict[str, tuple[list[float], list[float]]] = {}
        self._run = -1
        self._part = ""
        self._scale = LINEAR
        self._drawn = QElapsedTimer()
        self.logarithmic = button(_("log scale"), "quiet", tip=_("Show the loss on a logarithmic scale"))
        self.logarithmic.setCheckable(True)
        self.logarithmic.toggled.connect(lambda _: self._draw())
        self.note = label("", "small")
        self.before = button(BEFORE, "quiet", tip=_("Show the curves from before Reset behind the current ones"))
        self.before.setCheckable(True)
        self.before.setChecked(True)
        self.before.toggled.connect(lambda _: self._draw())
        self.before.hide()
        self.hint = label(EMPTY, "secondary", wrap=True)
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

    def set_hint(self, text: str) -> None:
        """Shown in place of curves while there are none."""
        self.hint.setText(text)

    def clear(self) -> None:
        """Another document: nothing of the old one's runs stays."""
        self._points, self._ghost, self._run = (), {}, -1
        self._take()
        self._stack.setCurrentWidget(self.hint)

    def settle(self) -> None:
        """Training rests: note the last points, which a reset would take away before they were drawn."""
        self._take()

    def show_points(self, points: Sequence[Point], run: int = 0, part: str = "") -> None:
        """Draw these points, all that there are of a run; `part` says what a step's loss is computed over (see `PARTS`)."""
        if run != self._run:
            self._leave(run)
        self._points = points
        self._part = part or self._part
        if not points and not self._ghost:
            self._stack.setCurrentWidget(self.hint)
            return
        if not self._plots:
            self._make()
        self._stack.setCurrentWidget(self._board)
        if not self._work.pending(DRAW):
            since = self._drawn.elapsed() if self._drawn.isValid() else DRAW_MS
            if since < DRAW_MS:
                self._work.after_frame(DRAW, self._draw_soon, int(DRAW_MS - since))
            else:
                self._draw_soon()

    def _leave(self, run: int) -> None:
        """Another run begins: the one shown until now becomes the pale one, if there is anything of it."""
        if self._run >= 0 and self._taken["loss"][0]:
            self._ghost = {field: (list(steps), list(values)) for field, (steps, values) in self._taken.items()}
        self._run = run

    def series(self, field: str) -> tuple[list[float], list[float]]:
        """Steps and values of one curve, without the gaps; thinned when there are very many."""
        self._take()
        return _thinned(*self._taken[field])

    def ghost(self, field: str) -> tuple[list[float], list[float]]:
        """The same of the run before the last reset, while it is shown."""
        return _thinned(*self._ghost.get(field, ([], []))) if self.before.isChecked() else ([], [])

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
            plot.setAccessibleName(_("Curve of the {name}").format(name=name))
            holder = QWidget()
            column = QVBoxLayout(holder)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(2)
            legend = label("", "small")
            legend.setTextFormat(Qt.TextFormat.RichText)
            legend.setObjectName(name)
            column.addWidget(legend)
            place = QGridLayout()
            place.addWidget(plot, 0, 0)
            if name == "loss":  # in the corner of the plot: beside the legend there is no room on a small screen
                place.addWidget(self._corner(), 0, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)
            column.addLayout(place, 1)
            self._row.addWidget(holder, 1)
            self._plots[name] = (plot, holder, legend)
            if name == "accuracy":
                plot.getAxis("left").setTicks([[(share, f"{share:.0%}") for share in (0.0, 0.25, 0.5, 0.75, 1.0)]])
            self._rules[name] = rules(plot)
            for field in fields:
                self._ghosts[field] = plot.plot([], [])
            for field in fields:
                self._lines[field] = plot.plot([], [])
            self._paint(name)

    def _corner(self) -> QWidget:
        corner = QWidget()
        rows = QVBoxLayout(corner)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        buttons = QHBoxLayout()
        buttons.setSpacing(0)
        buttons.addStretch(1)
        buttons.addWidget(self.before)
        buttons.addWidget(self.logarithmic)
        rows.addLayout(buttons)
        rows.addWidget(self.note, 0, Qt.AlignmentFlag.AlignRight)
        return corner

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
        plot.getAxis("left").setWidth(round(AXIS * theme.scale))
        plot.getAxis("bottom").setHeight(round(22 * theme.scale))
        self._rules[name].set_pen(pyqtgraph.mkPen(color(mixed(theme.hairline, theme.panel, 0.6))))
        width = 1.6 * theme.scale
        solid = pyqtgraph.mkPen(color(theme.forward), width=width)
        dashed = pyqtgraph.mkPen(color(theme.swatch["layers"]), width=width, style=Qt.PenStyle.DashLine)
        pale = mixed(theme.secondary, theme.panel, 0.5)
        for field, pen, hue in zip(PLOTS[name], (solid, dashed), (theme.forward, theme.swatch["layers"]), strict=True):
            self._lines[field].setPen(pen)
            self._lines[field].setSymbolBrush(color(hue))
            self._lines[field].setSymbolPen(None)
            self._ghosts[field].setPen(pyqtgraph.mkPen(color(pale), width=width, style=pen.style()))
            self._ghosts[field].setSymbolBrush(color(pale))
            self._ghosts[field].setSymbolPen(None)
        self._write_legend(name)

    def _write_legend(self, name: str) -> None:
        """Name what is drawn, and nothing else."""
        theme, (first, second) = self._theme, PLOTS[name]
        hues = ((first, theme.forward, f"━ {PARTS.get(self._part, '') if name == 'loss' else _('training set')}"),
                (second, theme.swatch["layers"], _("┅ test set")))  # fmt: skip
        parts = [f'<span style="color:{hue}">{text}</span>' for field, hue, text in hues if self._taken[field][0]]
        text = "&nbsp;&nbsp; ".join([f'<b style="color:{theme.text}">{TITLES[name]}</b>', *parts])
        legend = self._plots[name][2]
        if legend.text() != text:
            legend.setText(text)

    def _draw_soon(self) -> None:
        """One plot after the other, each between two frames of the canvas."""
        self._drawn.start()
        for name in self._plots:
            self._work.after_frame((DRAW, name), functools.partial(self._draw_plot, name))

    def _draw(self) -> None:
        self._drawn.start()
        for name in self._plots:
            self._draw_plot(name)

    def _draw_plot(self, name: str) -> None:
        if not self._points and not self._ghost:
            return
        plot, holder, _ = self._plots[name]
        fields = PLOTS[name]
        series = {field: self.series(field) for field in fields}
        ghosts = {field: self.ghost(field) for field in fields}
        values = [value for _, points in (*series.values(), *ghosts.values()) for value in points]
        if name == "accuracy":
            holder.setVisible(bool(values))
        else:
            self._set_scale(chosen_scale(values, self.logarithmic.isChecked()))
            self.before.setVisible(bool(self._ghost))
        self._write_legend(name)
        self._look(name, values)
        for lines, drawn in ((self._ghosts, ghosts), (self._lines, series)):
            for field, (steps, points) in drawn.items():
                symbol = "o" if len(steps) < FEW else None
                placed = [self._scale.position(value) for value in points] if name == "loss" else points
                lines[field].setData(steps, placed, symbol=symbol, symbolSize=round(4 * self._theme.scale))

    def _set_scale(self, scale: Scale) -> None:
        plot = self._plots["loss"][0]
        if (scale.kind == "log") != (self._scale.kind == "log"):  # it makes the plot look for its range again
            plot.setLogMode(x=False, y=scale.kind == "log")
        if scale.kind == "log" != self._scale.kind:
            plot.getAxis("left").setTicks(None)
        self._scale = scale
        self.note.setText(scale.note)
        self.note.setVisible(bool(scale.note))

    def _look(self, name: str, values: Sequence[float]) -> None:
        """Show all steps and all values. Said at once: left to itself, a plot finds its range after it was painted, and paints again."""
        plot = self._plots[name][0]
        steps = [point.step for point in (*self._points[:1], *self._points[-1:])]
        steps += [int(ghost_steps[i]) for field in PLOTS[name] for ghost_steps in (self.ghost(field)[0],) if ghost_steps for i in (0, -1)]
        first, last = min(steps, default=0), max(steps, default=1)
        last = max(last, first + 1)
        low, high = (min(values), max(values)) if values and name == "loss" else (0.0, 1.0)
        if name == "loss":
            edge = 0.04 * (high - low) if self._scale.kind == "linear" and math.isfinite(1.1 * (high - low)) else 0.0
            ticks = self._scale.ticks(low - edge, high + edge)
            if ticks is not None:
                plot.getAxis("left").setTicks([ticks])
            self._make_room([text for _, text in ticks or ()])
            low, high = self._scale.position(low), self._scale.position(high)
            if self._scale.kind == "log":
                low, high = math.log10(low), math.log10(high)
        spare = 0.04 * (high - low) or 0.1 * abs(high) or 0.1
        plot.setRange(xRange=(first - 0.02 * (last - first), last + 0.02 * (last - first)), yRange=(low - spare, high + spare), padding=0)

    def _make_room(self, texts: Sequence[str]) -> None:
        """Let the loss's axis be as wide as its numbers: one that does not fit would not be drawn."""
        scale, axis = self._theme.scale, self._plots["loss"][0].getAxis("left")
        widest = max(map(QFontMetricsF(font("tiny", scale)).horizontalAdvance, texts), default=0.0)
        axis.setWidth(max(round(AXIS * scale), math.ceil(widest + 14 * scale)))


def _thinned(steps: list[float], values: list[float]) -> tuple[list[float], list[float]]:
    """At most about `MOST_POINTS` of a curve's points, the newest among them."""
    if len(steps) <= MOST_POINTS:
        return list(steps), list(values)
    stride = -(-len(steps) // MOST_POINTS)
    return steps[::stride] + steps[-1:], values[::stride] + values[-1:]

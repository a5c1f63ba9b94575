"""The objective over two weights: lines of equal height, the path of the run, and one step as a sum of arrows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import Qt

from engine.learned.surface import Surface
from ui.look.theme import Theme, color, mixed
from ui.maths.level_lines import level_lines, levels_of
from ui.maths.plots import arrow, dress, new_plot, pen

LEVELS = 16
Point = tuple[float, float]


class PlanePlot:
    """A plot that is drawn from what it is given each time. `widget` goes into a layout."""

    def __init__(self, name: str) -> None:
        self.widget: Any = new_plot(name)
        self._step: list[Any] = []

    def show(self, surface: Surface, path: np.ndarray | None, upto: int, theme: Theme, stale: bool) -> None:
        """The lines with the path (N, 2), darker up to the point `upto`."""
        plot = self.widget
        plot.clear()
        self._step = []
        dress(plot, theme, left=surface.names[1], bottom=surface.names[0], size=13)
        plot.showGrid(x=False, y=False)
        low_x, high_x, low_y, high_y = surface.box
        plot.setXRange(low_x, high_x, padding=0)
        plot.setYRange(low_y, high_y, padding=0)
        levels = levels_of(surface.f, LEVELS)
        for i, pieces in enumerate(level_lines(surface.f, surface.xs, surface.ys, levels)):
            hue = mixed(mixed(theme.forward, theme.heat[0], i / max(len(levels) - 1, 1)), theme.panel, 0.35)
            ends, line = pieces.reshape(-1, 2), pen(hue if not stale else theme.stale, 1.1, theme)
            line.setCapStyle(Qt.PenCapStyle.RoundCap)  # so that the pieces of a line meet
            plot.plot(ends[:, 0], ends[:, 1], connect="pairs", pen=line)
        if path is not None and len(path):
            later, earlier = path[upto:], path[: upto + 1]
            plot.plot(later[:, 0], later[:, 1], pen=pen(theme.stale, 1.4, theme))
            plot.plot(earlier[:, 0], earlier[:, 1], pen=pen(theme.text, 2.0, theme))
            if len(earlier) <= 400:
                plot.plot(earlier[:, 0], earlier[:, 1], pen=None, symbol="o", symbolSize=4.5 * theme.scale, symbolBrush=color(theme.text),
                          symbolPen=None)  # fmt: skip
            self._dot(tuple(path[0]), theme.panel, theme.text, 10, theme)

    def show_step(self, at: Point, parts: Sequence[tuple[str, Point]], ahead: Point | None, theme: Theme) -> None:
        """Arrows one after the other from a point, each from the end of the one before, and then their sum from the point: in the colours
        given. `ahead` is the look-ahead point."""
        plot = self.widget
        for item in self._step:
            plot.removeItem(item)
        self._step = []
        end = at
        if parts:
            hue, (across, up) = parts[-1]
            self._arrow(at, (at[0] + across, at[1] + up), hue, 5.0, theme)
        for hue, (across, up) in parts[:-1]:
            following = (end[0] + across, end[1] + up)
            self._arrow(end, following, hue, 2.5, theme)
            end = following
        if ahead is not None:
            self._step.append(self._dot(ahead, theme.panel, theme.highlight, 12, theme))
        self._step.append(self._dot(at, theme.highlight, theme.panel, 11, theme))

    def _dot(self, at: Point, fill: str, edge: str, size: float, theme: Theme) -> Any:
        return self.widget.plot([at[0]], [at[1]], pen=None, symbol="o", symbolSize=size * theme.scale, symbolBrush=color(fill),
                                symbolPen=pen(edge, 2.0, theme))  # fmt: skip

    def _arrow(self, start: Point, end: Point, hue: str, width: float, theme: Theme) -> None:
        self._step += arrow(self.widget, start, end, hue, width, theme)


def box_around(path: np.ndarray, margin: float = 0.35) -> tuple[float, float, float, float] | None:
    """The plane about a path (N, 2): with some room around it, at least a hundredth of its numbers; None where it is not finite."""
    finite = path[np.isfinite(path).all(axis=1)]
    if not len(finite):
        return None
    low, high = finite.min(axis=0), finite.max(axis=0)
    span = np.maximum(high - low, 0.01 * np.maximum(np.abs(low), np.abs(high)))
    span = np.where(span > 0, span, 1.0)
    span = np.maximum(span, 0.15 * span.max())
    middle = (low + high) / 2
    low, high = middle - (0.5 + margin) * span, middle + (0.5 + margin) * span
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])

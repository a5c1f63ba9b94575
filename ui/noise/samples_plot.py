"""The gradients of single samples in a picture: for one number a fan of arrows over the samples, for two a cloud with its ellipses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.learned.instruments.noise import SampleGradients, ellipse
from graph.text.messages import _
from ui.look.theme import LIGHT, Theme, color, faded, mixed
from ui.maths.plots import arrow, dress, new_plot, pen

HEADS = 48
"""Of more samples the arrows have no heads."""
NEAR = 14
"""Pixels from a point within which it is meant."""
STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1}
TAKE = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class SamplesPlot(QWidget):
    """Draws what it is given. `pointed`: another sample is pointed out (its place among them, −1 for none); `taken`: it is to be removed
    or put back. Click a point, or choose it with the arrow keys and press Delete."""

    pointed = Signal(int)
    taken = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(_("Gradients of single samples"))
        self.plot: Any = new_plot(_("Gradients of single samples"))
        self.plot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setMouseTracking(True)
        self.at = -1
        self.seen: SampleGradients | None = None
        self._theme, self._stale = LIGHT, False
        self._mark: list[Any] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)

    # drawing

    def show_samples(self, seen: SampleGradients | None, theme: Theme, stale: bool) -> None:
        before = None if self.seen is None or not 0 <= self.at < len(self.seen.rows) else int(self.seen.rows[self.at])
        self.seen, self._theme, self._stale = seen, theme, stale
        rows = [] if seen is None else seen.rows.tolist()
        self.at = rows.index(before) if before in rows else -1
        self.draw()

    def draw(self) -> None:
        """The picture for the present size of the plot."""
        self.plot.clear()
        self._mark = []
        seen = self.seen
        if seen is None:
            return
        if len(seen.names) == 1:
            self._fan(seen)
        else:
            self._cloud(seen)
        self._point_out()

    @property
    def _hue(self) -> str:
        return self._theme.stale if self._stale else self._theme.backward

    def _fan(self, seen: SampleGradients) -> None:
        """One arrow for each sample, one under the other, from 0 to its gradient; the mean with its spread behind them."""
        import pyqtgraph

        plot, theme, count = self.plot, self._theme, len(seen.rows)
        dress(plot, theme, left=_("sample"), bottom=_("gradient ∂L/∂{name}").format(name=seen.names[0]), size=13)
        step = max(1, math.ceil(count / 12))
        plot.getAxis("left").setTicks([[(i, str(int(row))) for i, row in enumerate(seen.rows) if i % step == 0]])
        plot.showGrid(x=True, y=False, alpha=0.12)
        values = [*seen.gradients[:, 0], float(seen.full[0]), 0.0]
        mean, spread = float(seen.mean[0]), float(seen.deviations[0])
        if math.isfinite(spread):
            values += [mean - spread, mean + spread]
        self._range(np.array(values), np.array([-0.8, count - 0.2]))
        if math.isfinite(spread):
            band = pyqtgraph.LinearRegionItem((mean - spread, mean + spread), movable=False, brush=faded(self._hue, 0.13),
                                              pen=pyqtgraph.mkPen(None))  # fmt: skip
            plot.addItem(band)
        places = self._places()
        self._arrows(places * [0.0, 1.0], places, seen.kept, heads=count <= HEADS)
        self._dots(places, seen, kept=count > HEADS)
        plot.addItem(pyqtgraph.InfiniteLine(0.0, angle=90, pen=pen(theme.hairline, 1.2, theme)))
        plot.addItem(pyqtgraph.InfiniteLine(float(seen.full[0]), angle=90, pen=pen(theme.text, 2.0, theme, dashed=True)))
        plot.addItem(pyqtgraph.InfiniteLine(mean, angle=90, pen=pen(self._hue, 3.5, theme)))

    def _cloud(self, seen: SampleGradients) -> None:
        """A point for each sample, with an arrow from the origin; mean, ellipses and the full gradient."""
        plot, theme = self.plot, self._theme
        dress(plot, theme, left=f"∂L/∂{seen.names[1]}", bottom=f"∂L/∂{seen.names[0]}", size=13)
        plot.getAxis("left").setTicks(None)
        around = []
        if np.isfinite(seen.covariance).all():
            around = [ellipse(seen.mean, seen.covariance, sigmas) for sigmas in (1.0, 2.0)]
        every = np.concatenate([seen.gradients, seen.full[None], np.zeros((1, 2)), *around])
        self._range(every[:, 0], every[:, 1])
        self._arrows(np.zeros_like(seen.gradients), seen.gradients, seen.kept, heads=False)
        self._dots(seen.gradients, seen, kept=True)
        for line, dashed in zip(around, (False, True), strict=False):
            plot.plot(line[:, 0], line[:, 1], pen=pen(self._hue, 2.2, theme, dashed))
        arrow(plot, (0.0, 0.0), (float(seen.full[0]), float(seen.full[1])), theme.text, 3.0, theme)
        arrow(plot, (0.0, 0.0), (float(seen.mean[0]), float(seen.mean[1])), self._hue, 4.5, theme)

    def _range(self, xs: np.ndarray, ys: np.ndarray) -> None:
        """Show all of these, with some room around them."""
        for values, turn in ((xs, self.plot.setXRange), (ys, self.plot.setYRange)):
            finite = values[np.isfinite(values)]
            low, high = (float(finite.min()), float(finite.max())) if len(finite) else (-1.0, 1.0)
            room = 0.06 * (high - low) or max(abs(high), 1.0) * 0.1
            turn(low - room, high + room, padding=0)

    def _arrows(self, starts: np.ndarray, ends: np.ndarray, kept: np.ndarray, heads: bool) -> None:
        """From `starts` to `ends`, (N, 2) each, of the kept samples; without heads they are lines."""
        theme = self._theme
        if heads:
            for start, end in zip(starts[kept].tolist(), ends[kept].tolist(), strict=True):
                arrow(self.plot, (start[0], start[1]), (end[0], end[1]), mixed(self._hue, theme.panel, 0.3), 1.6, theme)
        else:
            both = np.stack([starts[kept], ends[kept]], axis=1).reshape(-1, 2)
            many = len(ends) > HEADS
            soft = pen(mixed(self._hue, theme.panel, 0.75 if many else 0.5), 0.8 if many else 1.2, theme)
            self.plot.plot(both[:, 0], both[:, 1], connect="pairs", pen=soft)

    def _dots(self, places: np.ndarray, seen: SampleGradients, kept: bool) -> None:
        """The samples that are left out, and those that are not where `kept`."""
        theme, out = self._theme, places[~seen.kept]
        size = (7 if len(places) <= HEADS else 5) * theme.scale
        if kept:
            mine = places[seen.kept]
            self.plot.plot(mine[:, 0], mine[:, 1], pen=None, symbol="o", symbolSize=size, symbolBrush=color(self._hue), symbolPen=None)
        if len(out):
            self.plot.plot(out[:, 0], out[:, 1], pen=None, symbol="x", symbolSize=1.6 * size, symbolBrush=color(theme.stale),
                           symbolPen=pen(theme.stale, 1.5, theme))  # fmt: skip

    def _point_out(self) -> None:
        for item in self._mark:
            self.plot.removeItem(item)
        self._mark = []
        if self.seen is not None and 0 <= self.at < len(self.seen.rows):
            x, y = self._places()[self.at]
            theme = self._theme
            self._mark = [self.plot.plot([x], [y], pen=None, symbol="o", symbolSize=15 * theme.scale, symbolBrush=None,
                                         symbolPen=pen(theme.highlight, 2.5, theme))]  # fmt: skip

    def _places(self) -> np.ndarray:
        """Where the points are in the plot, (N, 2)."""
        assert self.seen is not None
        gradients = self.seen.gradients
        return gradients if gradients.shape[1] == 2 else np.stack([gradients[:, 0], np.arange(len(gradients))], axis=1)

    # mouse and keys

    def point_out(self, at: int) -> None:
        """Point out a sample, −1 for none."""
        if at != self.at:
            self.at = at
            self._point_out()
            self.pointed.emit(at)

    def pixels(self) -> np.ndarray:
        """Where the points of the samples are in this widget, (N, 2)."""
        box, places = self.plot.getViewBox(), self._places()
        (low_x, high_x), (low_y, high_y) = self.plot.viewRange()
        ends = [box.mapViewToScene(QPointF(*end)) for end in ((low_x, low_y), (high_x, high_y))]
        (left, lower), (right, upper) = [(at.x(), at.y()) for at in (self.plot.mapTo(self, self.plot.mapFromScene(end)) for end in ends)]
        across = left + (places[:, 0] - low_x) / (high_x - low_x) * (right - left)
        return np.stack([across, lower + (places[:, 1] - low_y) / (high_y - low_y) * (upper - lower)], axis=1)

    def _near(self, place: QPointF) -> int:
        if self.seen is None:
            return -1
        away = np.hypot(*(self.pixels() - [place.x(), place.y()]).T)
        away[~np.isfinite(away)] = np.inf
        best = int(np.argmin(away))
        return best if away[best] <= NEAR * self._theme.scale else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.point_out(self._near(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        near = self._near(event.position())
        self.point_out(near)
        if near >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.taken.emit(near)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if self.seen is not None and key in STEPS:
            count = len(self.seen.rows)
            self.point_out((self.at + STEPS[key]) % count if self.at >= 0 else 0 if STEPS[key] > 0 else count - 1)
        elif self.seen is not None and key in TAKE and self.at >= 0:
            self.taken.emit(self.at)
        else:
            super().keyPressEvent(event)

"""One rule becomes another on the canvas: what goes fades, what stays moves to its new place, what comes is ringed. About a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from ui.look.theme import Theme, color

if TYPE_CHECKING:
    from engine.explain.inside.difference import Difference
    from ui.canvas.view import Canvas
    from ui.look.schedule import Schedule

OWNER, TICK = "inside transition", "inside transition"
TICK_MS = 16
LASTS_MS, RINGED_MS = 1050, 1900
"""How long the change takes, and how long what is new stays ringed."""
GO, MOVE = 0.38, 0.72
"""Shares of the time: until then nodes go, until then the others move; after that the new picture appears."""


class Transition:
    """Paints over the canvas while one graph takes another's place. `begin` before the graph changes, `show` after it."""

    def __init__(self, canvas: Canvas, clock: Schedule) -> None:
        self._canvas, self._clock = canvas, clock
        self._elapsed = QElapsedTimer()
        self._old: QPixmap | None = None
        self._places: dict[str, QRectF] = {}
        self._switched: Difference | None = None
        self._theme: Theme | None = None

    @property
    def running(self) -> bool:
        return self._switched is not None

    def begin(self, still: bool, theme: Theme) -> None:
        """Keep the picture as it is now; `still`: nothing moves, and what is new is only ringed."""
        self.stop()
        self._theme = theme
        self._places = {} if still else {node: self._place(node) for node in self._canvas.document.graph.nodes}
        self._old = None if still else self._canvas.grab()

    def show(self, switched: Difference) -> None:
        """The graph is the new one: let the old picture become it."""
        self._switched = switched
        self._elapsed.start()
        self._canvas.overlay.painter(OWNER, self.paint)
        self._tick()

    def stop(self) -> None:
        """Show the canvas as it is."""
        self._clock.drop(TICK)
        if self._switched is not None:
            self._canvas.overlay.painter(OWNER, None)
        self._switched = self._old = None

    def _tick(self) -> None:
        if self._elapsed.elapsed() > RINGED_MS:
            self.stop()
            return
        self._canvas.overlay.update()
        self._clock.after_frame(TICK, self._tick, TICK_MS)

    def _place(self, node: str) -> QRectF:
        """Where a card is in the view; null where it cannot be seen."""
        rect = self._canvas.overlay.rect(node)
        return self._canvas.camera.rect_to_view(rect) if not rect.isNull() else QRectF()

    # painting, in view coordinates

    def paint(self, painter: QPainter) -> None:
        if self._switched is None or self._theme is None:
            return
        share = min(1.0, self._elapsed.elapsed() / LASTS_MS)
        painter.save()
        if self._old is not None and share < 1.0:
            self._paint_change(painter, self._old, share)
        self._ring(painter, self._switched.appear, color(self._theme.success), _ramp(share, MOVE, 0.9))
        painter.restore()

    def _paint_change(self, painter: QPainter, old: QPixmap, share: float) -> None:
        assert self._theme is not None and self._switched is not None
        view, ground = self._canvas.rect().toRectF(), color(self._theme.canvas)
        painter.setOpacity(1.0 - _ramp(share, MOVE, 1.0))
        painter.fillRect(view, ground)
        painter.setOpacity(1.0 - _ramp(share, GO, MOVE))
        painter.drawPixmap(view, old, QRectF(old.rect()))
        for node in self._switched.vanish:
            self._paint_gone(painter, self._places.get(node, QRectF()), _ramp(share, 0.05, GO), ground)
        painter.setOpacity(1.0 - _ramp(share, MOVE, 1.0))
        moved = _smooth(_ramp(share, GO, MOVE))
        for node, now in self._switched.stays.items() if share > GO else ():
            self._paint_moving(painter, old, self._places.get(node, QRectF()), self._place(now), moved)
        painter.setOpacity(1.0)

    def _paint_gone(self, painter: QPainter, place: QRectF, share: float, ground: QColor) -> None:
        """A card that has no part in the new rule: crossed out, and fading."""
        assert self._theme is not None
        if place.isNull():
            return
        whole = painter.opacity()
        painter.setOpacity(whole * share)
        painter.fillRect(place.adjusted(-2, -2, 2, 2), ground)
        painter.setOpacity(whole)
        painter.setPen(QPen(color(self._theme.error), 2.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(place, 8, 8)
        painter.drawLine(place.topLeft(), place.bottomRight())

    def _paint_moving(self, painter: QPainter, old: QPixmap, start: QRectF, end: QRectF, share: float) -> None:
        if start.isNull() or end.isNull():
            return
        ratio = old.devicePixelRatioF()
        cut = QRectF(start.x() * ratio, start.y() * ratio, start.width() * ratio, start.height() * ratio)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(_between(start, end, share), old, cut)

    def _ring(self, painter: QPainter, nodes: tuple[str, ...], hue: QColor, opacity: float) -> None:
        """A frame around what is new."""
        painter.setOpacity(opacity)
        painter.setPen(QPen(hue, 3.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for node in nodes if opacity > 0 else ():
            place = self._place(node)
            if not place.isNull():
                painter.drawRoundedRect(place.adjusted(-4, -4, 4, 4), 10, 10)
        painter.setOpacity(1.0)


def _ramp(share: float, start: float, end: float) -> float:
    """0 before `start`, 1 after `end`."""
    return min(1.0, max(0.0, (share - start) / (end - start)))


def _smooth(share: float) -> float:
    """Slow at both ends."""
    return share * share * (3 - 2 * share)


def _between(start: QRectF, end: QRectF, share: float) -> QRectF:
    def mixed(a: float, b: float) -> float:
        return a + (b - a) * share

    return QRectF(
        mixed(start.x(), end.x()), mixed(start.y(), end.y()), mixed(start.width(), end.width()), mixed(start.height(), end.height())
    )

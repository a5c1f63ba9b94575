"""A spotlight: everything but a circle around the pointer is dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF
from PySide6.QtGui import QCursor, QMouseEvent, QPainter, QPainterPath, QWheelEvent

from ui.look.theme import faded

if TYPE_CHECKING:
    from ui.canvas.view import Canvas

RADIUS, LEAST, MOST = 130.0, 40.0, 900.0
DARK = 0.62
_OWNER = "spotlight"


class Spotlight(QObject):
    """Follows the pointer over the canvas; the wheel makes it larger or smaller, with Ctrl it zooms as ever."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.on = False
        self.radius = RADIUS
        self._at: QPointF | None = None

    def show(self, on: bool) -> None:
        if on == self.on:
            return
        self.on = on
        canvas = self._canvas
        if on:
            here = canvas.mapFromGlobal(QCursor.pos())
            self._at = QPointF(here) if canvas.rect().contains(here) else QPointF(canvas.rect().center())
            canvas.installEventFilter(self)
            canvas.overlay.painter(_OWNER, self._paint)
        else:
            canvas.removeEventFilter(self)
            canvas.overlay.painter(_OWNER, None)

    def come_first(self) -> None:
        """See the pointer before a pen does, which keeps it for itself."""
        if self.on:
            self._canvas.removeEventFilter(self)
            self._canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent):
            self._at = event.position()
            self._canvas.update()
        elif isinstance(event, QWheelEvent) and not event.modifiers().value and event.angleDelta().y():
            self.radius = min(max(self.radius * 1.0012 ** event.angleDelta().y(), LEAST), MOST)
            self._canvas.update()
            return True
        return False

    def _paint(self, painter: QPainter) -> None:
        canvas = self._canvas
        path = QPainterPath()
        path.addRect(QRectF(canvas.rect()))
        if self._at is not None:
            hole = QPainterPath()
            radius = self.radius * canvas.theme.scale
            hole.addEllipse(self._at, radius, radius)
            path = path.subtracted(hole)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(path, faded("#000000", DARK))

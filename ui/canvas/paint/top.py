"""What lies over the scene in the view: the map, the message of an empty canvas, the tip of a gesture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPen

from ui.canvas.paint.messages import paint_message, paint_tip
from ui.look.theme import color

if TYPE_CHECKING:
    from ui.canvas.view import Canvas


def paint_top(painter: QPainter, canvas: Canvas) -> None:
    """The painter is in view coordinates."""
    size = QSizeF(canvas.size())
    graph = canvas.document.graph
    if not (graph.nodes or graph.notes or graph.frames):
        paint_message(painter, size, canvas.router.offer, canvas.theme)
    if canvas.minimap.visible(canvas.scene, canvas.camera, size):
        canvas.minimap.paint(painter, canvas.scene, canvas.camera, size, canvas.theme)
    if canvas.hasFocus() and canvas.router.by_keys and not canvas.selection:
        painter.setPen(QPen(color(canvas.theme.focus), 3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(1.5, 1.5, size.width() - 3, size.height() - 3))
    tip = canvas.gesture.tip() if canvas.gesture is not None else None
    place = (canvas.gesture.tip_place() or canvas.router.last) if canvas.gesture is not None else None
    if tip is not None and place is not None:
        paint_tip(painter, place, tip[0], tip[1], size, canvas.theme)

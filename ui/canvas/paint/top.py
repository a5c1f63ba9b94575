"""What lies over the scene in the view: the map, the message of an empty canvas, the frame of the focus."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.paint.messages import paint_message
from ui.canvas.paint.minimap import Minimap
from ui.look.theme import color


def paint_top(painter: QPainter, model: CanvasModel, minimap: Minimap, part: QRectF) -> None:
    """The painter is in view coordinates; `part` of the view is to be painted."""
    size = model.viewport.size()
    if model.empty:
        paint_message(painter, size, model.pointing.offer, model.theme)
    if model.map.place().adjusted(-1, -1, 1, 1).intersects(part) and model.map.visible():
        minimap.paint(painter, model.map, model.viewport, model.theme)
    if model.shows_focus and model.pointing.entered and not model.selection and model.surface.has_focus():
        painter.setPen(QPen(color(model.theme.focus), 3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(1.5, 1.5, size.width() - 3, size.height() - 3))

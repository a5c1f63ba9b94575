"""A picture in lines and letters, for web pages and drawing programs."""

from __future__ import annotations

from engine.export.registry import Format, Written
from graph.text.messages import _
from ui.shell.picture_formats import Drawing


def _write(drawing: Drawing) -> Written:
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QColor, QPainter

    from ui.canvas.paint.picture import paint_graph
    from ui.look.pictures import svg
    from ui.shell.picture_image import about, pixels

    size = pixels(drawing)
    area = QRectF(0, 0, size.width(), size.height())

    def paint(painter: QPainter) -> None:
        painter.fillRect(area, QColor(drawing.theme.canvas))
        paint_graph(
            painter, drawing.graph, drawing.trace, drawing.theme, area, largest=drawing.scale, sample=drawing.sample,
            look=drawing.look,
        )  # fmt: skip

    return Written(svg(size, paint, str(drawing.graph.settings.get("title", "Gradwire")), about(drawing.trace)))


FORMAT = Format("SVG", ".svg", _("Vector picture"), _write, order=1)

"""A picture in lines and letters, for web pages and drawing programs."""

from __future__ import annotations

from engine.export.registry import Format, Written
from graph.text.messages import _
from ui.shell.picture_formats import Drawing


def _write(drawing: Drawing) -> Written:
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF
    from PySide6.QtGui import QColor, QPainter
    from PySide6.QtSvg import QSvgGenerator

    from ui.canvas.paint.picture import paint_graph
    from ui.shell.picture_image import about, pixels

    data, size = QByteArray(), pixels(drawing)
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    area = QRectF(0, 0, size.width(), size.height())
    generator.setSize(size)
    generator.setViewBox(area)
    generator.setTitle(str(drawing.graph.settings.get("title", "Gradwire")))
    generator.setDescription(about(drawing.trace))
    painter = QPainter(generator)
    try:
        painter.fillRect(area, QColor(drawing.theme.canvas))
        paint_graph(
            painter, drawing.graph, drawing.trace, drawing.theme, area, largest=drawing.scale, sample=drawing.sample,
            look=drawing.look,
        )  # fmt: skip
    finally:
        painter.end()
    return Written(bytes(data.data()))


FORMAT = Format("SVG", ".svg", _("Vector picture"), _write, order=1)

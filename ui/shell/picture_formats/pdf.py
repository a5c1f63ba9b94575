"""A picture as a page."""

from __future__ import annotations

from engine.export.registry import Format, Written
from ui.shell.picture_formats import Drawing

LONGEST = 14_400
"""Points along one side of a PDF's page, as its standard has it; a vector picture loses nothing by being smaller."""


def _write(drawing: Drawing) -> Written:
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSizeF
    from PySide6.QtGui import QColor, QPageSize, QPainter, QPdfWriter

    from ui.canvas.paint.picture import paint_graph
    from ui.shell.picture_image import about, pixels

    data, size = QByteArray(), pixels(drawing)
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    shrunk = min(1.0, LONGEST / max(size.width(), size.height()))
    page = QSizeF(size.width() * shrunk, size.height() * shrunk)
    writer.setResolution(72)  # a unit of the painter is a point
    writer.setPageSize(QPageSize(page, QPageSize.Unit.Point))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    writer.setTitle(f"{drawing.graph.settings.get('title', 'Gradwire')}. {about(drawing.trace)}")
    painter = QPainter(writer)
    area = QRectF(0, 0, page.width(), page.height())
    try:
        painter.fillRect(area.adjusted(0, 0, 1, 1), QColor(drawing.theme.canvas))  # the page is a whole number of points
        paint_graph(
            painter, drawing.graph, drawing.trace, drawing.theme, area, largest=drawing.scale * shrunk, sample=drawing.sample,
            look=drawing.look,
        )  # fmt: skip
    finally:
        painter.end()
    return Written(bytes(data.data()))


FORMAT = Format("PDF", ".pdf", "PDF", _write, order=2)

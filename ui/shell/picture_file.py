"""A graph painted into a PNG, SVG or PDF file."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSize, QSizeF
from PySide6.QtGui import QColor, QImage, QPageSize, QPainter, QPdfWriter

from engine.compile.views import TraceView
from graph.model.graph import Graph
from graph.storage.saved import steps_text
from graph.storage.writing import replace_file
from graph.text.quoting import quoted_name
from ui.canvas.model.content import Hidden
from ui.canvas.paint.picture import paint_graph, picture_size
from ui.look.theme import THEMES, Theme

LARGEST = 16_000
"""Pixels along one side of a PNG."""
LONGEST = 14_400
"""Points along one side of a PDF's page, as its standard has it; a vector picture loses nothing by being smaller."""


def write_picture(
    path: Path, graph: Graph, trace: TraceView | None, theme: str, scale: float = 1.0, hidden: Hidden | None = None
) -> str:  # fmt: skip
    """Write the whole graph, with the numbers of `trace` where given, and question marks for the `hidden` ones.

    The suffix decides: `.png`, `.svg` or `.pdf`. Returns what there is to say about the picture, often nothing. Raises OSError, and
    ValueError for another suffix.
    """
    refuse_ending(path)
    kind, look = path.suffix.lower(), THEMES[theme]
    if kind == ".png":
        image, used = picture_image(graph, trace, look, scale, hidden)
        replace_file(path, _encoded(image))
        return too_large(used, scale)
    pixels = _whole(picture_size(graph, trace) * scale)
    replace_file(path, _VECTORS[kind](graph, trace, look, pixels, hidden, scale))
    return ""


def refuse_ending(path: Path) -> None:
    """Raise ValueError where the name does not say which kind of picture is meant."""
    if path.suffix.lower() not in (".png", *_VECTORS):
        raise ValueError(f"{quoted_name(path)}: a picture's name ends in .png, .svg or .pdf")


def picture_image(
    graph: Graph, trace: TraceView | None, theme: Theme, scale: float, hidden: Hidden | None = None
) -> tuple[QImage, float]:  # fmt: skip
    """The whole graph in pixels, and the scale it really has: `scale`, or less where that would be more than LARGEST pixels a side."""
    size = picture_size(graph, trace)
    used = min(scale, LARGEST / max(size.width(), size.height()))
    image = QImage(_whole(size * used), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor(theme.canvas))
    painter = QPainter(image)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_graph(painter, graph, trace, theme, QRectF(image.rect()), hidden=hidden, largest=used)
    finally:
        painter.end()  # a painter that outlives its image takes the process with it
    image.setText("Description", _about(trace))
    return image, used


def too_large(used: float, scale: float) -> str:
    """What to say about a picture at scale `used` where `scale` was asked for; nothing where they are equal."""
    if used == scale:
        return ""
    return f"The picture is at scale {used:.2g} instead of {scale:g}: it may have {LARGEST:,} pixels a side. SVG and PDF have no limit."


def _whole(size: QSizeF) -> QSize:
    return QSize(math.ceil(size.width()), math.ceil(size.height()))


def _encoded(image: QImage) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs leave the format's str out
    return bytes(data.data())


def _svg(graph: Graph, trace: TraceView | None, theme: Theme, pixels: QSize, hidden: Hidden | None, scale: float) -> bytes:
    from PySide6.QtSvg import QSvgGenerator

    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(pixels)
    generator.setViewBox(QRectF(0, 0, pixels.width(), pixels.height()))
    generator.setTitle(str(graph.settings.get("title", "Gradwire")))
    generator.setDescription(_about(trace))
    painter = QPainter(generator)
    area = QRectF(0, 0, pixels.width(), pixels.height())
    try:
        painter.fillRect(area, QColor(theme.canvas))
        paint_graph(painter, graph, trace, theme, area, hidden=hidden, largest=scale)
    finally:
        painter.end()
    return bytes(data.data())


def _about(trace: TraceView | None) -> str:
    """What the numbers in the picture are, written into the file."""
    return f"Values {steps_text(trace.step)}" if trace is not None else "No values"


def _pdf(graph: Graph, trace: TraceView | None, theme: Theme, pixels: QSize, hidden: Hidden | None, scale: float) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    shrunk = min(1.0, LONGEST / max(pixels.width(), pixels.height()))
    writer.setResolution(72)  # a unit of the painter is a point
    writer.setPageSize(QPageSize(QSizeF(pixels.width() * shrunk, pixels.height() * shrunk), QPageSize.Unit.Point))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    writer.setTitle(f"{graph.settings.get('title', 'Gradwire')}. {_about(trace)}")
    painter = QPainter(writer)
    area = QRectF(0, 0, pixels.width() * shrunk, pixels.height() * shrunk)
    try:
        painter.fillRect(area.adjusted(0, 0, 1, 1), QColor(theme.canvas))  # the page is a whole number of points
        paint_graph(painter, graph, trace, theme, area, hidden=hidden, largest=scale * shrunk)
    finally:
        painter.end()
    return bytes(data.data())


_VECTORS: dict[str, Callable[[Graph, TraceView | None, Theme, QSize, Hidden | None, float], bytes]] = {".svg": _svg, ".pdf": _pdf}

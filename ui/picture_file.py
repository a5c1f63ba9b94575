"""A graph painted into a PNG or SVG file."""

from __future__ import annotations

import math
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter

from engine.views import TraceView
from graph.graph import Graph
from graph.saved import steps_text
from ui.canvas.content import Hidden
from ui.canvas.picture import paint_graph, picture_size
from ui.theme import THEMES, Theme

LARGEST = 16_000
"""Pixels along one side; a larger graph is painted smaller."""


def write_picture(
    path: Path, graph: Graph, trace: TraceView | None, theme: str, scale: float = 1.0, hidden: Hidden | None = None
) -> None:  # fmt: skip
    """Write the whole graph, with the numbers of `trace` where given, and question marks for the `hidden` ones.

    The suffix decides: `.svg`, else PNG. Raises OSError.
    """
    size = picture_size(graph, trace)
    scale = min(scale, LARGEST / max(size.width(), size.height()))
    pixels = QSize(math.ceil(size.width() * scale), math.ceil(size.height() * scale))
    paint = _svg if path.suffix.lower() == ".svg" else _png
    path.write_bytes(paint(graph, trace, THEMES[theme], pixels, hidden))


def _png(graph: Graph, trace: TraceView | None, theme: Theme, pixels: QSize, hidden: Hidden | None) -> bytes:
    image = QImage(pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor(theme.canvas))
    image.setText("Description", _about(trace))
    painter = QPainter(image)
    try:
        paint_graph(painter, graph, trace, theme, QRectF(0, 0, pixels.width(), pixels.height()), hidden=hidden)
    finally:
        painter.end()  # a painter that outlives its image takes the process with it
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs leave the format's str out
    return bytes(data.data())


def _svg(graph: Graph, trace: TraceView | None, theme: Theme, pixels: QSize, hidden: Hidden | None) -> bytes:
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
        paint_graph(painter, graph, trace, theme, area, hidden=hidden)
    finally:
        painter.end()
    return bytes(data.data())


def _about(trace: TraceView | None) -> str:
    """What the numbers in the picture are, written into the file."""
    return f"Values {steps_text(trace.step)}" if trace is not None else "No values"

"""What a painter paints as a picture for other programs: the bytes of an SVG or a PNG file, or an image for the clipboard."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize
from PySide6.QtGui import QImage, QPainter

FACTOR = 2.0
"""A picture in pixels has so many for one of the screen."""
Paint = Callable[[QPainter], None]


def svg(size: QSize, paint: Paint, title: str = "Gradwire", description: str = "") -> bytes:
    """A vector picture of so many pixels of the screen."""
    from PySide6.QtSvg import QSvgGenerator

    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(size)
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    generator.setTitle(title)
    generator.setDescription(description)
    painter = QPainter(generator)
    try:
        paint(painter)
    finally:
        painter.end()
    return bytes(data.data())


def image(size: QSize, paint: Paint) -> QImage:
    """The same in pixels, `FACTOR` times as many each way."""
    picture = QImage(size * FACTOR, QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(FACTOR, FACTOR)
        paint(painter)
    finally:
        painter.end()
    return picture


def png(picture: QImage) -> bytes:
    """The bytes of a PNG file."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs leave the format's str out
    return bytes(data.data())

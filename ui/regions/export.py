"""The picture of a plane for other programs: SVG and PNG."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize
from PySide6.QtGui import QImage, QPainter

from ui.regions.painting import Look, picture
from ui.regions.view import PlaneView

FACTOR = 2.0
"""A picture in pixels has so many for one of the screen."""


def svg(view: PlaneView) -> bytes:
    from PySide6.QtSvg import QSvgGenerator

    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(view.size())
    generator.setViewBox(QRectF(view.rect()))
    generator.setTitle("Gradwire")
    generator.setDescription(view.accessibleDescription())
    painter = QPainter(generator)
    try:
        _paint(view, painter)
    finally:
        painter.end()
    return bytes(data.data())


def image(view: PlaneView) -> QImage:
    shown = QImage(QSize(round(view.width() * FACTOR), round(view.height() * FACTOR)), QImage.Format.Format_RGB32)
    painter = QPainter(shown)
    try:
        painter.scale(FACTOR, FACTOR)
        _paint(view, painter)
    finally:
        painter.end()
    return shown


def png(view: PlaneView) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image(view).save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(data.data())


def _paint(view: PlaneView, painter: QPainter) -> None:
    assert view.seen is not None
    x, y = view.spans or (None, None)
    picture(painter, QRectF(view.rect()), view.seen, Look(view.theme, view.unit), x, y)

"""The picture of a plane for other programs: SVG and PNG."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from ui.look import pictures
from ui.regions.painting import Look, picture
from ui.regions.view import PlaneView


def svg(view: PlaneView) -> bytes:
    return pictures.svg(view.size(), lambda painter: _paint(view, painter), description=view.accessibleDescription())


def image(view: PlaneView) -> QImage:
    return pictures.image(view.size(), lambda painter: _paint(view, painter))


def png(view: PlaneView) -> bytes:
    return pictures.png(image(view))


def _paint(view: PlaneView, painter: QPainter) -> None:
    assert view.seen is not None
    x, y = view.spans or (None, None)
    picture(painter, QRectF(view.rect()), view.seen, Look(view.theme, view.unit), x, y)

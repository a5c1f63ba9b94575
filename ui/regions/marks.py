"""Samples as marks: the shape and colour of their class, filled for training samples, outlined for the others, crossed where wrong."""

from __future__ import annotations

import math
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from ui.look.classes import Mark, class_colour, class_mark
from ui.look.theme import Theme, color

RADIUS = 3.4
"""Of a mark, in pixels for type at 100 %."""


@lru_cache(maxsize=64)
def shape(mark: Mark, radius: float) -> QPainterPath:
    """A mark around (0, 0); all have about the same area."""
    path = QPainterPath()
    if mark == "circle":
        path.addEllipse(QPointF(0, 0), radius, radius)
    elif mark == "square":
        side = 0.89 * radius
        path.addRect(QRectF(-side, -side, 2 * side, 2 * side))
    elif mark == "triangle":
        _polygon(path, 3, 1.35 * radius, 1.35 * radius, -90)
    elif mark == "diamond":
        _polygon(path, 4, 1.25 * radius, 1.25 * radius, -90)
    else:
        _polygon(path, 10, 1.45 * radius, 0.72 * radius, -90)
    return path


def _polygon(path: QPainterPath, corners: int, outer: float, inner: float, start: float) -> None:
    for i in range(corners):
        size, angle = (inner if i % 2 and inner != outer else outer), math.radians(start + 360 * i / corners)
        point = QPointF(size * math.cos(angle), size * math.sin(angle))
        path.moveTo(point) if not i else path.lineTo(point)
    path.closeSubpath()


def paint_mark(painter: QPainter, at: QPointF, number: int, theme: Theme, radius: float, filled: bool, ink: str = "") -> None:
    """The mark of a class; `ink` instead of the colour of the class. An outlined one is hollow: the region is seen in it."""
    hue = color(ink or class_colour(theme, number))
    width = max(1.0, 0.3 * radius)
    if filled:
        painter.setPen(QPen(color(theme.panel), width))
        painter.setBrush(hue)
    else:
        painter.setPen(QPen(hue, 1.7 * width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.translate(at)
    painter.drawPath(shape(class_mark(number), radius if filled else 0.92 * radius))
    painter.translate(-at)


def paint_cross(painter: QPainter, at: QPointF, theme: Theme, radius: float) -> None:
    """What marks a wrong prediction."""
    arm = 1.15 * radius
    for ink, width in ((theme.panel, 0.9 * radius), (theme.text, 0.4 * radius)):
        painter.setPen(QPen(color(ink), max(1.0, width), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(at + QPointF(-arm, -arm), at + QPointF(arm, arm))
        painter.drawLine(at + QPointF(-arm, arm), at + QPointF(arm, -arm))

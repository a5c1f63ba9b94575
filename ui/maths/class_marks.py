"""The points of a class: its colour, and a mark of its own shape."""

from __future__ import annotations

import math
from functools import lru_cache

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from ui.look.classes import class_colour, class_mark
from ui.look.theme import Theme, color

_CORNERS = {"triangle": (3, 1.35, 1.35), "diamond": (4, 1.25, 1.25), "star": (10, 1.45, 0.72)}
"""Number of corners, and how far they are from the middle in turn, as parts of the radius."""


@lru_cache(maxsize=256)
def mark_path(label: int, radius: float) -> QPainterPath:
    """The outline of a class's mark around (0, 0); all shapes look about equally large. Do not change it: it is shared."""
    path = QPainterPath()
    mark = class_mark(label)
    if mark == "circle":
        path.addEllipse(QPointF(0, 0), radius, radius)
    elif mark == "square":
        side = 0.89 * radius
        path.addRect(-side, -side, 2 * side, 2 * side)
    else:
        corners, outer, inner = _CORNERS[mark]
        for i in range(corners):
            far, turn = radius * (inner if i % 2 else outer), 2 * math.pi * i / corners
            point = QPointF(far * math.sin(turn), -far * math.cos(turn))
            path.moveTo(point) if not i else path.lineTo(point)
        path.closeSubpath()
    return path


def paint_mark(painter: QPainter, at: QPointF, label: int, theme: Theme, radius: float, filled: bool = True, ink: str = "") -> None:
    """A mark with a rim of the panel's colour that keeps it apart from its neighbours; `ink` instead of the colour of the class.

    One that is not filled is hollow: what lies below is seen in it.
    """
    hue = color(ink or class_colour(theme, label))
    width = max(1.0, 0.3 * radius)
    if filled:
        painter.setPen(QPen(color(theme.panel), width))
        painter.setBrush(hue)
    else:
        painter.setPen(QPen(hue, 1.7 * width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.translate(at)
    painter.drawPath(mark_path(label, radius if filled else 0.92 * radius))
    painter.translate(-at)

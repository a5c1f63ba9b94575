"""The points of a class: its colour, and a mark of its own shape."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPainterPath

from ui.look.classes import class_colour, class_mark
from ui.look.theme import Theme, color


def mark_path(label: int, radius: float) -> QPainterPath:
    """The outline of a class's mark around (0, 0); all shapes look equally large."""
    path = QPainterPath()
    mark = class_mark(label)
    if mark == "circle":
        path.addEllipse(QPointF(0, 0), radius, radius)
    elif mark == "square":
        side = radius * 0.9
        path.addRect(-side, -side, 2 * side, 2 * side)
    else:
        corners, inner, size = {"triangle": (3, 1.0, 1.3), "diamond": (4, 1.0, 1.25), "star": (5, 0.45, 1.35)}[mark]
        turns = [(size if at % 2 == 0 else size * inner, math.pi * at / corners) for at in range(0, 2 * corners, 1 if inner < 1 else 2)]
        places = [QPointF(radius * far * math.sin(turn), -radius * far * math.cos(turn)) for far, turn in turns]
        path.moveTo(places[0])
        for place in places[1:]:
            path.lineTo(place)
        path.closeSubpath()
    return path


def paint_mark(painter: QPainter, theme: Theme, label: int, x: float, y: float, path: QPainterPath) -> None:
    """A mark at a place of the painter, on a rim of the panel's colour that keeps it apart from its neighbours."""
    painter.setPen(color(theme.panel))
    painter.setBrush(color(class_colour(theme, label)))
    painter.drawPath(path.translated(x, y))

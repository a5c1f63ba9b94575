"""Samples on a plane: the marks of their classes, filled for training samples, outlined for the others, crossed where wrong."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from ui.look.theme import Theme, color

RADIUS = 3.4
"""Of a mark, in pixels for type at 100 %."""


def paint_cross(painter: QPainter, at: QPointF, theme: Theme, radius: float) -> None:
    """What marks a wrong prediction: thin lines beyond the mark, whose colour and shape are still seen."""
    arm = 1.5 * radius
    painter.setPen(QPen(color(theme.text), max(1.0, 0.3 * radius), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(at + QPointF(-arm, -arm), at + QPointF(arm, arm))
    painter.drawLine(at + QPointF(-arm, arm), at + QPointF(arm, -arm))

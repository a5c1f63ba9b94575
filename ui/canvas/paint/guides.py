"""The lines that show what something is flush with while it is carried."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from graph.grouping.align import Guide
from ui.look.theme import Theme, color


def paint_guides(painter: QPainter, guides: Sequence[Guide], theme: Theme, scale: float) -> None:
    """In scene coordinates."""
    pen = QPen(color(theme.selection), 1.0 / scale)
    pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    for guide in _outer(guides):
        if guide.axis == "x":
            painter.drawLine(QPointF(guide.at, guide.start - 8), QPointF(guide.at, guide.end + 8))
        else:
            painter.drawLine(QPointF(guide.start - 8, guide.at), QPointF(guide.end + 8, guide.at))


def _outer(guides: Sequence[Guide]) -> list[Guide]:
    """Where both sides and the middle are in line, the line through the middle says nothing new and crosses what is written there."""
    kept: list[Guide] = []
    for axis in ("x", "y"):
        lines = sorted((g for g in guides if g.axis == axis), key=lambda g: g.at)
        kept += [lines[0], lines[-1]] if len(lines) > 2 else lines
    return kept

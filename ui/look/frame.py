"""What is on the screen while the window is being furnished: the panels' places and the brand, so that nothing jumps later."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from ui.look.theme import Theme, color, font

LIBRARY_WIDTH, INSPECTOR_WIDTH, BOTTOM_HEIGHT = 212, 312, 216
"""The panels' first sizes in pixels, at the light theme's type size."""
TOP, STATUS = 46, 27


def paint_frame(window: QWidget, theme: Theme, says: str = "") -> None:
    """Paint the empty window, with what it does at the lower edge; called from its paint event."""
    width, height = window.width(), window.height()
    top, left, right = (round(size * theme.scale) for size in (TOP, LIBRARY_WIDTH, INSPECTOR_WIDTH))
    status = height - round(STATUS * theme.scale)
    bottom = status - round(BOTTOM_HEIGHT * theme.scale)
    painter = QPainter(window)
    painter.fillRect(window.rect(), color(theme.panel))
    painter.fillRect(left, top, width - left - right, bottom - top, color(theme.canvas))
    painter.setPen(color(theme.hairline))
    painter.drawLine(0, top, width, top)
    painter.drawLine(left, top, left, status)
    painter.drawLine(width - right, top, width - right, status)
    painter.drawLine(left, bottom, width - right, bottom)
    painter.drawLine(0, status, width, status)
    brand = font("strong", theme.scale * 15 / 13)
    brand.setWeight(brand.Weight.Bold)
    painter.setFont(brand)
    painter.setPen(color(theme.text))
    painter.drawText(QRect(round(16 * theme.scale), 0, left, top), int(Qt.AlignmentFlag.AlignVCenter), "Gradwire")
    edge = round(16 * theme.scale)
    painter.setFont(font("base", theme.scale))
    said = painter.fontMetrics().elidedText(says, Qt.TextElideMode.ElideMiddle, width - 2 * edge)
    painter.drawText(QRect(edge, status, width - 2 * edge, height - status), int(Qt.AlignmentFlag.AlignVCenter), said)

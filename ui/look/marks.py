"""Small painted marks: a disc for a chip, and the swatch of a category."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap

from ui.look.theme import Theme, color, font, glyph


def dot(hue: str, ratio: float = 2.0) -> QIcon:
    """A small disc, for a chip."""
    picture = QPixmap(round(10 * ratio), round(10 * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color(hue))
    painter.drawEllipse(QRectF(1, 1, 8, 8))
    painter.end()
    return QIcon(picture)


def paint_swatch(painter: QPainter, rect: QRect, category: str, theme: Theme) -> None:
    """A rounded square in the category's hue with its glyph, in the middle of `rect`."""
    side = min(rect.width(), rect.height(), round(16 * theme.scale))
    square = QRect(0, 0, side, side)
    square.moveCenter(rect.center())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color(theme.bar.get(category, theme.wire)))
    painter.drawRoundedRect(square, side * 0.28, side * 0.28)
    face = font("tiny", theme.scale * 0.95)
    face.setWeight(face.Weight.Bold)
    painter.setFont(face)
    painter.setPen(color(theme.bar_text))
    painter.drawText(square, int(Qt.AlignmentFlag.AlignCenter), glyph(category))

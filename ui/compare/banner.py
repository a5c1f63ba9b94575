"""What makes it plain on the canvas that its numbers are differences: a frame, and a line that says of what."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from engine.learned.comparison import Identity
from graph.text.messages import _
from ui.look.theme import Theme, color, font

FRAME = 3.0
"""Width of the frame around the canvas, in pixels."""


def banner_text(names: tuple[str, str], identical: Identity) -> str:
    """`Δ = B − A:   run, step   −   run, step`."""
    if identical:
        return _("Δ = B − A = 0: both are identical to the last bit")
    return _("Δ = B − A:  {second}  −  {first}").format(first=names[0], second=names[1])


def banner_height(theme: Theme) -> float:
    """Of the line at the upper edge, in pixels."""
    size = _size(theme)
    return QFontMetricsF(font("strong", size)).height() + 8 * size


def _size(theme: Theme) -> float:
    return max(theme.scale * theme.graph, 1.0)


def paint_banner(painter: QPainter, view: QRectF, names: tuple[str, str], identical: Identity, theme: Theme) -> None:
    """In view coordinates; the text is shortened where the canvas is narrow."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(color(theme.highlight), FRAME))
    painter.drawRect(view.adjusted(FRAME / 2, FRAME / 2, -FRAME / 2, -FRAME / 2))
    size = _size(theme)
    painter.setFont(font("strong", size))
    metrics = QFontMetricsF(painter.font())
    text, room = banner_text(names, identical), view.width() - 60
    longer = text if identical else _("{text};   |Δ| of a tensor is its largest entry").format(text=text)
    text = longer if metrics.horizontalAdvance(longer) < room else metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room)
    wide, high = metrics.horizontalAdvance(text) + 28 * size, banner_height(theme)
    box = QRectF(view.center().x() - wide / 2, view.top(), wide, high)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color(theme.highlight))
    painter.drawRoundedRect(box.adjusted(0, -8, 0, 0), 8, 8)
    painter.setPen(color(theme.on_accent))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

"""What lies over the scene in view coordinates: the tip at the cursor and the message of an empty canvas."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from ui.theme import Theme, color, font

_CENTRE = Qt.AlignmentFlag.AlignCenter


def paint_tip(painter: QPainter, at: QPointF, text: str, good: bool, size: QSizeF, theme: Theme) -> None:
    """A short text beside the cursor, kept inside the view; refusals carry a coloured edge."""
    scale = theme.scale
    face = font("small", scale)
    metrics = QFontMetricsF(face)
    room = metrics.boundingRect(QRectF(0, 0, 300 * scale, 200), int(Qt.TextFlag.TextWordWrap), text)
    box = QRectF(at.x() + 16, at.y() + 18, room.width() + 24, room.height() + 14)
    box.moveLeft(min(box.left(), size.width() - box.width() - 8))
    if box.bottom() > size.height() - 8:
        box.moveBottom(at.y() - 12)
    painter.setPen(QPen(color(theme.forward if good else theme.error), 1.5))
    painter.setBrush(color(theme.panel))
    painter.drawRoundedRect(box, 7, 7)
    painter.setFont(face)
    painter.setPen(color(theme.text))
    painter.drawText(box.adjusted(12, 7, -8, -5), int(Qt.TextFlag.TextWordWrap), text)


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to begin, on an empty canvas."""

    key: str
    title: str
    hint: str


OFFERS = (
    Offer("gallery", "Open the gallery", "ready-made graphs to play with"),
    Offer("formula", "Type a formula", "x*y + z becomes a graph"),
    Offer("add", "Add a node", "press Tab or double-click"),
)
HINT = "Wire a computation, watch values and gradients run through it"
CARD = QSizeF(208, 88)
SPACE = 16.0


def offer_places(size: QSizeF, scale: float) -> dict[str, QRectF]:
    """Where the offers stand: in a row in the middle, in a column where it is narrow."""
    wide, high, gap = CARD.width() * scale, CARD.height() * scale, SPACE * scale
    count = len(OFFERS)
    across = count * wide + (count - 1) * gap <= size.width() - 32
    total = QSizeF(count * wide + (count - 1) * gap, high) if across else QSizeF(wide, count * high + (count - 1) * gap)
    left, top = (size.width() - total.width()) / 2, (size.height() - total.height()) / 2 + 20 * scale
    step = QPointF(wide + gap, 0) if across else QPointF(0, high + gap)
    return {offer.key: QRectF(left + step.x() * i, top + step.y() * i, wide, high) for i, offer in enumerate(OFFERS)}


def paint_message(painter: QPainter, size: QSizeF, hovered: str, theme: Theme) -> None:
    """What an empty canvas says."""
    scale = theme.scale
    places = offer_places(size, scale)
    first = min(place.top() for place in places.values())
    painter.setFont(font("heading", scale))
    painter.setPen(color(theme.text))
    painter.drawText(QRectF(0, first - 84 * scale, size.width(), 30 * scale), _CENTRE, "An empty canvas")
    painter.setFont(font("base", scale))
    painter.setPen(color(theme.secondary))
    painter.drawText(QRectF(0, first - 52 * scale, size.width(), 22 * scale), _CENTRE, HINT)
    for offer in OFFERS:
        place = places[offer.key]
        over = offer.key == hovered
        painter.setPen(QPen(color(theme.forward if over else theme.card_edge), 1.5 if over else 1))
        painter.setBrush(color(theme.selection_soft if over else theme.card))
        painter.drawRoundedRect(place, 10, 10)
        middle = place.center().y()
        painter.setFont(font("strong", scale))
        painter.setPen(color(theme.forward))
        painter.drawText(QRectF(place.left(), middle - 24 * scale, place.width(), 22 * scale), _CENTRE, offer.title)
        painter.setFont(font("small", scale))
        painter.setPen(color(theme.secondary if not over else theme.text))
        painter.drawText(QRectF(place.left(), middle + 2 * scale, place.width(), 20 * scale), _CENTRE, offer.hint)

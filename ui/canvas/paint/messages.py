"""What lies over the scene in view coordinates: the tip at the cursor and the message of an empty canvas."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from graph.text.messages import _
from ui.look.theme import Theme, color, font

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
    painter.setPen(QPen(color(theme.highlight if good else theme.error), 1.5))
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
    Offer("gallery", _("Open the gallery"), _("ready-made graphs to play with")),
    Offer("lesson", _("Take a lesson"), _("backpropagation step by step")),
    Offer("table", _("Import a table"), _("or drop a file, or paste one")),
    Offer("formula", _("Type a formula"), _("x*y + z becomes a graph")),
    Offer("add", _("Add a node"), _("press Tab or double-click")),
)
HINT = _("Wire a computation and watch values and gradients flow through it")
CARD = QSizeF(208, 88)
SPACE = 16.0


def offer_places(size: QSizeF, scale: float) -> dict[str, QRectF]:
    """Positions of the offers: in a row in the middle, in more where it is narrow, in a column where there is no room for that."""
    wide, high, gap = CARD.width() * scale, CARD.height() * scale, SPACE * scale
    columns = next((n for n in (len(OFFERS), 3, 2) if n * (wide + gap) - gap <= size.width() - 32), 1)
    rows = -(-len(OFFERS) // columns)
    top = (size.height() - rows * (high + gap) + gap) / 2 + (20 + 16 * (rows > 1)) * scale
    places = {}
    for i, offer in enumerate(OFFERS):
        row, column = divmod(i, columns)
        beside = min(columns, len(OFFERS) - row * columns)
        left = (size.width() - beside * (wide + gap) + gap) / 2
        places[offer.key] = QRectF(left + column * (wide + gap), top + row * (high + gap), wide, high)
    return places


def paint_message(painter: QPainter, size: QSizeF, hovered: str, theme: Theme) -> None:
    """What an empty canvas says."""
    scale = theme.scale
    places = offer_places(size, scale)
    first = min(place.top() for place in places.values())
    painter.setFont(font("heading", scale))
    painter.setPen(color(theme.text))
    painter.drawText(QRectF(0, first - 84 * scale, size.width(), 30 * scale), _CENTRE, _("An empty canvas"))
    painter.setFont(font("base", scale))
    painter.setPen(color(theme.secondary))
    painter.drawText(QRectF(0, first - 52 * scale, size.width(), 22 * scale), _CENTRE, HINT)
    for offer in OFFERS:
        place = places[offer.key]
        over = offer.key == hovered
        painter.setPen(QPen(color(theme.highlight if over else theme.card_edge), 1.5 if over else 1))
        painter.setBrush(color(theme.selection_soft if over else theme.card))
        painter.drawRoundedRect(place, 10, 10)
        middle = place.center().y()
        painter.setFont(font("strong", scale))
        painter.setPen(color(theme.highlight if not over else theme.text))
        painter.drawText(QRectF(place.left(), middle - 24 * scale, place.width(), 22 * scale), _CENTRE, offer.title)
        painter.setFont(font("small", scale))
        painter.setPen(color(theme.secondary if not over else theme.text))
        painter.drawText(QRectF(place.left(), middle + 2 * scale, place.width(), 20 * scale), _CENTRE, offer.hint)

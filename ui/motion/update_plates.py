"""Paints what a training step does above the cards of the parameters, large enough for the last row."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from ui.canvas.model.canvas_model import CanvasModel
from ui.look.theme import Theme, color, font
from ui.motion.update_texts import Texts

SIZE, LINES = 19.0, 34.0
"""Height of the type, in pixels at the theme's scale 1, and the least part of the view's height."""


def paint_plates(painter: QPainter, model: CanvasModel, texts: Texts) -> None:
    """In view coordinates, above or below its card, where a plate covers least of the other cards and plates."""
    view, free = model.surface.view_size(), model.viewport.free()
    letters = _font(model.theme, view)
    cards = [model.camera.rect_to_view(model.scene.rect(card)) for card in model.scene.nodes_in(model.camera.seen(view))]
    taken: list[QRectF] = []
    """Plates: their numbers are what is read now, so they count more than cards."""
    for node, lines in texts.items():
        card = model.scene.item_of(node)
        if card is None or card not in model.scene.row:
            continue
        box = _place(model.camera.rect_to_view(model.scene.rect(card)), lines, QFontMetricsF(letters), free, [*cards, *taken * 4])
        taken.append(box)
        _paint(painter, box, lines, letters, model.theme)


def _font(theme: Theme, view: QSizeF) -> QFont:
    letters = font("value")
    letters.setPixelSize(round(max(SIZE * theme.scale, view.height() / LINES)))
    return letters


def _place(card: QRectF, lines: tuple[str, ...], metrics: QFontMetricsF, free: QRectF, taken: list[QRectF]) -> QRectF:
    high = metrics.height()
    wide = max(metrics.horizontalAdvance(line) for line in lines) + high
    tall = len(lines) * high * 1.1 + 0.4 * high
    places = []
    for left in (card.center().x() - wide / 2, card.left(), card.right() - wide):
        x = min(max(left, free.left() + 4), max(free.left() + 4, free.right() - wide - 4))
        for y in (card.top() - tall - 4, card.bottom() + 4, card.top() - 2 * tall - 8, card.bottom() + tall + 8):
            if free.top() <= y <= free.bottom() - tall:
                places.append(QRectF(x, y, wide, tall))
    return min(places, key=lambda box: _covered(box, taken), default=QRectF(free.left() + 4, free.top() + 4, wide, tall))


def _covered(box: QRectF, others: list[QRectF]) -> float:
    """How much of the others a box covers, in pixels."""
    parts = (box.intersected(other) for other in others)
    return sum(part.width() * part.height() for part in parts)


def _paint(painter: QPainter, box: QRectF, lines: tuple[str, ...], letters: QFont, theme: Theme) -> None:
    bar = theme.bar["parameters"]
    painter.setPen(QPen(color(bar), 2))
    painter.setBrush(color(theme.panel))
    painter.drawRoundedRect(box, 8, 8)
    painter.setPen(color(theme.text))
    painter.setFont(letters)
    metrics = QFontMetricsF(letters)
    step = (box.height() - 0.4 * metrics.height()) / len(lines)
    for index, line in enumerate(lines):
        x = box.center().x() - metrics.horizontalAdvance(line) / 2
        painter.drawText(QPointF(x, box.top() + 0.2 * metrics.height() + step * (index + 0.5) + metrics.ascent() * 0.36), line)

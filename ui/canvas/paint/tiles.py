"""Tensors as pictures on cards, with their shapes."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from engine.compile.views import ArrayView
from ui.canvas.model import text_metrics
from ui.canvas.model.compared import DELTA, LARGEST, largest
from ui.canvas.model.content import Content
from ui.canvas.model.geometry import NodeCard
from ui.canvas.model.number_texts import norm_text
from ui.canvas.paint.nodes import paint_slot
from ui.look.numerals import number, tensor_text
from ui.look.theme import Theme, color, font

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def paint_tiles(
    painter: QPainter, card: NodeCard, area: QRectF, weight: ArrayView | None, view: ArrayView | None, content: Content, theme: Theme,
    image: bool,
) -> None:  # fmt: skip
    """A layer: its weight at the left, its output at the right, each with a caption below."""
    half = (area.width() - 12) / 2
    for left, name, shown, pictured in ((0.0, card.weight, weight, False), (half + 12, card.outputs[0].port, view, image)):
        place = QRectF(area.left() + left, area.top(), half, area.height())
        named = f"{DELTA}{name}" if content.comparing else name
        caption = f"{named}  {tensor_text(shown.shape)}" if shown is not None else named
        captioned(painter, place, shown, caption, content, theme, pictured)


def captioned(
    painter: QPainter, place: QRectF, shown: ArrayView | None, caption: str, content: Content, theme: Theme, image: bool
) -> None:
    """A tensor as a picture, with a line below it."""
    box = place.adjusted(0, 0, 0, -16)
    if shown is None:
        paint_slot(painter, QRectF(place.left() + 0.5, box.center().y() - 11, min(56.0, place.width() - 1), 22), theme)
    else:
        drawn = content.picture(shown, theme, image)
        if drawn is not None:
            blit(painter, fitted(box, drawn), drawn, theme, content.stale)
    painter.setFont(font("tiny"))
    painter.setPen(color(theme.secondary))
    text = text_metrics.elided("tiny", caption, place.width() + 4)
    painter.drawText(QRectF(place.left(), place.bottom() - 14, place.width() + 6, 14), _LEFT, text)


def paint_tile(painter: QPainter, area: QRectF, view: ArrayView, content: Content, theme: Theme, image: bool) -> None:
    """One tensor: a flat picture over its shape, an upright one beside it."""
    drawn = content.picture(view, theme, image)
    text = tensor_text(view.shape)
    flat = drawn is None or drawn.width() >= 2 * drawn.height() or area.width() < 76
    if flat:
        size = f"{LARGEST} {number(largest(view), 3)}" if content.comparing else norm_text(view)
        captioned(painter, area, view, f"{text}   {size}", content, theme, image)
        return
    wide = min(text_metrics.text_width("tiny", text) + 8, area.width() - 32)
    box = area.adjusted(0, 2, -wide, -2)
    assert drawn is not None
    place = fitted(box, drawn)
    blit(painter, place, drawn, theme, content.stale)
    painter.setFont(font("tiny"))
    painter.setPen(color(theme.secondary))
    painter.drawText(QRectF(place.right() + 8, area.top(), wide, area.height()), _LEFT, text_metrics.elided("tiny", text, wide))


def fitted(box: QRectF, drawn: QImage) -> QRectF:
    """The largest place of the picture's proportions, but never thinner than it can be seen."""
    unit = min(box.width() / drawn.width(), box.height() / drawn.height(), 18.0)
    wide, high = max(drawn.width() * unit, min(14.0, box.width())), max(drawn.height() * unit, min(10.0, box.height()))
    return QRectF(box.left(), box.top() + (box.height() - high) / 2, wide, high)


def blit(painter: QPainter, place: QRectF, drawn: QImage, theme: Theme, stale: bool, smooth: bool = False) -> None:
    """A tensor's picture in its frame, faint where it is out of date; `smooth` where it has more pixels than its place."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.setOpacity(0.35 if stale else 1.0)
    painter.drawImage(place, drawn)
    painter.setOpacity(1.0)
    painter.setPen(QPen(color(theme.card_edge), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(place)

"""What a card holds: a number in large type, a slider, the thumbnails of tensors, the sum of the gradients at a fan-out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from engine.compile.views import ArrayView
from ui.canvas.model import geometry, text_metrics
from ui.canvas.model.compared import LARGEST, largest
from ui.canvas.model.content import Content
from ui.canvas.model.geometry import NodeCard
from ui.canvas.model.number_texts import WireText, change_text, known_text
from ui.canvas.model.scene import CanvasScene
from ui.canvas.paint.insides import paint_places
from ui.canvas.paint.labels import paint_slot_in
from ui.canvas.paint.nodes import bar_height, paint_slot
from ui.canvas.paint.tiles import blit, fitted, paint_tile, paint_tiles
from ui.look.numerals import MINUS, loud, number
from ui.look.theme import Theme, color, font, mixed

_CENTRE = Qt.AlignmentFlag.AlignCenter


def slider_share(value: float, low: float, high: float) -> float:
    """A value's position along its track, 0 to 1."""
    return min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 0.0


def paint_values(
    painter: QPainter, scene: CanvasScene, node_ids: Sequence[str], content: Content, theme: Theme, boost: float, full: bool, scale: float
) -> None:
    """The insides of these cards. Plain numbers, the most common, go in one run with one font and one pen."""
    painter.setFont(font("value", boost))
    painter.setPen(color(theme.text))
    others: list[str] = []
    ratio, hang = boost * 20 / 15, text_metrics.number_width("value", MINUS) * 0.3 * boost
    for node_id in node_ids:
        card = scene.cards[node_id]
        if card.body == "folded":
            continue
        text = _plain_number(node_id, card, content)
        if text is None or text.width * ratio > card.width - 24:
            others.append(node_id)
            continue
        x, y = scene.place(node_id)
        middle = card.area.center() if full else QPointF(card.width / 2, (bar_height(card, scale, scene.least) + card.height) / 2)
        left = middle.x() - text.width * ratio / 2 - (hang if text.text[0] == MINUS else 0.0)
        painter.drawText(QPointF(x + left, y + middle.y() + 7.2 * boost), text.text)
    for node_id in others:
        card = scene.cards[node_id]
        bar = geometry.TITLE if full else bar_height(card, scale, scene.least)
        paint_value(painter, node_id, card, scene.rect(node_id), content, theme, boost, full, bar)


def _plain_number(node_id: str, card: NodeCard, content: Content) -> WireText | None:
    """The number on a card that holds a current one and nothing else."""
    if content.stale or card.slider is not None or card.fan_out or card.weight or card.places or not card.outputs:
        return None
    source = (node_id, card.outputs[0].port)
    text = known_text(content, content.node_value(*source), source)
    return text if text.kind == "number" and text.width < card.area.width() else None


def paint_value(
    painter: QPainter, node_id: str, card: NodeCard, rect: QRectF, content: Content, theme: Theme, boost: float = 1.0, full: bool = True,
    bar: float = geometry.TITLE,
) -> None:  # fmt: skip
    """The inside of a card below its formula; not `full`, its value alone and as large as it can be. `rect` is the card's place."""
    area = card.area.translated(rect.topLeft()) if full else rect.adjusted(8, bar + 4, -8, -4)
    port = card.outputs[0].port if card.outputs else ""
    view = content.node_value(node_id, port)
    typed = content.typed(node_id) if not card.inputs else None
    written = typed if not content.comparing else None
    image = content.is_image(node_id, port)
    if full and card.fan_out:
        area = _paint_total(painter, area, _fan_out(node_id, port, content), content, theme)
    if full and card.places:
        paint_places(painter, node_id, card, rect.topLeft(), content, theme, boost)
        if card.result is None:
            return
        area = card.result.translated(rect.topLeft())
    if view is not None and view.covered:
        if card.weight and full:  # the weights are needed to find out what the layer computes
            paint_tiles(painter, card, area, content.weight(node_id, card.weight), None, content, theme, image)
            area = area.adjusted((area.width() + 12) / 2, 0, 0, -16)
            painter.fillRect(area, color(theme.card))
        _paint_hidden(painter, area, theme, boost)
    elif card.weight and full:
        paint_tiles(painter, card, area, content.weight(node_id, card.weight), view, content, theme, image)
    elif written is not None and (view is None or view.scalar is not None or card.body == "slider"):
        _paint_number(painter, area, number(written), theme.text, boost)  # what a person typed is never stale
    elif view is None:
        _empty(painter, area, theme)
    elif view.scalar is not None:
        text = known_text(content, view, (node_id, port)).text
        ink = theme.error if loud(view.scalar) else theme.stale if content.stale else theme.text
        _paint_number(painter, area, text, ink, boost)
    elif full:
        paint_tile(painter, area, view, content, theme, image)
    else:
        _paint_picture(painter, area, view, content, theme, image)
    if card.slider is not None and typed is not None and full:
        settings = content.graph.settings_of(node_id)
        share = slider_share(typed, float(settings["minimum"]), float(settings["maximum"]))
        paint_slider(painter, card.slider.translated(rect.topLeft()), share, theme.bar[card.category], theme)


def _paint_picture(painter: QPainter, area: QRectF, view: ArrayView, content: Content, theme: Theme, image: bool) -> None:
    """A tensor as a picture in the middle."""
    drawn = content.picture(view, theme, image)
    if drawn is not None:
        place = fitted(area, drawn)
        blit(painter, place.translated((area.width() - place.width()) / 2, 0), drawn, theme, content.stale)


def _paint_hidden(painter: QPainter, area: QRectF, theme: Theme, boost: float) -> None:
    """A question mark in place of a value, as large as the value would be."""
    paint_slot_in(painter, area, theme.forward, theme, boost)


def _paint_total(painter: QPainter, area: QRectF, total: str | None, content: Content, theme: Theme) -> QRectF:
    """The sum of the gradients on the last line; what is left of the area."""
    if total is None:
        return area
    room = area.width() + 16
    painter.setFont(font("wire", round(min(17 / 15, room / text_metrics.text_width("wire", total)), 2)))
    painter.setPen(color(theme.stale if content.stale else theme.backward))
    painter.drawText(QRectF(area.left() - 8, area.bottom() - 16, room, 18), _CENTRE, total)
    return area.adjusted(0, 0, 0, -geometry.SUM)


def _fan_out(node_id: str, port: str, content: Content) -> str | None:
    """The sum of the contributions, where several wires bring one."""
    if not port or len([e for e in content.graph.outputs_of(node_id) if e.source[1] == port]) < 2:
        return None
    total = content.node_gradient(node_id, port)
    if not isinstance(total, ArrayView):
        return None
    if content.comparing:
        return f"Σ {change_text(total).text}" if total.scalar is not None else f"Σ {LARGEST} {number(largest(total))}"
    total = content.written_as(("total", node_id, port), total)
    if total.scalar is not None:
        return f"Σ {content.fraction('output', node_id, port, gradient=True) or number(total.scalar)}"
    return f"Σ |∇| {number(total.norm)}"


def _empty(painter: QPainter, area: QRectF, theme: Theme) -> None:
    paint_slot(painter, QRectF(area.center().x() - 28, area.center().y() - 11, 56, 22), theme)


def _paint_number(painter: QPainter, area: QRectF, text: str, ink: str, boost: float) -> None:
    room = area.width() + 8
    wide = text_metrics.number_width("value", text)
    size = min(boost, room / wide)
    painter.setFont(font("value", size) if size != 1.0 else font("value"))
    painter.setPen(color(ink))
    hang = text_metrics.number_width("value", MINUS) * 0.3 * size if text.startswith(MINUS) and wide * size < room - 16 else 0.0
    painter.drawText(QPointF(area.center().x() - wide * size / 2 - hang, area.center().y() + 7.2 * size), text)


def paint_slider(painter: QPainter, track: QRectF, share: float, hue: str, theme: Theme) -> None:
    """A track, filled up to the thumb."""
    middle = track.center().y()
    x = track.left() + share * track.width()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color(mixed(theme.secondary, theme.card, 0.72)))
    painter.drawRoundedRect(QRectF(track.left(), middle - 2, track.width(), 4), 2, 2)
    painter.setBrush(color(hue if not theme.dark else theme.swatch["sources"]))
    painter.drawRoundedRect(QRectF(track.left(), middle - 2, x - track.left(), 4), 2, 2)
    painter.setPen(QPen(color(hue if not theme.dark else theme.swatch["sources"]), 2))
    painter.setBrush(color(theme.card))
    painter.drawEllipse(QPointF(x, middle), 6.5, 6.5)

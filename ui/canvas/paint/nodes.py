"""Cards: what stays (`paint_card`), and what follows the numbers (`paint_live`). Coordinates are the scene's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from ui.canvas.model import geometry
from ui.canvas.model.geometry import FORMULA_ROW, PAD, PORT, RADIUS, TITLE, NodeCard, PortSpot
from ui.canvas.model.legibility import FULL, LEAST, NAMES, SECONDARY, VALUES, enlarged
from ui.canvas.model.scene import KINDS, CanvasScene
from ui.canvas.model.small_print import SmallPrint
from ui.canvas.model.titles import WORD, Title, Words
from ui.canvas.paint import batch
from ui.look.theme import MARKS, THEMES, Theme, color, faded, font, glyph, mixed, shade

MEDIUM, MANY = 0.25, 200
"""The scale below which many cards are plain rectangles, and how many of them are many."""
_NO_PEN, _NO_BRUSH = Qt.PenStyle.NoPen, Qt.BrushStyle.NoBrush
BYPASSED = "↷"
_ROUND = 8.0
"""Room for the shadow around a cached card."""
_CENTRE = Qt.AlignmentFlag.AlignCenter


def paint_cards(painter: QPainter, scene: CanvasScene, ids: Sequence[str], theme: Theme, scale: float) -> None:
    """All these cards at the level of detail of `scale`."""
    least = scene.least
    if scale < MEDIUM:
        paint_far(painter, scene, scene.rows_of(ids), theme)
        if scale >= NAMES and len(ids) <= MANY:
            for node_id in ids:
                _paint_name(painter, scene.cards[node_id], scene.rect(node_id), theme, scale, least, scene.cards[node_id].height)
        return
    for node_id in ids:
        rect = scene.rect(node_id)
        if scale < FULL:
            paint_plain(painter, scene.cards[node_id], rect, theme, scale, least)
        else:
            paint_card(painter, scene.cards[node_id], rect, theme, scale, least)


def paint_far(painter: QPainter, scene: CanvasScene, rows: np.ndarray, theme: Theme) -> None:
    """The cards of these rows as plain rectangles."""
    painter.setPen(_NO_PEN)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    kinds = scene.kinds[rows]
    found, first = np.unique(kinds, return_index=True)
    for kind in found[np.argsort(first)]:
        painter.setBrush(color(theme.bar[KINDS[kind]]))
        batch.rectangles(painter, np.ascontiguousarray(scene.rects[rows[kinds == kind]]))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)


def _shape(rect: QRectF) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(rect, RADIUS, RADIUS)
    return path


def _bar(rect: QRectF, height: float) -> QPainterPath:
    """The title bar: round above, straight below."""
    left, top, right, r = rect.left(), rect.top(), rect.right(), RADIUS
    path = QPainterPath(QPointF(left, top + height))
    path.lineTo(left, top + r)
    path.quadTo(left, top, left + r, top)
    path.lineTo(right - r, top)
    path.quadTo(right, top, right, top + r)
    path.lineTo(right, top + height)
    path.closeSubpath()
    return path


@lru_cache(maxsize=256)
def _ground(category: str, width: float, height: float, theme_name: str, pixels: float, bar: float) -> QImage:
    """A card without its texts, `pixels` device pixels to the unit: there are few sizes and many cards."""
    size = QSizeF(width + 2 * _ROUND, height + 2 * _ROUND) * pixels
    image = QImage(ceil(size.width()), ceil(size.height()), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(pixels, pixels)
    _draw_ground(painter, category, QRectF(_ROUND, _ROUND, width, height), THEMES[theme_name], bar)
    painter.end()
    return image


def _paint_ground(painter: QPainter, card: NodeCard, rect: QRectF, theme: Theme, bar: float) -> None:
    """From the cache on a screen; drawn where the painter writes shapes, as for SVG."""
    view = painter.deviceTransform()
    if not isinstance(painter.device(), QImage | QPixmap | QWidget) or THEMES.get(theme.name) is not theme:
        _draw_ground(painter, card.category, rect, theme, bar)
        return
    image = _ground(card.category, card.width, card.height, theme.name, round(view.m11(), 4), round(bar, 1))
    corner = view.map(rect.topLeft() - QPointF(_ROUND, _ROUND))
    at = view.inverted()[0].map(QPointF(round(corner.x()), round(corner.y())))
    painter.drawImage(QRectF(at, QSizeF(image.size()) / view.m11()), image)


def _draw_ground(painter: QPainter, category: str, rect: QRectF, theme: Theme, bar: float) -> None:
    painter.setPen(_NO_PEN)
    if theme.name != "projector":
        strength = 0.16 if theme.dark else 0.035
        for spread, drop in ((3.0, 3.0), (2.0, 2.0), (1.0, 1.0)):
            painter.setBrush(faded(theme.shadow, strength))
            painter.drawRoundedRect(rect.adjusted(-spread * 0.5, drop * 0.5, spread * 0.5, spread + drop * 0.3), RADIUS + 1, RADIUS + 1)
    whole = bar >= rect.height() - RADIUS
    painter.setBrush(color(theme.bar[category] if whole else theme.card))
    painter.drawPath(_shape(rect))
    if whole:
        return
    painter.setBrush(color(theme.bar[category]))
    painter.drawPath(_bar(rect, bar))
    painter.setBrush(_NO_BRUSH)
    painter.setPen(QPen(color(theme.card_edge), 2.0 if theme.name == "projector" else 1.0))
    path = QPainterPath(QPointF(rect.left(), rect.top() + bar))
    path.lineTo(rect.left(), rect.bottom() - RADIUS)
    path.quadTo(rect.left(), rect.bottom(), rect.left() + RADIUS, rect.bottom())
    path.lineTo(rect.right() - RADIUS, rect.bottom())
    path.quadTo(rect.right(), rect.bottom(), rect.right(), rect.bottom() - RADIUS)
    path.lineTo(rect.right(), rect.top() + bar)
    painter.drawPath(path)


def bar_height(card: NodeCard, scale: float, least: float) -> float:
    """How high the title bar is: higher where the name is enlarged, and the whole card where it says nothing but its name."""
    if card.body == "folded" or scale < VALUES:
        return card.height
    if scale >= FULL:
        return TITLE
    wanted = card.title.size * enlarged(WORD, scale, least) * 1.15
    return min(max(TITLE, wanted), card.height / 2)


def paint_plain(painter: QPainter, card: NodeCard, rect: QRectF, theme: Theme, scale: float = 1.0, least: float = LEAST) -> None:
    """A card seen from afar: its hue, and its name in larger letters. The value comes later, larger too."""
    high = bar_height(card, scale, least)
    _paint_ground(painter, card, rect, theme, high)
    _paint_name(painter, card, rect, theme, scale, least, high)


def _paint_name(painter: QPainter, card: NodeCard, rect: QRectF, theme: Theme, scale: float, least: float, high: float) -> None:
    """The name alone, as large as it has to be: in the middle where it has the card for itself; not at all where it could not be read."""
    title, boost, room = card.title, enlarged(WORD, scale, least), rect.width() - 12
    boost = min(_uncut(boost, title, room), high / (0.95 * title.size))
    if min(title.size, _SYMBOL) * boost * scale < 0.6 * least:
        return
    title = title.within(room / boost)
    left = rect.left() + (8 if high < card.height else (rect.width() - title.width * boost) / 2)
    painter.setPen(color(theme.bar_text))
    sink = _SINK - 0.1 * title.lowered
    title.paint(painter, left, rect.top() + high / 2 + sink * title.size * boost, boost)


def _uncut(boost: float, title: Title, room: float) -> float:
    """How much a name is enlarged: a little less where it would be cut, because hidden1 and hidden2 are alike as "hidd…"."""
    return boost if title.width * boost <= room else max(boost * 0.65, room / (title.width + 0.01))


_SINK = 0.34
"""How far below the middle of a line its letters stand, as a share of their size."""
_TALL = 0.94
"""How large a name may be, as a share of its bar."""
_SYMBOL = 20.0
"""A symbol counts as a little smaller than it is: its letters are no higher than those of a word."""


def paint_card(painter: QPainter, card: NodeCard, rect: QRectF, theme: Theme, scale: float = 1.0, least: float = LEAST) -> None:
    """A card with everything on it that can be read at this scale."""
    high = rect.height() if card.body == "folded" else TITLE
    _paint_ground(painter, card, rect, theme, high)
    boost = min(enlarged(min(card.title.size, _SYMBOL), scale, least), _TALL * TITLE / card.title.size)
    boost = _uncut(boost, card.title, rect.width() - 2 * PAD)
    title = card.title.within((rect.width() - 2 * PAD) / boost)
    baseline = rect.top() + high / 2 + _SINK * WORD + 1
    painter.setPen(color(theme.bar_text))
    sunk = max((_SINK - 0.06 * title.lowered) * title.size * boost - _SINK * WORD - 1, 0.0)
    title.paint(painter, rect.left() + PAD, baseline + sunk, boost)
    right = _paint_beside(painter, card, rect, rect.left() + PAD + title.width * boost + 8, baseline, scale, least)
    if card.frozen:
        _paint_snowflake(painter, QPointF(right - 10, rect.top() + high / 2), theme)
    painter.setPen(color(theme.secondary))
    _paint_small(painter, card.formula, rect.left() + PAD, rect.width() - 2 * PAD, rect.top() + TITLE + FORMULA_ROW - 7, scale, least)
    names = enlarged(geometry.PORT_NAME, scale, least * SECONDARY)
    for spot in (*card.inputs, *card.outputs):
        paint_port(painter, spot, rect, theme, names)


def _paint_beside(painter: QPainter, card: NodeCard, rect: QRectF, left: float, baseline: float, scale: float, least: float) -> float:
    """The operation at the right end of the title bar, or the category's glyph; where it begins."""
    right = rect.right() - PAD
    if card.says.width:
        room = right - left - (20 if card.frozen else 0)
        return right - _paint_small(painter, card.says, right, room, baseline, scale, least, to_right=True) - 4
    if right - left > 16:
        painter.setFont(font("small"))
        painter.drawText(QRectF(right - 14, baseline - 16, 16, 22), _CENTRE, BYPASSED if card.bypassed else glyph(card.category))
    return right - 14


def _paint_small(
    painter: QPainter, text: SmallPrint | Words, x: float, room: float, baseline: float, scale: float, least: float, to_right: bool = False
) -> float:  # fmt: skip
    """Small print, enlarged until it can be read and cut to its room; its width, 0 where there is no room for it."""
    boost = enlarged(text.size, scale, least * SECONDARY)
    if isinstance(text, Words) and text.width * boost > room:
        boost = max(room / text.width, 0.75 * boost)  # a word is better a little smaller than cut
        if to_right and text.width * boost > room + 1:
            return 0.0
    if not text.width or boost > 1.7 or room < 26 * boost:
        return 0.0
    if boost != 1.0 or text.width > room:
        text = text.within(room + 0.5, round(text.size * boost, 1))
    text.paint(painter, x - text.width if to_right else x, baseline)
    return text.width


def paint_port(painter: QPainter, spot: PortSpot, rect: QRectF, theme: Theme, names: float = 1.0) -> None:
    """`names`: how much larger its name is drawn; not at all where it would be too large for its place."""
    centre = QPointF(rect.left() + spot.x, rect.top() + spot.y)
    radius = PORT - 1.5 if spot.minor or spot.free else PORT
    pen = QPen(color(theme.wire), 1.6 if theme.scale == 1.0 else 2.2)
    if spot.free:
        pen.setStyle(Qt.PenStyle.DotLine)
    painter.setPen(pen)
    painter.setBrush(color(theme.card))
    painter.drawEllipse(centre, radius, radius)
    if spot.text and names <= 1.3:
        painter.setFont(font("tiny", names))
        painter.setPen(color(theme.secondary))
        high, wide = 16.0, rect.width() / 2
        left = centre.x() - wide - 10 if spot.output else centre.x() + 10
        side = Qt.AlignmentFlag.AlignRight if spot.output else Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(left, centre.y() - high / 2, wide, high), side | Qt.AlignmentFlag.AlignVCenter, spot.text)


def _paint_snowflake(painter: QPainter, centre: QPointF, theme: Theme) -> None:
    painter.save()
    painter.translate(centre)
    painter.setPen(QPen(color(theme.bar_text), 1.3))
    for _ in range(6):
        painter.rotate(60)
        painter.drawLine(QPointF(0, 0), QPointF(0, -6))
        painter.drawLine(QPointF(0, -3.6), QPointF(-1.8, -5.4))
        painter.drawLine(QPointF(0, -3.6), QPointF(1.8, -5.4))
    painter.restore()


def paint_outline(painter: QPainter, rect: QRectF, hue: str, width: float, gap: float = 0.0) -> None:
    """A frame around a card: active, selected, focused."""
    painter.setBrush(_NO_BRUSH)
    painter.setPen(QPen(color(hue), width))
    away = gap
    painter.drawRoundedRect(rect.adjusted(-away, -away, away, away), RADIUS + away, RADIUS + away)


def paint_ring(painter: QPainter, rect: QRectF, hue: str, unit: float) -> None:
    """Two lines around a card: look here. `unit` is the width of a pixel, or more. Two, because colour alone does not reach everybody."""
    paint_outline(painter, rect, hue, 3.0 * unit, 6.0)
    paint_outline(painter, rect, hue, 1.2 * unit, 1.5)


def paint_badge(painter: QPainter, rect: QRectF, severity: str, theme: Theme) -> None:
    """A disc on the upper right corner, with the glyph of the Problems panel: the panel and the tip say what is wrong."""
    centre = QPointF(rect.right() - 3, rect.top() + 3)
    painter.setPen(QPen(color(theme.canvas), 2))
    painter.setBrush(color(shade(theme, severity)))
    painter.drawEllipse(centre, 10, 10)
    painter.setFont(font("strong"))
    painter.setPen(color(theme.canvas))
    painter.drawText(QRectF(centre.x() - 10, centre.y() - 10.5, 20, 20), _CENTRE, MARKS[severity])


def paint_objective(painter: QPainter, card: NodeCard, rect: QRectF, port: str, theme: Theme) -> None:
    """The stub of wire behind the objective's output, ending in a target."""
    spot = card.spot(port, True)
    if spot is None:
        return
    start = QPointF(rect.left() + spot.x + PORT, rect.top() + spot.y)
    end = QPointF(rect.left() + spot.x + geometry.STUB, start.y())
    painter.setPen(QPen(color(theme.wire), theme.wire_width / theme.scale))
    painter.drawLine(start, QPointF(end.x() - 6, end.y()))
    painter.setBrush(color(theme.canvas))
    painter.drawEllipse(end, 6, 6)
    painter.setPen(_NO_PEN)
    painter.setBrush(color(theme.backward))
    painter.drawEllipse(end, 2.6, 2.6)


def paint_slot(painter: QPainter, rect: QRectF, theme: Theme) -> None:
    """The visibly empty place of a number that is not computed yet."""
    pen = QPen(color(mixed(theme.secondary, theme.card, 0.45)), 1.0)
    pen.setDashPattern([3, 3])
    painter.setPen(pen)
    painter.setBrush(_NO_BRUSH)
    painter.drawRoundedRect(rect, 4, 4)

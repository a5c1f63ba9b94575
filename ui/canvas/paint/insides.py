"""Tensors written out inside a card: a layer's matrices with their gradients, a value as a vector."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from engine.compile.views import Absent, ArrayView
from ui.canvas.model.card_body import TYPE, NumberPlace
from ui.canvas.model.compared import DELTA
from ui.canvas.model.content import Content
from ui.canvas.model.geometry import NodeCard
from ui.canvas.model.matrices import Matrix
from ui.canvas.model.number_texts import placed_text
from ui.canvas.paint.labels import paint_matrix, paint_slot_in
from ui.canvas.paint.nodes import paint_slot
from ui.canvas.paint.tiles import blit, captioned, fitted
from ui.look.theme import Theme, color, font

SQUEEZED = 0.6
"""A matrix that would have to be written smaller than this, against its usual size, is a picture: nobody could read it."""
_CENTRE = Qt.AlignmentFlag.AlignCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def paint_places(
    painter: QPainter, node_id: str, card: NodeCard, corner: QPointF, content: Content, theme: Theme, boost: float = 1.0
) -> None:
    """Everything that has a place of its own inside a card whose top left corner is there."""
    for place in card.places:
        if place.kind != "result":
            _paint_place(painter, node_id, place, place.area.translated(corner), content, theme, boost)


def _paint_place(
    painter: QPainter, node_id: str, place: NumberPlace, area: QRectF, content: Content, theme: Theme, boost: float
) -> None:
    shown, slope = content.at_place(node_id, place), place.kind == "slope"
    ink = theme.backward if slope else theme.text if place.kind == "weight" else theme.forward
    if place.sign:
        sign, size = (f"{DELTA}{place.sign}", 0.8) if content.comparing else (place.sign, 1.0)
        _paint_sign(painter, sign, size, area, theme.backward if slope else theme.secondary)
    if shown is None or isinstance(shown, Absent):
        _paint_absent(painter, area, shown, theme)
    elif shown.covered:
        paint_slot_in(painter, area, theme.backward if slope else theme.forward, theme, boost)
    else:
        text = placed_text(content, node_id, place, shown)
        squeezed = isinstance(text, Matrix) and room(text, area) < SQUEEZED
        if squeezed or (place.kind == "inner" and not isinstance(text, Matrix)):
            _paint_picture(painter, area, shown, content, theme)
        elif isinstance(text, Matrix):
            ink = theme.error if text.loud else theme.stale if content.stale else ink
            paint_fitted(painter, area, text, ink, TYPE, bool(place.sign))
        else:
            captioned(painter, area, shown, text, content, theme, content.is_image(node_id, place.name))


def room(matrix: Matrix, area: QRectF) -> float:
    """How large a matrix can be written in its place, against its usual size."""
    return min(area.width() / matrix.width, area.height() / matrix.height)


def paint_fitted(painter: QPainter, area: QRectF, matrix: Matrix, ink: str, largest: float = 1.0, named: bool = False) -> None:
    """A matrix in the middle of its place, or beside its name at the left; smaller where it would not fit."""
    size = min(largest, room(matrix, area))
    middle = area.center()
    left = area.left() if named else middle.x() - matrix.width * size / 2
    paint_matrix(painter, matrix, left, middle.y() - matrix.height * size / 2, ink, size)


def _paint_picture(painter: QPainter, area: QRectF, shown: ArrayView, content: Content, theme: Theme) -> None:
    """A tensor too large for its place, as a picture alone."""
    drawn = content.picture(shown, theme)
    if drawn is not None:
        blit(painter, fitted(area, drawn), drawn, theme, content.stale)


def _paint_sign(painter: QPainter, sign: str, size: float, area: QRectF, ink: str) -> None:
    """The name of a tensor at the left of its place; `size` against the usual type."""
    painter.setFont(font("wire", size))
    painter.setPen(color(ink))
    painter.drawText(QRectF(area.left() - 64, area.top(), 61, area.height()), _RIGHT, sign)


def _paint_absent(painter: QPainter, area: QRectF, absent: Absent | None, theme: Theme) -> None:
    """An empty slot for what is not computed yet; a word for what is not there."""
    if absent is None or absent.reason == "not computed":
        middle = area.center()
        paint_slot(painter, QRectF(middle.x() - 20, middle.y() - 9, 40, 18), theme)
        return
    painter.setFont(font("tiny"))
    painter.setPen(color(theme.secondary))
    painter.drawText(area, _CENTRE | Qt.TextFlag.TextWordWrap, absent.word)

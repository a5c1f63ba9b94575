"""Numbers on wires, painted where they have found their places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from ui.canvas.model import matrices
from ui.canvas.model.content import Content
from ui.canvas.model.label_room import STUB, Spot
from ui.canvas.model.labels import MARGIN, Labels
from ui.canvas.model.matrices import Matrix
from ui.canvas.model.number_texts import LINE, PICTURE, WORD, WireText, shorter, stub_texts, texts
from ui.canvas.model.scene import CanvasScene
from ui.canvas.model.stacking import hidden_by_cards
from ui.canvas.paint import batch
from ui.canvas.paint.tiles import blit
from ui.look.theme import VEIL, Theme, color, faded, font

_CENTRE = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
Placed = tuple[WireText, tuple[float, float]]
"""A text and the centre of its place in the scene."""
_DIGIT = 8.0
"""Less than a digit more than there is room for is written all the same: a label would flicker while its digits change."""
SLOT, MARK = 24.0, 5 / 6
"""Height of the slot of a covered value on a card, and of the type of a question mark as a part of its slot."""


def paint_labels(
    painter: QPainter, labels: Labels, scene: CanvasScene, ids: Iterable[str], content: Content, theme: Theme, area: QRectF
) -> None:
    """The labels of these wires, and the objective's, that reach into `area`: veils first, then the texts of one colour after the other."""
    sides: tuple[list[Placed], list[Placed]] = [], []
    leaders: tuple[list[Spot], list[Spot]] = [], []
    for edge_id in ids:
        spots = labels.shown(edge_id)
        if spots != (None, None):
            pair = texts(scene.graph.edges[edge_id], content) if edge_id != STUB else _objective(content)
            for i, (text, spot, side, lines) in enumerate(zip(pair, spots, sides, leaders, strict=True)):
                if spot is not None and _reaches(spot, area):
                    said = _form(text, spot, content, labels.boost, gradient=i == 1)
                    width = said.width * labels.boost
                    x, y = spot.middle(width)
                    if not _fits(said, spot, labels.boost):
                        if edge_id == STUB:  # it grows away from its card, which has the number too, as far as it is seen
                            x = max(x, spot.box[0] + width / 2)
                            if x + width / 2 > scene.extent().right() + MARGIN * labels.boost:
                                continue
                        elif labels.reaches_others((edge_id, i), spot, width):
                            continue  # two numbers over each other are none
                    side.append((said, (x, y)))
                    if spot.foot is not None:
                        lines.append(spot)
    above, below = _uncovered(scene, area, sides, labels.boost)
    for lines, hue in zip(leaders, (theme.forward, theme.backward), strict=True):
        paint_leaders(painter, lines, hue)
    paint_veils(painter, [*above, *below], theme, labels.boost)
    paint_texts(painter, above, theme.forward, content, theme, labels.boost)
    paint_texts(painter, below, theme.backward, content, theme, labels.boost)


def _form(text: WireText, spot: Spot, content: Content, boost: float, gradient: bool) -> WireText:
    """What there is room for; a text that was placed for a longer one may have no form as short. While places are held, as in a training,
    a text that has outgrown its place is written shorter."""
    if not spot.short and _fits(text, spot, boost):
        return text
    forms = (text, *shorter(text, content, gradient))
    return next((form for form in forms[min(spot.short, len(forms) - 1) :] if _fits(form, spot, boost)), forms[-1])


def _fits(text: WireText, spot: Spot, boost: float) -> bool:
    return text.width * boost <= spot.width + _DIGIT * boost and (text.kind != "matrix" or text.height * boost <= spot.height + 1)


def _objective(content: Content) -> tuple[WireText, WireText]:
    objective = content.objective()
    assert objective is not None, "the stub has places while there is an objective"
    return stub_texts(content, objective)


def _reaches(spot: Spot, area: QRectF) -> bool:
    left, top, right, bottom = spot.box
    return left < area.right() and right > area.left() and top < area.bottom() and bottom > area.top()


def paint_leaders(painter: QPainter, spots: Sequence[Spot], hue: str) -> None:
    """Thin lines from wires to the labels that found no place beside them."""
    painter.setPen(QPen(faded(hue, 0.7), 1.2))
    for spot in spots:
        assert spot.foot is not None
        x, y = spot.foot
        _, top, _, bottom = spot.box
        painter.drawLine(QPointF(x, y), QPointF(x, bottom if bottom < y else top))


def _uncovered(
    scene: CanvasScene, area: QRectF, sides: tuple[list[Placed], list[Placed]], boost: float
) -> tuple[list[Placed], list[Placed]]:
    """Labels that found no place beside the cards lie below them, like their wires: whole or not at all, since part of a number
    is another number. A question mark is always visible."""
    placed = [*sides[0], *sides[1]]
    if not placed:
        return sides
    high = (LINE - 6) * boost / 2
    half = [text.width * boost / 2 for text, _ in placed]
    boxes = np.array([(x - w, y - high, x + w, y + high) for w, (_, (x, y)) in zip(half, placed, strict=True)])
    gone = hidden_by_cards(scene, area.adjusted(-90, -LINE, 90, LINE), boxes)
    seen = [not hidden or label[0].kind == "hidden" for label, hidden in zip(placed, gone.tolist(), strict=True)]
    first = len(sides[0])
    return list(compress(sides[0], seen)), list(compress(sides[1], seen[first:]))


def paint_veils(painter: QPainter, labels: Sequence[Placed], theme: Theme, boost: float = 1.0) -> None:
    """The canvas's colour under every text: it keeps wires and pulses from running through a number."""
    boxes = [
        (x - t.width * boost / 2 - 2, y - (t.height - 4) * boost / 2, t.width * boost + 4, (t.height - 4) * boost)
        for t, (x, y) in labels
        if t.kind != "empty"
    ]
    if boxes:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faded(theme.canvas, VEIL[theme.name]))
        batch.rectangles(painter, np.array(boxes, dtype=np.float64))


def paint_texts(painter: QPainter, labels: Sequence[Placed], hue: str, content: Content, theme: Theme, boost: float = 1.0) -> None:
    """Labels of one side; plain numbers, by far the most, in one run with one font and one pen."""
    painter.setFont(font("wire", boost))
    painter.setPen(color(theme.stale if content.stale else hue))
    for text, (x, y) in labels:
        if text.kind == "number":
            painter.drawText(QPointF(x - text.width * boost / 2, y + 5.4 * boost), text.text)
    for text, (x, y) in labels:
        if text.kind != "number":
            painter.save()
            painter.translate(x, y)
            painter.scale(boost, boost)
            _paint_special(painter, text, hue, content, theme)
            painter.restore()


def _paint_special(painter: QPainter, text: WireText, hue: str, content: Content, theme: Theme) -> None:
    """Anything but a plain number, centred on the origin."""
    box = QRectF(-text.width / 2, -LINE / 2, text.width, LINE)
    if text.kind == "empty":
        pen = QPen(faded(hue, 0.5), 1.0)
        pen.setDashPattern([2, 3])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(1, 4, -1, -4), 4, 4)
    elif text.kind == "hidden":
        paint_question(painter, box, hue, theme)
    elif text.kind == "word":
        painter.setFont(font("small", WORD))
        painter.setPen(color(theme.secondary))
        painter.drawText(box, _CENTRE, text.text)
    elif text.matrix is not None:
        ink = theme.error if text.matrix.loud else theme.stale if content.stale else hue
        if text.sign:
            painter.setPen(color(ink))
            painter.setFont(font("wire", text.size))
            painter.drawText(box, _LEFT, text.sign)
        paint_matrix(painter, text.matrix, box.left() + text.lead * text.size, -text.height / 2, ink, text.size)
    elif text.view is not None:
        image = content.picture(text.view, theme, text.image, 1)
        if image is not None:
            wide = PICTURE[1] if len(text.view.shape) > 2 else PICTURE[0]
            place = QRectF(box.left() + PICTURE[0] - wide, box.top() + 2, wide, PICTURE[1])
            blit(painter, place, image, theme, content.stale, image.width() > PICTURE[0] or image.height() > PICTURE[1])
        painter.setPen(color(theme.stale if content.stale else hue))
        painter.setFont(font("wire"))
        if text.sign:
            painter.drawText(box.adjusted(PICTURE[0] + 6, 0, 0, 0), _LEFT, text.sign)
        painter.drawText(box.adjusted(PICTURE[0] + 7 + text.lead, 0, 4, 0), _LEFT, text.text)
    else:
        painter.setPen(color(theme.error))
        painter.setFont(font("wire"))
        painter.drawText(box.adjusted(-4, 0, 4, 0), _CENTRE, text.text)


def paint_matrix(painter: QPainter, matrix: Matrix, left: float, top: float, ink: str, size: float = 1.0) -> None:
    """Numbers in square brackets, in the type of a wire's number, `size` times as large."""
    painter.setPen(QPen(color(ink), 1.4 * size))
    right, bottom = left + matrix.width * size, top + matrix.height * size
    inset, serif = 1.5 * size, matrices.SERIF * size
    for edge, side in ((left + inset, serif), (right - inset, -serif)) if matrix.brackets else ():
        painter.drawPolyline([QPointF(edge + side, top), QPointF(edge, top), QPointF(edge, bottom), QPointF(edge + side, bottom)])
    painter.setFont(font("wire", size))
    baseline = top + (1 + matrices.ROW / 2 + 5.4) * size
    for row, places in zip(matrix.rows, matrix.places, strict=True):
        for text, place in zip(row, places, strict=True):
            painter.drawText(QPointF(left + place * size, baseline), text)
        baseline += matrices.ROW * size


def paint_question(painter: QPainter, box: QRectF, hue: str, theme: Theme, high: float = 0.0) -> None:
    """A slot that asks to be filled; its mark is as legible as the number that it stands for: of this height, or filling the slot."""
    painter.setPen(QPen(color(hue), 1.5))
    painter.setBrush(color(theme.panel))
    painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 6, 6)
    painter.setFont(font("strong", (high or MARK * box.height()) / 13))
    painter.drawText(box, _CENTRE | Qt.TextFlag.TextDontClip, "?")


def paint_slot_in(painter: QPainter, area: QRectF, hue: str, theme: Theme, boost: float) -> None:
    """A slot in the middle of a place on a card, enlarged as values are, its edges no further than there is room."""
    high = min(SLOT * boost, area.height() + 6)
    wide = min(2 * SLOT * boost, area.width() + 8)
    middle = area.center()
    paint_question(painter, QRectF(middle.x() - wide / 2, middle.y() - high / 2, wide, high), hue, theme, MARK * SLOT * boost)

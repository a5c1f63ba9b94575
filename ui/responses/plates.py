"""Where the maps of a layer stand: in a grid below its card, as large as there is room. In view coordinates; no Qt widgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF

GAP, APART, EDGE = 2.0, 6.0, 4.0
"""Pixels between maps, between a card and its plate, and around the maps of a plate."""
LEAST, MOST = 6.0, 72.0
"""Smallest and largest side of a map in a grid."""


@dataclass(frozen=True, slots=True)
class Plate:
    """The maps of one node: `cells[unit]` is where each stands, `box` what they fill with their margin."""

    node: str
    box: QRectF
    cells: tuple[QRectF, ...]

    def unit_at(self, x: float, y: float) -> int | None:
        return next((unit for unit, cell in enumerate(self.cells) if cell.contains(x, y)), None)


def plates(cards: Mapping[str, QRectF], counts: Mapping[str, int], view: QRectF, others: Sequence[QRectF] = ()) -> list[Plate]:
    """Plates for the nodes of `counts`, whose cards are seen at these places. They keep clear of each other and of the next card below.

    `others` are the cards without maps.
    """
    placed: list[Plate] = []
    obstacles = [*cards.values(), *others]
    for node, count in counts.items():
        card = cards[node]
        wide = _room_beside(card, [cards[other] for other in counts if other != node])
        below = min([box.top() for box in obstacles if box.top() >= card.bottom() and _overlap(box, card, wide)] + [view.bottom()])
        placed.append(_plate(node, count, card, wide, below - card.bottom() - 2 * APART))
    return placed


def _room_beside(card: QRectF, others: Sequence[QRectF]) -> float:
    """How wide a plate may be, so that those of neighbours in the same row do not touch it."""
    middle = card.center().x()
    level = [box for box in others if abs(box.center().y() - card.center().y()) < 3 * card.height()]
    return min([4 * MOST, *(abs(box.center().x() - middle) - APART for box in level if box.center().x() != middle)])


def _overlap(box: QRectF, card: QRectF, wide: float) -> bool:
    return abs(box.center().x() - card.center().x()) < (box.width() + wide) / 2


def _plate(node: str, count: int, card: QRectF, wide: float, high: float) -> Plate:
    side, columns = max(((_side(count, n, wide - 2 * EDGE, high - 2 * EDGE), -n) for n in range(1, count + 1)), default=(LEAST, -1))
    columns, side = -columns, max(side, LEAST)
    rows = -(-count // columns)
    width, height = (n * side + (n - 1) * GAP + 2 * EDGE for n in (columns, rows))
    box = QRectF(card.center().x() - width / 2, card.bottom() + APART, width, height)
    cells = tuple(
        QRectF(box.left() + EDGE + unit % columns * (side + GAP), box.top() + EDGE + unit // columns * (side + GAP), side, side)
        for unit in range(count)
    )
    return Plate(node, box, cells)


def _side(count: int, columns: int, wide: float, high: float) -> float:
    rows = -(-count // columns)
    return min((wide - (columns - 1) * GAP) / columns, (high - (rows - 1) * GAP) / rows, MOST)

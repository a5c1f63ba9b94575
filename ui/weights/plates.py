"""Where what the optimizer holds stands: on a plate below each card with weights, a field for each tensor. No Qt widgets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF

from engine.compile.views import ArrayView

Key = tuple[str, str]
Shape = tuple[int, ...]
APART, EDGE = 6.0, 5.0
"""Pixels between a card and its plate, and around the fields of a plate."""
LEAST, MOST = 7.0, 40.0
"""Smallest and largest side of a cell."""
WRITTEN = 8
"""Tensors of up to so many numbers have them written below their cells."""
HIGHEST = 190.0
"""A plate with its fields is about as high, at most."""
ENOUGH, SINGLE, SHARE = 150.0, 24.0, 0.6
"""Pixels that a plate needs below its card, and one of a single number; where there are fewer, it covers this share of the card."""
MOST_ROWS = 12
"""Of a tensor with more rows, so many count where tensors share the height of a plate."""
WIDE = 60.0
"""Width of a cell with its number below, for type at 100 %."""

HIGH = 96.0
"""What reaches down to this height above the lower edge of a view is in the way of the strip there."""


@dataclass(frozen=True, slots=True)
class Field:
    """One tensor: `rows` × `columns` cells in `area`, each for `block` rows and columns of weights. `written`: with numbers below."""

    key: Key
    rows: int
    columns: int
    block: tuple[int, int]
    area: QRectF
    written: bool

    @property
    def cell(self) -> tuple[float, float]:
        return self.area.width() / self.columns, self.area.height() / self.rows

    def at(self, x: float, y: float) -> tuple[int, int] | None:
        """The row and column of the cell there."""
        if not self.area.contains(x, y):
            return None
        wide, high = self.cell
        row, column = int((y - self.area.top()) / high), int((x - self.area.left()) / wide)
        return min(row, self.rows - 1), min(column, self.columns - 1)


@dataclass(frozen=True, slots=True)
class Plate:
    node: str
    box: QRectF
    fields: tuple[Field, ...]


def free_foot(view: QRectF, covers: Sequence[QRectF], chart: QRectF) -> QRectF:
    """The part of a view with room for a strip in its lower left: above what lies along the lower edge, and between what lies at the
    left, such as a lesson, and the map of the graph (`chart`, null for none), as far as that is wide enough."""
    covers = [cover for cover in covers if cover.left() < view.width() / 4]
    along = [cover for cover in covers if cover.right() > view.width() / 2 and cover.top() > view.height() / 2]
    free = QRectF(view)
    free.setBottom(min([view.bottom(), *(cover.top() for cover in along)]))
    low = [cover for cover in covers if cover not in along and cover.bottom() > free.bottom() - HIGH]
    left = max((cover.right() for cover in low), default=view.left())
    if left < view.width() * 2 / 3:
        free.setLeft(left)
    if not chart.isNull() and chart.left() - free.left() > view.width() / 2:
        free.setRight(min(view.right(), chart.left()))
    return free


def plane(shape: Shape) -> tuple[int, int]:
    """Rows and columns that a tensor is shown in: a vector as one row, many axes as rows of the last one."""
    return (1, math.prod(shape)) if len(shape) < 2 else (math.prod(shape[:-1]), shape[-1])


def index_of(shape: Shape, row: int, column: int) -> tuple[int, ...]:
    """The index in the tensor of a place in its plane."""
    flat = row * plane(shape)[1] + column
    return tuple(int(i) for i in np.unravel_index(flat, shape)) if shape else ()


def cells(view: ArrayView, field: Field) -> np.ndarray:
    """(rows, columns) of a field: the mean over each block of weights, or of those that have travelled."""
    source = view.data if view.data is not None else view.thumbnail
    assert source is not None
    array = np.asarray(source, dtype=np.float64)
    table = array.reshape(-1, array.shape[-1]) if array.ndim > 1 else array.reshape(1, -1)
    if table.shape == (field.rows, field.columns):
        return table
    down, across = (
        np.minimum(np.arange(count + 1) * block, size) if view.data is not None else np.linspace(0, size, count + 1).round().astype(int)
        for size, count, block in zip(table.shape, (field.rows, field.columns), field.block, strict=True)
    )
    sums = np.add.reduceat(np.add.reduceat(table, down[:-1], axis=0), across[:-1], axis=1)
    means: np.ndarray = sums / (np.diff(down)[:, None] * np.diff(across)[None, :])
    return means


def plates(
    cards: Mapping[str, QRectF], tensors: Mapping[str, Sequence[tuple[Key, Shape]]], view: QRectF, line: float, type_size: float
) -> list[Plate]:
    """Plates for the nodes of `tensors`, whose cards are seen at these places. They keep clear of the next card below.

    `line` is the height of a line of small type, `type_size` how large type is against 100 %.
    """
    return [_plate(node, cards, tensors, view, line, WIDE * type_size) for node in tensors if node in cards]


def _plate(
    node: str, cards: Mapping[str, QRectF], tensors: Mapping[str, Sequence[tuple[Key, Shape]]], view: QRectF, line: float, wide: float
) -> Plate:
    card = cards[node]
    below = [box.top() for other, box in cards.items() if other != node and box.top() >= card.bottom() and _overlap(box, card)]
    own, foot = tensors[node], card.bottom() + APART
    room = min([view.bottom(), *below]) - card.bottom() - 2 * APART
    over = min(SHARE * card.height(), HIGHEST)
    if room < (ENOUGH if max(math.prod(shape) for _key, shape in own) > 1 else SINGLE + line) and over > room:
        room = over
        foot = min(card.bottom(), view.bottom()) - room
    columns = [plane(shape)[1] for _key, shape in own]
    wanted = max(max((min(c, 4) * wide for c, (_key, shape) in zip(columns, own, strict=True) if math.prod(shape) <= WRITTEN), default=0.0),
                 min(max(columns) * MOST / 2, 3.2 * wide), 90.0)  # fmt: skip
    beside = [abs(cards[other].center().x() - card.center().x()) for other in tensors if other != node and other in cards]
    near = min((away for away in beside if away > card.width() / 2), default=view.width())
    level = [box for other, box in cards.items() if other != node and box.top() < foot + min(room, HIGHEST) and box.bottom() > foot]
    middle = card.center().x()
    near = min([near, *(2 * max(box.left() - middle, middle - box.right()) for box in level if not box.left() < middle < box.right())])
    width = min(max(card.width(), wanted), max(card.width(), near - 2 * APART - 2 * EDGE), view.width())
    if foot < card.bottom():  # what stands beside the card stays in sight
        width = card.width() - 2 * EDGE
    fields: list[Field] = []
    top, left = foot + EDGE, card.center().x() - width / 2
    high, rows = min(room, HIGHEST) - 2 * EDGE, [min(max(plane(shape)[0], 2), MOST_ROWS) for _key, shape in own]
    for (key, shape), share in zip(own, rows, strict=True):
        field = _field(key, shape, left, top, width, max(high * share / sum(rows) - line, 2 * LEAST), wide)
        fields.append(field)
        top = field.area.bottom() + (line if field.written else EDGE)
    used = max(field.area.width() for field in fields)
    return Plate(node, QRectF(left + (width - used) / 2 - EDGE, foot, used + 2 * EDGE, top - foot + EDGE / 2), tuple(fields))


def _field(key: Key, shape: Shape, left: float, top: float, width: float, room: float, wide: float) -> Field:
    rows, columns = plane(shape)
    if math.prod(shape) <= WRITTEN and columns * wide <= width + 1 and rows == 1:
        high = min(MOST, max(room, 2 * LEAST))
        return Field(key, rows, columns, (1, 1), QRectF(left, top, width, high), True)
    most_columns, most_rows = max(1, int(width / LEAST)), max(1, int(room / LEAST))
    blocks = -(-rows // most_rows), -(-columns // most_columns)
    shown = -(-rows // blocks[0]), -(-columns // blocks[1])
    side = min(MOST, width / shown[1], max(room, LEAST) / shown[0])
    area = QRectF(left + (width - side * shown[1]) / 2, top, side * shown[1], side * shown[0])
    return Field(key, *shown, blocks, area, False)


def _overlap(box: QRectF, card: QRectF) -> bool:
    return abs(box.center().x() - card.center().x()) < (box.width() + card.width()) / 2

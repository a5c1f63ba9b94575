"""Which tensors get a place of their own inside a card, and where: from their shapes alone, so that no number moves anything.

A layer's learned tensors stand as in a textbook, with their gradients below them or beside them; another card holds its value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from PySide6.QtCore import QRectF

from engine.compile.views import TraceView
from ui.canvas.model import matrices, samples
from ui.canvas.model.text_metrics import text_width

Dims = tuple[int, ...]
Key = tuple[str, str]
OfNode = tuple[Dims | None, tuple[tuple[str, Dims], ...], tuple[tuple[str, Dims], ...]]
"""The sample shape of a node's first output; its learned tensors with their shapes; what it makes on its way, with its sample shapes."""

TYPE, TIGHT = 18 / 15, 13 / 15
"""The type of numbers in brackets on cards, against that of a wire's numbers, which are enlarged when a view is far away; and that of
matrices which are written out only while their card is selected."""
RESULT = 36.0
"""Height of the line with a result, below what was made on the way to it."""
TALLEST = 384.0
"""A layer's tensors stand in as narrow a column as they can up to this height: graphs are wide, and a canvas has room above and below."""
_ACROSS, _DOWN, _SIGN = 12.0, 6.0, 4.0
"""Gaps between tensors, and between a tensor and the sign that names it."""


@dataclass(frozen=True, slots=True)
class NumberPlace:
    """The place of one tensor inside a card, from the card's top left corner.

    `slope` is the gradient of a learned tensor, `inner` a number that the operation makes on its way to its `result`.
    """

    kind: Literal["value", "weight", "slope", "inner", "result"]
    name: str
    sign: str
    area: QRectF
    """The room of the tensor; its sign stands at the left of it."""
    large: bool = False
    """Whether its numbers are written out only while the card is selected."""


@dataclass(frozen=True, slots=True)
class Insides:
    """What a card holds, from the corner of the room that all of it needs."""

    places: tuple[NumberPlace, ...] = ()
    width: float = 0.0
    height: float = 0.0


NOTHING = Insides()


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """Shapes of one sample's values, and of learned tensors, as far as the engine could infer them."""

    outputs: Mapping[Key, Dims] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, Dims]] = field(default_factory=dict)
    """By node, in the order of its declaration."""
    inner: Mapping[str, Mapping[str, Dims]] = field(default_factory=dict)

    def of(self, node: str, port: str) -> OfNode:
        """What a card of this node depends on."""
        learned, inner = self.parameters.get(node, {}), self.inner.get(node, {})
        return self.outputs.get((node, port)), tuple(learned.items()), tuple(inner.items())

    def with_newer(self, newer: Shapes) -> Shapes:
        """These and newer ones. What is not known now, for want of a wire, keeps its last shape, so that its card keeps its size."""
        pairs = ((newer.outputs, self.outputs), (newer.parameters, self.parameters), (newer.inner, self.inner))
        if all(new.items() <= old.items() for new, old in pairs):
            return self
        return Shapes({**self.outputs, **newer.outputs}, {**self.parameters, **newer.parameters}, {**self.inner, **newer.inner})

    def differing(self, before: Shapes) -> list[str]:
        """The nodes whose cards look different by what is known of their shapes now. A value that is not written out needs no room on a
        card, so of a huge graph of single numbers there is none."""
        known = before.outputs
        written = {dims for dims in {*self.outputs.values(), *known.values()} if matrices.fits(dims)}
        looked = self.outputs.items() if written else ()
        changed = ((key, dims, known.get(key)) for key, dims in looked)
        keys = {node: None for (node, _), new, old in changed if new != old and (new in written or old in written)}
        for new, old in ((self.parameters, before.parameters), (self.inner, before.inner)):
            keys |= {node: None for node, dims in new.items() if old.get(node) != dims}
        return list(keys)


UNKNOWN = Shapes()


def shapes_of(trace: TraceView) -> Shapes:
    """The shapes that a pass had."""
    parameters: dict[str, dict[str, Dims]] = {}
    for (node, name), view in trace.parameters.items():
        parameters.setdefault(node, {})[name] = view.shape
    inner: dict[str, dict[str, Dims]] = {}
    for (node, sign), view in trace.inner.items():
        inner.setdefault(node, {})[sign] = view.shape[1:] if samples.inner_batched(trace, view) else view.shape
    return Shapes({key: dims for key, (dims, _) in trace.shapes.items()}, parameters, inner)


def insides(shapes: OfNode, port: str, layer: bool) -> Insides:
    """What a card holds: a layer its learned tensors, every other card its value."""
    output, learned, inner = shapes
    if layer:
        return _layer(learned)
    if inner:
        return _on_the_way(inner)
    if output is None or not matrices.fits(output):
        return NOTHING
    size = TYPE if not output or output[0] <= matrices.ROWS else 1.0
    wide, high = (size * side for side in matrices.room(output))
    return Insides((NumberPlace("value", port, "", QRectF(0, 0, wide, high)),), wide, high)


def _on_the_way(inner: Sequence[tuple[str, Dims]]) -> Insides:
    """What an operation makes on its way, each in a line, with room for the result below."""
    row = [_sized("inner", sign, sign, dims) for sign, dims in inner if math.prod(dims) == 1 or matrices.fits(dims)]
    if not row:
        return NOTHING
    above = _stacked([[item] for item in row])
    width = max(above.width, 96.0)
    result = NumberPlace("result", "", "", QRectF(0, above.height, width, RESULT))
    left = (width - above.width) / 2
    shifted = (replace(place, area=place.area.translated(left, 0)) for place in above.places)
    return Insides((*shifted, result), width, above.height + RESULT)


def placed(insides: Insides, area: QRectF) -> tuple[NumberPlace, ...]:
    """The places in the middle of a card's value area."""
    left, top = area.left() + (area.width() - insides.width) / 2, area.top() + (area.height() - insides.height) / 2
    return tuple(replace(place, area=place.area.translated(left, top)) for place in insides.places)


def _layer(learned: Sequence[tuple[str, Dims]]) -> Insides:
    """Learned tensors with their gradients, in the narrowest arrangement that is not too tall, or the lowest where all are."""
    if not learned or not all(matrices.opens(dims) for _, dims in learned):
        return NOTHING
    pairs = [(_sized("weight", name, name, dims), _sized("slope", name, "∇" + name, dims)) for name, dims in learned]
    arranged = [_stacked(rows) for rows in _arrangements(pairs)]
    low = [one for one in arranged if one.height <= TALLEST]
    return min(low, key=lambda one: (one.width, one.height)) if low else min(arranged, key=lambda one: one.height)


def _arrangements(pairs: Sequence[tuple[_Sized, _Sized]]) -> Iterator[list[list[_Sized]]]:
    """Each tensor in a line of its own; beside its gradient, where that makes nothing wider or everywhere; gradients in a line below."""
    widest = max(pair[1].width for pair in pairs)
    for room in (0.0, widest, math.inf):
        rows: list[list[_Sized]] = []
        for weight, slope in pairs:
            rows += [[weight, slope]] if weight.width + slope.width + _ACROSS <= room else [[weight], [slope]]
        yield rows
    yield [[pair[0] for pair in pairs], [pair[1] for pair in pairs]]


@dataclass(frozen=True, slots=True)
class _Sized:
    kind: Literal["weight", "slope", "inner"]
    name: str
    sign: str
    lead: float
    """Width of the sign with its gap; the same for a tensor and its gradient, so that they stand below each other."""
    wide: float
    high: float
    large: bool

    @property
    def width(self) -> float:
        return self.lead + self.wide


def _sized(kind: Literal["weight", "slope", "inner"], name: str, sign: str, dims: Dims) -> _Sized:
    wide, high = matrices.room(dims)
    large = math.prod(dims) > matrices.MOST
    lead = text_width("wire", name if kind == "inner" else "∇" + name) + _SIGN
    size = TIGHT if large else TYPE
    return _Sized(kind, name, sign, lead, wide * size, high * size, large)


def _stacked(rows: Sequence[Sequence[_Sized]]) -> Insides:
    places: list[NumberPlace] = []
    top = width = 0.0
    for row in rows:
        left, high = 0.0, max(item.high for item in row)
        for item in row:
            area = QRectF(left + item.lead, top + (high - item.high) / 2, item.wide, item.high)
            places.append(NumberPlace(item.kind, item.name, item.sign, area, item.large))
            left += item.width + _ACROSS
        width = max(width, left - _ACROSS)
        top += high + _DOWN
    return Insides(tuple(places), width, top - _DOWN)

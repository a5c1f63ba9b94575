"""Parts of a graph that are laid out, put beside each other: as large as possible on the canvas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

GAP_X, GAP_Y, GRID = 128.0, 48.0, 8.0
"""Horizontal room for the numbers on the wires, vertical room between cards, and what places are rounded to."""
AROUND = (120.0, 48.0)
"""What a canvas shows around a graph, beside the objective and above and below it."""
LARGEST = 1.25
"""The largest scale at which a graph is shown when all of it is."""

Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Top left corners, and the points of every wire between what was placed; `size` of the whole, which begins at (0, 0)."""

    places: dict[str, Place]
    via: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    size: Place = (0.0, 0.0)

    def shifted(self, x: float, y: float) -> Arrangement:
        """The same elsewhere, on the grid."""
        x, y = GRID * round(x / GRID), GRID * round(y / GRID)
        places = {node: (across + x, down + y) for node, (across, down) in self.places.items()}
        return Arrangement(places, {edge: tuple((a + x, b + y) for a, b in points) for edge, points in self.via.items()}, self.size)


def packed(parts: Sequence[Arrangement], canvas: Place | None) -> Arrangement:
    """Parts one below the other or, where that makes all of them larger on the canvas, in several lines or columns."""
    best = _lined(parts, 0.0, 0)
    if canvas is None or len(parts) < 2:
        return best
    largest = shown_at(best.size, canvas)
    for axis, gap in ((0, GAP_X), (1, 2 * GAP_Y)):
        extents = [part.size[axis] + gap for part in parts]
        lengths = sorted({sum(extents[i:j]) for i in range(len(parts)) for j in range(i + 1, len(parts) + 1)})
        for length in lengths if len(parts) <= 16 else lengths[:: max(1, len(lengths) // 60)]:
            found = _lined(parts, length, axis)
            scale, area = shown_at(found.size, canvas), found.size[0] * found.size[1]
            if scale > largest * 1.02 or (scale > largest * 0.99 and area < 0.95 * best.size[0] * best.size[1]):
                best, largest = found, scale
    return best


def _lined(parts: Sequence[Arrangement], length: float, axis: int) -> Arrangement:
    """The parts in lines (`axis` 0) or columns (1) of about this length, gap included."""
    places: dict[str, Place] = {}
    via: dict[str, tuple[Place, ...]] = {}
    gaps = (GAP_X, 2 * GAP_Y) if axis == 0 else (2 * GAP_Y, GAP_X)
    along = across = thick = longest = 0.0
    for part in parts:
        here, there = part.size[axis], part.size[1 - axis]
        if along > 0 and along + here > length:
            along, across, thick = 0.0, across + thick + gaps[1], 0.0
        moved = part.shifted(*((along, across) if axis == 0 else (across, along)))
        places |= moved.places
        via |= moved.via
        thick, longest = max(thick, GRID * -(-there // GRID)), max(longest, along + here)
        along += GRID * -(-here // GRID) + gaps[0]
    whole = longest, across + thick
    return Arrangement(places, via, whole if axis == 0 else (whole[1], whole[0]))


def shown_at(size: Place, canvas: Place) -> float:
    """The scale at which something of this size fills the canvas."""
    return min(canvas[0] / (size[0] + AROUND[0]), canvas[1] / (size[1] + AROUND[1]), LARGEST)

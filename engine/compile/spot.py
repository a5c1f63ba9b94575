"""One sample that is looked at instead of the demonstration batch, or a point between samples. No torch: both processes import this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.data.parts import Part


@dataclass(frozen=True, slots=True)
class Spot:
    """Sample number `place`, from 0, of the `count` samples of a part.

    With `free` values (Data node, column of its flattened features, value) it is a point of the space of features that has all else,
    its target too, of that sample.
    """

    part: Part
    place: int
    count: int
    free: tuple[tuple[str, int, float], ...] = ()

    def moved(self, way: int) -> Spot:
        """The next sample of the part, or the one before; the first after the last."""
        return Spot(self.part, (self.place + way) % self.count, self.count)

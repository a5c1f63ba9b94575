"""One sample that is looked at instead of the demonstration batch. No torch here: both processes import this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.data.parts import Part


@dataclass(frozen=True, slots=True)
class Spot:
    """Sample number `place`, from 0, of the `count` samples of a part."""

    part: Part
    place: int
    count: int

    def moved(self, way: int) -> Spot:
        """The next sample of the part, or the one before; the first after the last."""
        return Spot(self.part, (self.place + way) % self.count, self.count)

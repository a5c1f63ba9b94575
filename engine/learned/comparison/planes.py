"""What a network predicted on a plane at two moments: the same grid, the same samples. Question and answer, no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.compile.views import Stamp
from engine.learned.comparison import Moment
from engine.learned.plane import OnPlane, Plane
from engine.numerics.job import Job


@dataclass(frozen=True, slots=True)
class ComparePlanes(Job):
    """`plane`, `output` and `tests` as in `PlaneJob`; `structure` and `revision` come back in the stamps."""

    done_by: ClassVar[str] = "engine.learned.comparison.planes_job:on_planes"
    about_document: ClassVar[bool] = True
    plane: Plane
    first: Moment
    second: Moment
    structure: int
    revision: int
    output: int = 0
    tests: bool = False


@dataclass(frozen=True, slots=True)
class OnPlanes:
    """Both answers on one scale of values, which is that of both together."""

    first: OnPlane
    second: OnPlane

    @property
    def stamps(self) -> tuple[Stamp, Stamp]:
        return self.first.stamp, self.second.stamp

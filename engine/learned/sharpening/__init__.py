"""λmax along a run that was made before it was measured: at steps spread over it, made again on a copy. No torch here."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from engine.numerics.job import Job

MOST = 50
"""So many evenly spaced places there are at most, beside those before the second of them."""
NEAR = 1 / 3
"""A place is known where something was measured within this share of the distance between two places."""


@dataclass(frozen=True, slots=True)
class Sharpening(Job):
    """Notes in the run's curve what the stability gauge would have measured on the way to the present step, where it did not.

    The answer is a `Sharpened`. It ends early once the present step or run is another one.
    """

    done_by: ClassVar[str] = "engine.learned.sharpening.answer:sharpening"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Sharpened:
    """Of the run up to `step`: at how many of `places` something is `known` now; at `left` more it would be with more time.

    `why`: what kept it from the others, in words; empty where that is not known or there are none.
    """

    run: int
    step: int
    known: int
    places: int
    left: int
    why: str = ""


def spacing(last: int) -> int:
    """Steps between two places: 1, 2 or 5 times a power of ten, so that a run that goes on keeps most of its places."""
    unit = 1
    while True:
        for factor in (1, 2, 5):
            if last <= MOST * unit * factor:
                return unit * factor
        unit *= 10


def places(last: int) -> list[int]:
    """The steps before `last` at which λmax is measured: evenly spaced, and denser before the second of these, where it changes most."""
    apart = spacing(last)
    early = (factor * 10**power for power in range(len(str(apart))) for factor in (1, 2, 5))
    return sorted({*range(0, last, apart), *(step for step in early if step < min(apart, last))})


def missing(last: int, known: Sequence[int]) -> list[int]:
    """Those places near which nothing is known; `known` are steps in order."""
    apart = spacing(last)

    def near(step: int) -> bool:
        reach = int(NEAR * min(step, apart))
        at = bisect_left(known, step - reach)
        return at < len(known) and known[at] <= step + reach

    return [step for step in places(last) if not near(step)]

"""A number that may not be shown now. Code that displays it writes its sign; it takes no part in arithmetic."""

from __future__ import annotations

import math
from typing import Any, Final, Literal

Why = Literal["asked", "ahead"]
"""`asked`: a question asks for the number. `ahead`: playback has not reached it yet."""
SIGNS: Final[dict[Why, str]] = {"asked": "?", "ahead": "…"}


class Covered(float):
    """Takes the number's place: NaN to everything that computes with it, a question mark in every text."""

    __slots__ = ("why",)
    why: Why

    def __new__(cls, why: Why = "asked") -> Covered:
        number = super().__new__(cls, math.nan)
        number.why = why
        return number

    def __str__(self) -> str:
        return SIGNS[self.why]

    __repr__ = __str__

    def __format__(self, how: str) -> str:
        return str(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Covered) and other.why == self.why

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(("covered", self.why))

    def __reduce__(self) -> tuple[Any, tuple[Why]]:
        return Covered, (self.why,)


ASKED: Final = Covered("asked")
AHEAD: Final = Covered("ahead")


def unless_told(number: float | None, secret: float) -> float | None:
    """The number, covered where it gives the secret one away: in three digits they are alike."""
    return ASKED if number is not None and f"{abs(number):.3g}" == f"{abs(secret):.3g}" else number

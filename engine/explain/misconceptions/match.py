"""A typed answer against the right number and the numbers that slips lead to. Pure functions, no torch.

The tolerance follows from the digits that were typed: half a unit of the last one. Fewer than three digits are read as three whose
last ones are 0 (2 for 2.00) when a slip is looked for, so that a coarse answer does not fit every slip.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from engine.explain.misconceptions import Cause, Expected

Verdict = Literal["right", "coarse", "wrong", "unreadable"]
COARSE = 0.05
"""An answer farther than this from the truth is not right, however few digits it was given with."""
SLACK = 0.005
"""One unit in the last of three or more digits is rounding by hand, up to this share of the truth."""
UNKNOWN = "Not this number, and no usual slip leads to it: go through it step by step."
DIGITS = "With three digits a usual slip would be recognised."

_NUMBER = re.compile(r"([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:(?:e|\*10\^|\*10\*\*)\(?([+-]?\d{1,3})\)?)?")
_FRACTION = re.compile(r"([+-]?\d{1,9})/(\d{1,9})")
_SIGNS = str.maketrans({"−": "-", "–": "-", "⁻": "-", "·": "*", "×": "*", ",": ".", " ": "", "\u00a0": "", "\u202f": "", "E": "e"})


@dataclass(frozen=True, slots=True)
class Typed:
    """A number as it was typed: its value, half a unit of its last digit, and how many digits count."""

    value: float
    half: float
    digits: int
    decimals: int = 0

    @property
    def third(self) -> float:
        """Half a unit of the third digit, or of the last where more were typed."""
        if self.value == 0:
            return 0.0
        return min(self.half, 0.5 * 10.0 ** (math.floor(math.log10(abs(self.value))) - 2))


@dataclass(frozen=True, slots=True)
class Judgement:
    """`causes` are all slips that fit a wrong answer; `text` is what to say to the person."""

    verdict: Verdict
    text: str
    causes: tuple[Cause, ...] = ()

    @property
    def right(self) -> bool:
        return self.verdict == "right"


def typed(text: str) -> Typed | None:
    """The number in a text, with a point or a comma, as 1.2e-3 or 1.2·10^-3, or a fraction; None where there is none."""
    plain = text.strip().translate(_SIGNS)
    if (found := _FRACTION.fullmatch(plain)) is not None:
        return _fraction(int(found[1]), int(found[2]))
    if (found := _NUMBER.fullmatch(plain)) is None:
        return None
    sign, figures, power = found.groups()
    exponent = int(power or 0)
    try:
        value = float(f"{sign}{figures}e{exponent}")
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(value):
        return None
    whole, _, decimals = figures.partition(".")
    counted = (whole + decimals).lstrip("0")
    if not decimals and len(counted) > 3:  # the zeros that end 1230 may be rounded or not
        kept = max(3, len(counted.rstrip("0")))
        return Typed(value, 0.5 * 10.0 ** (exponent + len(counted) - kept), kept)
    return Typed(value, 0.5 * 10.0 ** (exponent - len(decimals)), len(counted), len(decimals))


def _fraction(above: int, below: int) -> Typed | None:
    """A fraction is exact; it is compared to five digits, which is what a person can read off the canvas."""
    if not below:
        return None
    value = above / below
    return Typed(value, abs(value) * 5e-6, 5)


def judge(expected: Expected, text: str) -> Judgement:
    """Right within the digits typed, or wrong with every slip that fits."""
    answer = typed(text)
    if answer is None:
        return Judgement("unreadable", "Type a number, such as −0.25, 1.5e-3 or 3/4.")
    if is_right(answer, expected.truth, expected.scale):
        return Judgement("right", "Right.")
    causes = fitting(answer, expected)
    if not causes and abs(answer.value - expected.truth) <= answer.half and answer.digits < 3:
        return Judgement("coarse", "Right as far as it goes: give three digits.")
    unknown = UNKNOWN if answer.digits >= 3 else f"{UNKNOWN} {DIGITS}"
    return Judgement("wrong", causes[0].hint if causes else unknown, causes)


def is_right(answer: Typed, truth: float, scale: float = 0.0) -> bool:
    """Whether the answer is the truth, rounded to the digits that were typed."""
    distance, size = abs(answer.value - truth), abs(truth)
    if distance <= answer.third * (1 + 1e-9) or distance <= 1e-9 * max(size, scale):
        return True
    if answer.digits >= 3:
        return distance <= max(answer.half * (1 + 1e-9), min(2 * answer.half, SLACK * size))
    return answer.digits == 2 and distance <= min(answer.half * (1 + 1e-9), COARSE * size)


def fitting(answer: Typed, expected: Expected) -> tuple[Cause, ...]:
    """All slips whose number rounds to what was typed, one for each cause and place.

    Two digits count as two where three decimals were typed (0.012); elsewhere they fit too much by chance.
    """
    tiny = 1e-9 * expected.scale
    found = [c for c in expected.causes if abs(c.value - answer.value) <= answer.third * (1 + 1e-9) + tiny]
    if not found and answer.digits == 2 and answer.decimals >= 3:
        found = [c for c in expected.causes if c.core and abs(c.value - answer.value) <= min(answer.half, COARSE * abs(c.value))]
    seen: dict[tuple[str, str, str], Cause] = {}
    for cause in found:
        seen.setdefault((cause.key, cause.node, cause.edge), cause)
    return tuple(seen.values())

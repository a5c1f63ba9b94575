"""The one judge of answers: typed numbers (in lessons and on the canvas), choices, and guesses of a fault. Pure functions, no torch.

A number is right within the question's own tolerance; where it has none, within half a per cent, which is what three digits give.
Fewer than three digits are read as three whose last ones are 0 (2 for 2.00) when a slip is looked for, so that a coarse answer does
not fit every slip.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from engine.explain.misconceptions import Cause, Expected
from graph.lesson import Choice, Question, allowance

Verdict = Literal["right", "coarse", "wrong", "unreadable"]
WORDS: dict[Verdict, str] = {"right": "Right.", "wrong": "Not yet.", "coarse": "Nearly.", "unreadable": "This cannot be judged."}
"""Every verdict in words, wherever it is shown."""
COARSE = 0.05
"""Two digits count as recognising a slip up to this share of its number."""
UNREADABLE = "Type a number, such as −0.25, 1.5e-3 or 3/4."
UNKNOWN = "Not this number, and no usual slip leads to it: go through it step by step."
DIGITS = "With three digits a usual slip would be recognised."
COUNTS = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

_NUMBER = re.compile(r"([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:(?:e|\*10\^|\*10\*\*)\(?([+-]?\d{1,3})\)?)?")
_FRACTION = re.compile(r"([+-]?\d{1,9})/(\d{1,9})")
_APPROXIMATE = re.compile(r"^(?:about|around|approximately|approx\.?|ca\.?|circa|≈|~)\s*", re.IGNORECASE)
_THOUSANDS = re.compile(r"[+−–-]?[1-9]\d{0,2}(?:,\d{3})+")
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


def readings(text: str) -> tuple[Typed, ...]:
    """Every number that a text can mean: "1,024" is 1024 or 1.024, and whichever is right counts."""
    plain = _APPROXIMATE.sub("", text.strip())
    found = [typed(plain)]
    if _THOUSANDS.fullmatch(plain):
        found.append(typed(plain.replace(",", "")))
    return tuple(each for each in found if each is not None)


def judge(expected: Expected, text: str, question: Question | None = None) -> Judgement:
    """Right within the tolerance, correct but with too few digits, or wrong with every slip that fits."""
    answers = readings(text)
    if not answers:
        return Judgement("unreadable", UNREADABLE)
    judged = [_judged(expected, answer, question) for answer in answers]
    return min(judged, key=lambda each: ("right", "coarse", "wrong").index(each.verdict))


def _judged(expected: Expected, answer: Typed, question: Question | None) -> Judgement:
    truth = expected.truth
    own = question.tolerance if question is not None else None
    causes = fitting(answer, expected)
    agrees = abs(answer.value - truth) <= answer.third * (1 + 1e-9)
    if is_right(answer.value, truth, own, expected.scale) and (own is not None or agrees or not causes):
        return Judgement("right", WORDS["right"])
    if question is not None and any(_same(answer.value, about) for about in question.approximations(truth)):
        return Judgement("right", WORDS["right"])
    if not causes and answer.value and abs(answer.value - truth) <= answer.half * (1 + 1e-9):
        return Judgement("coarse", f"Correct so far; give {_digits(truth, own)}.")
    unknown = UNKNOWN if answer.digits >= 3 else f"{UNKNOWN} {DIGITS}"
    return Judgement("wrong", causes[0].hint if causes else unknown, causes)


def is_right(value: float, truth: float, tolerance: float | None = None, scale: float = 0.0) -> bool:
    """Whether a number counts as the truth. Below the round-off of numbers as large as `scale` everything is 0."""
    return math.isfinite(value) and abs(value - truth) <= max(allowance(truth, tolerance) * (1 + 1e-9), 1e-9 * max(abs(truth), scale))


def _same(value: float, other: float) -> bool:
    return abs(value - other) <= 1e-9 * abs(other)


def _digits(truth: float, tolerance: float | None) -> str:
    """How many digits of the truth lie within the tolerance, in words."""
    for count in range(1, len(COUNTS)):
        if is_right(float(f"{truth:.{count - 1}e}"), truth, tolerance) and (tolerance is not None or count >= 3):
            return f"{COUNTS[count]} significant digits" if count > 1 else "one significant digit"
    return "more digits"


def hints_of(judgement: Judgement) -> list[str]:
    """What to say about an answer that is not right: where to look, for up to three slips that fit."""
    return list(dict.fromkeys(cause.hint for cause in judgement.causes))[:3] or [judgement.text]


def judge_choice(option: Choice) -> Judgement:
    """A choice is right or not; its feedback says why."""
    verdict: Verdict = "right" if option.right else "wrong"
    return Judgement(verdict, option.feedback or WORDS[verdict])


def judge_fault(fault: tuple[str, str], guess: tuple[str, str]) -> Judgement:
    """A guessed (kind, place) against what was planted; what has no place has an empty one."""
    (kind, place), (guessed_kind, guessed_place) = fault, guess
    if guess == fault:
        return Judgement("right", "Found.")
    if guessed_place == place and place:
        return Judgement("coarse", "The place is right. What goes wrong there?")
    if guessed_kind == kind:
        return Judgement("coarse", "That is what goes wrong, but elsewhere.")
    return Judgement("wrong", "That is not it.")


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

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
from graph.formula.numbers import read_number
from graph.formula.numerals import simplified
from graph.lessons.lesson import Choice, LessonQuestion, allowance
from graph.text.messages import _

Verdict = Literal["right", "coarse", "wrong", "unreadable"]
WORDS: dict[Verdict, str] = {"right": "Right.", "wrong": _("Not yet."), "coarse": "Nearly.", "unreadable": _("This cannot be judged.")}
"""Every verdict in words, wherever it is shown."""
COARSE = 0.05
"""Two digits count as recognising a slip up to this share of its number."""
UNKNOWN = _("This is not the number, and no common mistake leads to it: go through it step by step.")
DIGITS = _("With three digits, a common mistake could be recognised.")
COUNTS = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

_WRITTEN = re.compile(r"[+-]?(\d+(?:[.,]\d*)?|[.,]\d+)(?:(?:e|[*·×⋅]10\^|[*·×⋅]10\*\*)\(?([+-]?\d{1,3})\)?)?", re.IGNORECASE)
"""A number whose digits can be counted: a fraction, a root or a sum is exact instead."""
_GAPS = re.compile(r"(?<=\d)[\s'’ʼ_](?=\d{3})|\s(?=[*·×⋅])|(?<=[*·×⋅])\s")


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
    """`causes` are all mistakes that fit a wrong answer; `text` is the reply to the user."""

    verdict: Verdict
    text: str
    causes: tuple[Cause, ...] = ()

    @property
    def right(self) -> bool:
        return self.verdict == "right"


def typed(text: str, decimal: str = "") -> Typed | None:
    """The number in a text, by the one reader of numbers; `decimal` is the decimal sign where it could be either."""
    reading = read_number(text, decimal=decimal)
    return None if reading.value is None else _counted(text, decimal, float(reading.value))


def readings(text: str) -> tuple[Typed, ...]:
    """Every number that a text can mean: "1,024" is 1024 or 1.024, and whichever is right counts."""
    alone = typed(text)
    candidates = (alone,) if alone is not None else (typed(text, "."), typed(text, ","))
    return tuple(reading for reading in candidates if reading is not None)


def _counted(text: str, decimal: str, value: float) -> Typed:
    """A number with the digits it was typed with. What is no plain number is compared to five: so many can be read off the canvas."""
    plain = simplified(text).strip()
    if decimal == ".":
        plain = plain.replace(",", "")
    for start in re.finditer(r"(?<![\d.,])[+-]?[\d.,]", plain):
        written = _WRITTEN.fullmatch(_GAPS.sub("", plain[start.start() :]).split(" ")[0])
        if written is None:
            break
        whole, _, decimals = written[1].replace(",", ".").partition(".")
        exponent = int(written[2] or 0)
        if abs(float(f"{whole or 0}.{decimals or 0}e{exponent}") - abs(value)) > 1e-12 * abs(value):
            break
        counted = (whole + decimals).lstrip("0")
        if not decimals and len(counted) > 3:  # the zeros that end 1230 may be rounded or not
            kept = max(3, len(counted.rstrip("0")))
            return Typed(value, 0.5 * 10.0 ** (exponent + len(counted) - kept), kept)
        return Typed(value, 0.5 * 10.0 ** (exponent - len(decimals)), len(counted), len(decimals))
    return Typed(value, abs(value) * 5e-6, 5)


def judge(expected: Expected, text: str, question: LessonQuestion | None = None) -> Judgement:
    """Right within the tolerance, correct but with too few digits, or wrong with every slip that fits."""
    answers = readings(text)
    if not answers:
        refusal = read_number(text).refusal
        return Judgement("unreadable", f"{refusal[:1].upper()}{refusal[1:]}.")
    judged = [_judged(expected, answer, question) for answer in answers]
    return min(judged, key=lambda judgement: ("right", "coarse", "wrong").index(judgement.verdict))


def _judged(expected: Expected, answer: Typed, question: LessonQuestion | None) -> Judgement:
    truth = expected.truth
    own = question.tolerance if question is not None else None
    causes = fitting(answer, expected)
    agrees = abs(answer.value - truth) <= answer.third * (1 + 1e-9)
    if is_right(answer.value, truth, own, expected.scale) and (own is not None or agrees or not causes):
        return Judgement("right", WORDS["right"])
    if question is not None and any(_same(answer.value, about) for about in question.approximations(truth)):
        return Judgement("right", WORDS["right"])
    if not causes and answer.value and abs(answer.value - truth) <= answer.half * (1 + 1e-9):
        return Judgement("coarse", _("Correct so far; give {truth}.").format(truth=_digits(truth, own)))
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
            return _("{count} significant digits").format(count=COUNTS[count]) if count > 1 else _("one significant digit")
    return _("more digits")


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
        return Judgement("coarse", _("The place is right. What goes wrong there?"))
    if guessed_kind == kind:
        return Judgement("coarse", _("The kind of fault is right, but it is somewhere else."))
    return Judgement("wrong", _("That is not it."))


def fitting(answer: Typed, expected: Expected) -> tuple[Cause, ...]:
    """All slips whose number rounds to what was typed, one for each cause and place.

    Two digits count as two where three decimals were typed (0.012); elsewhere they fit too much by chance.
    """
    tiny = 1e-9 * expected.scale
    causes = [c for c in expected.causes if abs(c.value - answer.value) <= answer.third * (1 + 1e-9) + tiny]
    if not causes and answer.digits == 2 and answer.decimals >= 3:
        causes = [c for c in expected.causes if c.core and abs(c.value - answer.value) <= min(answer.half, COARSE * abs(c.value))]
    seen: dict[tuple[str, str, str], Cause] = {}
    for cause in causes:
        seen.setdefault((cause.key, cause.node, cause.edge), cause)
    return tuple(seen.values())

"""The one judge: every question for a number in every lesson, choices, guesses of a fault."""

from __future__ import annotations

import pytest

from engine.explain.misconceptions import Cause, Expected
from engine.explain.misconceptions.match import is_right, judge, judge_choice, judge_fault, readings
from graph.lessons.lesson import Choice, LessonQuestion
from graph.model.address import output
from tests.support.lesson_support import NAMES, open_lesson

ASKED = [
    pytest.param(question, id=f"{name}-{place}.{number}")
    for name in NAMES
    for place, step in enumerate(open_lesson(name)[0].steps, 1)
    for number, question in enumerate(step.ask, 1)
    if question.kind in ("number", "predict")
]
ITEM = output("x")


def verdict(question: LessonQuestion, text: str) -> str:
    assert question.expected is not None
    return judge(Expected(ITEM, question.expected), text, question).verdict


@pytest.mark.parametrize("question", ASKED)
def test_a_questions_own_tolerance_decides(question: LessonQuestion) -> None:
    """The truth is right; the truth rounded to too few digits is not, nor is a number half as far again as the tolerance allows."""
    truth = question.expected
    assert truth is not None
    allowed = question.tolerance if question.tolerance is not None else max(0.005 * abs(truth), 1e-9)

    assert verdict(question, f"{truth:.12g}") == "right" and verdict(question, f"{truth:.12g}".replace("-", "−")) == "right"
    assert verdict(question, f"{truth + 1.5 * allowed:.15g}") != "right" and verdict(question, f"{truth - 1.5 * allowed:.15g}") != "right"
    for digits in range(1, 6):
        rounded = f"{truth:.{digits}g}"
        accepted = float(rounded) in question.approximations(truth) or abs(float(rounded) - truth) <= allowed * (1 + 1e-9)
        assert verdict(question, rounded) == ("right" if accepted else "coarse"), rounded


@pytest.mark.parametrize(("value", "truth", "tolerance", "right"), [
    (-10, -10, None, True), (-9.96, -10, None, True), (-9.9, -10, None, False), (10, -10, None, False), (0, 0, None, True),
    (0.001, 0, None, False), (0.3, 0.25, 0.05, True), (0.31, 0.25, 0.05, False),
    (float("nan"), 1, None, False), (float("inf"), 1, 1e300, False),
])  # fmt: skip
def test_what_counts_as_right(value: float, truth: float, tolerance: float | None, right: bool) -> None:
    assert is_right(value, truth, tolerance) is right


@pytest.mark.parametrize(
    ("text", "said"),
    [("-7", "Correct so far; give four significant digits."), ("-7.00", "Correct so far; give four significant digits."),
     ("-7.005", "Right."), ("-7.0051", "Right."), ("−7,005", "Right."), ("-7005/1000", "Right.")],
)  # fmt: skip
def test_too_few_digits_for_the_tolerance_are_correct_so_far(text: str, said: str) -> None:
    """f = 2.001 · (−5) + 3 = −7.005, to be told from the −7 of before."""
    question = LessonQuestion("predict", "What is f now?", "f", expected=-7.005, tolerance=0.0002)
    assert judge(Expected(ITEM, -7.005), text, question).text == said


@pytest.mark.parametrize(
    ("text", "truth", "right"),
    [("1,024", 1024.0, True), ("1,024", 1.024, True), ("1,024", 1025.5, True), ("1,024", 2.0, False), ("70,656", 70656.0, True),
     ("1,234,567", 1234567.0, True), ("0,125", 0.125, True), ("about 1,024", 1024.0, True), ("≈ 0.5", 0.5, True), ("ca. 2", 2.0, True)],
)  # fmt: skip
def test_a_comma_means_what_is_right_and_about_is_no_part_of_a_number(text: str, truth: float, right: bool) -> None:
    assert judge(Expected(ITEM, truth), text).right is right


@pytest.mark.parametrize(("text", "right"), [("about 8", True), ("8", True), ("8.35", True), ("8.3", True), ("9", False), ("7", False)])
def test_what_the_answer_calls_about_right_is_accepted(text: str, right: bool) -> None:
    """70,656 / 8,464 = 8.3478…, within 0.05."""
    question = LessonQuestion("number", "How many times?", expected=70656 / 8464, tolerance=0.05, answer="8.35 times: about k/2 = 8.")
    assert judge(Expected(ITEM, 70656 / 8464), text, question).right is right


def test_about_in_another_sense_accepts_nothing() -> None:
    question = LessonQuestion("predict", "?", "u", expected=0.00246, answer="0.00246: about fifty times less, with about 2 errors.")
    assert question.approximations(0.00246) == ()


def test_a_slip_whose_number_lies_within_half_a_per_cent_is_still_recognised() -> None:
    slip = Cause("argument", 1.004, "Look at the argument.")
    expected = Expected(ITEM, 1.0, (slip,), 1.0)
    assert judge(expected, "1.004").causes == (slip,) and judge(expected, "1.00").right and judge(expected, "1.003").right


@pytest.mark.parametrize(
    ("text", "truth"),
    [("2/3", 2 / 3), ("sqrt(2)", 2**0.5), ("2^10", 1024.0), ("½", 0.5), ("5 %", 0.05), ("1.2·10^-3", 0.0012), ("16/9 s", 16 / 9),
     ("−3·4", -12.0), ("1 024", 1024.0), ("1'024", 1024.0)],
)  # fmt: skip
def test_an_answer_is_read_as_every_number_is(text: str, truth: float) -> None:
    question = LessonQuestion("number", "?", expected=truth, tolerance=1e-9)
    assert judge(Expected(ITEM, truth), text, question).right


@pytest.mark.parametrize("text", ["", "abc", "about", "1,02,4", "1,0245,000", "1;2"])
def test_what_is_no_number_is_told_so(text: str) -> None:
    assert readings(text) == () and judge(Expected(ITEM, 1.0), text).verdict == "unreadable"


def test_choices_and_guesses_of_a_fault_are_judged_in_the_same_words() -> None:
    assert judge_choice(Choice("+", feedback="One factor is negative.")).text == "One factor is negative."
    assert judge_choice(Choice("−", right=True)).text == "Right." and judge_choice(Choice("−", right=True)).right
    planted = ("sign", "n4")
    assert judge_fault(planted, planted).right
    assert judge_fault(planted, ("detached", "n4")).verdict == judge_fault(planted, ("sign", "n1")).verdict == "coarse"
    assert judge_fault(planted, ("branch", "n1")).verdict == "wrong" and judge_fault(("zero_grad", ""), ("mean", "")).verdict == "wrong"

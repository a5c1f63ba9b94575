"""Jobs in the kernel take turns, tell how far they are, and can be left; by themselves, without a process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count as counting
from typing import ClassVar

import pytest

from engine.kernel.jobs import SHARE, Jobs
from engine.numerics.job import Job, JobEnd, JobError, JobNews, JobReport, Repeated, Steps
from tests.support.jobs import CLEANED, Count, Fail, FreeCount, Nowhere


class Desk:
    """Jobs whose clock stands still, so that a turn is one step, of a document that can change."""

    def __init__(self) -> None:
        self.document = 0
        self.jobs = Jobs(lambda: self.document, clock=lambda: 0.0)
        CLEANED.clear()

    def news(self, *numbers: int, known: int = 0) -> tuple[JobNews, ...]:
        return self.jobs.news(dict.fromkeys(numbers, known))


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.jobs.keep({})


def test_jobs_take_turns_and_tell_how_far_they_are(desk: Desk) -> None:
    jobs = desk.jobs
    jobs.start(1, Count("a", 2), desk)
    jobs.start(2, Count("b", 2), desk)
    for _ in range(3):
        jobs.turn(0.0)
    a, b = desk.news(1, 2)
    assert (a.report.done, a.report.total, a.report.text, a.end) == (2, 2, "a 2", None)
    assert (b.report.done, b.report.total, b.parts) == (1, 2, (("b", 1),))
    while jobs.running:
        jobs.turn(0.0)
    a, b = desk.news(1, 2)
    assert a.end is not None and b.end is not None
    assert (a.end.how, a.end.answer, b.end.answer) == ("done", "a of Desk", "b of Desk")


def test_a_turn_takes_as_many_steps_as_fit_into_its_time() -> None:
    ticks: Iterator[int] = counting()
    jobs = Jobs(lambda: 0, clock=lambda: float(next(ticks)))
    jobs.start(1, Count("a", 9), None)
    jobs.turn(3.0)
    (news,) = jobs.news({1: 0})
    assert news.report.done == 3


def test_parts_are_told_until_they_are_known(desk: Desk) -> None:
    desk.jobs.start(1, Count("a", 3), desk)
    for _ in range(3):
        desk.jobs.turn(0.0)
    (news,) = desk.news(1)
    (again,) = desk.news(1, known=2)
    assert news.parts == (("a", 1), ("a", 2), ("a", 3)) and again.parts == (("a", 3),)


def test_a_job_that_is_not_wanted_stops_where_it_is_and_leaves_in_order(desk: Desk) -> None:
    desk.jobs.start(1, Count("a", 10**9), desk)
    desk.jobs.start(2, Count("b", 10**9), desk)
    for _ in range(4):
        desk.jobs.turn(0.0)
    desk.jobs.keep({2: 0})
    assert CLEANED == ["a"] and not desk.news(1)
    desk.jobs.turn(0.0)
    (b,) = desk.news(2)
    assert b.report.done == 3 and desk.jobs.running
    desk.jobs.keep({})
    assert CLEANED == ["a", "b"] and not desk.jobs.running


@pytest.mark.parametrize(
    ("kind", "text"), [("said", "There is no objective."), ("memory", "more memory than there is"), ("other", "ZeroDivisionError: by zero")]
)
def test_an_error_becomes_a_message_and_the_others_go_on(desk: Desk, kind: str, text: str) -> None:
    desk.jobs.start(1, Fail(kind), desk)
    desk.jobs.start(2, Count("b", 2), desk)
    while desk.jobs.running:
        desk.jobs.turn(0.0)
    failed, other = desk.news(1, 2)
    assert failed.end is not None and other.end is not None
    assert (failed.end.how, other.end.how) == ("failed", "done") and text in failed.end.text
    assert failed.report.text == "about to fail"


def test_a_job_that_nobody_can_do_says_so(desk: Desk) -> None:
    desk.jobs.start(1, Nowhere(), desk)
    (news,) = desk.news(1)
    assert news.end is not None and news.end.how == "failed" and "nothing_of_this_name" in news.end.text and not desk.jobs.running


def test_an_answer_about_a_document_that_has_changed_is_none(desk: Desk) -> None:
    desk.jobs.start(1, Count("unfinished", 9), desk)
    desk.jobs.start(2, Count("finished", 1), desk)
    desk.jobs.start(3, FreeCount("free", 9), desk)
    for _ in range(6):
        desk.jobs.turn(0.0)
    assert [news.end.how if news.end is not None else "" for news in desk.news(1, 2, 3)] == ["", "done", ""]
    desk.document += 1
    ends = desk.news(1, 2, 3)
    assert [news.end.how if news.end is not None else "" for news in ends] == ["outdated", "outdated", ""]
    assert [bool(news.parts) for news in ends] == [False, False, True] and CLEANED == ["finished", "unfinished"]


def test_what_is_hidden_is_covered_in_parts_and_answer_of_a_job_about_the_document(desk: Desk) -> None:
    desk.jobs.start(1, Count("a", 1), desk)
    desk.jobs.start(2, FreeCount("b", 1), desk)
    while desk.jobs.running:
        desk.jobs.turn(0.0)
    a, b = desk.jobs.news({1: 0, 2: 0}, lambda answer: "?")
    assert a.parts == ("?",) and a.end is not None and a.end.answer == "?"
    assert b.parts == (("b", 1),) and b.end is not None and b.end.answer == "b of Desk"


@dataclass(frozen=True, slots=True)
class Look(Job):
    """Two turns of a second each on the clock of the desk that is the context; the answer is the step of the document."""

    done_by: ClassVar[str] = "tests.engine.kernel.test_jobs:look"
    about_document: ClassVar[bool] = False
    fails: bool = False


def look(desk: Training, job: Look) -> Steps:
    step = desk.step
    desk.now += 1.0
    yield JobReport(1, 2, part="not the answer")
    desk.now += 1.0
    if job.fails:
        raise JobError("It cannot be done.")
    return step


class Training:
    """Jobs beside a training that is done by hand."""

    def __init__(self) -> None:
        self.step, self.now, self.training = 0, 0.0, True
        self.jobs = Jobs(lambda: self.step, clock=lambda: self.now, worked=lambda: self.now)

    def start(self, number: int, rest: float = 0.0, fails: bool = False) -> None:
        self.jobs.start(number, Repeated(Look(fails), rest), None, lambda: self if self.training else None)

    def train(self, seconds: float) -> None:
        self.step, self.now = self.step + 1, self.now + seconds
        self.jobs.trained(seconds)

    def answer(self) -> None:
        """Both turns of an answer."""
        for _turn in range(2):
            assert self.jobs.due(True)
            self.jobs.turn(0.0, training=True)
            self.train(1 / SHARE - 1)

    def news(self, known: int, number: int = 1) -> JobNews:
        self.jobs.keep({number: known})
        return self.jobs.news({number: known})[0]


def test_a_repeated_job_takes_its_share_and_is_done_again_when_the_window_has_its_answer() -> None:
    desk = Training()
    desk.start(1)
    desk.jobs.turn(0.0, training=True)
    desk.train(1 / SHARE - 1 - 0.5)
    assert not desk.jobs.due(True)  # half a second is owed
    desk.train(0.5)
    assert desk.jobs.due(True)
    desk.jobs.turn(0.0, training=True)
    desk.train(100.0)
    assert not desk.jobs.due(True) and desk.jobs.wait > 1e9  # nobody has heard the answer
    first = desk.news(0)
    assert (first.parts, first.end) == ((0,), None) and first.again is not None
    assert desk.jobs.due(True)  # sent, if not yet known to be heard
    step = desk.step
    desk.answer()
    assert desk.news(0).parts == (0, step), "what was not heard is told again"
    assert desk.news(2).parts == ()
    desk.answer()
    assert len(desk.news(2).parts) == 1 and len(desk.jobs._jobs[1].parts) == 1, "what was heard is not kept"


def test_a_repeated_job_waits_for_a_step_and_for_its_rest() -> None:
    desk = Training()
    desk.start(1, rest=100.0)
    desk.answer()
    desk.news(0)
    assert not desk.jobs.due(False) and 0 < desk.jobs.wait < 100
    desk.now += 100.0
    assert desk.jobs.due(False)  # slow training: nobody waits
    desk.jobs.turn(0.0)
    desk.jobs.turn(0.0)
    desk.news(1)
    desk.now += 100.0
    assert not desk.jobs.due(False) and desk.jobs.wait > 1e9  # no step was made since
    desk.train(1.0)
    assert desk.jobs.due(False)


def test_repeated_jobs_share_one_twentieth_and_take_turns() -> None:
    desk, told = Training(), {1: 0, 2: 0}
    desk.start(1)
    desk.start(2)
    began, spent = desk.now, 0.0
    while desk.now < began + 2000:
        if desk.jobs.due(True):
            now = desk.now
            desk.jobs.turn(0.0, training=True)
            spent += desk.now - now
        else:
            desk.train(0.5)
        desk.jobs.keep(told)
        for news in desk.jobs.news(told):
            told[news.number] += len(news.parts)
    assert spent / 2000 == pytest.approx(SHARE, rel=0.03) and abs(told[1] - told[2]) <= 1 < told[1]


@pytest.mark.parametrize("fails", [False, True])
def test_a_repeated_job_ends_with_training_or_when_it_fails(fails: bool) -> None:
    desk = Training()
    desk.start(1, fails=fails)
    desk.jobs.turn(0.0, training=True)
    desk.training = fails
    desk.jobs.turn(0.0)
    desk.jobs.turn(0.0)
    news = desk.news(0)
    assert news.end == (JobEnd("failed", text="It cannot be done.") if fails else JobEnd("done"))
    assert news.parts == (() if fails else (0,)) and not desk.jobs.running

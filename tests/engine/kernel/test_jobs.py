"""Jobs in the kernel take turns, tell how far they are, and can be left; by themselves, without a process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count as counting
from typing import ClassVar

import pytest

from engine.kernel.jobs import Jobs
from engine.numerics.job import Job, JobNews, JobReport, Steps
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
class SmallShare(Job):
    """Each of its turns takes a second of the clock that is its context."""

    done_by: ClassVar[str] = "tests.engine.kernel.test_jobs:turns_of_a_second"
    share: ClassVar[float] = 0.1


def turns_of_a_second(clock: list[float], _job: SmallShare) -> Steps:
    clock[0] += 1.0
    yield JobReport(1, 1)
    clock[0] += 1.0


def test_a_job_with_a_small_share_waits_until_training_had_the_rest() -> None:
    """A turn of one second at a share of 1/10 is followed by nine seconds of training, also where another job of the kind comes."""
    clock = [0.0]
    jobs = Jobs(lambda: 0, clock=lambda: clock[0], worked=lambda: clock[0])
    jobs.start(1, SmallShare(), clock)
    for _turn in range(2):
        assert jobs.due
        jobs.turn(0.0, training=True)
        jobs.trained(8.5)
        assert not jobs.due
        jobs.trained(0.5)
    assert jobs.news({1: 0})[0].end is not None
    jobs.start(2, SmallShare(), clock)
    jobs.turn(0.0, training=True)
    jobs.turn(0.0, training=True)
    jobs.start(3, SmallShare(), clock)
    assert not jobs.due
    jobs.trained(9.0)
    assert jobs.due

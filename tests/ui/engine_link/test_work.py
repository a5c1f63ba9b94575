"""What the window puts to the engine: of questions for one place the newest wins, and a job is over the moment it is cancelled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from engine.explain.question import Question
from engine.numerics.job import JobEnd, JobReport, Repeated
from tests.support.jobs import FreeCount
from ui.engine_link.work import Work


@dataclass(frozen=True, slots=True)
class Number(Question):
    number: int


class SlowKernel:
    """Answers when it is told to, and lets jobs run as far as it is told."""

    def __init__(self) -> None:
        self.training = False
        self.waiting: list[tuple[Number, Callable[[Any], None]]] = []
        self.jobs: dict[int, tuple[Any, Callable[[JobReport, Any], None], Callable[[JobEnd], None]]] = {}

    def ask(self, question: Number, callback: Callable[[Any], None]) -> None:
        self.waiting.append((question, callback))

    def answer(self) -> None:
        question, callback = self.waiting.pop(0)
        callback(10 * question.number)

    def job(self, job: Any, progress: Callable[[JobReport, Any], None], end: Callable[[JobEnd], None]) -> int:
        self.jobs[len(self.jobs) + 1] = (job, progress, end)
        return len(self.jobs)

    def cancel_job(self, number: int) -> None:
        self.jobs[number][2](JobEnd("cancelled"))


class Page(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.shown: list[tuple[int, int]] = []
        self.reports: list[Any] = []
        self.ends: list[str] = []

    def show_answer(self, question: Number, answer: int) -> None:
        self.shown.append((question.number, answer))

    def show_other(self, question: Number, answer: int) -> None:
        self.shown.append((-question.number, answer))

    def progressed(self, report: JobReport, parts: tuple[Any, ...]) -> None:
        self.reports += parts

    def ended(self, end: JobEnd) -> None:
        self.ends.append(end.how)


@pytest.fixture
def kernel() -> SlowKernel:
    return SlowKernel()


@pytest.fixture
def work(kernel: SlowKernel, qapp: QObject) -> Work:
    return Work(kernel)  # type: ignore[arg-type]


def test_of_questions_for_one_place_one_is_under_way_and_the_newest_comes_next(work: Work, kernel: SlowKernel) -> None:
    page = Page()
    for number in range(1, 6):
        work.ask(Number(number), page.show_answer, 0)
    assert [question.number for question, _ in kernel.waiting] == [1] and work.asking(page.show_answer)
    kernel.answer()
    assert [question.number for question, _ in kernel.waiting] == [5]
    kernel.answer()
    assert page.shown == [(1, 10), (5, 50)] and not work.asking(page.show_answer)


def test_places_do_not_wait_for_one_another(work: Work, kernel: SlowKernel) -> None:
    page, other = Page(), Page()
    work.ask(Number(1), page.show_answer, 0)
    work.ask(Number(2), page.show_other, 0)
    work.ask(Number(3), other.show_answer, 0)
    assert len(kernel.waiting) == 3


def test_what_was_forgotten_is_not_shown_and_a_new_question_does_not_wait_for_it(work: Work, kernel: SlowKernel) -> None:
    page = Page()
    work.ask(Number(1), page.show_answer, 0)
    work.ask(Number(2), page.show_answer, 0)
    work.forget(page.show_answer)
    work.ask(Number(3), page.show_answer, 0)
    while kernel.waiting:
        kernel.answer()
    assert page.shown == [(3, 30)]


def test_between_two_questions_there_is_a_rest(work: Work, kernel: SlowKernel, qtbot: QtBot) -> None:
    page = Page()
    work.ask(Number(1), page.show_answer, 80)
    kernel.answer()
    work.ask(Number(2), page.show_answer, 80)
    assert not kernel.waiting and work.asking(page.show_answer)
    work.ask(Number(3), page.show_answer, 80)
    qtbot.waitUntil(lambda: bool(kernel.waiting))
    kernel.answer()
    assert page.shown == [(1, 10), (3, 30)]


def test_nothing_of_a_job_is_heard_after_it_was_cancelled(work: Work, kernel: SlowKernel) -> None:
    page = Page()
    first, second = (work.job(FreeCount(name, 9), page.progressed, page.ended) for name in "ab")
    kernel.jobs[1][1](JobReport(1, 9), ("a1",))
    first.cancel()
    first.cancel()
    kernel.jobs[1][1](JobReport(2, 9), ("a2",))
    kernel.jobs[1][2](JobEnd("done", 9))
    assert page.reports == ["a1"] and page.ends == ["cancelled"] and not first.running and second.running
    assert work.cancel() and not second.running and page.ends == ["cancelled"] * 2
    assert not work.cancel(), "nothing is left that Esc could end"


def test_a_job_that_is_repeated_keeps_nobody_waiting(work: Work, kernel: SlowKernel) -> None:
    page = Page()
    repeated = work.job(Repeated(FreeCount("a", 1), 0.1), page.progressed, page.ended, background=True)
    assert repeated.running and not work.busy
    work.job(FreeCount("b", 1), page.progressed, page.ended, background=True)
    assert work.busy
    kernel.jobs[2][2](JobEnd("done"))
    assert repeated.running and not work.busy


def test_a_window_that_closes_ends_its_jobs_and_shows_no_answer_any_more(work: Work, kernel: SlowKernel, qtbot: QtBot) -> None:
    page = Page()
    handle = work.job(FreeCount("a", 9), page.progressed, page.ended)
    work.ask(Number(1), page.show_answer, 0)
    work.after_event("later", lambda: page.ends.append("later"))
    work.end()
    kernel.answer()
    qtbot.wait(20)
    assert not handle.running and not page.shown and not page.ends


def test_without_an_engine_a_job_says_so(qapp: QObject) -> None:
    page = Page()
    handle = Work(None).job(FreeCount("a", 1), page.progressed, page.ended)
    assert page.ends == ["failed"] and not handle.running

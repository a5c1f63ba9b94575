"""Jobs in the kernel: long work in short turns, so that training and live values go on meanwhile."""

from __future__ import annotations

import importlib
import math
import sys
import time
import traceback
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.explain.question import Unanswerable
from engine.numerics.job import Job, JobEnd, JobError, JobNews, JobReport, Repeated, Steps
from engine.numerics.memory import TOO_LITTLE, is_lack_of_memory
from graph.text.messages import _

OUTDATED = JobEnd("outdated")
SHARE = 0.05
"""The part of the kernel's time that all jobs that are repeated take together, at most, while something is trained."""
SOON = 0.005
"""Seconds by which an answer may come later than its cost says: the kernel works in slices, and answers other requests."""


@dataclass(slots=True)
class _Repetition:
    """The answers of a job that is repeated."""

    context: Callable[[], Any | None]
    """What the next answer works with; None where nothing is trained any more."""
    rest: float
    at_work: bool = False
    """Whether an answer was begun and is not complete."""
    began: float = -math.inf
    took: float = 0.0
    """Seconds of work for the last answer."""
    worked: float = 0.0
    """The same, for the one that was begun."""
    told: int = 0
    """How many answers the window was sent."""


@dataclass(slots=True)
class _Running:
    number: int
    job: Job
    steps: Steps
    of: Hashable
    """What the document and its numbers were at the start."""
    report: JobReport = field(default_factory=JobReport)
    parts: list[Any] = field(default_factory=list)
    first: int = 0
    """The number of the first of these parts: those before it were heard."""
    end: JobEnd | None = None
    again: _Repetition | None = None


class Jobs:
    """All jobs of a window, by the numbers it gave them. They take turns; what they found is kept until the window has heard it.

    `present()` identifies the document and its numbers as they are: it changes whenever an answer about them would be another one.
    `worked` counts the seconds of this thread, without those in which other programs had the processor.
    """

    def __init__(
        self,
        present: Callable[[], Hashable],
        clock: Callable[[], float] = time.perf_counter,
        worked: Callable[[], float] = time.thread_time,
    ) -> None:
        self._present, self._clock, self._worked = present, clock, worked
        self._jobs: dict[int, _Running] = {}
        self._queue: list[int] = []
        """Those that have not ended, the next one first."""
        self._debt = 0.0
        """Seconds that training gets before a job that is repeated has its next turn."""

    @property
    def running(self) -> bool:
        return bool(self._queue)

    def due(self, training: bool) -> bool:
        """Whether one of them has something to do, and may while something is trained (`training`)."""
        return any(self._is_due(self._jobs[number], training) for number in self._queue)

    @property
    def wait(self) -> float:
        """Seconds until one of them is due, as far as time alone decides."""
        return min((self._rest(self._jobs[number]) for number in self._queue), default=math.inf)

    def trained(self, seconds: float) -> None:
        """Training had so much time since."""
        self._debt = max(0.0, self._debt - seconds)

    def cost(self, seconds: float) -> None:
        """So much time went to jobs that are repeated: training gets its multiple."""
        self._debt += seconds * (1 / SHARE - 1)

    def start(self, number: int, job: Job, context: Any, again: Callable[[], Any | None] = lambda: None) -> None:
        """Begin a job; nothing is done before its first turn. A job that was begun already continues.

        `again`: the context for each answer of a job that is repeated, None as soon as nothing is trained.
        """
        if number in self._jobs:
            return
        begun = self._jobs[number] = _Running(number, job, _no_steps(), self._present())
        self._queue.append(number)
        if isinstance(job, Repeated):
            begun.again = _Repetition(again, job.rest)
        else:
            self._begin(begun, job, context)

    def _begin(self, running: _Running, job: Job, context: Any) -> None:
        module, _colon, name = job.done_by.partition(":")
        try:
            running.steps = getattr(importlib.import_module(module), name)(context, job)
        except Exception as error:  # noqa: BLE001 - a job that fails must not cost the others their turns
            self._end(running, _failed(error))

    def keep(self, wanted: Mapping[int, int]) -> None:
        """Go on with the jobs of these numbers only; all others are cancelled, or forgotten where they have ended."""
        for number in [number for number in self._jobs if number not in wanted]:
            self._end(self._jobs[number], JobEnd("cancelled"))
            del self._jobs[number]
        for number, known in wanted.items():
            running = self._jobs.get(number)
            if running is not None and running.again is not None and known > running.first:
                del running.parts[: known - running.first]
                running.first = known

    def turn(self, seconds: float, training: bool = False) -> None:
        """Let the job whose turn it is work for about so long: at least to its next yield. During `training` one that is due."""
        number = self._next(training)
        if number is None:
            return
        running = self._jobs[number]
        self._queue.remove(number)
        self._queue.append(number)
        began, worked = self._clock(), self._worked()
        while running.end is None and self._is_due(running, training):
            self._advance(running)
            if self._clock() >= began + seconds:
                break
        if running.again is not None:
            spent = self._worked() - worked
            running.again.worked += spent
            if not running.again.at_work:
                running.again.took, running.again.worked = running.again.worked, 0.0
            if training:  # else nobody waited
                self.cost(spent)

    def _next(self, training: bool) -> int | None:
        """The job whose turn it is. Of those that are repeated, an answer that was begun is completed before another one is begun: beside
        training each of them costs a wait of many times its work, and half an answer shows nothing."""
        due = [number for number in self._queue if self._is_due(self._jobs[number], training)]
        if not due or self._jobs[due[0]].again is None:
            return due[0] if due else None
        return next((number for number in due if (again := self._jobs[number].again) is not None and again.at_work), due[0])

    def _is_due(self, running: _Running, training: bool) -> bool:
        if running.again is None:
            return True
        return not (training and self._debt > 0) and self._rest(running) <= 0

    def _rest(self, running: _Running) -> float:
        """Seconds until there is something to do, if nothing is trained; infinite until something else happens."""
        again = running.again
        if again is None or again.at_work or again.context() is None:
            return 0.0
        if again.told < running.first + len(running.parts) or (again.began > -math.inf and running.of == self._present()):
            return math.inf
        return max(0.0, again.began + again.rest - self._clock())

    def _expected(self, running: _Running) -> float | None:
        """In how many seconds there is another answer, about."""
        again = running.again
        if again is None:
            return None
        rest = 0.0 if again.at_work else max(0.0, again.began + again.rest - self._clock())
        return max(rest, self._debt) + again.took + SOON

    def news(self, wanted: Mapping[int, int], cover: Callable[[Any], Any] = lambda answer: answer) -> tuple[JobNews, ...]:
        """The state of the jobs; of the parts, those from the wanted index on, which were not sent before.

        `cover` takes what is hidden out of an answer about the document.
        """
        news_items = []
        for number, known in wanted.items():
            running = self._jobs.get(number)
            if running is None:
                continue
            self._look_at_the_document(running)
            parts, end = tuple(running.parts[max(known - running.first, 0) :]), running.end
            if running.again is not None:
                running.again.told = running.first + len(running.parts)
            if running.job.about_document:
                parts = tuple(cover(part) for part in parts)
                end = replace(end, answer=cover(end.answer)) if end is not None and end.answer is not None else end
            news_items.append(JobNews(number, running.report, parts, end, self._expected(running)))
        return tuple(news_items)

    def _advance(self, running: _Running) -> None:
        self._look_at_the_document(running)
        again = running.again
        if again is not None and not again.at_work:
            self._begin_again(running, again)
        if running.end is not None:
            return
        try:
            report = next(running.steps)
        except StopIteration as finished:
            if again is None:
                self._end(running, JobEnd("done", finished.value))
            else:
                running.parts.append(finished.value)
                again.at_work = False
        except Exception as error:  # noqa: BLE001 - a job that fails must not cost the others their turns
            self._end(running, _failed(error))
        else:
            if again is None:
                running.parts += () if report.part is None else (report.part,)
                running.report = replace(report, part=None)

    def _begin_again(self, running: _Running, again: _Repetition) -> None:
        """The next answer, by the numbers as they are now; the end, where nothing is trained."""
        context = again.context()
        if context is None:
            self._end(running, JobEnd("done"))
            return
        assert isinstance(running.job, Repeated)
        again.at_work, again.began, running.of = True, self._clock(), self._present()
        self._begin(running, running.job.job, context)

    def _look_at_the_document(self, running: _Running) -> None:
        """An answer about numbers that have changed is none, also where it was complete before."""
        if running.job.about_document and running.of != self._present():
            self._end(running, OUTDATED)
            running.end = OUTDATED
            running.parts.clear()

    def _end(self, running: _Running, end: JobEnd) -> None:
        if running.end is None:
            running.end = end
            self._queue.remove(running.number)
            try:
                running.steps.close()
            except Exception:  # noqa: BLE001 - it has ended already: nobody waits for what its clean-up has to say
                traceback.print_exc(file=sys.stderr)


def _no_steps() -> Steps:
    return
    yield


def _failed(error: Exception) -> JobEnd:
    if isinstance(error, JobError | Unanswerable):
        return JobEnd("failed", text=str(error))
    if is_lack_of_memory(error):
        return JobEnd("failed", text=TOO_LITTLE)
    traceback.print_exc(file=sys.stderr)
    return JobEnd("failed", text=_("This could not be done ({kind}: {reason}).").format(kind=type(error).__name__, reason=error))

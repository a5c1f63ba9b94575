"""Jobs in the kernel: long work in short turns, so that training and live values go on meanwhile."""

from __future__ import annotations

import importlib
import sys
import time
import traceback
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.explain.question import Unanswerable
from engine.numerics.job import Job, JobEnd, JobError, JobNews, JobReport, Steps
from engine.numerics.memory import TOO_LITTLE, is_lack_of_memory
from graph.text.messages import _

OUTDATED = JobEnd("outdated")


@dataclass(slots=True)
class _Running:
    number: int
    job: Job
    steps: Steps
    of: Hashable
    """What the document and its numbers were at the start."""
    report: JobReport = field(default_factory=JobReport)
    parts: list[Any] = field(default_factory=list)
    end: JobEnd | None = None
    owed: float = 0.0
    """Seconds that training gets before the job's next turn."""


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
        self._debts: dict[type[Job], float] = {}
        """What the last job of a kind that takes a small share owed at its end: the next one waits for it."""

    @property
    def running(self) -> bool:
        return bool(self._queue)

    @property
    def due(self) -> bool:
        """Whether one of them may work while something is trained."""
        return any(self._jobs[number].owed <= 0 for number in self._queue)

    def trained(self, seconds: float) -> None:
        """Training had so much time since."""
        for running in self._jobs.values():
            running.owed -= seconds
        self._debts = {kind: owed - seconds for kind, owed in self._debts.items() if owed > seconds}

    def start(self, number: int, job: Job, context: Any) -> None:
        """Begin a job; nothing is done before its first turn. A job that was begun already continues."""
        if number in self._jobs:
            return
        module, _colon, name = job.done_by.partition(":")
        begun = _Running(number, job, _no_steps(), self._present(), owed=self._debts.pop(type(job), 0.0))
        self._jobs[number] = begun
        self._queue.append(number)
        try:
            begun.steps = getattr(importlib.import_module(module), name)(context, job)
        except Exception as error:  # noqa: BLE001 - a job that fails must not cost the others their turns
            self._end(begun, _failed(error))

    def keep(self, wanted: Mapping[int, int]) -> None:
        """Go on with the jobs of these numbers only; all others are cancelled, or forgotten where they have ended."""
        for number in [number for number in self._jobs if number not in wanted]:
            self._end(self._jobs[number], JobEnd("cancelled"))
            del self._jobs[number]

    def turn(self, seconds: float, training: bool = False) -> None:
        """Let the job whose turn it is work for about so long: at least to its next yield. During `training` one that is due."""
        if not self._queue:
            return
        number = next((number for number in self._queue if not training or self._jobs[number].owed <= 0), self._queue[0])
        running = self._jobs[number]
        self._queue.remove(number)
        self._queue.append(number)
        began, worked = self._clock(), self._worked()
        while running.end is None:
            self._advance(running)
            if self._clock() >= began + seconds:
                break
        if not training:  # nobody waited
            return
        running.owed = (self._worked() - worked) * (1 / running.job.share - 1)
        if running.end is not None and running.job.share < Job.share:
            self._debts[type(running.job)] = running.owed

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
            parts, end = tuple(running.parts[known:]), running.end
            if running.job.about_document:
                parts = tuple(cover(part) for part in parts)
                end = replace(end, answer=cover(end.answer)) if end is not None and end.answer is not None else end
            news_items.append(JobNews(number, running.report, parts, end))
        return tuple(news_items)

    def _advance(self, running: _Running) -> None:
        self._look_at_the_document(running)
        if running.end is not None:
            return
        try:
            report = next(running.steps)
        except StopIteration as finished:
            self._end(running, JobEnd("done", finished.value))
        except Exception as error:  # noqa: BLE001 - a job that fails must not cost the others their turns
            self._end(running, _failed(error))
        else:
            if report.part is not None:
                running.parts.append(report.part)
            running.report = replace(report, part=None)

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

"""Long work as a value: the request, and the reports on the way. No torch here: the window's process imports this too."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, TypeVar

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class JobReport:
    """How far a job has come: `done` of `total` (0: not known), in words where these help, and one part of the answer."""

    done: int = 0
    total: int = 0
    text: str = ""
    part: Any = None


Steps = Generator[JobReport, None, Any]
"""A job at work: it yields a report where it can be left, every few milliseconds, and returns the answer."""


class JobError(Exception):
    """A job cannot be done; the text says why, in words for the user."""


def finished(steps: Steps) -> Any:
    """The answer, for a caller who can wait."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def reported(work: Generator[int | None, None, A], total: int = 0) -> Generator[JobReport, None, A]:
    """The same work as a part of a job. It yields how much was done since, or None for one of `total`."""
    done = 0
    while True:
        try:
            done += next(work) or 1
        except StopIteration as end:
            result: A = end.value
            return result
        yield JobReport(min(done, total), total)


def share_of(steps: Steps, low: int, high: int, total: int = 1000) -> Steps:
    """The same steps as one part of a longer job: their progress goes from `low` to `high` of `total`."""
    while True:
        try:
            report = next(steps)
        except StopIteration as end:
            return end.value
        done = report.done / report.total if report.total else 0.0
        yield replace(report, done=round(low + done * (high - low)), total=total)


class Job:
    """Base of all jobs: frozen dataclasses of plain fields.

    `done_by` is `module:function`. The function takes the context (an `ExplainContext` of the document) and the job, and returns `Steps`.
    It changes nothing the document's training depends on: neither its numbers, nor the state of random generators or torch's threads
    between two yields. Parts and answer are picklable, without torch in them. What goes wrong is an exception whose text says so.
    """

    done_by: ClassVar[str] = ""
    about_document: ClassVar[bool] = True
    """Whether the answer is about the graph and its numbers as they were at the start, and worth nothing once these have changed."""
    of_numbers: ClassVar[bool] = False
    """Whether the answer is about the network's numbers and worth showing, as older ones, when these have moved on: while the document is
    held back the job waits, and another document ends it."""


@dataclass(frozen=True, slots=True)
class Repeated(Job):
    """A job done again and again while its document is trained, beginning every `rest` seconds at most: each answer is a part.

    The kernel begins the next one by itself, once a step was made since and the window has heard the last answer. Jobs of this kind
    together take a twentieth of the kernel's time at most. It ends, without an answer of its own, when training does.
    """

    about_document: ClassVar[bool] = False
    job: Job
    rest: float


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a job ended: with its `answer`, or without, and then `text` says why."""

    how: Literal["done", "failed", "cancelled", "outdated"]
    answer: Any = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class JobNews:
    """The state of job `number`: the newest report, the parts of the answer that were not sent before, and its end.

    `again`: of a job that is repeated, in how many seconds about there is another answer.
    """

    number: int
    report: JobReport
    parts: tuple[Any, ...] = ()
    end: JobEnd | None = None
    again: float | None = None

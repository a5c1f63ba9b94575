"""Jobs for tests of the jobs themselves."""

from __future__ import annotations

import importlib
import time
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from engine.explain.answer import answer
from engine.explain.question import Question, Refusal, Unanswerable
from engine.numerics.job import Job, JobReport, Steps

CLEANED: list[str] = []
"""The names of jobs that were left in order."""


@dataclass(frozen=True, slots=True)
class Count(Job):
    """Counts to `most`, one a turn of `seconds`, and answers with what the context called itself at the start."""

    done_by: ClassVar[str] = "tests.support.jobs:count"
    name: str
    most: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class FreeCount(Count):
    """The same, about nothing that the document holds."""

    about_document: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Fail(Job):
    done_by: ClassVar[str] = "tests.support.jobs:fail"
    kind: str


@dataclass(frozen=True, slots=True)
class Nowhere(Job):
    done_by: ClassVar[str] = "tests.support.jobs:nothing_of_this_name"


def count(context: Any, job: Count) -> Steps:
    try:
        for number in range(1, job.most + 1):
            if job.seconds:
                time.sleep(job.seconds)
            yield JobReport(number, job.most, f"{job.name} {number}", part=(job.name, number))
    finally:
        CLEANED.append(job.name)
    return f"{job.name} of {type(context).__name__}"


def fail(context: Any, job: Fail) -> Steps:
    yield JobReport(1, 2, "about to fail")
    raise {"memory": MemoryError(), "said": Unanswerable("There is no objective."), "other": ZeroDivisionError("by zero")}[job.kind]


def parts_of(context: Any, job: Job) -> list[Any]:
    """Do a job at once; the parts of its answer."""
    module, _, name = job.done_by.partition(":")
    steps: Steps = getattr(importlib.import_module(module), name)(context, job)
    return [report.part for report in steps if report.part is not None]


def whole(context: Any, asked: Question | Job) -> Any:
    """The answer to a question, or to a job all parts of an audit as one; or a `Refusal`."""
    if isinstance(asked, Question):
        return answer(context, asked)
    try:
        parts = parts_of(context, asked)
    except Unanswerable as refused:
        return Refusal(str(refused))
    rows = tuple(row for part in parts for row in part.rows)
    assert {part.total for part in parts} == {len(rows)}
    return replace(parts[0], rows=rows)

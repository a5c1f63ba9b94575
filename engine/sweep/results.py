"""What a sweep found, as plain data: a row for each run, and the spread over seeds at each value. No torch here."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from engine.numerics.job import Job
from engine.sweep.plan import SEED, SweepPlan, Swept
from graph.model.loss_words import loss_words
from graph.model.run_record import lower_is_better

How = Literal["waiting", "running", "done", "diverged", "failed"]
CURVE = 300
"""Points of one run's curve."""
STEPS = "steps"
"""As a measure: the steps that a run made before it ended, for runs that stop by themselves."""


@dataclass(frozen=True, slots=True)
class MemberResult:
    """One run of a sweep, by its place in `SweepPlan.members`.

    `loss` is the objective over the whole training part at the end, penalties included; `metrics` are named as in `train --json`. A run
    that diverged has those of its last finite step. `curve` holds (step, loss), each the mean of `span` steps; `measured` is what was
    measured over whole parts on the way. `together`: trained as one batch with others.
    """

    index: int
    how: How = "waiting"
    step: int = 0
    epoch: int = 0
    loss: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    curve: tuple[tuple[float, float], ...] = ()
    span: int = 1
    measured: tuple[tuple[int, Mapping[str, float]], ...] = ()
    together: bool = False
    seconds: float = 0.0
    text: str = ""
    penalised: bool = False
    """Whether `loss` and `curve` include a penalty."""
    start: str = ""
    """Fingerprint of the initial values; empty where the run could not be prepared."""
    batches: str = ""
    """Fingerprint of which samples each step takes."""
    passes: float = 0.0
    """The part of an epoch, one pass over the training samples, that one evaluation is; 0 where there are no data."""
    evaluations: tuple[float, ...] = ()
    """Evaluations of the gradient up to each point of the curve; empty where each step makes one."""
    lows: tuple[tuple[int, float, float], ...] = ()
    """(step, loss, evaluations so far) wherever the loss was lower than ever before, of a run that has ended. Of mini-batches the mean of
    an epoch counts, at the epoch's end."""
    numbers: int = 0
    """How many numbers are trained."""

    @property
    def ended(self) -> bool:
        return self.how in ("done", "diverged", "failed")

    def value(self, measure: str) -> float | None:
        """A measure at the end, or `STEPS`; None where the run has none."""
        if measure == STEPS:
            return float(self.step)
        return self.loss if measure in ("loss", "objective") else self.metrics.get(measure)

    def reached(self, target: float) -> tuple[int, float] | None:
        """(step, evaluations of the gradient) at which the loss was first as low as `target`; None where it never was."""
        return next(((step, spent) for step, loss, spent in self.lows if loss <= target), None)


@dataclass(frozen=True, slots=True)
class SweepWays:
    """How the runs are trained: how many together, how many one after another, and why (in words, with how many)."""

    together: int = 0
    alone: int = 0
    reasons: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class SweepAnswer:
    """The end of a sweep: all rows were sent as parts before."""

    ways: SweepWays
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class SweepEstimate:
    """What a sweep will take: seconds of this machine while nothing else is computed; `steps` of all runs together."""

    count: int
    steps: int
    seconds: float
    ways: SweepWays


@dataclass(frozen=True, slots=True)
class SweepJob(Job):
    """Trains every run of a plan from the document's initial values. Parts are tuples of `MemberResult`; the answer is a `SweepAnswer`."""

    done_by: ClassVar[str] = "engine.sweep.answer:sweep"
    about_document: ClassVar[bool] = False
    plan: SweepPlan = SweepPlan(())


@dataclass(frozen=True, slots=True)
class EstimateJob(Job):
    """How long a plan will take, from a few steps of each kind of run. The answer is a `SweepEstimate`."""

    done_by: ClassVar[str] = "engine.sweep.answer:estimate"
    about_document: ClassVar[bool] = False
    plan: SweepPlan = SweepPlan(())


@dataclass(frozen=True, slots=True)
class KeepRun(Job):
    """Makes one run of a plan again, alone, as a run of the document with the id `run`. The answer is a `SavedRun`."""

    done_by: ClassVar[str] = "engine.sweep.keeping:keep"
    about_document: ClassVar[bool] = False
    plan: SweepPlan = SweepPlan(())
    index: int = 0
    run: int = 0


# Statistics


@dataclass(frozen=True, slots=True)
class Spread:
    """A measure over the runs that differ in nothing but the seed: of `count` runs `diverged` have no finite end.

    A run that diverged counts as worse than all others; so `median` or `worst` may be infinite. None while no run has ended.
    """

    count: int
    ended: int
    diverged: int
    median: float | None
    best: float | None
    worst: float | None


def spread(rows: Iterable[MemberResult], measure: str) -> Spread:
    """The spread of a measure over some runs. What failed before its first step is no number, and counts as diverged."""
    rows = list(rows)
    worst = math.inf if lower_is_better(measure) else -math.inf
    values = [end for row in rows if row.ended and (end := _end(row, measure, worst)) is not None]
    diverged = sum(row.how in ("diverged", "failed") for row in rows)
    if not values:
        return Spread(len(rows), 0, diverged, None, None, None)
    low, high = min(values), max(values)
    best, far = (low, high) if lower_is_better(measure) else (high, low)
    return Spread(len(rows), len(values), diverged, statistics.median(values), best, far)


def _end(row: MemberResult, measure: str, worst: float) -> float | None:
    if row.how != "done":
        return worst
    value = row.value(measure)
    return worst if value is not None and math.isnan(value) else value



def measures_of(rows: Iterable[MemberResult]) -> list[str]:
    """The measures that some run has, the loss first."""
    rows = list(rows)
    names = dict.fromkeys(name for row in rows for name in row.metrics)
    return [*([loss_name(rows)] if any(row.loss is not None for row in rows) else []), *names]


def loss_name(rows: Iterable[MemberResult]) -> str:
    """What the loss of a run and of its steps is called: objective where it includes a penalty."""
    return loss_words(any(row.penalised for row in rows)).name


def grouped(plan: SweepPlan, by: Sequence[Swept], rows: Mapping[int, MemberResult]) -> dict[tuple[Any, ...], list[MemberResult]]:
    """The runs by their values of some settings, in the order of the plan."""
    places = [place for of in by if (place := plan.place(of)) is not None]
    found: dict[tuple[Any, ...], list[MemberResult]] = {}
    for index, values in enumerate(plan.members()):
        found.setdefault(tuple(values[place] for place in places), []).append(rows.get(index, MemberResult(index)))
    return found


def without_seed(plan: SweepPlan) -> list[Swept]:
    """The swept settings over which there is something to compare: all but the seed."""
    return [axis.of for axis in plan.axes if axis.of != SEED]

"""Batch size and learning rate scaled together: which runs are compared, as a plan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.sweep.plan import RATE, Axis, SweepPlan, Swept
from engine.sweep.results import MemberResult
from engine.training.optimizers.registry import declared_or_none
from graph.model.graph import Graph
from graph.model.training_settings import training_length
from graph.text.messages import _
from ui.look.numbers import count, plain

FACTORS = (2, 4, 8, 16)
BATCH, STEPS = Swept("batch_size"), Swept("steps")


@dataclass(frozen=True, slots=True)
class Scaled:
    """One of the runs: the mini-batch size, the learning rate, and both in words."""

    batch: int
    rate: float
    title: str


@dataclass(frozen=True, slots=True)
class Scaling:
    """The runs, and the plan that trains them; `why` says why there are none."""

    runs: tuple[Scaled, ...] = ()
    plan: SweepPlan = SweepPlan(())
    why: str = ""


def scaling(graph: Graph, factor: int) -> Scaling:
    """(B, η), then N times the batch with η as it is, √N times η and N times η; each run takes as many epochs as the first."""
    training, spec = graph.training, declared_or_none(graph.training)
    batch, length = training.get("batch_size"), training_length(graph.training)
    setting = spec.setting("lr") if spec is not None else None
    if spec is None or setting is None or spec.full_batch:
        return Scaling(why=_("This optimizer has no learning rate, or takes all samples in each step."))
    if not isinstance(batch, int) or batch < 1:
        return Scaling(why=_("Each step takes all samples. Set a mini-batch size in the training settings first."))
    if length is None:
        return Scaling(why=_("The training settings do not say when training ends: set a number of epochs or steps."))
    rate = float((training.get("hyper") or {}).get("lr", setting.default))
    root = math.sqrt(factor)
    rates = ((batch, 1.0, "B, η"), (factor * batch, 1.0, f"{factor}B, η"), (factor * batch, root, f"{factor}B, √{factor}·η"),
             (factor * batch, float(factor), f"{factor}B, {factor}η"))  # fmt: skip
    runs = tuple(Scaled(size, times * rate, title) for size, times, title in rates)
    axes = [Axis(BATCH, tuple(run.batch for run in runs)), Axis(RATE, tuple(run.rate for run in runs))]
    unit, steps = length
    if unit == "steps":
        axes.append(Axis(STEPS, tuple(max(1, round(steps * batch / run.batch)) for run in runs)))
    return Scaling(runs, SweepPlan(tuple(axes), paired=True))


def words(run: Scaled) -> str:
    """`4B, 2η: 64 samples, η = 0.2`."""
    return _("{title}: {batch} samples, η = {rate}").format(title=run.title, batch=count(run.batch), rate=plain(float(f"{run.rate:.4g}")))


def by_epoch(row: MemberResult) -> tuple[list[float], list[float]]:
    """The means of the mini-batch losses of each epoch, with the epochs (from 1) at whose ends they stand."""
    sums: dict[int, tuple[float, int]] = {}
    for step, loss in row.curve:
        epoch = max(1, math.ceil(step * row.passes - 1e-9))
        total, number = sums.get(epoch, (0.0, 0))
        sums[epoch] = total + loss, number + 1
    return [float(epoch) for epoch in sums], [total / number for total, number in sums.values()]


def best(rows: Sequence[MemberResult]) -> int | None:
    """The place of the run with the lowest loss at its end."""
    done = [(row.loss, i) for i, row in enumerate(rows) if row.how == "done" and row.loss is not None]
    return min(done)[1] if done else None

"""The learning-rate finder at work: training steps on a copy, each with a larger rate."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import torch

from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.explain.update.answer import run_beside
from engine.learned.rate_finder import FindRate, Sweep, has_diverged, rate_at, smoothed, steepest
from engine.nodes.base import NodeError
from engine.numerics.job import JobReport, Steps
from engine.numerics.threads import threads
from engine.training.compiled import RunError
from engine.training.model import Model
from engine.training.rates import Rates
from engine.training.run import Run
from engine.training.schedules.base import Schedule
from engine.training.steps import Steps as TrainingSteps
from graph.text.messages import _

TURN = 0.004
"""Seconds of a turn; at least one step is made in each."""


class Growing(Schedule):
    """The schedule of the sweep; it has no key, so it is offered nowhere."""

    @classmethod
    def rate(cls, base: float, t: int, values: Mapping[str, Any], length: int) -> float:
        return rate_at(t - int(values["begun"]), base, float(values["high"]), length)


def find_rate(context: ExplainContext, job: FindRate) -> Steps:
    """The job. The copy is made here, before its first turn. Raises Unanswerable."""
    try:
        run = context.run or run_beside(context.model)
        if run.spec.evaluates_loss:
            text = _("{optimizer} chooses the length of its steps itself, so there is no rate to find.")
            raise Unanswerable(text.format(optimizer=run.spec.title))
        steps = _copy(run, job)
    except RunError as error:
        raise Unanswerable(str(error)) from error
    return _sweep(run, steps, job)


def _copy(run: Run, job: FindRate) -> TrainingSteps:
    """The run's coming steps on tensors of their own: same state, memory of the optimizer, batches and random numbers."""
    conditions, state = run.conditions(), run.capture()
    model = Model(run.model.compiled)
    model.seed = conditions.seed
    model.restore(state)
    with threads(conditions.threads):
        parameters = model.parameters(conditions.program)
        steps = TrainingSteps(model)
        optimizer = conditions.optimizer_on([parameters[i] for i in conditions.program.trainable])
        steps.bind(conditions.program, optimizer, conditions)
        steps.watched = None  # the sweep has rates of its own
        steps.batches = conditions.batches()
        steps.remember(state.optimizer)
    return steps


def _sweep(run: Run, steps: TrainingSteps, job: FindRate) -> Steps:
    threads_of_run, begun = run.model.compiled.threads, steps.model.state.step
    losses: list[float] = []
    means: list[float] = []
    broken = False
    count = job.steps + 1  # the loss after the last step is that of one more mini-batch
    while len(losses) < count and not broken and not (len(means) > 1 and has_diverged(means)):
        with torch.no_grad(), threads(threads_of_run):
            broken = _some(steps, begun, job, count, losses)
        means = smoothed(losses[1:])
        yield JobReport(len(losses), count)
    means = smoothed(losses[1:])
    end = next((i for i in range(2, len(means) + 1) if has_diverged(means[:i])), None)
    if end is not None:
        means = means[:end]
    rates = [rate_at(i, job.low, job.high, job.steps) for i in range(len(means) + 1)]
    diverged = rates[len(means) - 1] if end is not None else rates[len(means)] if broken else None
    rates = rates[: len(means)]
    if not means:
        raise Unanswerable(_("The loss is not a finite number after the first step, at the smallest rate."))
    return Sweep(
        job.structure, job.revision, job.run, begun, run.spec.title, tuple(rates), tuple(losses[1 : len(means) + 1]), tuple(means),
        steepest(rates, means), diverged,
    )  # fmt: skip


def _some(steps: TrainingSteps, begun: int, job: FindRate, count: int, losses: list[float]) -> bool:
    """Make steps for one turn; True where the loss is not finite any more."""
    state = steps.model.state
    steps.take_place()
    feeds = steps.next_feeds(steps.batches.lay_out(state.epoch), count - len(losses))
    steps.rates, first = Rates(job.low, Growing, {"high": job.high, "begun": begun}, 0, 1, job.steps), state.step
    try:
        failed = steps.make(feeds, first, time.perf_counter() + TURN)
    except (RuntimeError, ValueError, IndexError, TypeError, NodeError) as error:
        raise Unanswerable(_("A step cannot be computed; the Problems panel says why.")) from error
    losses += steps.losses
    steps.count(first + len(steps.losses))
    return failed

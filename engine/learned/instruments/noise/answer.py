"""The gradients of single samples by chosen numbers, their mean and spread, and the step that they lead to."""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.compile.program import Program, RandomKey
from engine.compile.views import Stamp
from engine.curvature.point import point_at
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.explain.update.answer import Beginning, make, run_beside
from engine.learned.instruments.noise import MOST, Of, SampleGradients, SamplesJob
from engine.learned.instruments.per_sample import TURN, Merged, Point, SingleSamples, Spread, adds_up, flat
from engine.nodes.base import NodeError
from engine.numerics.job import JobReport, Steps
from engine.numerics.length import length
from engine.numerics.threads import threads
from engine.training.compiled import RunError
from engine.training.joint import JointProgram
from engine.training.run import Run
from engine.training.state import state_key
from graph.model.address import Address
from graph.model.trained_numbers import trained_name
from graph.text.messages import _


@dataclass(slots=True)
class Drawn:
    """Samples of the training part to differentiate: all that they are made of, copied."""

    run: Run
    program: Program
    feeds: list[Tensor]
    own: list[bool]
    random: RandomKey
    point: Point
    rows: Tensor
    """Their places in the training part, (N,)."""
    columns: list[int]
    """Of the chosen numbers, among all trained numbers."""
    of_all: int
    step: int
    memory: dict[str, Tensor]

    @property
    def threads(self) -> int:
        return self.run.model.compiled.threads

    def samples(self, kept: Tensor | None = None) -> SingleSamples:
        """These samples, or some of them."""
        some = SingleSamples(self.program, self.feeds, self.own, self.random, self.threads)
        return some if kept is None else some.chosen(kept)


def drawn(context: ExplainContext, places: tuple[Address, ...], of: Of) -> Drawn:
    """Raises Unanswerable."""
    model = context.model
    try:
        with threads(model.compiled.threads):
            run = (context.run or run_beside(model)).prepare()
            program = model.program(training=True)
            if isinstance(program, JointProgram):
                raise Unanswerable(_("This document has several objectives: gradients of single samples are shown for one only."))
            feeds, random = run.coming()
            rows = run.coming_rows()
            memory = run.capture().optimizer
    except RunError as error:
        raise Unanswerable(str(error)) from error
    except (RuntimeError, ValueError, IndexError, TypeError, NodeError) as error:
        raise Unanswerable(_("The next step cannot be computed; the Problems panel says why.")) from error
    own = [key in model.feeds.train for key in program.feeds]
    if not any(own):
        raise Unanswerable(_("This graph has no data, so there are no samples."))
    if of == "part":
        rows = torch.arange(model.feeds.rows["train"])
    count, chosen = len(rows), rows[_spaced(len(rows))]
    feeds = model.feeds.chosen(program.feeds, chosen) if of == "part" or len(chosen) < count else [feed.clone() for feed in feeds]
    point = Point([tensor.clone() for tensor in model.parameters(program)], [tensor.clone() for tensor in model.buffers(program)])
    columns = [_column(program, point, place) for place in places]
    return Drawn(run, program, feeds, own, random, point, chosen, columns, count, model.state.step, memory)


def _spaced(count: int) -> Tensor:
    return torch.linspace(0, count - 1, min(count, MOST), dtype=torch.float64).round().long()


def _column(program: Program, point: Point, place: Address) -> int:
    """Where a number is among all trained ones. Raises Unanswerable."""
    before = 0
    for at, key in zip(program.trainable, program.trainable_keys, strict=True):
        shape = point.parameters[at].shape
        if key == place.key:
            return before + int(np.ravel_multi_index(place.index or (0,) * len(shape), tuple(shape))) if shape else before
        before += shape.numel()
    raise Unanswerable(_("{name} is no trained number.").format(name=state_key(place.key)))


def samples(context: ExplainContext, job: SamplesJob) -> Steps:
    """The job `SamplesJob`. What it differentiates is copied here, before its first turn. Raises Unanswerable."""
    return _answered(context, job, drawn(context, job.places, job.of))


def _answered(context: ExplainContext, job: SamplesJob, some: Drawn) -> Steps:
    names = tuple(trained_name(context.graph, place) for place in job.places)
    stamp = Stamp(job.structure, job.revision, job.run, some.step)
    kept = torch.tensor([int(row) not in job.removed for row in some.rows])
    if not kept.any():
        raise Unanswerable(_("All samples are removed. Put some back."))
    losses, gradients, merged = yield from differentiated(some, kept)
    full = _whole(context, job)
    yield JobReport()
    rate = some.run.rate
    here = flat([some.point.parameters[i] for i in some.program.trainable])[some.columns].numpy()
    after_all = _after(some, None)
    yield JobReport()
    after = after_all if bool(kept.all()) else _after(some, kept.nonzero().reshape(-1))
    mine = gradients[kept.numpy()]
    count = len(mine)
    covariance = np.cov(mine, rowvar=False, ddof=1).reshape(len(names), -1) if count > 1 else np.full((len(names), len(names)), math.nan)
    return SampleGradients(
        stamp, job.places, names, job.of, some.rows.numpy(), losses, gradients, kept.numpy(), mine.mean(0), covariance, full,
        context.model.feeds.rows["train"], here, after_all, after, some.run.spec.title, rate, length(merged.mean),
        float(merged.squares.sum()) / (count - 1) if count > 1 else math.nan, len(merged.mean), some.of_all,
    )  # fmt: skip


Differentiated = tuple[np.ndarray, np.ndarray, Merged]


def differentiated(some: Drawn, kept: Tensor) -> Generator[JobReport, None, Differentiated]:
    """Losses (N,), gradients by the chosen numbers (N, k), and mean and squares of the kept samples over all numbers. Raises Unanswerable
    where the gradient of all of them is not the mean of theirs."""
    taken = some.samples()
    size = sum(some.point.parameters[place].numel() for place in some.program.trainable)
    losses, columns = np.empty(taken.count), np.empty((taken.count, len(some.columns)))
    every, merged, began = Merged(size), Merged(size), time.perf_counter()
    try:
        for first, last, loss, gradients in taken.pieces(some.point):
            with torch.no_grad(), threads(some.threads):
                losses[first:last], columns[first:last] = loss.numpy(), gradients[:, some.columns].numpy()
                every.add(gradients)
                if kept[first:last].any():
                    merged.add(gradients[kept[first:last]])
            if time.perf_counter() - began >= TURN:
                yield JobReport(last, taken.count)
                began = time.perf_counter()
        loss_of_all, gradients_of_all = taken.batch(some.point)
    except (RuntimeError, ValueError, IndexError, TypeError, NodeError) as error:
        raise Unanswerable(_("The next step cannot be computed; the Problems panel says why.")) from error
    spread = Spread(every.mean, every.squares, torch.from_numpy(losses), torch.zeros(0))
    if not math.isfinite(loss_of_all):
        raise Unanswerable(_("The loss is not a finite number, so there is no next step."))
    if not adds_up(loss_of_all, flat(gradients_of_all), spread, some.run.model.dtype):
        raise Unanswerable(
            _("The loss of several samples is not the mean of their losses here: a layer mixes samples or draws random numbers, or the "
              "loss is a sum. So a single sample has no gradient of its own.")
        )  # fmt: skip
    return losses, columns, merged


def _whole(context: ExplainContext, job: SamplesJob) -> np.ndarray:
    """The gradient of the whole training part by the chosen numbers, (k,)."""
    point = point_at(context.model, job.places)
    known = dict(zip(point.places, point.gradient().tolist(), strict=True))
    return np.array([known[place.at(place.index or ())] for place in job.places])


def _after(some: Drawn, kept: Tensor | None) -> np.ndarray:
    """The chosen numbers after one step with all samples, or with some of them: (k,)."""
    feeds = some.feeds if kept is None else [f.index_select(0, kept) if own else f for f, own in zip(some.feeds, some.own, strict=True)]
    start = Beginning(some.program, some.point.parameters, some.point.buffers, some.memory, feeds, some.random, some.threads)
    try:
        rehearsal = make(start, some.run.optimizer_on)
    except (RunError, RuntimeError, ValueError, IndexError, TypeError, NodeError) as error:
        raise Unanswerable(_("The next step cannot be computed; the Problems panel says why.")) from error
    new = [rehearsal.new.get(key, rehearsal.old[key]) for key in some.program.trainable_keys]
    return flat(new)[some.columns].numpy()

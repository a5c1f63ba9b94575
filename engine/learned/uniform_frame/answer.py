"""Answers a `UniformFrameJob`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from engine.compile.views import Stamp
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.track.replaying import Replaying
from engine.learned.track.watching import Framed, Watched, framed, joined
from engine.learned.uniform_frame import LETTERS, FrameColumn, UniformFrame, UniformFrameJob
from engine.numerics.job import JobReport, Steps
from engine.training.compiled import RunError
from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.registry import OPTIMIZERS
from graph.model.trained_numbers import trained_name
from graph.text.messages import _


def uniform_frame(context: ExplainContext, job: UniformFrameJob) -> Steps:
    """The job. What it replays is settled here, before its first turn. Raises Unanswerable."""
    if context.run is None:
        raise Unanswerable(_("No step of this run is known yet. Make a training step first."))
    try:
        replaying = Replaying(context.run, [job.place], job.most)
    except RunError as error:
        raise Unanswerable(str(error)) from error
    stamp = Stamp(job.structure, job.revision, job.run, context.model.state.step)
    return _filled(replaying, job, trained_name(context.graph, job.place), stamp)


def _filled(replaying: Replaying, job: UniformFrameJob, name: str, stamp: Stamp) -> Steps:
    for made in replaying.turns():
        yield JobReport(made, replaying.last - replaying.first)
    stretches = [stretch for stretch in replaying.replayed if stretch.records]
    if not stretches:
        raise Unanswerable(_("This optimizer evaluates the loss itself: it is not given one gradient for each step."))
    steps, optimizer = joined([framed(stretch.watched) for stretch in stretches]), stretches[-1].optimizer
    yield JobReport(replaying.last - replaying.first, replaying.last - replaying.first)
    columns = [_beside(key, optimizer, steps) if key != optimizer.key else _live(optimizer, steps) for key in LETTERS]
    if optimizer.key not in LETTERS:
        columns.append(_live(optimizer, steps))
    beta2 = float(optimizer.hyper["beta2"] if optimizer.key == "adam" else OPTIMIZERS["adam"].with_defaults({})["beta2"])
    averages = _averages(steps.gradient[:, 0].numpy(), beta2)
    return UniformFrame(
        stamp, job.place, name, type(optimizer).title, replaying.first, len(steps.old), tuple(columns), averages, beta2,
    )  # fmt: skip


def _live(optimizer: Optimizer, steps: Framed) -> FrameColumn:
    spec = type(optimizer)
    frame = spec.frames and optimizer.frame(optimizer.hyper, optimizer.scalars)
    letters = LETTERS.get(spec.key, ("", "", ""))
    if frame and spec.key not in LETTERS:
        letters = _letter(frame.square, spec), _letter(frame.alpha, spec), _letter(frame.beta, spec)
    return _column(optimizer, steps, True, letters)


def _letter(formula: str, spec: type[Optimizer]) -> str:
    return Equation(f"x = {formula}").latex(spec.letters).partition("= ")[2] if formula else ""


def _beside(key: str, of: Optimizer, steps: Framed) -> FrameColumn:
    """Another rule along the gradients of the run, from the same start, at the same learning rate, else with its own defaults."""
    spec = OPTIMIZERS[key]
    theta = steps.old[0].clone()
    rate = of.hyper.get("lr")
    hyper: dict[str, Any] = {} if rate is None else {"lr": rate}
    if key == "momentum":
        hyper["momentum"] = of.hyper.get("momentum") or 0.9
    other = spec(hyper, [theta])
    watched = Watched(other, [(0, 0)])
    for gradient in steps.gradient:
        other.step([gradient])
    return _column(other, framed(watched), False, LETTERS[key])


def _column(optimizer: Optimizer, steps: Framed, live: bool, letters: tuple[str, str, str]) -> FrameColumn:
    """The newest step."""
    spec = type(optimizer)

    def newest(tensor: Tensor) -> float:
        return float(tensor[-1, 0])

    last = newest(steps.old) - float(steps.old[-2, 0]) if len(steps.old) > 1 else 0.0
    alpha, beta, root, before = (newest(tensor) for tensor in (steps.alpha, steps.beta, steps.root, steps.before))
    momentum, gradient, old = newest(steps.momentum), newest(steps.gradient), newest(steps.old)
    exact = newest(steps.exact) == 1.0
    carried = 0.0 if last == 0 or momentum == 0 else momentum * last
    by_frame = old - alpha / root * gradient + carried if exact else np.nan
    why = "" if exact else _("The step of {optimizer} is not of this form.").format(optimizer=spec.title)
    square = newest(steps.square)
    square = 1.0 if np.isnan(square) and exact else _corrected(optimizer, square)
    return FrameColumn(
        spec.key, spec.title, live, letters, square, alpha, beta, root, before, alpha / root, momentum, gradient, old, last, by_frame,
        newest(steps.new), why,
    )  # fmt: skip


def _corrected(optimizer: Optimizer, square: float) -> float:
    """G as the table has it: of Adam, the average that is corrected for its start."""
    return square / (1 - float(optimizer.hyper["beta2"]) ** optimizer.t) if optimizer.key == "adam" else square


def _averages(gradients: Sequence[float] | np.ndarray[Any, Any], beta2: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(T, 2) the exact average of D = ĝ² after each step, and what the printed recursion makes of the same gradients."""
    r = printed = 0.0
    rows = np.empty((len(gradients), 2))
    with np.errstate(over="ignore"):
        for t, gradient in enumerate(np.asarray(gradients, dtype=np.float64), 1):
            square, start = gradient * gradient, 1 - beta2**t
            r = beta2 * r + (1 - beta2) * square
            printed = (beta2 * printed + (1 - beta2) * square) / start
            rows[t - 1] = r / start, printed
    return rows

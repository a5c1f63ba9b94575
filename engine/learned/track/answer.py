"""Answers a `TrackJob`: the run made again, written down as arrays."""

from __future__ import annotations

import numpy as np
import torch

from engine.compile.views import Stamp
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.track import Track, TrackJob
from engine.learned.track.replaying import Replaying
from engine.learned.track.watching import joined
from engine.numerics.job import JobReport, Steps
from engine.training.compiled import RunError
from graph.model.trained_numbers import trained_name
from graph.text.messages import _


def track(context: ExplainContext, job: TrackJob) -> Steps:
    """The job. What it replays is settled here, before its first turn. Raises Unanswerable."""
    if context.run is None:
        raise Unanswerable(_("No step of this run is known yet. Make a training step first."))
    try:
        replaying = Replaying(context.run, job.places, job.most)
    except RunError as error:
        raise Unanswerable(str(error)) from error
    names = tuple(trained_name(context.graph, place) for place in job.places)
    stamp = Stamp(job.structure, job.revision, job.run, context.model.state.step)
    return _tracked(replaying, job, names, stamp)


def _tracked(replaying: Replaying, job: TrackJob, names: tuple[str, ...], stamp: Stamp) -> Steps:
    for made in replaying.turns():
        yield JobReport(made, replaying.last - replaying.first)
    return written(replaying, job, names, stamp)


def written(replaying: Replaying, job: TrackJob, names: tuple[str, ...], stamp: Stamp) -> Track:
    """The steps as arrays."""
    stretches = [stretch for stretch in replaying.replayed if stretch.losses]
    if not stretches:
        raise Unanswerable(_("No step of this run is known yet. Make a training step first."))
    steps, spec = joined([stretch.framed for stretch in stretches]), stretches[-1].optimizer
    theta = torch.stack([stretches[0].theta[0], *(row for stretch in stretches for row in stretch.theta[1:])])
    losses = np.array([loss for stretch in stretches for loss in stretch.losses])
    why = "" if spec.frames else _("{optimizer} has no effective rate for each weight.").format(optimizer=spec.title)
    gradient, rate, momentum, velocity, square = (
        tensor.numpy() for tensor in (steps.gradient, steps.rate, steps.momentum, steps.velocity, steps.square)
    )
    return Track(
        stamp, job.places, names, spec.title, replaying.first, theta.numpy(), gradient, rate, momentum, velocity, square,
        steps.ahead.numpy(), losses, replaying.first == 0, why,
    )  # fmt: skip

"""The plane at two moments: the model goes to each for as long as it takes to copy its numbers, and comes back exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.comparison import Moment
from engine.learned.comparison.answer import unreachable
from engine.learned.comparison.planes import ComparePlanes, OnPlanes
from engine.learned.plane import OnPlane, PlaneJob
from engine.learned.plane.answer import chosen, on_plane
from engine.numerics.job import JobReport, Steps
from engine.training.compiled import RunError
from graph.text.messages import _


def on_planes(context: ExplainContext, job: ComparePlanes) -> Steps:
    """The job. Raises Unanswerable where there is no plane, or a step is out of reach."""
    if context.live:
        raise Unanswerable(_("Pause training to compare two runs."))
    plane = chosen(context.model, job.plane)
    answers: list[OnPlane] = []
    for moment in (job.first, job.second):
        wanted = PlaneJob(plane, job.structure, job.revision, moment.run, job.output, job.tests)
        answers.append((yield from _at(context, moment, wanted)))
    first, second = answers
    scale = _scale(first, second)
    return OnPlanes(replace(first, scale=scale), replace(second, scale=scale))


def _at(context: ExplainContext, moment: Moment, job: PlaneJob) -> Steps:
    """The work on one plane; the numbers of that moment are copied before its first turn."""
    if context.run is None:
        raise Unanswerable(_("Nothing has been trained yet."))
    try:
        work = context.run.history.visit(moment.step, moment.run, lambda: on_plane(context, job))
    except RunError as error:
        raise Unanswerable(str(error)) from error
    if work is None:
        raise unreachable(moment)
    yield JobReport()
    return (yield from work)


def _scale(first: OnPlane, second: OnPlane) -> tuple[float, float] | None:
    """The range of the finite values of both; None for classes."""
    if first.values is None or second.values is None:
        return None
    both = np.concatenate([first.values.reshape(-1), second.values.reshape(-1)])
    both = both[np.isfinite(both)]
    return (float(both.min()), float(both.max())) if both.size else None

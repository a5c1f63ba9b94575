"""The ends of the runs, how sharp the objective is there, and the straight line between two of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from engine.compile.views import Stamp
from engine.curvature.point import Point, point_at
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.minima import HIGH, LOW, MOST, POINTS, Ends, EndsJob, Line, LineJob, RunEnd
from engine.learned.minima.sharpness import sharpness
from engine.numerics.job import JobReport, Steps
from engine.numerics.length import length
from engine.training.compiled import RunError
from graph.text.messages import _

ROUNDINGS = 32
"""Units of round-off that the objective, a sum over the samples, may have."""


@dataclass(slots=True)
class _Place:
    end: RunEnd
    point: Point | None


def ends(context: ExplainContext, job: EndsJob) -> Steps:
    """The job `EndsJob`. Every end is copied here, before its first turn. Raises Unanswerable."""
    _at_rest(context)
    point = point_at(context.model)
    if any(place.kind != "parameter" for place in point.places):
        raise Unanswerable(_("Nothing in this graph is trained."))
    moments = _moments(context)
    places = []
    for run, step in moments[:MOST]:
        there = point_of(context, run, step)
        why = "" if there is not None else _("not stored, or of another graph")
        places.append(_Place(RunEnd(run, step, why=why), there))
    stamp = Stamp(job.structure, job.revision, job.run, context.model.state.step)
    return _looked_at(places, Ends(stamp, (), len(point.here), point.rows, max(len(moments) - MOST, 0)))


def _at_rest(context: ExplainContext) -> None:
    """Raises Unanswerable while something trains."""
    if context.live:
        raise Unanswerable(_("Pause training to compare where the runs end."))


def _moments(context: ExplainContext) -> list[tuple[int, int]]:
    """(run, step) of the present state, then the ends of the other runs, the newest first."""
    run = context.run
    if run is None:
        return [(0, context.model.state.step)]
    others = [id for id in run.history.tree if id != run.id]
    known = [(id, run.history.tree.runs[id].curve.last) for id in sorted(others, reverse=True)]
    return [(run.id, run.state.step), *known]


def point_of(context: ExplainContext, run: int, step: int) -> Point | None:
    """The objective at a step of a run; None where there is no way to it. Raises Unanswerable."""
    trained = context.run
    if trained is None or (run, step) == (trained.id, trained.state.step):
        return point_at(context.model)
    try:
        return trained.history.visit(step, run, lambda: point_at(context.model))
    except RunError as error:
        raise Unanswerable(str(error)) from error


def _looked_at(places: list[_Place], answer: Ends) -> Steps:
    found = []
    for number, place in enumerate(places):
        if place.point is not None:
            value, gradient = float(place.point.value()), length(place.point.gradient())
            yield JobReport(number, len(places))
            top, top_error, trace, trace_error = yield from sharpness(place.point)
            exact = not top_error and not trace_error
            place.end = replace(place.end, value=value, gradient=gradient, largest=top, trace=trace, exact=exact,
                                largest_error=top_error, trace_error=trace_error)  # fmt: skip
        found.append(place.end)
        yield JobReport(number + 1, len(places))
    return replace(answer, ends=tuple(found))


def line(context: ExplainContext, job: LineJob) -> Steps:
    """The job `LineJob`. Raises Unanswerable."""
    _at_rest(context)
    first, second = (point_of(context, *moment) for moment in (job.first, job.second))
    if first is None or second is None:
        raise Unanswerable(_("The end of one of these runs is not stored, or the run trained another graph."))
    return _along(first, second, job, Stamp(job.structure, job.revision, job.run, context.model.state.step))


def _along(first: Point, second: Point, job: LineJob, stamp: Stamp) -> Steps:
    yield JobReport()
    t = np.linspace(LOW, HIGH, POINTS)
    ways = torch.as_tensor(t, dtype=first.here.dtype, device=first.here.device).unsqueeze(1)
    places = (1 - ways) * first.here + ways * second.here
    values = first.values(torch.cat([places, first.here.unsqueeze(0), second.here.unsqueeze(0)])).double().cpu().numpy()
    distance = length(second.here.double() - first.here.double())
    one, other = float(values[-2]), float(values[-1])
    rounding = ROUNDINGS * float(torch.finfo(first.here.dtype).eps) * max(abs(one), abs(other))
    return Line(stamp, job.first, job.second, t, values[:-2], distance, (one, other), rounding)

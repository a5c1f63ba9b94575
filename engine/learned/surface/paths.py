"""The job `PathsJob`: the paths of runs in a plane, with their distance from it."""

from __future__ import annotations

import numpy as np

from engine.compile.views import Stamp
from engine.curvature.point import Point, point_at
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.surface import Floats, Frame, Numbers, Paths, PathsJob, RunPath
from engine.learned.track.walk import Walk, flat
from engine.numerics.job import JobReport, Steps
from engine.numerics.tensors import TensorError
from engine.training.compiled import RunError
from engine.training.run import Run
from engine.training.run_tree import KnownRun
from engine.training.state import State
from graph.model.trained_numbers import number_name
from graph.text.messages import _

MOST_OTHERS = 24
"""Runs beside the present one whose paths are shown: the newest."""
NEAR = 1e-9
"""What is nearer to the plane than this share of the numbers' size lies in it, up to round-off."""


def paths(context: ExplainContext, job: PathsJob) -> Steps:
    """The job. Raises Unanswerable."""
    point = point_at(context.model)
    frame = whole_frame(context, point, job.plane) if isinstance(job.plane, Numbers) else job.frame
    if frame is None:
        raise Unanswerable(_("The plane is not known yet."))
    stamp = Stamp(job.structure, job.revision, job.run, context.model.state.step)
    return _walked(context.run, point, frame, job, stamp)


def whole_frame(context: ExplainContext, point: Point, plane: Numbers) -> Frame:
    """The plane of two numbers among all trained ones: through the present numbers. Raises Unanswerable."""
    places, here = list(point.places), point.here.double().cpu().numpy().copy()
    units = np.zeros((2, len(here)))
    for row, place in enumerate((plane.x, plane.y)):
        if place not in places:
            name = number_name(context.graph, place)
            raise Unanswerable(_("{name} is not trained, so no run moves it.").format(name=name))
        at = places.index(place)
        units[row, at], here[at] = 1.0, 0.0
    return Frame((plane.x, plane.y), ((), ()), here, units[0], units[1])


def _walked(run: Run | None, point: Point, frame: Frame, job: PathsJob, stamp: Stamp) -> Steps:
    if run is None:
        raise Unanswerable(_("No step of this run is known yet. Make a training step first."))
    others = [path for path in _others(run, point, frame) if len(path.steps) > 1]
    own, why = None, ""
    try:
        walk = Walk(run, point)
        for made in walk.turns():
            yield JobReport(made, walk.last - walk.first)
        own = _seen(frame, run.id, walk.steps, walk.numbers, walk.stride == 1 and walk.first == 0)
    except (Unanswerable, RunError) as error:
        why = str(error)
    yield JobReport()
    return Paths(stamp, job.plane, own, tuple(others), why)


def _others(run: Run, point: Point, frame: Frame) -> list[RunPath]:
    """What is kept of other runs: their checkpoints, and the states that their files would have."""
    history, found = run.history, []
    for number in sorted((number for number in history.tree if number != run.id), reverse=True)[:MOST_OTHERS]:
        known = history.tree.get(number)
        states = _stored(known) if known is not None else {}
        for branch in history.checkpoints.branches.values():
            if branch.run == number:
                states |= {checkpoint.step: checkpoint.state for checkpoint in branch.held}
        rows = {step: row for step, state in sorted(states.items()) if (row := flat(state.parameters, point)) is not None}
        if rows:
            numbers = np.stack([row.double().cpu().numpy() for row in rows.values()])
            found.append(_seen(frame, number, list(rows), numbers, False))
    return found


def _stored(known: KnownRun) -> dict[int, State]:
    """The states that are stored of a run, without those of a file whose numbers cannot be read."""
    states = {}
    for step in known.states:
        try:
            state = known.state(step)
        except TensorError:
            continue
        if state is not None:
            states[step] = state
    return states


def _seen(frame: Frame, run: int, steps: list[int], numbers: Floats, whole: bool) -> RunPath:
    at, distance = frame.coordinates(numbers)
    sizes = np.linalg.norm(numbers, axis=1)
    return RunPath(run, tuple(steps), at, np.where(distance <= NEAR * np.maximum(sizes, 1.0), 0.0, distance), whole)

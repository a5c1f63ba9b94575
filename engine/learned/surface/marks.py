"""The job `MarksJob`: gradient and curvature along a plane, and the coming step seen in it."""

from __future__ import annotations

import numpy as np

from engine.compile.views import Stamp
from engine.curvature.point import Point, point_at
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.explain.update.answer import rehearse
from engine.learned.surface import Floats, Frame, Marks, MarksJob, Numbers
from engine.learned.surface.answer import values
from engine.learned.surface.frames import of_numbers, point_of
from engine.learned.surface.paths import whole_frame
from engine.learned.surface.planar import Planar
from engine.learned.track.walk import flat
from engine.numerics.job import JobReport, Steps
from engine.numerics.length import length
from engine.training.compiled import RunError
from engine.training.state import state_key
from graph.text.messages import _


def marks(context: ExplainContext, job: MarksJob) -> Steps:
    """The job. What it looks at is copied here, before its first turn. Raises Unanswerable."""
    point = point_of(context.model, job.plane, job.frame)
    frame = of_numbers(job.plane) if isinstance(job.plane, Numbers) else job.frame
    if frame is None:
        raise Unanswerable(_("The plane is not known yet."))
    step = _step(context, job, frame)
    return _marked(point, frame, job, step, Stamp(job.structure, job.revision, job.run, context.model.state.step))


def _marked(point: Point, frame: Frame, job: MarksJob, step: tuple[Floats, float] | None, stamp: Stamp) -> Steps:
    (at,), _distance = frame.coordinates(point.here.double().cpu().numpy()[None])
    planar = Planar(point, frame)
    value = float(values(point, frame, at[None])[0])
    yield JobReport()
    gradient, hessian = planar.gradient(at), planar.hessian(at)
    norm = length(planar.whole_gradient(at))
    descent = -np.linalg.pinv(planar.metric) @ gradient
    return Marks(stamp, job.plane, (float(at[0]), float(at[1])), value, gradient, hessian, descent, norm, *(step or (None, 0.0)))


def _step(context: ExplainContext, job: MarksJob, frame: Frame) -> tuple[Floats, float] | None:
    """The coming step in the plane's coordinates, and the distance from the plane after it; None where there is none."""
    if context.run is None or context.run.finished:
        return None
    try:
        point = point_at(context.model)
        if isinstance(job.plane, Numbers):
            frame = whole_frame(context, point, job.plane)
        made = rehearse(context.run)
    except (RunError, Unanswerable):
        return None
    after = {**context.model.state.parameters, **{state_key(key): tensor for key, tensor in made.new.items()}}
    row = flat(after, point)
    if row is None:
        return None
    both = np.stack([point.here.double().cpu().numpy(), row.double().cpu().numpy()])
    at, distance = frame.coordinates(both)
    return at[1] - at[0], float(distance[1])

"""The job `StationaryJob`: where the objective is stationary in a plane, found by Newton's method and classified."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from engine.compile.views import Stamp
from engine.curvature.point import Point
from engine.curvature.spectrum.definite import EPSILON, stationary
from engine.curvature.spectrum.eigen import eigen
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.surface import Floats, Frame, Numbers, StationaryJob, StationaryPoint, StationaryPoints
from engine.learned.surface.answer import values
from engine.learned.surface.frames import of_numbers, point_of
from engine.learned.surface.planar import Planar
from engine.numerics.job import JobReport, Steps, reported
from engine.numerics.length import length
from graph.text.messages import _

SIDE = 33
"""Points along each side of the grid on which Newton's method is started."""
STARTS, ITERATIONS, MOST = 24, 40, 16
"""Starts at most, Newton steps from each, and points that are told at most."""
APART = 0.02
"""Points nearer to each other than this share of the box are one."""
ZERO = 1e-8
"""An eigenvalue of a point that was found counts as 0 up to this share of the largest: the place is known to about this precision."""


def find(context: ExplainContext, job: StationaryJob) -> Steps:
    """The job. Raises Unanswerable."""
    point = point_of(context.model, job.plane, job.frame)
    frame = of_numbers(job.plane) if isinstance(job.plane, Numbers) else job.frame
    if frame is None:
        raise Unanswerable(_("The plane is not known yet."))
    return _found(point, frame, job, Stamp(job.structure, job.revision, job.run, context.model.state.step))


def _found(point: Point, frame: Frame, job: StationaryJob, stamp: Stamp) -> Steps:
    low, high = np.array(job.box[::2]), np.array(job.box[1::2])
    planar, span = Planar(point, frame), high - low
    starts = _starts(point, frame, low, high)
    yield JobReport()
    found: list[StationaryPoint] = []
    for done, start in enumerate(starts):
        at = yield from reported(_newton(planar, start, low, high))
        new = at is not None and all(np.abs((at - np.array(other.at)) / span).max() > APART for other in found)
        if at is not None and new and (classified := _classified(point, frame, planar, at)) is not None:
            found.append(classified)
        yield JobReport(done + 1, len(starts))
        if len(found) == MOST:
            break
    order = {"minimum": 0, "saddle": 1, "maximum": 2}
    found.sort(key=lambda each: (order.get(each.kind, 3), each.value))
    return StationaryPoints(stamp, job.plane, tuple(found))


def _starts(point: Point, frame: Frame, low: Floats, high: Floats) -> Floats:
    """Places (N, 2) where the slope between neighbours on a grid is smaller than around, the flattest first."""
    xs, ys = (np.linspace(low[i], high[i], SIDE) for i in (0, 1))
    grid = np.stack([axis.reshape(-1) for axis in np.meshgrid(xs, ys)], axis=1)
    f = values(point, frame, grid).reshape(SIDE, SIDE)
    with np.errstate(invalid="ignore", over="ignore"):
        up, across = np.gradient(f, ys, xs)
        steep = np.hypot(across, up)
    steep = np.where(np.isfinite(steep), steep, np.inf)
    padded = np.pad(steep, 1, constant_values=np.inf)
    around = np.min([padded[1 + j : SIDE + 1 + j, 1 + i : SIDE + 1 + i] for j in (-1, 0, 1) for i in (-1, 0, 1) if i or j], axis=0)
    flat = np.flatnonzero((steep <= around) & np.isfinite(steep))
    places: Floats = grid[flat[np.argsort(steep.reshape(-1)[flat], kind="stable")]][:STARTS]
    return places


def _newton(planar: Planar, start: Floats, low: Floats, high: Floats) -> Generator[None, None, Floats | None]:
    """The stationary point that Newton's method finds from a place, None where it finds none in the box. It yields after each step."""
    at, longest = start.copy(), float(np.abs(high - low).max()) / 8
    gradient = planar.gradient(at)
    first = float(np.linalg.norm(gradient))
    for _iteration in range(ITERATIONS):
        if not np.isfinite(gradient).all():
            return None
        hessian = planar.hessian(at)
        if not np.isfinite(hessian).all():
            return None
        step = -np.linalg.pinv(hessian, rcond=1e-12) @ gradient
        size = float(np.linalg.norm(step))
        if size <= 1e-13 * float(1 + np.abs(at).max()):
            break
        at = at + step * min(1.0, longest / size)
        if ((at < low - longest) | (at > high + longest)).any():
            return None
        gradient = planar.gradient(at)
        yield
    norm = float(np.linalg.norm(gradient))
    inside = ((at >= low) & (at <= high)).all()
    return at if inside and (norm <= EPSILON * min(1.0, max(first, 1e-6)) or norm <= 1e-12) else None


def _classified(point: Point, frame: Frame, planar: Planar, at: Floats) -> StationaryPoint | None:
    """None where the Hessian is not finite."""
    whole = planar.whole_gradient(at)
    norm = float(np.linalg.norm(planar.gradient(at)))
    spectrum = eigen(planar.hessian(at))
    if spectrum is None:
        return None
    tolerance = max(spectrum.tolerance, ZERO * float(np.abs(spectrum.values).max()))
    kind = stationary(spectrum.values, tolerance, norm)
    value = float(values(point, frame, at[None])[0])
    first, second = (float(each) for each in spectrum.values)
    return StationaryPoint((float(at[0]), float(at[1])), value, (first, second), kind, norm, length(whole))

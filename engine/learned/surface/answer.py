"""The objective on a grid over a plane: many networks evaluated at once."""

from __future__ import annotations

import math
import time

import numpy as np
import torch
from torch import Tensor

from engine.compile.views import Stamp
from engine.curvature.point import Point
from engine.explain.context import ExplainContext
from engine.learned.surface import Box, Floats, Frame, Surface, SurfaceJob
from engine.learned.surface.frames import Directions, derive, point_of
from engine.numerics.job import JobReport, Steps

SECONDS, FEWEST, MOST = 1.5, 21, 401
"""Where the objective is dear, a surface has fewer points: as many as fit into this time, but so many along each axis."""
WIDEST = 8e307
"""A plane ends there, so that its width is a finite number."""
AT_ONCE = 256
"""Points that are evaluated between two reports, at most: few enough that their numbers stay in the processor's cache."""


def surface(context: ExplainContext, job: SurfaceJob) -> Steps:
    """The job. What it evaluates is copied here, before its first turn. Raises Unanswerable."""
    model = context.model
    stamp = Stamp(job.structure, job.revision, job.run, model.state.step)
    point = point_of(model, job.plane, job.frame)
    return _evaluated(point, job, derive(context, job.plane, job.frame, point), stamp)


def _evaluated(point: Point, job: SurfaceJob, deriving: Steps, stamp: Stamp) -> Steps:
    directions: Directions = yield from deriving
    frame = directions.frame
    (here,), (distance,) = frame.coordinates(point.here.double().cpu().numpy()[None])
    u, v = (float(number) for number in here)
    box = job.box or directions.box or around(u, v)
    value = float(values(point, frame, here[None])[0])
    yield JobReport()
    xs, ys, f = yield from _grid(point, frame, box, max(2, min(job.points, MOST)))
    scale = float(np.linalg.norm(point.here.double().cpu().numpy()))
    if distance <= 1e-9 * max(scale, 1.0):  # round-off of the projection
        distance = 0.0
    return Surface(stamp, job.plane, directions.names, xs, ys, f, (u, v, value), point.rows, frame, float(distance),
                   directions.eigenvalues, directions.shares)  # fmt: skip


def values(point: Point, frame: Frame, places: np.ndarray) -> np.ndarray:
    """(N,) values of the objective at places (N, 2) of the plane. Raises Unanswerable."""
    return point.values(numbers_at(point, frame, places)).double().cpu().numpy()


def numbers_at(point: Point, frame: Frame, places: np.ndarray) -> Tensor:
    """The numbers (N, p) at places (N, 2) of a plane, as the network has them."""
    return torch.as_tensor(frame.place(places[:, :1], places[:, 1:]), dtype=point.here.dtype, device=point.here.device)


def _grid(point: Point, frame: Frame, box: Box, wanted: int) -> Steps:
    """(xs, ys, f) on a grid with `wanted` points along each axis, or with as many as take no longer than `SECONDS`, as far as the first
    piece of it tells."""
    at_once, count, began = min(point.at_once, AT_ONCE), wanted, time.perf_counter()
    low, grid, f = 0, *_places(box, count)
    while low < len(f):
        f[low : low + at_once] = values(point, frame, grid[low : low + at_once])
        if not low:
            each = (time.perf_counter() - began) / min(at_once, len(f))
            count = max(min(wanted, FEWEST), min(wanted, int(math.sqrt(SECONDS / max(each, 1e-9)))))
            if count < wanted:
                wanted = count
                grid, f = _places(box, count)
                began = time.perf_counter()
                continue
        low += at_once
        yield JobReport(low, len(f))
    return grid[:count, 0].copy(), grid[::count, 1].copy(), f.reshape(count, count)


def _places(box: Box, count: int) -> tuple[Floats, Floats]:
    """The points (N, 2) of a grid, row by row, and room for their values."""
    xs, ys = np.linspace(box[0], box[1], count), np.linspace(box[2], box[3], count)
    return np.stack([axis.reshape(-1) for axis in np.meshgrid(xs, ys)], axis=1), np.empty(count * count)


def around(x: float, y: float, reach: float = 1.0) -> Box:
    """A plane about a place: with it in the middle, and 0 in sight where it is near."""
    wide, high = (max(reach, 1.5 * abs(at)) if np.isfinite(at) else reach for at in (x, y))
    x, y = (at if np.isfinite(at) else 0.0 for at in (x, y))
    left, right, low, high = (min(max(end, -WIDEST), WIDEST) for end in (x - wide, x + wide, y - high, y + high))
    return left, right, low, high

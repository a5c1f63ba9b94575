"""The Hessian at the network's present numbers, its eigenvalues, and Newton's step."""

from __future__ import annotations

import numpy as np
import torch

from engine.compile.views import Stamp
from engine.curvature.point import Point, point_at
from engine.curvature.spectrum import EXACT, Eigen, Floats, Hessian, HessianJob, NewtonStep
from engine.curvature.spectrum.eigen import eigen
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.numerics.job import JobReport, Steps
from graph.model.trained_numbers import trained_name
from graph.text.messages import _

AT_ONCE = 64
"""Columns of the Hessian that are computed between two reports, at most."""


def hessian(context: ExplainContext, job: HessianJob) -> Steps:
    """The job. What it differentiates is copied here, before its first turn. Raises Unanswerable."""
    model = context.model
    point = point_at(model, job.of or None)
    count = len(point.here)
    if count > EXACT:
        text = _("The objective depends on {count} numbers. The Hessian is computed for up to {most}: choose some of them.")
        raise Unanswerable(text.format(count=f"{count:,}", most=EXACT))
    names = tuple(trained_name(model.graph, place) for place in point.places)
    return _computed(point, job, names, Stamp(job.structure, job.revision, job.run, model.state.step))


def _computed(point: Point, job: HessianJob, names: tuple[str, ...], stamp: Stamp) -> Steps:
    value, gradient = float(point.value()), _numbers(point.gradient())
    yield JobReport()
    unit, rows = torch.eye(len(point.here), dtype=point.here.dtype, device=point.here.device), list[Floats]()
    for some in unit.split(AT_ONCE):
        rows.append(_numbers(point.products(some)))
        yield JobReport(sum(map(len, rows)), len(unit))
    matrix = np.concatenate(rows)
    found = eigen(matrix, float(torch.finfo(point.here.dtype).eps))
    step = newton(point, found, gradient) if found is not None else None
    return Hessian(stamp, job.of, point.places, names, _numbers(point.here), value, gradient, matrix, point.rows, found, step)


def newton(point: Point, found: Eigen, gradient: Floats) -> NewtonStep | None:
    """Newton's step by all eigenpairs; None where the gradient is not finite."""
    if not np.isfinite(gradient).all():
        return None
    slopes = found.vectors.T @ gradient
    curved = abs(found.values) > found.tolerance
    moves = np.full(len(slopes), np.nan)
    moves[curved] = -slopes[curved] / found.values[curved]
    along = np.where(curved, moves, 0.0)
    direction = found.vectors @ along
    predicted = float(slopes @ along + (found.values * along * along).sum() / 2)
    reached = float(point.value(point.here + torch.as_tensor(direction, dtype=point.here.dtype, device=point.here.device)))
    return NewtonStep(direction, slopes, moves, not bool(curved.all()), predicted, reached)


def _numbers(tensor: torch.Tensor) -> Floats:
    return tensor.detach().double().cpu().numpy().copy()

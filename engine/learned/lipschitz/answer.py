"""Measures Lipschitz constants of the gradient at the present numbers and along the run, and puts the bounds of theory beside them."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from engine.compile.views import Stamp
from engine.curvature.convex import ConvexJob, ConvexProblem
from engine.curvature.convex.answer import convex
from engine.curvature.largest import largest
from engine.curvature.point import Point, point_at
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.lipschitz import Constant, Lipschitz, LipschitzJob
from engine.learned.lipschitz.network import network_constants
from engine.learned.track.walk import Walk
from engine.numerics.job import JobReport, Steps, reported
from engine.training.compiled import RunError
from graph.text.messages import _, ngettext

MOST = 2000
"""Steps before the present one that are made again."""
PLACES, CURVED = 60, 16
"""Iterates that are compared with one another, and those at which the Hessian is computed, at most."""
EXACT = 500
"""Numbers up to which all eigenvalues are computed."""
RESOLVED = 1e-6
"""Two iterates nearer than this share of their size are not compared: their difference would be round-off."""


def lipschitz(context: ExplainContext, job: LipschitzJob) -> Steps:
    """The job. What it replays and the objective are copied here, before its first turn. Raises Unanswerable."""
    point = point_at(context.model)
    try:
        path = Walk(context.run, point, MOST) if context.run is not None else None
    except (Unanswerable, RunError):  # no step was made, or none can be made again
        path = None
    stamp = Stamp(job.structure, job.revision, job.run, context.model.state.step)
    problem = convex(context, ConvexJob(job.structure, job.revision, job.run))
    return _measured(point, path, problem, network_constants(context.model), stamp)


def _measured(point: Point, path: Walk | None, known: Steps, inputs: Steps, stamp: Stamp) -> Steps:
    problem: ConvexProblem = yield from known
    places: list[Tensor] = []
    if path is not None:
        for made in path.turns():
            yield JobReport(made, path.last - path.first)
        walked = torch.from_numpy(path.numbers).to(point.here)
        places = _spread([place for place in walked if bool(torch.isfinite(place).all())], PLACES)
    rows = [Constant(_("Curvature at the present numbers"), (yield from _size(point, point.here)), "at least", "‖∇²f(θ)‖ = max |λ|")]
    if places:
        chosen = _spread(places, CURVED)
        sizes = []
        for place in chosen:
            sizes.append((yield from _size(point, place)))
        text = ngettext("Curvature along the run, at {n} iterate", "Curvature along the run, at {n} iterates", len(chosen))
        rows.append(Constant(text.format(n=len(chosen)), float(np.max(sizes)), "at least", "max ‖∇²f(θₜ)‖"))
    if len(places) > 1:
        ratio, pairs = yield from _secants(point, places)
        text = ngettext("Between the iterates, {n:,} pair", "Between the iterates, {n:,} pairs", pairs)
        if pairs:
            rows.append(Constant(text.format(n=pairs), ratio, "at least", "‖∇f(x) − ∇f(y)‖ / ‖x − y‖"))
    if problem.kind and problem.lipschitz is not None:
        exact = problem.lipschitz_is == "exact"
        title = _("The lecture’s constant for this problem") if exact else _("The lecture’s bound for this problem")
        rows.append(Constant(title, problem.lipschitz, "exactly" if exact else "at most", problem.lecture))
    constants = yield from inputs
    return Lipschitz(stamp, tuple(rows), *constants)


def _spread(places: list[Tensor], most: int) -> list[Tensor]:
    """At most so many of them, the first and the last among them."""
    if len(places) <= most:
        return places
    return [places[round(i * (len(places) - 1) / (most - 1))] for i in range(most)]


def _size(point: Point, place: Tensor) -> Steps:
    """‖∇²f‖: the largest size of an eigenvalue."""
    yield JobReport()
    if len(place) <= EXACT:
        matrix = point.hessian(place).double()
        if not bool(torch.isfinite(matrix).all()):
            return math.nan
        return float(torch.linalg.eigvalsh((matrix + matrix.T) / 2).abs().max())
    start = torch.linspace(-1, 1, len(place), dtype=torch.float64) + 0.1
    found = []
    for sign in (1.0, -1.0):
        steps = largest(lambda v, sign=sign: sign * point.product(v.to(place), place).double().cpu(), start, 1e-4, 4, 60)  # type: ignore[misc]
        found.append((yield from reported(steps)).value)
    return float(np.max(found))  # NaN where one is


def _secants(point: Point, places: list[Tensor]) -> Steps:
    """(the largest ratio over all pairs, how many pairs were far enough apart)."""
    gradients = []
    for place in places:
        gradients.append(point.gradient(place).double().cpu())
        yield JobReport()
    x, g = torch.stack(places).double().cpu(), torch.stack(gradients)
    apart, changed = torch.cdist(x, x), torch.cdist(g, g)
    far = apart > RESOLVED * float(x.norm(dim=1).max())
    above = torch.triu(far, diagonal=1)
    if not bool(above.any()):
        return math.nan, 0
    return float((changed[above] / apart[above]).max()), int(above.sum())

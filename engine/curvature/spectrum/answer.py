"""The Hessian at the network's present numbers, its eigenvalues, and Newton's step."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from engine.compile.views import Stamp
from engine.curvature.point import Point, point_at
from engine.curvature.spectrum import EXACT, LEADING, PARTS, Density, Eigen, Floats, Hessian, HessianJob, NewtonStep, Parts, Tensors
from engine.curvature.spectrum.definite import stationary
from engine.curvature.spectrum.density import density
from engine.curvature.spectrum.eigen import eigen, oriented
from engine.curvature.spectrum.lanczos import Pairs, extremes
from engine.curvature.spectrum.saddle import MOST as MOST_STRICT
from engine.curvature.spectrum.saddle import strictness
from engine.explain.context import ExplainContext
from engine.numerics.job import JobReport, Steps, reported
from engine.numerics.length import length
from engine.numerics.threads import threaded
from graph.model.graph import Graph
from graph.model.trained_numbers import trained_name

AT_ONCE = 64
"""Columns of the Hessian that are computed between two reports, at most."""
PRECISE, MOST = 1e-8, 300
"""Lanczos' method ends where the error is this share of the largest eigenvalue, or after so many products."""
PROBES, FEWEST, STEPS = 10, 3, 60
"""Random directions of the density at most and at least, and products of each."""
SECONDS = 3.0
"""Fewer directions are taken where more would take longer."""


def hessian(context: ExplainContext, job: HessianJob) -> Steps:
    """The job. What it differentiates is copied here, before its first turn. Raises Unanswerable."""
    point, graph = point_at(context.model, job.of or None), context.graph
    stamp = Stamp(job.structure, job.revision, job.run, context.model.state.step)
    return threaded(_computed(_Work(point, graph, job, stamp)), context.model.compiled.threads)


class _Work:
    """What the parts of the answer are made of."""

    def __init__(self, point: Point, graph: Graph, job: HessianJob, stamp: Stamp) -> None:
        self.point, self.graph, self.job, self.stamp = point, graph, job, stamp
        self.count = len(point.here)
        self.value, self.gradient = float(point.value()), _numbers(point.gradient())
        names, sizes = zip(*((trained_name(graph, address), size) for address, size in point.tensors), strict=True)
        self.tensors = Tensors(names, sizes)

    def name(self, i: int) -> str:
        return trained_name(self.graph, self.point.place(i))

    def answer(
        self, matrix: Floats | None, found: Eigen | None, newton: NewtonStep | None, thick: Density | None = None,
        exact: Floats | None = None,
    ) -> Hessian:  # fmt: skip
        count, point = self.count, self.point
        vectors = found.vectors if found is not None else np.zeros((count, 0))
        slopes, moves = along(found, self.gradient) if found is not None else (np.zeros(0), np.zeros(0))
        cuts = np.cumsum([0, *self.tensors.sizes[:-1]])
        shares = np.add.reduceat(vectors**2, cuts, axis=0).T if count else np.zeros((0, 0))
        parts = tuple(self._parts(vectors[:, k]) for k in range(vectors.shape[1]))
        if found is not None and matrix is None:  # too large to travel
            found = Eigen(found.values, np.zeros((0, len(found.values))), found.tolerance, found.complete, found.errors, found.products)
        return Hessian(
            self.stamp, self.job.of, "exact" if thick is None else "lanczos", count, self.tensors,
            tuple(map(self.name, range(count))) if matrix is not None else (), self.value, length(torch.from_numpy(self.gradient)),
            point.rows, point.place(0).kind == "output", matrix, found, parts, shares, slopes, moves, newton, thick, exact,
        )  # fmt: skip

    def _parts(self, vector: Floats) -> Parts:
        order = np.argsort(-abs(vector), kind="stable")[:PARTS]
        return tuple((self.name(int(i)), float(vector[i])) for i in order)


def _computed(work: _Work) -> Steps:
    if work.count > EXACT:
        return (yield from _large(work, None))
    matrix = yield from _matrix(work.point)
    found = eigen(matrix, float(torch.finfo(work.point.here.dtype).eps))
    if work.job.method == "lanczos" and found is not None:
        return (yield from _large(work, (matrix, found)))
    if found is None:
        return work.answer(matrix, None, None)
    answer = work.answer(matrix, found, newton(work.point, found, work.gradient))
    if work.count <= MOST_STRICT and stationary(found.values, found.tolerance, answer.gradient) == "saddle":
        return replace(answer, strict=(yield from reported(strictness(work.point, found), 0)))
    return answer


def _matrix(point: Point) -> Generator[JobReport, None, Floats]:
    unit, rows = torch.eye(len(point.here), dtype=point.here.dtype, device=point.here.device), list[Floats]()
    for some in torch.split(unit, AT_ONCE):
        rows.append(_numbers(point.products(some)))
        yield JobReport(sum(map(len, rows)), len(unit))
    return np.concatenate(rows)


def _large(work: _Work, exact: tuple[Floats, Eigen] | None) -> Steps:
    """Lanczos' method and the density; with the Hessian itself, if it is known, to compare with."""
    point, began, spent = work.point, time.perf_counter(), 0.0

    def products(rows: Tensor) -> Tensor:
        return point.products(rows.to(point.here)).double().cpu()

    def timed(row: Tensor) -> Tensor:
        nonlocal spent, began
        began = time.perf_counter()
        image = point.product(row.to(point.here)).double().cpu()
        spent += time.perf_counter() - began
        return image

    pairs = yield from reported(extremes(timed, work.count, LEADING, PRECISE, MOST), MOST)
    if pairs is None:
        return work.answer(exact[0] if exact else None, None, None)
    probes = int(min(max(SECONDS / (STEPS * spent / pairs.products + 1e-9), FEWEST), PROBES))
    thick = yield from reported(density(products, work.count, probes, STEPS), probes * STEPS)
    found = _eigen(pairs, float(torch.finfo(point.here.dtype).eps) * work.count)
    if exact is None:
        return work.answer(None, found, None, thick)
    return work.answer(exact[0], found, None, thick, exact[1].values)


def _eigen(pairs: Pairs, unit: float) -> Eigen:
    scale = float(abs(pairs.values).max(initial=0.0))
    tolerance = max(unit * scale, float(pairs.errors.max(initial=0.0)))
    return Eigen(pairs.values, oriented(pairs.vectors), tolerance, pairs.complete, pairs.errors, pairs.products)


def along(found: Eigen, gradient: Floats) -> tuple[Floats, Floats]:
    """⟨vᵢ, g⟩ and −⟨vᵢ, g⟩/λᵢ, which is NaN where λᵢ counts as 0."""
    slopes = found.vectors.T @ gradient
    moves = np.full(len(slopes), np.nan)
    curved = abs(found.values) > found.tolerance
    moves[curved] = -slopes[curved] / found.values[curved]
    return slopes, moves


def newton(point: Point, found: Eigen, gradient: Floats) -> NewtonStep | None:
    """Newton's step by all eigenpairs; None where the gradient is not finite."""
    if not np.isfinite(gradient).all():
        return None
    slopes, moves = along(found, gradient)
    steps = np.nan_to_num(moves)
    direction = found.vectors @ steps
    predicted = float(slopes @ steps + (found.values * steps * steps).sum() / 2)
    reached = float(point.value(point.here + torch.as_tensor(direction, dtype=point.here.dtype, device=point.here.device)))
    return NewtonStep(direction, bool(np.isnan(moves).any()), predicted, reached)


def _numbers(tensor: Tensor) -> Floats:
    return tensor.detach().double().cpu().numpy().copy()

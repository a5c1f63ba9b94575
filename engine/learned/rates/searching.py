"""The minimum that lies downhill of a place: by Newton's method for few numbers, by L-BFGS for many."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.curvature.point import Point
from engine.numerics.length import length as norm
from graph.text.messages import _

LARGEST_HESSIAN = 300
"""Numbers up to which Newton's method is used, and all eigenvalues are computed."""
SECONDS = 2.0
"""Of one search, at most."""
STEPS, HALVINGS = 200, 40
SINGULAR = 1e-9
"""An eigenvalue is taken to have at least this share of the largest one's size: along those that are 0, a step stays finite."""
AWAY = 1e-3
"""How far a search leaves a saddle along the eigenvector of its negative eigenvalue, as a share of the place's size."""
UNBOUNDED = -1e30


@dataclass(slots=True)
class Found:
    """Where a search ended: the place (p,), f and ‖∇f‖ there, `how` it was found, and the ends of the Hessian's spectrum, NaN unless
    they were computed. `exact`: it was not searched for but follows from the problem."""

    place: Tensor
    value: float
    slope: float
    how: str
    low: float = math.nan
    high: float = math.nan
    exact: bool = False


def minimum(point: Point, start: Tensor) -> Iterator[Found]:
    """The place so far, again and again; the last one is where the search ends. Raises Unanswerable."""
    search = _newton if len(start) <= LARGEST_HESSIAN else _lbfgs
    found = None
    for found in search(point, start, time.perf_counter() + SECONDS):  # noqa: B007
        yield found
    if found is not None:
        yield with_spectrum(point, found)


def with_spectrum(point: Point, found: Found) -> Found:
    """The same with the ends of the Hessian's spectrum, where there are few numbers."""
    if len(found.place) <= LARGEST_HESSIAN and math.isfinite(found.value):
        matrix = _symmetric(point.hessian(found.place))
        if bool(torch.isfinite(matrix).all()):
            values = torch.linalg.eigvalsh(matrix)
            found.low, found.high = float(values[0]), float(values[-1])
    return found


def _symmetric(matrix: Tensor) -> Tensor:
    return (matrix + matrix.T) / 2


def _newton(point: Point, place: Tensor, until: float) -> Iterator[Found]:
    how = _("Newton’s method from the lowest point of the run.")
    value, gradient = point.value_and_gradient(place)
    left = False
    for _step in range(STEPS):
        yield Found(place, float(value), norm(gradient), how)
        if time.perf_counter() > until or not math.isfinite(float(value)) or float(value) < UNBOUNDED:
            return
        matrix = _symmetric(point.hessian(place))
        if not bool(torch.isfinite(matrix).all()):
            return
        values, vectors = torch.linalg.eigh(matrix)
        size = values.abs().clamp_min(SINGULAR * float(values.abs().max()) or 1.0)
        move = -(vectors @ ((vectors.T @ gradient) / size))
        better = _lower(point, place, value, gradient, move)
        if better is None and not left and float(values[0]) < -1e-6 * float(values.abs().max()):
            left, length = True, AWAY * (1 + float(place.norm()))
            tried = [(*point.value_and_gradient(place + sign * length * vectors[:, 0]), sign) for sign in (1, -1)]
            lowest, slope, sign = min(tried, key=lambda each: float(each[0]))
            if float(lowest) < float(value):
                better = place + sign * length * vectors[:, 0], lowest, slope
        if better is None:
            return
        place, value, gradient = better


def _lower(point: Point, place: Tensor, value: Tensor, gradient: Tensor, move: Tensor) -> tuple[Tensor, Tensor, Tensor] | None:
    """The first of `move` and its halves that leads lower, or as low with a smaller gradient; None where none does."""
    share, slope = 1.0, float(gradient.norm())
    for _half in range(HALVINGS):
        there = place + share * move
        if torch.equal(there, place):
            return None
        lower, steep = point.value_and_gradient(there)
        if float(lower) < float(value) or (float(lower) == float(value) and float(steep.norm()) < 0.5 * slope):
            return there, lower, steep
        share /= 2
    return None


def _lbfgs(point: Point, place: Tensor, until: float) -> Iterator[Found]:
    how = _("L-BFGS from the lowest point of the run.")
    moved = place.clone().requires_grad_(True)
    optimizer = torch.optim.LBFGS([moved], max_iter=4, history_size=20, line_search_fn="strong_wolfe", tolerance_change=0.0)

    def closure() -> Tensor:
        value, gradient = point.value_and_gradient(moved.detach())
        moved.grad = gradient.clone()
        return value

    best: Found | None = None
    for _step in range(STEPS):
        value, gradient = point.value_and_gradient(moved.detach())
        now = Found(moved.detach().clone(), float(value), norm(gradient), how)
        if best is not None and not now.value < best.value:
            return
        best = now
        yield best
        if time.perf_counter() > until or now.value < UNBOUNDED:
            return
        with torch.enable_grad():
            optimizer.step(closure)  # type: ignore[no-untyped-call]

"""How strict a saddle point is: its negative curvature, how far that reaches, and how long the gradient is at that distance.

Ge, Huang, Jin and Yuan, "Escaping from Saddle Points: Online Stochastic Gradient for Tensor Decomposition" (COLT 2015): a function is
strict saddle if every point has a gradient of at least α, an eigenvalue of at most −γ, or lies near a local minimum. That is about all
points; what is measured here is about the surroundings of one saddle point, in a number of directions, and proves nothing for the others.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import torch
from torch import Tensor

from engine.curvature.point import Point
from engine.curvature.spectrum import Eigen, Floats, StrictSaddle
from engine.numerics.length import length

MOST = 30
"""With more numbers, it is not measured."""
RANDOM = 12
"""Random directions, beside those of the lowest and the largest eigenvalue and their opposites."""
FIRST, GROWTH, LAST = 1e-2, 2.0, 50.0
"""Distances that are tried, as parts of the distance from 0 or of 1, whichever is longer."""
HALVINGS = 12


def strictness(point: Point, found: Eigen) -> Generator[None, None, StrictSaddle]:
    """Around the saddle point where `point` is, whose Hessian has the eigenpairs `found`."""
    gamma = -float(found.values[-1])
    directions = _directions(found)
    low, high = 0.0, FIRST * max(1.0, length(point.here))
    end = high * LAST / FIRST
    while high < end:
        enough = yield from _bends(point, directions, high, -gamma / 2)
        if not enough:
            break
        low, high = high, high * GROWTH
    unbounded = high >= end
    for _halving in range(0 if unbounded else HALVINGS):
        middle = (low + high) / 2
        enough = yield from _bends(point, directions, middle, -gamma / 2)
        low, high = (middle, high) if enough else (low, middle)
    norms = [length(point.gradient(_place(point, low, direction))) for direction in directions]
    return StrictSaddle(gamma, low, min(norms), len(directions), unbounded)


def _directions(found: Eigen) -> list[Floats]:
    drawn = np.random.default_rng(0).standard_normal((RANDOM, len(found.vectors)))
    rows = [row / np.linalg.norm(row) for row in drawn]
    return rows + [sign * found.vectors[:, i] for i in (0, -1) for sign in (1.0, -1.0)]


def _place(point: Point, distance: float, direction: Floats) -> Tensor:
    return point.here + distance * torch.as_tensor(direction, dtype=point.here.dtype, device=point.here.device)


def _bends(point: Point, directions: list[Floats], distance: float, bound: float) -> Generator[None, None, bool]:
    """Whether the lowest eigenvalue is at most `bound` at this distance in every direction."""
    for direction in directions:
        matrix = point.hessian(_place(point, distance, direction)).double().cpu().numpy()
        yield
        if not np.isfinite(matrix).all() or float(np.linalg.eigvalsh((matrix + matrix.T) / 2)[0]) > bound:
            return False
    return True

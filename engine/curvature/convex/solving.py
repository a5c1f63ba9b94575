"""The least value of a convex function in canonical form: least squares, Newton's method; an interior-point method where it has kinks."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from engine.curvature.convex.canonical import Array, Canonical

Method = Literal["least squares", "linear equations", "newton", "interior point"]
RANK = 1e-11
"""Eigenvalues below this share of the largest count as 0."""
ROUNDING = 1e-12
"""A constant of this size is what is left of f(0) by round-off."""
NEWTON_STEPS, INTERIOR_STEPS = 200, 100


class NoMinimum(Exception):
    """There is no least value, or none was found; `infimum` is what the function approaches where that is known."""

    def __init__(self, why: Literal["unbounded", "separable", "not found", "mixed", "not convex"], infimum: float | None = None) -> None:
        super().__init__(why)
        self.why, self.infimum = why, infimum


@dataclass(frozen=True, slots=True)
class Solution:
    """`x` (p,) with its value; `flat` (p, k) spans the directions along which f does not change from there, as far as the curvature
    says so (None where kinks decide). `gap` bounds f(x) − f* where the method gives a bound."""

    x: Array
    value: float
    method: Method
    steps: int
    flat: Array | None
    gap: float | None = None


Search = Generator[None, None, Solution]
"""It yields before each step of a method that needs several."""


def solve(f: Canonical) -> Search:
    """The minimum. Raises NoMinimum."""
    found = yield from _solve(f)
    return replace(found, x=found.x + 0.0)  # no −0


def _solve(f: Canonical) -> Search:
    spectrum = np.linalg.eigvalsh(f.quadratic()) if f.p else np.zeros(1)
    if spectrum[0] < -RANK * max(abs(spectrum[-1]), abs(spectrum[0])):
        raise NoMinimum("not convex")
    if f.only_quadratic:
        return _quadratic(f)
    if f.smooth:
        return (yield from _newton(f))
    if f.scores or f.classes:
        raise NoMinimum("mixed")
    return (yield from _interior(f))


def _quadratic(f: Canonical) -> Solution:
    """Least squares by a factorization of R itself, any other quadratic by its Hessian."""
    if f.squares and not f.linear.any() and not f.hessian.any():
        rows = np.concatenate([rows for rows, _offset in f.squares])
        offset = np.concatenate([offset for _rows, offset in f.squares])
        x = np.linalg.lstsq(rows, -offset, rcond=None)[0]
        square = np.linalg.qr(rows, mode="r") if len(rows) > f.p else rows  # of as many rows as columns at most: the same singular values
        _u, sizes, across = np.linalg.svd(square, full_matrices=True)
        rank = int(np.sum(sizes > max(rows.shape) * np.finfo(float).eps * sizes.max(initial=0.0)))
        return Solution(x, f.value(x), "least squares", 1, across[rank:].T)
    zero = np.zeros(f.p)
    x, flat = _pseudo(f.quadratic(), -f.gradient(zero))
    left = f.gradient(x)
    if np.linalg.norm(left) > 1e-9 * max(1.0, float(np.linalg.norm(f.gradient(zero)))):
        raise NoMinimum("unbounded", -np.inf)
    return Solution(x, f.value(x), "linear equations", 1, flat)


def _pseudo(matrix: Array, right: Array) -> tuple[Array, Array]:
    """(the shortest solution of Hx = b, the directions (p, k) in which H is flat)."""
    values, vectors = np.linalg.eigh(matrix)
    curved = values > RANK * max(values[-1], 0.0)
    if values[-1] <= 0:
        curved[:] = False
    part = vectors[:, curved]
    return part @ ((part.T @ right) / values[curved]), vectors[:, ~curved]


def _newton(f: Canonical) -> Search:
    """Newton's method from 0: with backtracking while f falls by more than round-off, then full steps until the gradient shrinks no
    further."""
    x = np.zeros(f.p)
    scale = max(1.0, float(np.linalg.norm(f.gradient(x))))
    for steps in range(NEWTON_STEPS):
        yield
        if _separates(f, x):
            raise NoMinimum("separable", f.constant if abs(f.constant) > ROUNDING else 0.0)
        value, slope = f.value(x), f.gradient(x)
        step, flat = _pseudo(f.second(x), -slope)
        decrement = -float(slope @ step)
        if decrement <= 1e-10 * max(1.0, abs(value)):
            if np.linalg.norm(f.gradient(x + step)) < 0.5 * np.linalg.norm(slope):
                x = x + step
                continue
            if np.linalg.norm(slope) > 1e-10 * scale:
                break
            return Solution(x, value, "newton", steps, flat)
        size = 1.0
        while size > 1e-10 and not f.value(x + size * step) <= value - 1e-4 * size * decrement:
            size /= 2
        x = x + size * step
    raise NoMinimum("not found")


def _separates(f: Canonical, x: Array) -> bool:
    """Whether x classifies every sample of a problem without penalty, with room to spare: then f falls towards its constant along x for
    ever."""
    if f.squares or f.hessian.any() or f.linear.any() or not x.any():
        return False
    for rows, _offset, target, _weight in f.scores:
        sign = np.where(target >= 1, 1.0, -1.0)
        if not (np.isin(target, (0.0, 1.0)).all() and (sign * (rows @ x) > 0).all()):
            return False
    for block, _offsets, target, _weight in f.classes:
        z = block @ x
        right = (z * target).sum(-1)
        hard = np.isin(target, (0.0, 1.0)).all() and (target.sum(-1) == 1).all()
        if not hard or not (np.where(target == 1, -np.inf, z).max(-1) < right).all():
            return False
    return True


@dataclass(slots=True)
class _Interior:
    """Primal–dual interior-point method (Mehrotra's predictor and corrector) for min ½θᵀHθ + gᵀθ + wᵀs with s ≥ 0 and s ≥ Aθ + b.

    `above` = s and `room` = s − Aθ − b are positive at all times, and so are the multipliers `alpha` of s ≥ Aθ + b and `beta` of s ≥ 0,
    with alpha + beta = w. Shapes: (m,), `x` (p,), `rows` (m, p).
    """

    curvature: Array
    slope: Array
    rows: Array
    x: Array
    above: Array
    room: Array
    alpha: Array
    beta: Array

    @property
    def residual(self) -> Array:
        return self.curvature @ self.x + self.slope + self.rows.T @ self.alpha

    @property
    def gap(self) -> float:
        return float(self.room @ self.alpha + self.above @ self.beta)

    def direction(self, first: Array, second: Array) -> tuple[Array, Array, Array, Array]:
        """Newton's step (of x, alpha, above, room) that changes room · alpha by `first` and above · beta by `second`."""
        diagonal = 1 / (self.above / self.beta + self.room / self.alpha)
        lift = first / self.alpha - second / self.beta
        matrix = self.curvature + (self.rows.T * diagonal) @ self.rows
        move = np.asarray(np.linalg.lstsq(matrix, -self.residual - self.rows.T @ (diagonal * lift), rcond=None)[0], np.float64)
        up = diagonal * (self.rows @ move + lift)
        return move, up, (second + self.above * up) / self.beta, (first - self.room * up) / self.alpha

    def step(self) -> None:
        _move, up, above, room = self.direction(-self.room * self.alpha, -self.above * self.beta)
        reach, dual = _reach(self.above, above, self.room, room), _reach(self.alpha, up, self.beta, -up)
        after = (self.room + reach * room) @ (self.alpha + dual * up) + (self.above + reach * above) @ (self.beta - dual * up)
        centre = (float(after) / self.gap) ** 3 * self.gap / (2 * len(self.room))
        move, up, above, room = self.direction(
            centre - self.room * self.alpha - up * room, centre - self.above * self.beta + up * above
        )  # fmt: skip
        size = 0.995 * min(_reach(self.above, above, self.room, room), _reach(self.alpha, up, self.beta, -up))
        self.x, self.above, self.room = self.x + size * move, self.above + size * above, self.room + size * room
        self.alpha, self.beta = self.alpha + size * up, self.beta - size * up


def _interior(f: Canonical) -> Search:
    """The minimum of a function with kinks; f(x) − f* is at most the duality gap."""
    rows = np.concatenate([rows for rows, _offset, _weight in f.kinks])
    offset = np.concatenate([offset for _rows, offset, _weight in f.kinks])
    weight = np.concatenate([np.full(len(offset), weight) for _rows, offset, weight in f.kinks])
    slope = f.linear + sum((2 * squares.T @ own for squares, own in f.squares), np.zeros(f.p))
    above = np.maximum(offset, 0) + 1.0
    state = _Interior(f.quadratic(), slope, rows, np.zeros(f.p), above, above - offset, weight / 2, weight / 2)
    best, x, done = np.inf, state.x, 0
    for steps in range(INTERIOR_STEPS):
        yield
        error = state.gap + float(np.linalg.norm(state.residual)) * max(1.0, float(np.linalg.norm(state.x)))
        if not error < best:
            break
        best, x, done = error, state.x, steps
        if error <= 1e-14 * max(1.0, abs(f.value(x))):
            break
        with np.errstate(all="ignore"):
            state.step()
    if not best <= 1e-9 * max(1.0, abs(f.value(x))):
        raise NoMinimum("not found")
    spectrum = np.linalg.eigvalsh(state.curvature)
    flat = None if spectrum[0] <= RANK * spectrum[-1] else np.zeros((f.p, 0))
    return Solution(x, f.value(x), "interior point", done, flat, best)


def _reach(*pairs: Array) -> float:
    """How far all may go along their directions, at most 1, without one becoming negative: (value, direction, value, direction)."""
    reach = 1.0
    for value, step in zip(pairs[::2], pairs[1::2], strict=True):
        falls = step < 0
        if falls.any():
            reach = min(reach, float((-value[falls] / step[falls]).min()))
    return reach

"""Eigenvalues at both ends of the spectrum of a symmetric matrix of which only products with vectors are known.

Lanczos' method with full re-orthogonalisation (Golub and Van Loan, *Matrix Computations*, 4th edition, chapter 10): the matrix restricted
to the space of v, Hv, H²v, … is tridiagonal, and its extreme eigenvalues approach those of H first.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.curvature.spectrum import Floats
from engine.numerics.length import length as norm

NUMBERS = 2**24
"""About so many numbers are kept for all directions together."""
EVERY = 5
"""After so many products it is looked whether they suffice."""
NEGLIGIBLE = 1e-13
"""Beside the largest eigenvalue, a remainder of this size is round-off: the space is invariant."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Eigenvalues `values` (k,) from the largest to the lowest, with `vectors` (p, k) of length 1. Within `errors` (k,), ‖Hv − λv‖, of each
    value lies an eigenvalue of H. `complete`: these are all. An eigenvalue that H has several times may be there once only."""

    values: Floats
    vectors: Floats
    errors: Floats
    products: int
    complete: bool


def extremes(
    product: Callable[[Tensor], Tensor], size: int, count: int, tolerance: float, most: int, seed: int = 0
) -> Generator[None, None, Pairs | None]:
    """The `count` eigenvalues that are largest in size, the lowest one, and what else has converged at both ends, `count` at each at most.

    `product` is v ↦ Hv for v (p,) in float64. It yields after each product, and ends where the errors are at most `tolerance` times the
    largest size of an eigenvalue, after `most` products at most: then only those within the tolerance are given. None where a product is
    not finite.
    """
    drawn = torch.Generator().manual_seed(seed)
    room = min(size, most, max(2, NUMBERS // max(size, 1)))
    basis, diagonal, beside = [_random(size, [], drawn)], list[float](), list[float]()
    while True:
        image = product(basis[-1])
        yield
        if not bool(torch.isfinite(image).all()):
            return None
        diagonal.append(float(basis[-1] @ image))
        known = torch.stack(basis)
        image = _orthogonal(image, known)
        length = norm(image)
        over = len(basis) >= room
        scale = max(map(abs, diagonal + beside))
        if length <= NEGLIGIBLE * max(scale, 1e-300):
            length = 0.0
        if over or (length and len(basis) % EVERY == 0):
            values, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1))
            errors = length * abs(vectors[-1])
            good = errors <= tolerance * abs(values).max()
            largest = np.argsort(-abs(values), kind="stable")[:count]
            if over or (len(values) > count and good[largest].all() and good[0]):
                return _pairs(values, vectors, errors, good, known, count, len(basis) == size)
        beside.append(length)
        basis.append(image / length if length else _random(size, basis, drawn))  # another invariant space


def _pairs(values: Floats, vectors: Floats, errors: Floats, good: np.ndarray, known: Tensor, count: int, complete: bool) -> Pairs:
    if complete:
        kept = np.arange(len(values))
    else:
        low = np.arange(min(count, len(values)))
        kept = np.unique(np.concatenate([low[np.cumprod(good[low]).astype(bool)], _from_above(good, count)])).astype(int)
    kept = kept[::-1]
    columns = known.T.numpy() @ vectors[:, kept]
    columns /= np.linalg.norm(columns, axis=0)
    return Pairs(values[kept], columns, np.zeros(len(kept)) if complete else errors[kept], len(known), complete)


def _from_above(good: np.ndarray, count: int) -> np.ndarray:
    """The places of the largest values, as far as they are good."""
    high = np.arange(len(good) - 1, max(len(good) - 1 - count, -1), -1)
    reached: np.ndarray = high[np.cumprod(good[high]).astype(bool)]
    return reached


def _orthogonal(vector: Tensor, known: Tensor) -> Tensor:
    """What is left at right angles to the rows of `known`; twice, because of round-off."""
    for _again in range(2):
        vector = vector - known.T @ (known @ vector)
    return vector


def _random(size: int, basis: list[Tensor], drawn: torch.Generator) -> Tensor:
    vector = torch.randn(size, dtype=torch.float64, generator=drawn)
    if basis:
        vector = _orthogonal(vector, torch.stack(basis))
    unit: Tensor = vector / vector.norm()
    return unit

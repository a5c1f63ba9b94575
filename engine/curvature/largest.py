"""The largest eigenvalue of a symmetric matrix of which only products with vectors are known: Lanczos' method, begun where it ended before.

Power iteration would find the eigenvalue that is largest *in size*: with the eigenvalues −5 and 3 it finds −5. Stability is decided by
the algebraically largest one, which Lanczos' method finds from the same products, and in fewer of them (Golub and Van Loan, *Matrix
Computations*, 4th edition, chapter 10).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.numerics.length import length as norm

NUMBERS = 2**24
"""So many numbers are kept for all directions together: with more parameters the method is begun again after fewer products."""
FRESH = 0.05
"""Share of a random direction in a start that is nearly an eigenvector: another one that has become the largest must be found."""


@dataclass(frozen=True, slots=True)
class Largest:
    """`value` = vᵀHv for the unit vector `vector` (p,), `error` = ‖Hv − value·v‖: an eigenvalue of H lies within `error` of `value`, and
    the largest eigenvalue is at least `value`. `products` were computed."""

    value: float
    vector: Tensor
    error: float
    products: int


def largest(
    product: Callable[[Tensor], Tensor], start: Tensor, tolerance: float, least: int, most: int, unit: float = 2**-52
) -> Generator[None, None, Largest]:
    """The largest eigenvalue of H, where `product` is v ↦ Hv for v (p,) in float64, from `start` (p,) on.

    It yields after each product, and ends where the error is at most `tolerance` times the largest size of an eigenvalue that it has
    seen, after `least` products at least (fewer where they span all there is) and `most` at most. NaN where a product is not finite.
    `unit` is the relative round-off of products: what is no more than that beside the largest size is 0.
    """
    size, made = start.numel(), 0
    room = max(2, min(size, NUMBERS // max(size, 1)))
    vector = start / start.norm()
    while True:
        basis, diagonal, beside = [vector], list[float](), list[float]()
        while True:
            image = product(basis[-1])
            made += 1
            yield
            if not bool(torch.isfinite(image).all()):
                return Largest(math.nan, vector, math.nan, made)
            diagonal.append(float(basis[-1] @ image))
            known = torch.stack(basis)
            for _again in range(2):  # else the directions lose their right angles to round-off
                image = image - known.T @ (known @ image)
            length = norm(image)
            values, vectors = np.linalg.eigh(_tridiagonal(diagonal, beside))
            scale = float(np.abs(values).max())
            error = length * abs(float(vectors[-1, -1]))
            complete = len(basis) == size or length <= 1e-14 * scale or length == 0
            if complete or made >= most or (made >= least and error <= tolerance * scale) or len(basis) == room:
                vector = known.T @ torch.as_tensor(vectors[:, -1], dtype=torch.float64)
                vector = vector / vector.norm()
                break
            beside.append(length)
            basis.append(image / length)
        if complete or made >= most or (made >= least and error <= tolerance * scale):
            value = float(values[-1])
            return Largest(value if abs(value) > size * unit * scale else 0.0, vector, 0.0 if complete else error, made)


def begun(before: Tensor | None, size: int, seed: int) -> Tensor:
    """(size,) where to begin: near the eigenvector `before`, if it is known, else in a random direction."""
    drawn = torch.randn(size, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    drawn /= drawn.norm()
    return drawn if before is None or before.numel() != size else before + FRESH * drawn


def _tridiagonal(diagonal: list[float], beside: list[float]) -> np.ndarray:
    return np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)

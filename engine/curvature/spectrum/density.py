"""The spectral density of a symmetric matrix of which only products are known: stochastic Lanczos quadrature.

From a random unit vector v, Lanczos' method gives nodes θ and weights τ with Σ τ g(θ) ≈ vᵀg(H)v; the mean over random v is tr g(H)/p. With
weights τ, the nodes are a density of the eigenvalues (Ubaru, Chen and Saad, "Fast Estimation of tr(f(A)) via Stochastic Lanczos
Quadrature", SIAM J. Matrix Anal. Appl. 38(4), 2017; Ghorbani, Krishnan and Xiao, ICML 2019).
"""

from __future__ import annotations

from collections.abc import Callable, Generator

import numpy as np
import torch
from torch import Tensor

from engine.curvature.spectrum import Density
from engine.numerics.length import lengths

NUMBERS = 2**24
"""About so many numbers are kept for all directions together."""


def density(
    products: Callable[[Tensor], Tensor], size: int, probes: int, steps: int, seed: int = 1
) -> Generator[int, None, Density | None]:  # fmt: skip
    """From `probes` random directions, each with `steps` products. `products` takes rows (N, p) in float64, and gives H times each.

    It yields the number of products after each call. None where a product is not finite.
    """
    steps = max(2, min(steps, size, NUMBERS // max(size, 1)))
    at_once = max(1, min(probes, NUMBERS // (size * steps)))
    drawn = torch.Generator().manual_seed(seed)
    nodes, weights = list[np.ndarray](), list[np.ndarray]()
    for low in range(0, probes, at_once):
        start = torch.randn(min(at_once, probes - low), size, dtype=torch.float64, generator=drawn)
        found = yield from _quadrature(products, start, steps)
        if found is None:
            return None
        nodes += found[0]
        weights += found[1]
    return Density(tuple(nodes), tuple(weights), size)


def _quadrature(
    products: Callable[[Tensor], Tensor], start: Tensor, steps: int
) -> Generator[int, None, tuple[list[np.ndarray], list[np.ndarray]] | None]:  # fmt: skip
    """Nodes and weights for each row of `start` (N, p): N Lanczos processes side by side, with full re-orthogonalisation."""
    basis = [start / start.norm(dim=1, keepdim=True)]
    diagonal, beside = list[Tensor](), list[Tensor]()
    for step in range(steps):
        image = products(basis[-1])
        yield len(image)
        if not bool(torch.isfinite(image).all()):
            return None
        diagonal.append((image * basis[-1]).sum(1))
        known = torch.stack(basis, 1)  # (N, steps so far, p)
        for _again in range(2):
            image = image - torch.einsum("nkp,nk->np", known, torch.einsum("nkp,np->nk", known, image))
        length = lengths(image)
        beside.append(length)
        if step + 1 < steps:
            basis.append(image / torch.where(length > 0, length, 1.0)[:, None])
    alphas, betas = torch.stack(diagonal, 1).numpy(), torch.stack(beside, 1).numpy()
    pairs = [_tridiagonal(alpha, beta) for alpha, beta in zip(alphas, betas, strict=True)]
    return [values for values, _weights in pairs], [weights for _values, weights in pairs]


def _tridiagonal(alpha: np.ndarray, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues, and the squares of the first entries of the eigenvectors; cut where the space was invariant."""
    small = np.flatnonzero(beta[:-1] <= 1e-13 * max(float(abs(alpha).max()), float(beta.max(initial=0.0)), 1e-300))
    end = int(small[0]) + 1 if len(small) else len(alpha)
    values, vectors = np.linalg.eigh(np.diag(alpha[:end]) + np.diag(beta[: end - 1], 1) + np.diag(beta[: end - 1], -1))
    return values, vectors[0] ** 2

"""What eigenvalues say about a symmetric matrix, and about a stationary point whose Hessian it is."""

from __future__ import annotations

import math
from typing import Literal

from engine.curvature.spectrum import Floats

Definiteness = Literal[
    "positive definite", "positive semidefinite", "negative definite", "negative semidefinite", "indefinite", "zero", "not finite",
    "undecided",
]  # fmt: skip
Stationary = Literal["minimum", "maximum", "saddle", "inconclusive", "not stationary"]
AFTER: dict[Definiteness, Stationary] = {
    "positive definite": "minimum", "negative definite": "maximum", "indefinite": "saddle", "positive semidefinite": "inconclusive",
    "negative semidefinite": "inconclusive", "zero": "inconclusive", "not finite": "inconclusive",
    "undecided": "inconclusive",
}  # fmt: skip
"""The second-order test at a point where the gradient is 0."""
EPSILON = 1e-6
"""Where the gradient is not longer than this, a point counts as stationary."""


def definiteness(values: Floats, tolerance: float, complete: bool = True) -> Definiteness:
    """Of the matrix with these eigenvalues; one counts as 0 if it is not larger than `tolerance` in size. Where they are not all there are
    (not `complete`), two signs among them still decide, and one sign does not."""
    if not all(map(math.isfinite, values.tolist())):
        return "not finite"
    positive, negative = int((values > tolerance).sum()), int((values < -tolerance).sum())
    if positive and negative:
        return "indefinite"
    if not complete:
        return "undecided"
    if not positive and not negative:
        return "zero"
    whole = positive + negative == len(values)
    if positive:
        return "positive definite" if whole else "positive semidefinite"
    return "negative definite" if whole else "negative semidefinite"


def condition(values: Floats, tolerance: float) -> float:
    """κ = max |λ| / min |λ| over all eigenvalues, infinite where an eigenvalue counts as 0; NaN without eigenvalues."""
    sizes = abs(values)
    if not len(sizes) or not math.isfinite(float(sizes.sum())):
        return math.nan
    return float(sizes.max() / sizes.min()) if sizes.min() > tolerance else math.inf


def stationary(values: Floats, tolerance: float, norm: float, epsilon: float = EPSILON, complete: bool = True) -> Stationary:
    """What kind of stationary point this is by the second-order test: `norm` is ‖∇f‖, `values` are the Hessian's eigenvalues."""
    if not norm <= epsilon:
        return "not stationary"
    return AFTER[definiteness(values, tolerance, complete)]

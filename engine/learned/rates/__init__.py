"""How fast a run comes to a minimum: its gap, gradients and distance at every step, and what its assumptions can be held to. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from engine.compile.views import Stamp
from engine.numerics.job import Job

MOST = 5000
"""Steps before the present one that are made again."""
Floats = np.ndarray[Any, np.dtype[np.float64]]
Whole = np.ndarray[Any, np.dtype[np.int64]]
Quantity = Literal["gap", "least", "distance", "mean"]
"""f(x_t) − f*, min ‖∇f(x_s)‖ over s ≤ t, ‖x_t − x*‖, and the mean of ‖∇f(x_s)‖² over s < t."""
Kind = Literal["descent", "exact", "nesterov", "accelerated", "heavy_ball", "stochastic", "other"]
"""What the run is to theory: gradient descent; the same with exact line searches; Nesterov's method with the gradient at the look-ahead
point, with a constant momentum or with (t − 2)/(t + 1) at step t; the heavy ball; gradient descent on mini-batches; or nothing that a bound
here is about."""


@dataclass(frozen=True, slots=True)
class RatesJob(Job):
    """Looks for a minimum from the present numbers on, and makes the steps of the run once more, on a copy. The answer is a `Rates`."""

    done_by: ClassVar[str] = "engine.learned.rates.answer:rates"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    most: int = MOST
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Method:
    """How the steps were made. `rate` is η where it was the same at every step, else NaN; `momentum` is ρ. `why`: what the run does that
    the textbook's method does not, in words."""

    kind: Kind
    title: str
    rate: float = float("nan")
    momentum: float = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Optimum:
    """The minimum that gaps and distances are measured to. `how` says in words where it comes from; `gradient` is ‖∇f(x*)‖.

    `low` and `high` are the least and the greatest eigenvalue of the Hessian there, NaN where they were not computed. `settled`: the
    gradient there is 0 up to rounding, or the problem was recognised and solved. `reached`: there is an x*; else `value` is what f only
    comes close to, and distances are NaN.
    """

    value: float
    how: str
    gradient: float
    settled: bool
    low: float = float("nan")
    high: float = float("nan")
    reached: bool = True


@dataclass(frozen=True, slots=True)
class Recognised:
    """A known convex problem: its `title`, and where they are known for all places L (`exact`: the least one) and μ; else NaN."""

    title: str
    L: float
    exact: bool
    mu: float


@dataclass(frozen=True, slots=True)
class Rates:
    """M moments of a run, T steps long from x₀; `steps` (M,) counts from x₀ on, which is the state after step `first`.

    (M,): `value` f(x_t), `slope` ‖∇f(x_t)‖, `distance` ‖x_t − x*‖, `noise` ‖g_t − ∇f(x_t)‖² of the mini-batch that left x_t (NaN at the
    last moment), `support` f* − f(x_t) − ⟨∇f(x_t), x* − x_t⟩, which is never negative where f is convex.
    (M − 1,), between two moments: `secant` ‖Δ∇f‖/‖Δx‖, `bend` ⟨Δ∇f, Δx⟩/‖Δx‖², and `chord`, the smaller of f(b) − f(a) − ⟨∇f(a), b − a⟩
    both ways: negative where f is not convex. What is within round-off is 0 in `support` and `chord`, NaN in `secant` and `bend`, whose
    round-off is `bend_noise`; `noisy` (M,) is that of a gap. `curved` are indices of moments where all eigenvalues of the Hessian were
    computed: `low` and `high` are the ends.
    """

    stamp: Stamp
    method: Method
    optimum: Optimum
    first: int
    samples: int
    numbers: int
    steps: Whole
    value: Floats
    slope: Floats
    distance: Floats
    noise: Floats
    support: Floats
    secant: Floats
    bend: Floats
    chord: Floats
    bend_noise: Floats
    noisy: Floats
    curved: Whole
    low: Floats
    high: Floats
    problem: Recognised | None = None
    keyed: bool = False
    """Whether the objective draws random numbers: then it is the one with those of the coming step."""

    @property
    def last(self) -> int:
        return int(self.steps[-1])

    @property
    def every(self) -> bool:
        """Whether there is a moment after each step."""
        return len(self.steps) == self.last + 1

    def measured(self, quantity: Quantity, least: float | None = None) -> Floats:
        """(M,) of a quantity; `least` is f*, by default that of the optimum. The mean has no number at x₀."""
        if quantity == "gap":
            return self.value - (self.optimum.value if least is None else least)
        if quantity == "least":
            return np.minimum.accumulate(self.slope)
        if quantity == "distance":
            return self.distance
        gaps, squares = np.diff(self.steps), self.slope[:-1] ** 2
        return np.concatenate([[np.nan], np.cumsum(squares * gaps) / self.steps[1:]])

    @property
    def curvature(self) -> float:
        """L: the largest curvature that was seen, between two moments or as an eigenvalue of the Hessian."""
        seen = np.concatenate([self.secant, np.abs(self.low), np.abs(self.high), [self.optimum.high]])
        return float(np.nanmax(seen, initial=0.0))

    @property
    def convexity(self) -> float:
        """μ: the least curvature that was seen; not positive where f is not strongly convex."""
        seen = np.concatenate([self.bend, self.low, [self.optimum.low]])
        return float(np.nanmin(seen)) if np.isfinite(seen).any() else float("nan")

    @property
    def variance(self) -> float:
        """σ²: the mean of ‖g_t − ∇f(x_t)‖² over the moments; 0 where every step took all samples."""
        known = self.noise[np.isfinite(self.noise)]
        return float(known.mean()) if known.size else 0.0

"""Where the runs of a document end, and how sharp the objective is there. Requests and answers, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.compile.views import Stamp
from engine.numerics.job import Job

MOST = 12
"""Runs whose ends are looked at: the newest."""
EXACT = 500
"""Up to so many numbers the whole Hessian is computed."""
PROBES = 32
"""Random vectors of Hutchinson's estimate."""
LOW, HIGH, POINTS = -0.25, 1.25, 121
"""The straight line between two ends goes on beyond both."""
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class EndsJob(Job):
    """Looks at the end of each run. The answer is an `Ends`; nothing changes. All are of the objective over the whole training part, in
    training mode, by all trained numbers."""

    done_by: ClassVar[str] = "engine.learned.minima.answer:ends"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class RunEnd:
    """One run at its last step. `largest` is the largest eigenvalue of the Hessian and `trace` the sum of all.

    `exact`: from the whole Hessian. Else `largest` is by Lanczos' method, at most `largest_error` from an eigenvalue, and `trace` by
    Hutchinson's estimate, the mean of zᵀHz over `PROBES` random vectors z of ±1, with the standard error `trace_error`.
    `why` says why there are no numbers.
    """

    run: int
    step: int
    value: float = np.nan
    gradient: float = np.nan
    """‖∇f‖."""
    largest: float = np.nan
    trace: float = np.nan
    exact: bool = True
    largest_error: float = 0.0
    trace_error: float = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Ends:
    """`rows`: samples of the training part, 0 without data. `left_out` older runs were not looked at."""

    stamp: Stamp
    ends: tuple[RunEnd, ...]
    numbers: int
    rows: int
    left_out: int


@dataclass(frozen=True, slots=True)
class LineJob(Job):
    """Evaluates the objective along the straight line between the ends of two runs, in one batched call. The answer is a `Line`."""

    done_by: ClassVar[str] = "engine.learned.minima.answer:line"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    first: tuple[int, int]
    """Run and step."""
    second: tuple[int, int]
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """`f[i]` is the objective at (1 − tᵢ)·θ_first + tᵢ·θ_second, with t from `LOW` to `HIGH` so that 0 and 1 are among them."""

    stamp: Stamp
    first: tuple[int, int]
    second: tuple[int, int]
    t: Floats
    f: Floats
    distance: float
    """‖θ_second − θ_first‖."""
    at_ends: tuple[float, float]
    rounding: float = 0.0
    """Differences of the objective up to this size are round-off."""

    @property
    def barrier(self) -> float:
        """How far the objective rises between the ends above the higher of them: 0 where it does not, NaN where it is not finite."""
        between = self.f[(self.t >= 0) & (self.t <= 1)]
        rise = float(between.max() - max(self.at_ends)) if len(between) else np.nan
        return 0.0 if rise <= self.rounding else rise


# The same function with another sharpness


@dataclass(frozen=True, slots=True)
class RescaleJob(Job):
    """Multiplies one layer by `alpha` and divides the next one by it, on copies. The answer is a `Rescaled`.

    `pair` is the place of both layers among those that this can be done with.
    """

    done_by: ClassVar[str] = "engine.learned.minima.rescaling:rescale"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    alpha: float = 1.0
    pair: int = 0
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Rescaled:
    """`pairs` names all pairs of layers, (multiplied, divided); none where the graph has none.

    `difference` is the largest difference between two outputs of the divided layer, before and after, over `rows` samples, and `size` the
    largest output. `values` are the objective before and after, `largest` the largest eigenvalue of the Hessian before and after, `traces`
    its trace. `curve` (n,) is the largest eigenvalue at `alphas` (n,), empty where it would take too long.
    """

    stamp: Stamp
    pairs: tuple[tuple[str, str], ...]
    pair: int
    alpha: float
    difference: float = 0.0
    size: float = 0.0
    rows: int = 0
    values: tuple[float, float] = (np.nan, np.nan)
    largest: tuple[float, float] = (np.nan, np.nan)
    traces: tuple[float, float] = (np.nan, np.nan)
    alphas: tuple[float, ...] = ()
    curve: tuple[float, ...] = ()

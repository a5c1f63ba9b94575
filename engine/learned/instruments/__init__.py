"""Instruments of training: what one step does, layer by layer and as a whole. Request and answer, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from engine.compile.activity import Activity
from engine.compile.views import Stamp
from engine.numerics.job import Job

BINS = 48
"""Bins of a histogram."""
EPSILON = 1e-5
"""Added to the variance in the signal-to-noise ratio, as in Cockpit."""
SAMPLES = 256
"""Of a larger mini-batch, so many samples, evenly spaced, are differentiated one by one."""
ROWS = 1024
"""Of a larger mini-batch, so many samples, evenly spaced, give the activations."""

Counts = np.ndarray[Any, np.dtype[np.int64]]
GradientOf = Literal["weights", "output"]


@dataclass(frozen=True, slots=True)
class Observe(Job):
    """Observes the coming training step: the one that the run makes next, from the numbers there are now. The answer is an `Observed`.

    `layers` are nodes. The step is made on copies, with its own mini-batch, random numbers and optimizer. Training goes on meanwhile:
    the answer is about the step it began at.
    """

    done_by: ClassVar[str] = "engine.learned.instruments.observing:observe"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    layers: tuple[str, ...] = ()
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Histogram:
    """`counts` (BINS,) of the finite values in equal bins from `low` to `high`, as `numpy.histogram` counts them; `lost` were not finite.

    `rms` is the root of the mean of the squares."""

    low: float
    high: float
    counts: Counts
    lost: int
    rms: float

    @property
    def edges(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """(BINS + 1,) from `low` to `high`, also where their difference is too large for a number."""
        count = self.counts.size + 1
        if np.isfinite(self.high - self.low):
            return np.linspace(self.low, self.high, count)
        return 2 * np.linspace(self.low / 2, self.high / 2, count)


@dataclass(frozen=True, slots=True)
class LayerState:
    """One node. `gradients` are those of its weights, or of its output where it has none; what there is not is None.

    `gradient_norm` and `ratio` are of all its weights together: the Euclidean norm of their gradient, and that of their update divided by
    that of the weights. `activity` counts dead or saturated units over the mini-batch.
    """

    node: str
    weights: Histogram | None = None
    activations: Histogram | None = None
    gradients: Histogram | None = None
    gradient_of: GradientOf = "weights"
    gradient_norm: float | None = None
    ratio: float | None = None
    activity: Activity | None = None


@dataclass(frozen=True, slots=True)
class Parabola:
    """The parabola a + b τ + c τ² along the step from τ = 0 to 1, fitted to the losses and slopes at both ends.

    `losses` and `slopes` (dL/dτ) are those of one mini-batch before and after the step. `alpha` is where the step ended: −1 at the start, 0
    at the minimum of the parabola, +1 as far on the other side; −1 also where the parabola has no minimum; None where nothing moved.
    """

    losses: tuple[float, float]
    slopes: tuple[float, float]
    coefficients: tuple[float, float, float]
    alpha: float | None


@dataclass(frozen=True, slots=True)
class Noise:
    """How the gradients of `samples` single samples of a mini-batch of `batch` differ.

    `gsnr`: the mean over all weights of ḡ² / (s² + 10⁻⁵), where ḡ is the mean and s² the mean squared deviation of their gradients
    (Liu et al. 2020, as in Cockpit); `variance`: the mean of s². `error`: √(Σ s²/N) / ‖ḡ‖ with the unbiased variance and N = `batch`: the
    estimated error of the mini-batch's gradient as a share of its length, the smallest θ that passes the norm test (Byrd et al. 2012).
    """

    samples: int
    batch: int
    gsnr: float
    error: float
    variance: float


@dataclass(frozen=True, slots=True)
class Observed:
    """The step from `step` to `step` + 1 of the run `run`. `noise` is None where single samples cannot be differentiated: `no_noise` says
    why. `seconds` is the time it took to find out."""

    structure: int
    revision: int
    run: int
    step: int
    layers: tuple[LayerState, ...]
    parabola: Parabola | None
    noise: Noise | None
    no_noise: str
    seconds: float

    @property
    def stamp(self) -> Stamp:
        """By which numbers it was made."""
        return Stamp(self.structure, self.revision, self.run, self.step)

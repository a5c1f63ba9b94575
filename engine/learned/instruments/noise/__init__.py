"""How the gradients of single samples differ: at one or two trained numbers. Requests and answers, without torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from engine.compile.views import Stamp
from engine.numerics.job import Job
from graph.model.address import Address

MOST = 1000
"""Of more samples, so many, evenly spaced, are differentiated one by one."""
DRAWS = 1000
"""Mini-batches that are drawn of each size."""
Of = Literal["batch", "part"]
"""The coming mini-batch, or the whole training part."""
Numbers = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class SamplesJob(Job):
    """Differentiates the objective of single samples by one or two trained numbers. The answer is a `SampleGradients`.

    `removed` are rows of the training part that are left out of mean, covariance and step. The step is made on copies, with the run's
    optimizer, its memory and the random numbers of the coming step.
    """

    done_by: ClassVar[str] = "engine.learned.instruments.noise.answer:samples"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    places: tuple[Address, ...]
    of: Of = "batch"
    removed: tuple[int, ...] = ()
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class SampleGradients:
    """N samples, k chosen numbers (1 or 2), P trained numbers in all.

    `rows` (N,) are places in the training part, `gradients` (N, k) and `losses` (N,) those of each sample alone; `kept` (N,) is False for
    samples that were removed. `mean` (k,) and `covariance` (k, k) are of the kept samples; the covariance has the divisor n − 1 (sample
    covariance) and is NaN for a single sample. `full` (k,) is the gradient of the whole training part of `part_rows` samples.
    `here` (k,) are the chosen numbers now, `after_all` after a step with all the samples, `after` after one with the kept ones.
    `length` is ‖ḡ‖ of the kept samples over all P numbers, `variance` the sum of the P sample variances (the trace of the covariance).
    `of_all`: how many samples the mini-batch (or the part) has, of which N are differentiated.
    """

    stamp: Stamp
    places: tuple[Address, ...]
    names: tuple[str, ...]
    of: Of
    rows: np.ndarray[Any, np.dtype[np.int64]]
    losses: Numbers
    gradients: Numbers
    kept: np.ndarray[Any, np.dtype[np.bool_]]
    mean: Numbers
    covariance: Numbers
    full: Numbers
    part_rows: int
    here: Numbers
    after_all: Numbers
    after: Numbers
    optimizer: str
    rate: float | None
    length: float
    variance: float
    numbers: int
    of_all: int

    @property
    def count(self) -> int:
        """How many samples are kept."""
        return int(self.kept.sum())

    @property
    def deviations(self) -> Numbers:
        """The sample standard deviation of each chosen number's gradients, (k,)."""
        spread: Numbers = np.sqrt(np.diag(self.covariance))
        return spread

    @property
    def error(self) -> Numbers:
        """The standard error of the mean over the kept samples, s/√n, (k,)."""
        return self.deviations / math.sqrt(self.count)


def ellipse(mean: Numbers, covariance: Numbers, sigmas: float, points: int = 73) -> Numbers:
    """(points, 2) on the ellipse (x − m)ᵀ C⁻¹ (x − m) = sigmas², also where that is a line or a point; the last point is the first."""
    values, vectors = np.linalg.eigh(covariance)
    angles = np.linspace(0.0, 2 * np.pi, points)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    around: Numbers = mean + sigmas * (vectors @ (np.sqrt(np.maximum(values, 0.0))[:, None] * circle)).T
    return around


# The standard error against the batch size


@dataclass(frozen=True, slots=True)
class SizesJob(Job):
    """Draws mini-batches of growing size from the training part and measures how far their gradients spread. The answer is a `BatchSizes`.

    `replacement`: whether a sample may be drawn twice; the trainer draws without.
    """

    done_by: ClassVar[str] = "engine.learned.instruments.noise.sizes:sizes"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    places: tuple[Address, ...]
    replacement: bool = False
    draws: int = DRAWS
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class BatchSizes:
    """`spread[i, j]` is the standard deviation (about the mean of all samples) of the gradient by number j over `draws` mini-batches of
    `sizes[i]` samples. `sigma` (k,) is the population standard deviation (divisor N) of the `samples` single gradients."""

    stamp: Stamp
    places: tuple[Address, ...]
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    spread: Numbers
    sigma: Numbers
    samples: int
    of_all: int
    draws: int
    replacement: bool

    def expected(self, size: float) -> Numbers:
        """σ/√B, without replacement times √((N − B)/(N − 1)), (k,)."""
        return self.sigma * (1.0 if self.replacement else correction(size, self.samples)) / math.sqrt(size)


def correction(size: float, samples: int) -> float:
    """The finite-population correction √((N − B)/(N − 1)) of mini-batches that are drawn without replacement."""
    return math.sqrt(max(samples - size, 0.0) / (samples - 1)) if samples > 1 else 0.0


def batch_sizes(samples: int) -> tuple[int, ...]:
    """1, 2, 4, … and N."""
    return tuple(dict.fromkeys([*(2**i for i in range(samples.bit_length()) if 2**i <= samples), samples]))

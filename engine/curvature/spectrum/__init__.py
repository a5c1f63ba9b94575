"""The Hessian of the objective: its entries, eigenvalues and eigenvectors, and Newton's step. Request and answer, without torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from engine.compile.views import Stamp
from engine.explain.question import Question
from engine.numerics.job import Job
from graph.model.address import Address

EXACT = 500
"""Up to so many numbers the whole Hessian is computed."""
LEADING = 10
"""Beyond that, so many eigenvalues at each end of the spectrum."""
PARTS = 4
"""So many of an eigenvector's entries are named."""
Floats = np.ndarray[Any, np.dtype[np.float64]]
Method = Literal["exact", "lanczos"]


@dataclass(frozen=True, slots=True)
class HessianJob(Job):
    """Computes the second derivatives of the objective by the numbers `of`: learned tensors, values of inputs or single entries of them,
    by default everything trainable. The answer is a `Hessian`; nothing changes.

    Where the network is trained with data, it is the objective over the whole training part, in training mode, with the random numbers
    of the coming step. Beyond `EXACT` numbers the method is Lanczos' in any case.
    """

    done_by: ClassVar[str] = "engine.curvature.spectrum.answer:hessian"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    of: tuple[Address, ...] = ()
    method: Method = "exact"
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Eigen:
    """`values` (k,) from the largest to the lowest and `vectors` (p, k), one column each, of length 1; the entry of a vector that is
    largest in size is positive. An eigenvalue of at most `tolerance` in size counts as 0: it cannot be told from round-off.

    `complete`: these are all p eigenvalues; else `errors` (k,) says within which distance of each value there is one.
    """

    values: Floats
    vectors: Floats
    tolerance: float
    complete: bool = True
    errors: Floats | None = None
    products: int = 0


@dataclass(frozen=True, slots=True)
class Density:
    """For each random direction the nodes (m,) and weights (m,), which add up to 1: a density of the `size` eigenvalues."""

    nodes: tuple[Floats, ...]
    weights: tuple[Floats, ...]
    size: int

    @property
    def lowest(self) -> float:
        return min(float(nodes.min()) for nodes in self.nodes)

    @property
    def largest(self) -> float:
        return max(float(nodes.max()) for nodes in self.nodes)

    def moment(self, power: int) -> tuple[float, float]:
        """The estimate of Σ λⁱ with i = `power`, and its standard error over the directions (NaN for one of them)."""
        with np.errstate(over="ignore", invalid="ignore"):
            each = self.size * np.array([float(w @ n**power) for n, w in zip(self.nodes, self.weights, strict=True)])
            return float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each))) if len(each) > 1 else math.nan

    def share_below(self, at: Floats) -> Floats:
        """Which share of the eigenvalues is at most `at` (n,)."""
        each = [(w[None] * (n[None] <= at[:, None])).sum(1) for n, w in zip(self.nodes, self.weights, strict=True)]
        mean: Floats = np.mean(each, axis=0)
        return mean

    def curve(self, at: Floats, width: float) -> Floats:
        """The density at `at` (n,), each node spread as a normal distribution of standard deviation `width`; its integral is 1."""
        total = np.zeros(len(at))
        for nodes, weights in zip(self.nodes, self.weights, strict=True):
            total += np.exp(-(((at[:, None] - nodes[None]) / width) ** 2) / 2) @ weights
        return total / (len(self.nodes) * width * math.sqrt(2 * math.pi))


@dataclass(frozen=True, slots=True)
class NewtonStep:
    """d = −H⁻¹g (p,), the sum of −⟨vᵢ, g⟩/λᵢ · vᵢ over all eigenvectors.

    `singular`: directions with λᵢ = 0 were left out, so it is the shortest d with Hd = −g among the others. `predicted` is the change of
    the objective by its second-order model, `reached` the objective after the step, evaluated there.
    """

    direction: Floats
    singular: bool
    predicted: float
    reached: float


@dataclass(frozen=True, slots=True)
class StrictSaddle:
    """At a saddle point the lowest eigenvalue is −`gamma`. Up to the distance `radius` it is at most −`gamma`/2 in `directions` directions
    that were tried, and at that distance ‖∇f‖ is at least `alpha` in them. `unbounded`: no end was found."""

    gamma: float
    radius: float
    alpha: float
    directions: int
    unbounded: bool


@dataclass(frozen=True, slots=True)
class Tensors:
    """The learned tensors or inputs that the numbers lie in, in their order, and how many numbers each has."""

    names: tuple[str, ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HessianFigure(Question):
    """Asks for a figure of the Hessian by the number or tensor at `place`, or by everything where `place` is the objective: the objective
    along each eigenvector, and a table of eigenvalues and eigenvectors. The answer is an `ObjectiveFigure`."""

    answered_by: ClassVar[str] = "engine.curvature.spectrum.figure:figure"
    place: Address


Parts = tuple[tuple[str, float], ...]
"""Names and values of entries of a vector."""


@dataclass(frozen=True, slots=True)
class Hessian:
    """By `count` numbers p in the tensors `tensors`; up to `EXACT` of them are called `names`, with the Hessian `matrix` (p, p).

    `gradient` is ‖∇f‖ and `value` the objective. `rows`: over how many samples it was computed, 0 for a graph without data. `eigen` is
    None where a number is not finite. Of each eigenvector, `parts` are the largest entries and `shares` (k, tensors) which share of its
    squared length lies in each tensor; `slopes` (k,) are ⟨vᵢ, ∇f⟩ and `moves` (k,) −⟨vᵢ, ∇f⟩/λᵢ, NaN where λᵢ counts as 0. `of_inputs`: by
    values of inputs, because nothing is trainable or they were chosen. `density` belongs to Lanczos' method; where the Hessian itself is
    small enough, `exact` (p,) are all its eigenvalues, to compare with. `strict` is measured at saddle points.
    """

    stamp: Stamp
    of: tuple[Address, ...]
    method: Method
    count: int
    tensors: Tensors
    names: tuple[str, ...]
    value: float
    gradient: float
    rows: int
    of_inputs: bool
    matrix: Floats | None
    eigen: Eigen | None
    parts: tuple[Parts, ...]
    shares: Floats
    slopes: Floats
    moves: Floats
    newton: NewtonStep | None
    density: Density | None = None
    exact: Floats | None = None
    strict: StrictSaddle | None = None

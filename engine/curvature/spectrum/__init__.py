"""The Hessian of the objective: its entries, eigenvalues and eigenvectors, and Newton's step. Request and answer, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.compile.views import Stamp
from engine.numerics.job import Job
from graph.model.address import Address

EXACT = 500
"""Up to so many numbers the whole Hessian is computed."""
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class HessianJob(Job):
    """Computes the second derivatives of the objective by the numbers `of`: learned tensors, values of inputs or single entries of them,
    by default everything trainable. The answer is a `Hessian`; nothing changes.

    Where the network is trained with data, it is the objective over the whole training part, in training mode, with the random numbers
    of the coming step.
    """

    done_by: ClassVar[str] = "engine.curvature.spectrum.answer:hessian"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    of: tuple[Address, ...] = ()
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Eigen:
    """`values` (k,) from the largest to the lowest and `vectors` (p, k), one column each, of length 1; the entry of a vector that is
    largest in size is positive. An eigenvalue of at most `tolerance` in size counts as 0: it cannot be told from round-off."""

    values: Floats
    vectors: Floats
    tolerance: float


@dataclass(frozen=True, slots=True)
class NewtonStep:
    """d = −H⁻¹g. `slopes` (k,) are ⟨vᵢ, g⟩ and `moves` (k,) −⟨vᵢ, g⟩/λᵢ, the step along each eigenvector; NaN where λᵢ counts as 0.

    `direction` (p,) is their sum. `singular`: directions with λᵢ = 0 were left out, so it is the shortest d with Hd = −g among the others.
    `predicted` is the change of the objective by its second-order model, `reached` the objective after the step, evaluated there.
    """

    direction: Floats
    slopes: Floats
    moves: Floats
    singular: bool
    predicted: float
    reached: float


@dataclass(frozen=True, slots=True)
class Hessian:
    """`matrix` (p, p) by the numbers `places`, called `names`, whose values are `here`; `gradient` (p,) and `value` are of the objective.

    `rows`: over how many samples it was computed, 0 for a graph without data. `eigen` and `newton` are None where an entry is not finite.
    """

    stamp: Stamp
    of: tuple[Address, ...]
    places: tuple[Address, ...]
    names: tuple[str, ...]
    here: Floats
    value: float
    gradient: Floats
    matrix: Floats
    rows: int
    eigen: Eigen | None
    newton: NewtonStep | None

"""How one update from a single sample would move the learned function. Questions and answers know no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.compile.spot import Spot
from engine.compile.views import Stamp
from engine.learned.plane import Plane, Shown
from engine.numerics.job import Job


@dataclass(frozen=True, slots=True)
class OneUpdateJob(Job):
    """One step on copies, with the optimizer of the run and what it remembers, from the gradient of `spot` alone. Changes nothing."""

    done_by: ClassVar[str] = "engine.learned.plane.updating:one_update"
    plane: Plane
    spot: Spot
    structure: int
    revision: int
    run: int
    output: int = 0


@dataclass(frozen=True, slots=True)
class AfterUpdate:
    """Predictions on the grid after the step, as `OnPlane` has them; of `spot` itself the loss before and after, where it is known.

    `lead`: by how much the score of the predicted class is above the next one, so that its 0 is the boundary.
    """

    stamp: Stamp
    spot: Spot
    optimizer: str
    axes: tuple[Shown, ...]
    predicted: np.ndarray | None = None
    probability: np.ndarray | None = None
    values: np.ndarray | None = None
    lead: np.ndarray | None = None
    before: float | None = None
    after: float | None = None

"""What every step of a run did to a few trained numbers, and the optimizer's state on the weights. Requests and answers; no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from engine.compile.views import ArrayView, Stamp
from engine.numerics.job import Job
from graph.model.address import Address

MOST = 5000
"""Steps before the present one that are made again."""
Rows = np.ndarray[Any, np.dtype[np.float64]]
Framed = Literal["velocity", "squares", "rate", "momentum"]
"""What the optimizer holds for each weight: velocity, accumulated squares, effective learning rate αH⁻¹, effective momentum βH⁻¹H₋₁."""
Quantity = Framed | Literal["sums", "step"]
"""The same, the gradients that were added up since they were set to zero, and the coming step."""


@dataclass(frozen=True, slots=True)
class WeightStateJob(Job):
    """Asks for one quantity of every trained tensor, by what the optimizer remembers now. The answer is a `WeightState`.

    The effective momentum is that of the coming step, which is made on copies for it, as is the step itself; the others are those of the
    last step.
    """

    done_by: ClassVar[str] = "engine.learned.track.states:weight_state"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    quantity: Quantity
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class WeightState:
    """`tensors` by (node, name). Where there is nothing to show, `why` says so in words. `formula` is LaTeX of what is shown."""

    stamp: Stamp
    quantity: Quantity
    optimizer: str
    formula: str
    tensors: tuple[tuple[tuple[str, str], ArrayView], ...]
    why: str = ""
    parts: tuple[tuple[tuple[str, str], ArrayView], ...] = ()
    """Of the coming step, −αH⁻¹ĝ by (node, name): what the gradient makes of it. The rest comes of what is remembered."""


@dataclass(frozen=True, slots=True)
class TrackJob(Job):
    """Makes the steps of the run once more, on a copy, and notes what each did to the numbers at `places`. The answer is a `Track`."""

    done_by: ClassVar[str] = "engine.learned.track.answer:track"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    places: tuple[Address, ...]
    most: int = MOST
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Track:
    """T steps and k numbers. `theta` (T + 1, k): before the first step, then after each; `theta[0]` is that after step `first`.

    (T, k), NaN where a step has none: `gradient` ĝ that the optimizer went along; `rate` αH⁻¹; `momentum` βH⁻¹H₋₁; `velocity`;
    `squares`. `losses` (T,) are of the mini-batch, before the step. `ahead` (T, k) are the points at which the gradients were taken,
    where these are not the points before the step. `from_start`: no step of the run is missing before the first.
    """

    stamp: Stamp
    places: tuple[Address, ...]
    names: tuple[str, ...]
    optimizer: str
    first: int
    theta: Rows
    gradient: Rows
    rate: Rows
    momentum: Rows
    velocity: Rows
    squares: Rows
    ahead: Rows
    losses: Rows
    from_start: bool
    why: str = ""
    """Why rate, momentum, velocity or squares are missing, in words."""

    def of(self, quantity: Framed) -> Rows:
        """(T, k) of one quantity."""
        rows: dict[Framed, Rows] = {
            "velocity": self.velocity, "squares": self.squares, "rate": self.rate, "momentum": self.momentum,
        }  # fmt: skip
        return rows[quantity]

    def parts(self, step: int) -> tuple[Rows, Rows, Rows]:
        """(−αH⁻¹ĝ, βH⁻¹H₋₁(θ − θ₋₁), what is left) of the step with this index, each (k,): together they are the step.

        Without momentum, or where the frame does not say, the second is 0. NaN where nothing is known of the step.
        """
        move = self.theta[step + 1] - self.theta[step]
        last = self.theta[step] - self.theta[step - 1] if step else np.full_like(move, 0.0 if self.from_start else np.nan)
        gradient, share = -self.rate[step] * self.gradient[step], self.momentum[step]
        carried = np.where((share == 0) | (last == 0) | np.isnan(share), 0.0, share * last)
        rest = move - gradient - carried
        rest = np.where(np.abs(rest) <= 1e-9 * (np.abs(gradient) + np.abs(carried) + np.abs(self.theta[step]) * 1e-3), 0.0, rest)
        return gradient, carried, rest

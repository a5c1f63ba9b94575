r"""Five optimizers in one frame: θ⁺ = θ − αH⁻¹ĝ + βH⁻¹H₋₁(θ − θ₋₁), with the numbers of one weight. Request and answer; no torch here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.compile.views import Stamp
from engine.learned.track import MOST
from engine.numerics.job import Job
from graph.model.address import Address

LETTERS: dict[str, tuple[str, str, str]] = {
    "sgd": ("I", r"\eta", "0"),
    "momentum": ("I", r"\eta", r"\rho"),
    "adagrad": ("G_{-1} + D", r"\eta", "0"),
    "rmsprop": (r"\tau G_{-1} + (1 - \tau) D", r"\eta", "0"),
    "adam": (
        r"\frac{\beta_2 (1 - \beta_2^{t-1})}{1 - \beta_2^t} G_{-1} + \frac{1 - \beta_2}{1 - \beta_2^t} D",
        r"\eta \frac{1 - \beta_1}{1 - \beta_1^t}", r"\frac{\beta_1 (1 - \beta_1^{t-1})}{1 - \beta_1^t}",
    ),
}  # fmt: skip
"""G, α and β of the five columns; Adam's G is the exact average, corrected for its start."""
PRINTED = r"\frac{\beta_2}{1 - \beta_2^t} G_{-1} + \frac{1 - \beta_2}{1 - \beta_2^t} D"
"""Adam's G as it is often printed."""


@dataclass(frozen=True, slots=True)
class UniformFrameJob(Job):
    """Fills the table for the number at `place`, from the steps of the run made once more on a copy. The answer is a `UniformFrame`."""

    done_by: ClassVar[str] = "engine.learned.uniform_frame.answer:uniform_frame"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    place: Address
    most: int = MOST
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class FrameColumn:
    """One optimizer at the newest step. `live`: the run's own; else its rule was run beside it on the gradients of the run.

    `square` is G, `root` H = √G + ε, `before` H₋₁, `last` θ − θ₋₁. `by_frame` is θ⁺ by the frame, `new` the one that the optimizer's own
    step made. NaN where the frame has no such number; `why` says why in words.
    """

    key: str
    title: str
    live: bool
    letters: tuple[str, str, str]
    square: float
    alpha: float
    beta: float
    root: float
    before: float
    rate: float
    momentum: float
    gradient: float
    old: float
    last: float
    by_frame: float
    new: float
    why: str = ""

    @property
    def difference(self) -> float:
        """|θ⁺ by the frame − θ⁺|."""
        return abs(self.by_frame - self.new)


@dataclass(frozen=True, slots=True)
class UniformFrame:
    """`steps` steps led to the newest one, `first` before them were not made again. `averages` (T, 2): Adam's G after each step, exact and
    by the printed recursion, for the gradients of the run; `beta2` is the β₂ of both."""

    stamp: Stamp
    place: Address
    name: str
    optimizer: str
    first: int
    steps: int
    columns: tuple[FrameColumn, ...]
    averages: np.ndarray[Any, np.dtype[np.float64]]
    beta2: float

    @property
    def grows_until(self) -> int:
        """The last step at which the factor β₂/(1 − β₂ᵗ) of the printed recursion is above 1."""
        return max(0, math.ceil(math.log(1 - self.beta2) / math.log(self.beta2)) - 1) if 0 < self.beta2 < 1 else 0

"""Local pictures: the objective along one number, its tangent and parabola there, and the secant that becomes the tangent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from engine.explain.question import Question
from graph.model.address import Address


@dataclass(frozen=True, slots=True)
class SliceOf(Question):
    """Asks for the objective over [low, high] of one number. The answer is a `SliceCurve`. Without bounds: around the present value.

    `place` is an output, a parameter or a wire; of a tensor the chosen entry. Nothing in the model changes.
    """

    answered_by: ClassVar[str] = "engine.explain.slices.answer:local"
    place: Address
    low: float | None = None
    high: float | None = None
    points: int = 121


@dataclass(frozen=True, slots=True)
class Secant(Question):
    """Asks for the secant from the present value x to x + `epsilon`. The answer is a `SecantLine`."""

    answered_by: ClassVar[str] = "engine.explain.slices.answer:secant"
    place: Address
    epsilon: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """The lines of the model as they are drawn: like the slice itself they may be seen where their numbers are hidden.

    `tangent` has the heights at both ends of the slice, `parabola` those at every `x`, `newton` the place of the stationary point.
    """

    tangent: tuple[float, float] | None
    parabola: tuple[float, ...]
    newton: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class SliceCurve:
    """`f` at every `x` (NaN where it is not a number). The model at the present value: f + slope·d + ½·curvature·d², d = x − at.

    `method` says how the curvature was found: "exact" (reverse mode of reverse mode) or "central difference" of gradients.
    `newton` is the parabola's stationary point and `newton_f` the objective there; None where the curvature is 0 or not a number.
    `newton_is` distinguishes a minimum from a maximum.
    """

    place: Address
    name: str
    objective: str
    x: tuple[float, ...]
    f: tuple[float, ...]
    at: float
    value: float
    slope: float
    curvature: float | None
    method: str
    newton: float | None
    newton_f: float | None
    newton_model: float | None
    newton_is: str
    symbol: str = ""
    """The variable of a derivative, as LaTeX: `x`, or `x \\to d` along one of several wires."""
    note: str = ""
    lines: Drawn | None = None
    """What is drawn, where the numbers of the model are covered."""

    @property
    def ends(self) -> tuple[float, float]:
        """Where the slice begins and ends."""
        return (self.x[0], self.x[-1]) if self.x else (self.at - 1, self.at + 1)

    def drawn(self) -> Drawn:
        """The lines of the model over the slice."""
        if self.lines is not None:
            return self.lines
        first, last = self.ends
        tangent = (self.tangent(first), self.tangent(last)) if math.isfinite(self.slope) else None
        parabola = tuple(map(self.parabola, self.x)) if self.curvature is not None else ()
        newton = (self.newton, self.newton_model) if self.newton is not None and self.newton_model is not None else None
        return Drawn(tangent, parabola, newton)

    def tangent(self, x: float) -> float:
        return self.value + self.slope * (x - self.at)

    def parabola(self, x: float) -> float:
        away = x - self.at
        return self.tangent(x) + 0.5 * (self.curvature or 0.0) * away * away


@dataclass(frozen=True, slots=True)
class SecantLine:
    """Through (at, value) and (at + epsilon, other): `secant` is its slope, `slope` the derivative, `error` = |secant − slope|."""

    place: Address
    name: str
    at: float
    value: float
    epsilon: float
    other: float
    secant: float
    slope: float
    error: float

"""Whether the objective is a known convex problem, why, and its exact minimum. Request and answer; no torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from engine.compile.views import Stamp
from engine.numerics.job import Job
from graph.model.address import Address

Array = np.ndarray[Any, np.dtype[np.float64]]
Kind = Literal["least squares", "quadratic", "logistic", "softmax", "hinge", "absolute", "mixed", ""]


@dataclass(frozen=True, slots=True)
class ConvexJob(Job):
    """Asks whether the objective over the whole training part is a known convex problem. The answer is a `ConvexProblem`.

    Nothing changes."""

    done_by: ClassVar[str] = "engine.curvature.convex.answer:convex"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Optimum:
    """A minimum x* (p,) with its value f*, in float64. `how` says in words how it was found.

    `gradient` is ‖∇f(x*)‖ by the graph's own backward pass; for a function with kinks, where it need not be 0, None. `gap` bounds
    f(x*) − f* where the method gives a bound. `flat` (p, k) spans the directions along which f stays the same from x*: k = 0 where the
    minimum is the only one, None where that is not known.
    """

    x: Array
    f: float
    how: str
    gradient: float | None
    gap: float | None
    flat: Array | None

    @property
    def unique(self) -> bool | None:
        """Whether it is the only minimum; None where that is not known."""
        return None if self.flat is None else self.flat.shape[1] == 0

    def nearest(self, at: Array) -> Array:
        """The minimum nearest to a place (p,), among those that are known: x* itself where it is the only one."""
        if self.flat is None or not self.flat.shape[1]:
            return self.x
        result: Array = self.x + self.flat @ (self.flat.T @ (at - self.x))
        return result


@dataclass(frozen=True, slots=True)
class ConvexProblem:
    """What the structure of a graph says about its objective f over p trainable numbers and the whole training part.

    `kind` is empty where the objective is none of the known problems; `reasons` say why it is one, or why not. `convex` is False for a
    quadratic that curves downwards somewhere, None where nothing is known. `places` has the address of each number in the order of x*,
    `here` (p,) and `value` are where the network is. Without an `optimum`, `lacks` says why, and `infimum` is what f goes to where
    that is known (−∞ too).

    `lipschitz` is an L with ‖∇f(x) − ∇f(y)‖ ≤ L‖x − y‖ everywhere, `lipschitz_is` whether it is the least such number or a bound, or that
    there is none because the gradient jumps; empty where it was not computed. `strong` is the largest μ that is known with
    f(x) − ½μ‖x‖² convex. `decay`: the optimizer adds λθ to the gradient, and so goes towards `decayed`, the minimum of f + ½λ‖θ‖².
    """

    stamp: Stamp
    kind: Kind
    title: str
    reasons: tuple[str, ...]
    convex: bool | None
    places: tuple[Address, ...] = ()
    names: tuple[str, ...] = ()
    rows: int = 0
    here: Array | None = None
    value: float = float("nan")
    optimum: Optimum | None = None
    lacks: str = ""
    infimum: float | None = None
    lipschitz: float | None = None
    lipschitz_is: Literal["exact", "bound", "none", ""] = ""
    lecture: str = ""
    """How the lecture writes this L, with the factor that the mean makes."""
    strong: float = 0.0
    decay: float = 0.0
    decayed: Optimum | None = None

"""What a person predicts, the answer they should give, and the slips that lead to wrong ones. No torch: both processes read this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.explain.question import Question
from graph.model.address import Address

CAUSES: dict[str, str] = {
    "upstream": "forgot the upstream factor",
    "branches": "forgot a branch of the sum",
    "partner": "took the wrong partner of the product",
    "sign": "sign",
    "mean": "forgot 1/N",
    "argument": "derivative at the wrong argument",
    "inner": "forgot the local derivative",
    "added": "added the factors of the chain rule",
    "value": "gave the value instead of the gradient",
    "function": "used the function instead of its derivative",
    "factor": "lost a constant factor",
    "jacobian": "used only a part of the Jacobian",
    "transposed": "transposed matrix",
    "one_hot": "forgot to subtract the target",
    "samples": "averaged over the samples once more",
    "order": "order of operations",
    "operation": "another operation",
    "reversed": "operands exchanged",
    "bias": "forgot the bias",
    "activation": "forgot the activation",
    "derivative": "gave the derivative instead of the value",
    "gradient": "gave the gradient instead of the value",
    "base": "logarithm to the wrong base",
    "degrees": "angle in degrees",
}
"""Every misconception that is looked for, in words, by its key."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One slip and the number it leads to. `hint` says where to look, in words and without the number; `node` and `edge` are ids."""

    key: str
    value: float
    hint: str
    node: str = ""
    edge: str = ""
    core: bool = True


@dataclass(frozen=True, slots=True)
class Expected:
    """The right number, and the wrong ones that known slips lead to, the likeliest first.

    `scale` is the size of the largest number it is made of: below its round-off the answer is 0. `name` is what the number is called;
    `address` is None for a number that stands nowhere on the canvas, but in a lesson.
    """

    address: Address | None
    truth: float
    causes: tuple[Cause, ...] = ()
    scale: float = 0.0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Prediction(Question):
    """What should be answered for this number, one entry of a tensor, and what slips would make of it. The answer is an `Expected`."""

    address: Address
    answered_by: ClassVar[str] = "engine.explain.misconceptions.answer:expected"
    judges: ClassVar[bool] = True

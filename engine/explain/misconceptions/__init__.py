"""What the user predicts, the right answer, and the mistakes that lead to wrong ones. No torch: both processes read this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.explain.question import Question
from graph.model.address import Address
from graph.text.messages import _

CAUSES: dict[str, str] = {
    "upstream": _("forgot the upstream factor"),
    "branches": _("forgot a branch of the sum"),
    "partner": _("used the wrong factor of the product"),
    "sign": "sign",
    "mean": _("forgot 1/N"),
    "argument": _("derivative at the wrong argument"),
    "inner": _("forgot the local derivative"),
    "added": _("added the factors of the chain rule"),
    "value": _("gave the value instead of the gradient"),
    "function": _("used the function instead of its derivative"),
    "factor": _("lost a constant factor"),
    "jacobian": _("used only a part of the Jacobian"),
    "transposed": _("transposed matrix"),
    "one_hot": _("forgot to subtract the target"),
    "samples": _("averaged over the samples once more"),
    "order": _("order of operations"),
    "operation": _("another operation"),
    "reversed": _("operands exchanged"),
    "bias": _("forgot the bias"),
    "activation": _("forgot the activation"),
    "derivative": _("gave the derivative instead of the value"),
    "gradient": _("gave the gradient instead of the value"),
    "base": _("logarithm to the wrong base"),
    "degrees": _("angle in degrees"),
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
    `address` is None for a number that is in a lesson and nowhere on the canvas.
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

"""Penalties: what is added to a loss to keep weights small."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.nodes.base import ChoiceSetting, FloatSetting, NodeError, NodeType, Settings, TextSetting
from engine.nodes.checks import shape_text
from engine.numerics.lazy import torch
from graph.model.spec import Category, Port
from graph.text.messages import Message

if TYPE_CHECKING:
    from torch import Tensor


class Penalty(NodeType):
    """What both penalties share: λ, and the parameters it weighs, wired or named."""

    category: ClassVar[Category] = "losses"
    penalizes = True
    inputs = (Port("parameters", many=True, optional=True, doc="Parameters wired here, in addition to the layers named below."),)
    lam = FloatSetting(0.01, 0, title="λ", logarithmic=True, help="Weight of the penalty.")
    layers = TextSetting("", help="Names of layers whose weights (not biases) count, separated by commas; all: every layer. Empty: none.")

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        for shape in shapes["parameters"] or ():
            if shape is not None and shape.batched:
                raise NodeError(
                    Message(
                        "penalty-on-a-batch",
                        "a penalty is for parameters, but {shape} differs from sample to sample",
                        shape=shape_text(shape),
                    ),
                    "parameters",
                )


def total(s: Settings, terms: list[Tensor]) -> Tensor:
    """The sum of the terms; 0 when there are none."""
    return torch.stack(terms).sum() if terms else torch.zeros((), dtype=s.dtype)


class L1Penalty(Penalty):
    """Adds λ times the sum of absolute values: pulls every weight towards 0 with the same force, so that many weights end at 0."""

    key, title, default_name = "penalty.l1", "L1 penalty", "l1_penalty"
    search = ("lasso", "regularization", "sparsity", "weight decay")
    formula = r"@y = \lambda \sum |@parameters|"
    local_derivatives = {"parameters": r"\bar{@parameters} = \bar{@y}\,\lambda\,\mathrm{sign}(@parameters)"}
    gradients = {"parameters": lambda s, g, y, kept, parameters: tuple(s.lam * g * torch.sign(p) for p in parameters)}
    code = ("", "{lam} * sum(p.abs().sum() for p in {parameters})")

    def forward(self, s: Settings, parameters: tuple[Tensor, ...]) -> Tensor:
        return float(s.lam) * total(s, [p.abs().sum() for p in parameters])


class L2Penalty(Penalty):
    """Adds λ times the sum of squares, in full or half: pulls large weights harder than small ones. Also called weight decay."""

    key, title, default_name = "penalty.l2", "L2 penalty", "l2_penalty"
    search = ("ridge", "regularization", "weight decay", "tikhonov")
    factor = ChoiceSetting("full", ("full", "half"), help="λ‖θ‖² in full, or half of it.")
    formula = r"@y = <half>\lambda \sum @parameters^2"
    local_derivatives = {"parameters": r"\bar{@parameters} = \bar{@y}\,<two>\lambda\,@parameters"}
    formula_parts = {"half": ("factor", {"half": r"\frac{1}{2}\,"}), "two": ("factor", {"full": r"2\,"})}
    gradients = {"parameters": lambda s, g, y, kept, parameters: tuple((2 * _weight(s)) * g * p for p in parameters)}
    code = ("", "{weight} * sum((p ** 2).sum() for p in {parameters})")

    def forward(self, s: Settings, parameters: tuple[Tensor, ...]) -> Tensor:
        return _weight(s) * total(s, [(p * p).sum() for p in parameters])

    def code_values(self, s: Settings, shapes: Mapping[str, Any]) -> dict[str, Any]:
        return {"weight": _weight(s)}


def _weight(s: Settings) -> float:
    return float(s.lam if s.factor == "full" else s.lam / 2)

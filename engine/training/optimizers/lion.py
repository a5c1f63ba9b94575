"""Lion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.settings import learning_rate, share, weight_decay

if TYPE_CHECKING:
    from engine.training.optimizers.base import Tensors


class Lion(Optimizer):
    key, title, order = "lion", "Lion", 9.3
    family = "sign"
    doc = "The sign of a momentum that leans more on the newest gradient, with decoupled weight decay (Chen et al. 2023)."
    settings = (
        learning_rate(1e-4),
        share("beta1", 0.9, "", "β₁", "The share of m in the direction of this step."),
        share("beta2", 0.99, "", "β₂", "How long gradients are remembered."),
        weight_decay(),
    )
    decouples = True
    state_variables = (StateVariable("m"),)
    equations = (
        Equation("θ = θ - η*λ*θ", "weight_decay"),
        Equation("c = β₁*m + (1 - β₁)*g"),
        Equation("θ = θ - η*sign(c)"),
        Equation("m = β₂*m + (1 - β₂)*g"),
    )

    repeats = True

    def step(self, gradients: Tensors) -> None:
        self.t += 1
        parameters, gradients, state = self._rows(gradients)
        gradients, m = self._decayed(parameters, gradients), state["m"]
        direction = torch._foreach_sign(torch._foreach_lerp(m, gradients, 1 - self.hyper["beta1"]))
        torch._foreach_add_(parameters, list(direction), alpha=-self.lr)
        torch._foreach_lerp_(m, gradients, 1 - self.hyper["beta2"])

"""Adamax."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.frame import Frame
from engine.training.optimizers.settings import DECAY, betas, decoupled, epsilon, learning_rate, weight_decay

if TYPE_CHECKING:
    from engine.training.optimizers.base import Tensors


class Adamax(Optimizer):
    key, title, order = "adamax", "Adamax", 9.1
    family = "adaptive"
    doc = "Adam with the largest gradient of late, u, in the place of the root mean square (Kingma and Ba 2015)."
    settings = (learning_rate(0.002), *betas(), epsilon(1e-8), weight_decay(), decoupled())
    state_variables = (StateVariable("m"), StateVariable("u"))
    equations = (
        *DECAY,
        Equation("m = β₁*m + (1 - β₁)*g"),
        Equation("u = max(β₂*u, abs(g) + ε)"),
        Equation("m_hat = m/(1 - β₁^t)"),
        Equation("θ = θ - η*(m_hat/u)"),
    )
    frames = (Frame("η*(1 - β₁)/(1 - β₁^t)", "u", "β₁*(1 - β₁^(t - 1))/(1 - β₁^t)", velocity="-η*m/(1 - β₁^t)/u"),)
    torch_call = "Adamax({0}, lr={lr!r}, betas=({beta1!r}, {beta2!r}), eps={eps!r}, weight_decay={weight_decay!r})"

    def step(self, gradients: Tensors) -> None:
        self.t += 1
        parameters, gradients, state = self._rows(gradients)
        g, m, u = self._decayed(parameters, gradients), state["m"], state["u"]
        torch._foreach_lerp_(m, g, 1 - self.hyper["beta1"])
        torch._foreach_mul_(u, self.hyper["beta2"])
        sizes = torch._foreach_abs(g)
        torch._foreach_add_(sizes, self.hyper["eps"])
        torch._foreach_maximum_(u, sizes)
        torch._foreach_addcdiv_(parameters, m, u, -self.lr / (1 - self.hyper["beta1"] ** self.t))

"""RAdam: rectified Adam."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.frame import Frame
from engine.training.optimizers.settings import DECAY, betas, decoupled, epsilon, learning_rate, weight_decay
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.optimizers.base import Tensors

ENOUGH = 5.0
"""Length of the average of squared gradients, in steps, from which it is divided by."""


def _frame() -> Frame:
    longest = "(2/(1 - β₂) - 1)"
    length = f"({longest} - 2*t*β₂^t/(1 - β₂^t))"
    rectified = f"sqrt(max(({length} - 4)*({length} - 2)*{longest}/(({longest} - 4)*({longest} - 2)*{length}), 0))"
    root = f"where({length} - {ENOUGH}, (sqrt(r) + ε)/({rectified}*sqrt(1 - β₂^t)), 1)"
    rate, share = "η*(1 - β₁)/(1 - β₁^t)", "β₁*(1 - β₁^(t - 1))/(1 - β₁^t)"
    return Frame(rate, root, share, "r", f"-η*m/(1 - β₁^t)/({root})")


class RAdam(Optimizer):
    key, title, order = "radam", "RAdam", 9.2
    family = "adaptive"
    doc = "Adam that divides by √r only once r is an average of enough gradients; its first steps are momentum (Liu et al. 2020)."
    settings = (learning_rate(0.001), *betas(), epsilon(1e-8), weight_decay(), decoupled())
    state_variables = (StateVariable("m"), StateVariable("r"))
    equations = (
        *DECAY,
        Equation("m = β₁*m + (1 - β₁)*g"),
        Equation("r = β₂*r + (1 - β₂)*g^2"),
        Equation("m_hat = m/(1 - β₁^t)"),
        Equation("ρ_max = 2/(1 - β₂) - 1"),
        Equation("ρ = ρ_max - 2*t*β₂^t/(1 - β₂^t)", remark=_("the length of the average r")),
        Equation("c = sqrt(max((ρ - 4)*(ρ - 2)*ρ_max/((ρ_max - 4)*(ρ_max - 2)*ρ), 0))", remark=_("rectification")),
        Equation("d = sqrt(1 - β₂^t)/(sqrt(r) + ε)"),
        Equation("a = where(ρ - 5, c*d, 1)"),
        Equation("θ = θ - η*a*m_hat"),
    )
    letters = {"ρ": r"\rho_t", "ρ_max": r"\rho_\infty"}
    frames = (_frame(),)
    torch_call = (
        "RAdam({0}, lr={lr!r}, betas=({beta1!r}, {beta2!r}), eps={eps!r}, weight_decay={weight_decay!r}, "
        "decoupled_weight_decay={decoupled!r})"
    )

    def step(self, gradients: Tensors) -> None:
        self.t += 1
        parameters, gradients, state = self._rows(gradients)
        beta1, beta2, t = self.hyper["beta1"], self.hyper["beta2"], self.t
        g, m, r = self._decayed(parameters, gradients), state["m"], state["r"]
        torch._foreach_lerp_(m, g, 1 - beta1)
        torch._foreach_mul_(r, beta2)
        torch._foreach_addcmul_(r, g, g, 1 - beta2)
        rate, whole = self.lr / (1 - beta1**t), 2 / (1 - beta2) - 1
        length = whole - 2 * t * beta2**t / (1 - beta2**t)
        if length <= ENOUGH:
            torch._foreach_add_(parameters, m, alpha=-rate)
            return
        rectified = math.sqrt((length - 4) * (length - 2) * whole / ((whole - 4) * (whole - 2) * length))
        divisor = torch._foreach_sqrt(r)
        torch._foreach_add_(divisor, self.hyper["eps"])
        torch._foreach_addcdiv_(parameters, m, divisor, -rate * rectified * math.sqrt(1 - beta2**t))

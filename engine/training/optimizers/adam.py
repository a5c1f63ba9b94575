"""Adam."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.frame import Frame
from engine.training.optimizers.settings import AMSGRAD, betas, epsilon, learning_rate, weight_decay

if TYPE_CHECKING:
    from engine.training.optimizers.base import Tensors

MOMENTS = (
    Equation("m = β₁*m + (1 - β₁)*g"),
    Equation("r = β₂*r + (1 - β₂)*g^2"),
    Equation("largest = max(largest, r)", "amsgrad"),
    Equation("m_hat = m/(1 - β₁^t)"),
    Equation("r_hat = r/(1 - β₂^t)", "not amsgrad"),
    Equation("r_hat = largest/(1 - β₂^t)", "amsgrad"),
    Equation("θ = θ - η*(m_hat/(sqrt(r_hat) + ε))"),
)
"""All of Adam but its weight decay."""
_ALPHA, _BETA = "η*(1 - β₁)/(1 - β₁^t)", "β₁*(1 - β₁^(t - 1))/(1 - β₁^t)"


def adam_frame(square: str, when: str = "", exact: bool = True) -> Frame:
    """Adam's frame where the root is taken of this memory, corrected for its start."""
    root = f"sqrt({square}/(1 - β₂^t)) + ε"
    return Frame(_ALPHA, root, _BETA, square, f"-η*m/(1 - β₁^t)/({root})", when, exact)


class Adam(Optimizer):
    key, title, order = "adam", "Adam", 7
    doc = "Momentum over RMSProp, both corrected for starting at 0 (Kingma and Ba 2015)."
    settings = (learning_rate(0.001), *betas(), epsilon(1e-8), AMSGRAD, weight_decay())
    state_variables = (StateVariable("m"), StateVariable("r"), StateVariable("largest", when="amsgrad"))
    equations = (Equation("g = gradient + λ*θ", "weight_decay"), *MOMENTS)
    letters = {"largest": r"r_{\max}"}
    frames = (adam_frame("r", "not amsgrad"), adam_frame("largest"))
    torch_call = "Adam({0}, lr={lr!r}, betas=({beta1!r}, {beta2!r}), eps={eps!r}, amsgrad={amsgrad!r}, weight_decay={weight_decay!r})"

    def set_hyper(self, hyper: Mapping[str, Any]) -> None:
        super().set_hyper(hyper)
        self.beta1, self.beta2, self.eps = (float(self.hyper[name]) for name in ("beta1", "beta2", "eps"))
        self.amsgrad = bool(self.hyper["amsgrad"])

    def step(self, gradients: Tensors) -> None:
        self.t += 1
        g, m, r = self._decayed(gradients), self.state["m"], self.state["r"]
        torch._foreach_lerp_(m, g, 1 - self.beta1)
        torch._foreach_mul_(r, self.beta2)
        torch._foreach_addcmul_(r, g, g, 1 - self.beta2)
        if self.amsgrad:
            torch._foreach_maximum_(self.state["largest"], r)
            r = self.state["largest"]
        divisor = torch._foreach_sqrt(r)
        torch._foreach_div_(divisor, math.sqrt(1 - self.beta2**self.t))
        torch._foreach_add_(divisor, self.eps)
        torch._foreach_addcdiv_(self.parameters, m, divisor, -self.lr / (1 - self.beta1**self.t))

"""Adadelta."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.frame import Frame
from engine.training.optimizers.settings import DECAY, decoupled, epsilon, learning_rate, share, weight_decay

if TYPE_CHECKING:
    from engine.training.optimizers.base import Tensors


class Adadelta(Optimizer):
    key, title, order = "adadelta", "Adadelta", 6
    family = "adaptive"
    doc = "The last steps' size over the last gradients' size: the units agree and η = 1 usually serves (Zeiler 2012)."
    settings = (
        learning_rate(1.0), share("rho", 0.9, "Memory", "ρ", "How long squares are remembered."), epsilon(1e-6), weight_decay(),
        decoupled(),
    )  # fmt: skip
    state_variables = (StateVariable("r"), StateVariable("s"))
    equations = (
        *DECAY,
        Equation("r = ρ*r + (1 - ρ)*g^2"),
        Equation("d = (sqrt(s + ε)/sqrt(r + ε))*g"),
        Equation("s = ρ*s + (1 - ρ)*d^2"),
        Equation("θ = θ - η*d"),
    )
    frames = (Frame("η*sqrt(s + ε)", "sqrt(r + ε)", "", "r", exact=False),)
    torch_call = "Adadelta({0}, lr={lr!r}, rho={rho!r}, eps={eps!r}, weight_decay={weight_decay!r})"

    repeats = True

    def step(self, gradients: Tensors) -> None:
        self.t += 1
        parameters, gradients, state = self._rows(gradients)
        rho, eps = self.hyper["rho"], self.hyper["eps"]
        g, r, s = self._decayed(parameters, gradients), state["r"], state["s"]
        torch._foreach_mul_(r, rho)
        torch._foreach_addcmul_(r, g, g, 1 - rho)
        divisor = torch._foreach_sqrt(torch._foreach_add(r, eps))
        d = torch._foreach_sqrt(torch._foreach_add(s, eps))
        torch._foreach_div_(d, divisor)
        torch._foreach_mul_(d, g)
        torch._foreach_mul_(s, rho)
        torch._foreach_addcmul_(s, d, d, 1 - rho)
        torch._foreach_add_(parameters, d, alpha=-self.lr)

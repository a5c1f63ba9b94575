"""RMSProp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.frame import Frame
from engine.training.optimizers.settings import epsilon, learning_rate, momentum, share, weight_decay
from graph.model.spec import Setting
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.optimizers.base import Tensors


class RmsProp(Optimizer):
    key, title, order = "rmsprop", "RMSProp", 5
    doc = "AdaGrad with a memory that fades (Tieleman and Hinton 2012)."
    settings = (
        learning_rate(0.01),
        share("alpha", 0.99, "Memory", "τ", "How long squared gradients are remembered."),
        epsilon(1e-8),
        momentum(0.0),
        Setting("centered", "bool", False, help="Divide by the standard deviation: subtract the squared mean gradient a."),
        weight_decay(),
    )
    state_variables = (StateVariable("r"), StateVariable("m"), StateVariable("a"))
    equations = (
        Equation("g = gradient + λ*θ", "weight_decay"),
        Equation("r = τ*r + (1 - τ)*g^2"),
        Equation("a = τ*a + (1 - τ)*g", "centered"),
        Equation("d = g/(sqrt(r) + ε)", "not centered"),
        Equation("d = g/(sqrt(r - a^2) + ε)", "centered"),
        Equation("m = ρ*m + d", "momentum"),
        Equation("θ = θ - η*m", "momentum"),
        Equation("θ = θ - η*d", "not momentum", _("without momentum")),
    )
    frames = (
        Frame("η", "sqrt(r) + ε", square="r", when="not momentum, not centered"),
        Frame("η", "sqrt(r - a^2) + ε", square="r", when="not momentum"),
        Frame("η", "sqrt(r) + ε", "ρ", "r", "-η*m", "not centered", carries=False),
        Frame("η", "sqrt(r - a^2) + ε", "ρ", "r", "-η*m", carries=False),
    )
    torch_call = (
        "RMSprop({0}, lr={lr!r}, alpha={alpha!r}, eps={eps!r}, momentum={momentum!r}, centered={centered!r}, weight_decay={weight_decay!r})"
    )

    def step(self, gradients: Tensors) -> None:
        self.t += 1
        hyper, g = self.hyper, self._decayed(gradients)
        r, m, a = self.state["r"], self.state["m"], self.state["a"]
        torch._foreach_mul_(r, hyper["alpha"])
        torch._foreach_addcmul_(r, g, g, 1 - hyper["alpha"])
        if hyper["centered"]:
            torch._foreach_lerp_(a, g, 1 - hyper["alpha"])
            divisor = torch._foreach_sqrt(torch._foreach_addcmul(r, a, a, -1.0))
        else:
            divisor = torch._foreach_sqrt(r)
        torch._foreach_add_(divisor, hyper["eps"])
        if hyper["momentum"]:
            torch._foreach_mul_(m, hyper["momentum"])
            torch._foreach_addcdiv_(m, g, divisor, 1.0)
            torch._foreach_add_(self.parameters, m, alpha=-self.lr)
        else:
            torch._foreach_addcdiv_(self.parameters, g, divisor, -self.lr)

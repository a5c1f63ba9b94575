"""RMSProp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.edge import StabilityEdge
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.frame import Frame
from engine.training.optimizers.settings import DECAY, decoupled, epsilon, form, learning_rate, momentum, share, weight_decay
from graph.model.spec import Setting
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.optimizers.base import Tensors

_ROOTS = (
    ("sqrt(r + ε)", "form=keras, not centered"), ("sqrt(r - a^2 + ε)", "form=keras, centered"),
    ("sqrt(r) + ε", "not form=keras, not centered"), ("sqrt(r - a^2) + ε", "not form=keras, centered"),
)
"""What the gradient is divided by, and in which form."""


class RmsProp(Optimizer):
    key, title, order = "rmsprop", "RMSProp", 5
    family = "adaptive"
    doc = "AdaGrad with a memory that fades (Tieleman and Hinton 2012)."
    settings = (
        learning_rate(0.01),
        share("alpha", 0.99, "Memory", "τ", "How long squared gradients are remembered."),
        epsilon(1e-8),
        momentum(0.0),
        Setting("centered", "bool", False, help="Divide by the standard deviation: subtract the squared mean gradient a."),
        weight_decay(),
        decoupled(),
        form(
            "PyTorch and the lecture divide by √r + ε, Keras by √(r + ε). The lecture's variant begins with r = g², so that the first step "
            "is as long as the later ones.",
            pytorch=_("PyTorch, lecture"), lecture=_("Lecture, r₁ = g²"), keras="Keras",
        ),
    )
    state_variables = (
        StateVariable("r"), StateVariable("m", when="not form=keras"), StateVariable("v", when="form=keras"), StateVariable("a"),
        StateVariable("begun", False, scalar=True),
    )  # fmt: skip
    equations = (
        *DECAY,
        Equation("r = g^2", "form=lecture, not begun", _("at the first step")),
        Equation("r = τ*r + (1 - τ)*g^2", "form=lecture, begun"),
        Equation("r = τ*r + (1 - τ)*g^2", "not form=lecture"),
        Equation("begun = 1", shown=False),
        Equation("a = τ*a + (1 - τ)*g", "centered"),
        Equation("d = g/(sqrt(r) + ε)", "not form=keras, not centered"),
        Equation("d = g/(sqrt(r - a^2) + ε)", "not form=keras, centered"),
        Equation("d = g/sqrt(r + ε)", "form=keras, not centered"),
        Equation("d = g/sqrt(r - a^2 + ε)", "form=keras, centered"),
        Equation("m = ρ*m + d", "not form=keras, momentum"),
        Equation("θ = θ - η*m", "not form=keras, momentum"),
        Equation("v = ρ*v + η*d", "form=keras, momentum"),
        Equation("θ = θ - v", "form=keras, momentum"),
        Equation("θ = θ - η*d", "not momentum", _("without momentum")),
    )
    frames = (
        Frame("η", "sqrt(r + ε)", square="r", when="form=keras, not momentum, not centered"),
        Frame("η", "sqrt(r - a^2 + ε)", square="r", when="form=keras, not momentum"),
        Frame("η", "sqrt(r + ε)", "ρ", "r", "-v", "form=keras, not centered", carries=False),
        Frame("η", "sqrt(r - a^2 + ε)", "ρ", "r", "-v", "form=keras", carries=False),
        Frame("η", "sqrt(r) + ε", square="r", when="not momentum, not centered"),
        Frame("η", "sqrt(r - a^2) + ε", square="r", when="not momentum"),
        Frame("η", "sqrt(r) + ε", "ρ", "r", "-η*m", "not centered", carries=False),
        Frame("η", "sqrt(r - a^2) + ε", "ρ", "r", "-η*m", carries=False),
    )
    edges = (
        *(StabilityEdge("2/η", root, f"{when}, not momentum") for root, when in _ROOTS),
        *(StabilityEdge("(2 + 2*ρ)/η", root, f"{when}, momentum") for root, when in _ROOTS),
    )
    form_defaults = {"keras": {"alpha": 0.9, "eps": 1e-7, "decoupled": True}}
    torch_call = (
        "RMSprop({0}, lr={lr!r}, alpha={alpha!r}, eps={eps!r}, momentum={momentum!r}, centered={centered!r}, weight_decay={weight_decay!r})"
    )

    repeats = True

    def step(self, gradients: Tensors) -> None:
        if self.derived:
            super().step(gradients)
            return
        self.t += 1
        parameters, gradients, state = self._rows(gradients)
        hyper, g = self.hyper, self._decayed(parameters, gradients)
        self.scalars["begun"] = True
        r, m, a = state["r"], state["m"], state["a"]
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
            torch._foreach_add_(parameters, m, alpha=-self.lr)
        else:
            torch._foreach_addcdiv_(parameters, g, divisor, -self.lr)

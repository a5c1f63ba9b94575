"""Gradient descent with Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.edge import StabilityEdge
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.frame import Frame
from engine.training.optimizers.settings import decoupled, form, learning_rate, momentum, weight_decay
from engine.training.optimizers.sgd import Sgd
from graph.model.spec import Setting
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.optimizers.base import Tensors


class Nesterov(Optimizer):
    key, title, short, order = "nesterov", "SGD with Nesterov momentum", "Nesterov", 3
    family = "gradient"
    doc = "Nesterov's accelerated gradient: the gradient at the point where momentum alone would lead (Sutskever et al. 2013)."
    settings = (
        learning_rate(0.1), momentum(0.9),
        Setting(
            "growing", "bool", False, title="Growing momentum", when="form=lecture",
            help="ρ grows with the steps, (t − 2)/(t + 1) at step t, as in Nesterov's method of 1983 for convex functions.",
        ),
        weight_decay(), decoupled(),
        form(
            "The lecture takes the gradient at the look-ahead point. PyTorch and Keras store that point as the parameter, so that the "
            "gradient is taken where the parameter is; Keras' velocity holds η.",
            pytorch="PyTorch", lecture=_("Lecture"), keras="Keras",
        ),
    )  # fmt: skip
    state_variables = (StateVariable("m", when="form=pytorch"), StateVariable("v", when="not form=pytorch"))
    equations = (
        Equation("θ_tilde = θ + ρ*v", "form=lecture, momentum, not growing", _("the gradient is taken here")),
        Equation("θ_tilde = θ + (t - 2)/(t + 1)*v", "form=lecture, momentum, growing", _("the gradient is taken here")),
        Equation("θ = θ - η*λ*θ", "weight_decay, decoupled"),
        Equation("g = gradient + λ*θ_tilde", "form=lecture, momentum, weight_decay, not decoupled"),
        Equation("g = gradient + λ*θ", "form=lecture, not momentum, weight_decay, not decoupled"),
        Equation("g = gradient + λ*θ", "not form=lecture, weight_decay, not decoupled"),
        Equation("m = ρ*m + g", "form=pytorch, momentum"),
        Equation("θ = θ - η*(g + ρ*m)", "form=pytorch, momentum"),
        Equation("v = ρ*v - η*g", "form=lecture, momentum, not growing"),
        Equation("v = (t - 2)/(t + 1)*v - η*g", "form=lecture, momentum, growing"),
        Equation("v = ρ*v - η*g", "form=keras, momentum"),
        Equation("θ = θ + v", "form=lecture, momentum"),
        Equation("θ = θ + (ρ*v - η*g)", "form=keras, momentum"),
        Equation("θ = θ - η*g", "not momentum", _("without momentum")),
    )
    frames = (
        Frame("η", when="not momentum"),
        Frame("η", beta="(t - 2)/(t + 1)", velocity="v", when="form=lecture, growing"),
        Frame("η", beta="ρ", velocity="v", when="form=lecture"),
        Frame("η*(1 + ρ)", beta="", velocity="v", when="form=keras", exact=False),
        Frame("η*(1 + ρ)", beta="", velocity="-η*m", exact=False),
    )
    edges = (
        StabilityEdge("2/η", when="not momentum"), StabilityEdge("4/(3*η)", when="form=lecture, growing"),  # ρ comes close to 1
        StabilityEdge("(2 + 2*ρ)/(η*(1 + 2*ρ))"),
    )  # fmt: skip
    form_defaults = {"keras": {"decoupled": True}}
    torch_call = "SGD({0}, lr={lr!r}, momentum={momentum!r}, nesterov=True, weight_decay={weight_decay!r})"

    @classmethod
    def torch_code_beside(cls, hyper: Mapping[str, Any], parameters: str) -> str:
        """Without momentum it is plain descent, and torch refuses to call that Nesterov."""
        return super().torch_code_beside(hyper, parameters) if hyper["momentum"] else Sgd.torch_code_beside(hyper, parameters)

    repeats = reads_numbers = True

    def set_hyper(self, hyper: Mapping[str, Any]) -> None:
        super().set_hyper(hyper)
        self.momentum = float(self.hyper["momentum"])

    def step_numbers(self) -> tuple[float, ...]:
        return (-self.lr, 1 - self.lr * self.weight_decay) if self.scheduled else ()

    def step(self, gradients: Tensors) -> None:
        if self.derived:
            super().step(gradients)
            return
        self.t += 1
        parameters, gradients, state = self._rows(gradients)
        numbers = (self.numbers or self.step_numbers()) if self.on_card else ()
        move = g = self._decayed(parameters, gradients, numbers[1] if numbers else None)
        if self.momentum:
            m = state["m"]
            torch._foreach_mul_(m, self.momentum)
            torch._foreach_add_(m, g)
            move = list(torch._foreach_add(g, m, alpha=self.momentum))
        if numbers:
            torch._foreach_add_(parameters, torch._foreach_mul(move, numbers[0]))
        else:
            torch._foreach_add_(parameters, move, alpha=-self.lr)

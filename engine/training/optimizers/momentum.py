"""Gradient descent with momentum.

The form of PyTorch is PyTorch's rule in every corner: without momentum nothing is remembered and dampening has no effect; memory begins
with m = g. In the form of the lecture, and of Keras, the velocity v holds the rate: it is equal while the rate is constant and nothing
is dampened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.edge import StabilityEdge
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.frame import Frame
from engine.training.optimizers.settings import DECAY, decoupled, form, learning_rate, momentum, share, weight_decay
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.optimizers.base import Tensors


class Momentum(Optimizer):
    key, title, short, order = "momentum", "SGD with momentum", "Momentum", 2
    family = "gradient"
    doc = "Heavy ball (Polyak 1964): the step is a decaying sum of gradients."
    settings = (
        learning_rate(0.1),
        momentum(0.9),
        replace(
            share("dampening", 0.0, "Dampening", "τ", "Weakens the newest gradient. As in PyTorch, it has no effect without momentum."),
            when="form=pytorch",
        ),
        weight_decay(),
        decoupled(),
        form(
            "PyTorch sums gradients and multiplies the sum by η; the lecture and Keras sum steps, each with the η it was made with. The "
            "two are equal while η is constant.",
            pytorch="PyTorch", lecture=_("Lecture, Keras"),
        ),
    )
    state_variables = (
        StateVariable("m", when="form=pytorch"), StateVariable("v", when="form=lecture"), StateVariable("begun", False, scalar=True),
    )  # fmt: skip
    equations = (
        *DECAY,
        Equation("m = g", "form=pytorch, momentum, not begun", _("at the first step")),
        Equation("m = ρ*m + (1 - τ)*g", "form=pytorch, momentum, begun"),
        Equation("begun = 1", "momentum", shown=False),
        Equation("θ = θ - η*m", "form=pytorch, momentum"),
        Equation("v = ρ*v - η*g", "form=lecture, momentum"),
        Equation("θ = θ + v", "form=lecture, momentum"),
        Equation("θ = θ - η*g", "not momentum", _("without momentum")),
    )
    frames = (
        Frame("η", when="not momentum"),
        Frame("η", beta="ρ", velocity="v", when="form=lecture"),
        Frame("η", beta="ρ", velocity="-η*m", when="not begun"),
        Frame("η*(1 - τ)", beta="ρ", velocity="-η*m"),
    )
    edges = (
        StabilityEdge("2/η", when="not momentum"),
        StabilityEdge("(2 + 2*ρ)/η", when="form=lecture"),
        StabilityEdge("(2 + 2*ρ)/η", when="not dampening"),
        StabilityEdge("(2 + 2*ρ)/(η*(1 - τ))"),
    )
    torch_call = "SGD({0}, lr={lr!r}, momentum={momentum!r}, dampening={dampening!r}, weight_decay={weight_decay!r})"

    repeats = reads_numbers = True

    def set_hyper(self, hyper: Mapping[str, Any]) -> None:
        super().set_hyper(hyper)
        self.momentum, self.dampening = float(self.hyper["momentum"]), float(self.hyper["dampening"])

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
            move = state["m"]
            torch._foreach_mul_(move, self.momentum)
            torch._foreach_add_(move, g, alpha=1.0 - self.dampening if self.scalars["begun"] else 1.0)
            self.scalars["begun"] = True
        if numbers:
            torch._foreach_add_(parameters, torch._foreach_mul(move, numbers[0]))
        else:
            torch._foreach_add_(parameters, move, alpha=-self.lr)

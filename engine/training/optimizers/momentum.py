"""Gradient descent with momentum.

PyTorch's rule in every corner: without momentum nothing is remembered and dampening has no effect; memory begins with m = g.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.frame import Frame
from engine.training.optimizers.settings import learning_rate, momentum, share, weight_decay
from graph.text.messages import _

if TYPE_CHECKING:
    from torch import Tensor

    from engine.training.optimizers.base import Tensors


class Momentum(Optimizer):
    key, title, short, order = "momentum", "SGD with momentum", "Momentum", 2
    doc = "Heavy ball (Polyak 1964) in PyTorch's form: the step is a decaying sum of gradients."
    settings = (
        learning_rate(0.1),
        momentum(0.9),
        share("dampening", 0.0, "Dampening", "τ", "Weakens the newest gradient. As in PyTorch, it has no effect without momentum."),
        weight_decay(),
    )
    state_variables = (StateVariable("m"), StateVariable("begun", False, scalar=True))
    equations = (
        Equation("g = gradient + λ*θ", "weight_decay"),
        Equation("m = g", "momentum, not begun", _("at the first step")),
        Equation("m = ρ*m + (1 - τ)*g", "momentum, begun"),
        Equation("begun = 1", "momentum", shown=False),
        Equation("θ = θ - η*m", "momentum"),
        Equation("θ = θ - η*g", "not momentum", _("without momentum")),
    )
    frames = (
        Frame("η", when="not momentum"),
        Frame("η", beta="ρ", velocity="-η*m", when="not begun"),
        Frame("η*(1 - τ)", beta="ρ", velocity="-η*m"),
    )
    torch_call = "SGD({0}, lr={lr!r}, momentum={momentum!r}, dampening={dampening!r}, weight_decay={weight_decay!r})"

    def set_hyper(self, hyper: Mapping[str, Any]) -> None:
        super().set_hyper(hyper)
        self.momentum, self.dampening = float(self.hyper["momentum"]), float(self.hyper["dampening"])

    def step(self, gradients: Tensors) -> None:
        self.t += 1
        move = g = self._decayed(gradients)
        if self.momentum:
            move = self.state["m"]
            torch._foreach_mul_(move, self.momentum)
            torch._foreach_add_(move, g, alpha=1.0 - self.dampening if self.scalars["begun"] else 1.0)
            self.scalars["begun"] = True
        torch._foreach_add_(self.parameters, move, alpha=-self.lr)

    def load_state_dict(self, names: Sequence[str], captured: Mapping[str, Tensor]) -> None:
        super().load_state_dict(names, captured)
        if "begun" not in captured:  # files from before it was written
            self.scalars["begun"] = self.t > 0

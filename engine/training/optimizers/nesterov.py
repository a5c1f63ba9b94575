"""Gradient descent with Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.frame import Frame
from engine.training.optimizers.settings import learning_rate, momentum, weight_decay
from engine.training.optimizers.sgd import Sgd

if TYPE_CHECKING:
    from engine.training.optimizers.base import Tensors


class Nesterov(Optimizer):
    key, title, short, order = "nesterov", "SGD with Nesterov momentum", "Nesterov", 3
    doc = "Nesterov's accelerated gradient in PyTorch's form (Sutskever et al. 2013)."
    settings = (learning_rate(0.1), momentum(0.9), weight_decay())
    state_variables = (StateVariable("m"),)
    equations = (
        Equation("g = gradient + λ*θ", "weight_decay"),
        Equation("m = ρ*m + g", "momentum"),
        Equation("θ = θ - η*(g + ρ*m)"),
    )
    frames = (
        Frame("η", when="not momentum"),
        Frame("η*(1 + ρ)", beta="", velocity="-η*m", exact=False),
    )
    torch_call = "SGD({0}, lr={lr!r}, momentum={momentum!r}, nesterov=True, weight_decay={weight_decay!r})"

    @classmethod
    def torch_code(cls, hyper: Mapping[str, Any], parameters: str) -> str:
        """Without momentum it is plain descent, and torch refuses to call that Nesterov."""
        return super().torch_code(hyper, parameters) if hyper["momentum"] else Sgd.torch_code(hyper, parameters)

    def set_hyper(self, hyper: Mapping[str, Any]) -> None:
        super().set_hyper(hyper)
        self.momentum = float(self.hyper["momentum"])

    def step(self, gradients: Tensors) -> None:
        self.t += 1
        move = g = self._decayed(gradients)
        if self.momentum:
            m = self.state["m"]
            torch._foreach_mul_(m, self.momentum)
            torch._foreach_add_(m, g)
            move = list(torch._foreach_add(g, m, alpha=self.momentum))
        torch._foreach_add_(self.parameters, move, alpha=-self.lr)

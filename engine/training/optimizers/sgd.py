"""Plain gradient descent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.edge import StabilityEdge
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.frame import Frame
from engine.training.optimizers.settings import DECAY, decoupled, learning_rate, weight_decay

if TYPE_CHECKING:
    from engine.training.optimizers.base import Tensors


class Sgd(Optimizer):
    key, title, order = "sgd", "SGD", 1
    family = "gradient"
    doc = "Stochastic gradient descent: a step against the gradient. With the whole training set as the batch, it is gradient descent."
    settings = (learning_rate(0.1), weight_decay(), decoupled())
    equations = (*DECAY, Equation("θ = θ - η*g"))
    frames = (Frame("η"),)
    edges = (StabilityEdge("2/η"),)
    torch_call = "SGD({0}, lr={lr!r}, weight_decay={weight_decay!r})"

    repeats = reads_numbers = True

    def step_numbers(self) -> tuple[float, ...]:
        return (-self.lr, 1 - self.lr * self.weight_decay) if self.scheduled else ()

    def step(self, gradients: Tensors) -> None:
        self.t += 1
        parameters, gradients, _state = self._rows(gradients)
        if self.on_card and self.scheduled:
            rate, kept = self.numbers or self.step_numbers()
            torch._foreach_add_(parameters, torch._foreach_mul(self._decayed(parameters, gradients, kept), rate))
            return
        torch._foreach_add_(parameters, self._decayed(parameters, gradients), alpha=-self.lr)

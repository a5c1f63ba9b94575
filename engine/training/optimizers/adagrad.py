"""AdaGrad."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.edge import StabilityEdge
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.frame import Frame
from engine.training.optimizers.settings import DECAY, decoupled, epsilon, form, learning_rate, weight_decay
from graph.model.spec import Setting
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.optimizers.base import Tensors


class AdaGrad(Optimizer):
    key, title, order = "adagrad", "AdaGrad", 4
    family = "adaptive"
    doc = "Every weight has its own rate, which falls with the gradients it has seen (Duchi et al. 2011)."
    settings = (
        learning_rate(0.01),
        Setting("lr_decay", "float", 0.0, 0.0, 1e3, title="Rate decay", symbol="κ", when="form=pytorch",
                help="The rate of step t is η/(1 + (t − 1)κ)."),
        Setting("initial_accumulator_value", "float", 0.0, 0.0, 1e6, title="r at the start",
                help="A larger sum of squares to begin with makes the first steps shorter."),
        epsilon(1e-10),
        weight_decay(),
        decoupled(),
        form(
            "PyTorch and the lecture divide by √r + ε, Keras by √(r + ε), and its r begins with 0.1.", pytorch=_("PyTorch, lecture"),
            keras="Keras",
        ),
    )
    state_variables = (StateVariable("r", "initial_accumulator_value"),)
    equations = (
        *DECAY,
        Equation("r = r + g^2"),
        Equation("θ = θ - η*(g/(sqrt(r) + ε))", "form=pytorch, not lr_decay"),
        Equation("θ = θ - (η/(1 + (t - 1)*κ))*(g/(sqrt(r) + ε))", "form=pytorch, lr_decay"),
        Equation("θ = θ - η*(g/sqrt(r + ε))", "form=keras"),
    )
    frames = (Frame("η", "sqrt(r + ε)", square="r", when="form=keras"), Frame("η/(1 + (t - 1)*κ)", "sqrt(r) + ε", square="r"),)
    edges = (StabilityEdge("2/η", "sqrt(r + ε)", "form=keras"), StabilityEdge("2/η", "sqrt(r) + ε", "not lr_decay"))
    form_defaults = {"keras": {"initial_accumulator_value": 0.1, "eps": 1e-7, "decoupled": True}}
    torch_call = (
        "Adagrad({0}, lr={lr!r}, lr_decay={lr_decay!r}, initial_accumulator_value={initial_accumulator_value!r}, "
        "eps={eps!r}, weight_decay={weight_decay!r})"
    )

    def step(self, gradients: Tensors) -> None:
        if self.derived:
            super().step(gradients)
            return
        self.t += 1
        parameters, gradients, state = self._rows(gradients)
        g, r = self._decayed(parameters, gradients), state["r"]
        torch._foreach_addcmul_(r, g, g, 1.0)
        divisor = torch._foreach_sqrt(r)
        torch._foreach_add_(divisor, self.hyper["eps"])
        torch._foreach_addcdiv_(parameters, g, divisor, -self.lr / (1 + (self.t - 1) * self.hyper["lr_decay"]))

"""signSGD, and with momentum Signum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.settings import learning_rate, share, weight_decay
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.optimizers.base import Tensors


class SignSgd(Optimizer):
    key, title, order = "signsgd", "signSGD", 9.5
    family = "sign"
    doc = "Every weight moves by η, against the sign of its gradient; with momentum it is Signum (Bernstein et al. 2018)."
    settings = (
        learning_rate(0.001),
        share("momentum", 0.0, "Momentum", "β", "How long gradients are remembered; above 0 it is Signum."),
        weight_decay(),
    )
    decouples = True
    state_variables = (StateVariable("m"),)
    equations = (
        Equation("θ = θ - η*λ*θ", "weight_decay"),
        Equation("m = β*m + (1 - β)*g", "momentum"),
        Equation("θ = θ - η*sign(m)", "momentum"),
        Equation("θ = θ - η*sign(g)", "not momentum", _("without momentum")),
    )

    repeats = True

    def step(self, gradients: Tensors) -> None:
        self.t += 1
        parameters, gradients, state = self._rows(gradients)
        gradients = self._decayed(parameters, gradients)
        if self.hyper["momentum"]:
            torch._foreach_lerp_(state["m"], gradients, 1 - self.hyper["momentum"])
            gradients = state["m"]
        torch._foreach_add_(parameters, list(torch._foreach_sign(gradients)), alpha=-self.lr)

"""Muon: momentum made orthogonal, for matrices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.derived import orthogonal
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.settings import betas, epsilon, learning_rate, share, weight_decay
from graph.model.spec import Setting
from graph.text.messages import _

if TYPE_CHECKING:
    from torch import Tensor

    from engine.training.optimizers.base import Tensors


class Muon(Optimizer):
    key, title, order = "muon", "Muon", 9.4
    family = "sign"
    doc = (
        "Moves every weight matrix along its momentum made orthogonal, so that no direction in it dominates (Jordan et al. 2024). Five "
        "Newton–Schulz steps in bfloat16 do that, as in PyTorch. Biases and all that is no matrix follow AdamW, with a rate of their own."
    )
    settings = (
        learning_rate(0.02),
        share("momentum", 0.95, "Momentum", "ρ", "How long gradients of matrices are remembered."),
        Setting("nesterov", "bool", True, title="Nesterov", help="The newest gradient counts once more."),
        Setting(
            "adjust", "choice", "original", choices=("original", "match_rms_adamw"), title="Rate by shape",
            choice_titles=("Original", "Like AdamW"),
            help="Factor of η for a p × q matrix: √max(1, p/q), or 0.2·√max(p, q), which makes steps as long as AdamW's.",
        ),
        weight_decay(0.1),
        Setting(
            "other_lr", "float", 0.001, 0.0, 1e6, title="Rate of the others", symbol="κ", logarithmic=True,
            help="For biases and all that is no matrix, by AdamW. A schedule changes it as it changes η.",
        ),
        *betas(),
        epsilon(1e-8),
    )  # fmt: skip
    state_variables = (StateVariable("m"), StateVariable("r"))
    elementwise = False
    decouples = True
    fact_code = ("matrix = parameter.dim() == 2", "rows, columns = parameter.shape if matrix else (1, 1)")
    equations = (
        Equation("θ = θ - η*λ*θ", "matrix, weight_decay", _("matrices")),
        Equation("m = ρ*m + (1 - ρ)*g", "matrix"),
        Equation("B = ρ*m + (1 - ρ)*g", "matrix, nesterov"),
        Equation("B = m", "matrix, not nesterov"),
        Equation("O = orthogonal(B)", "matrix", _("Newton–Schulz of a p × q matrix")),
        Equation("θ = θ - η*sqrt(max(1, rows/columns))*O", "matrix, adjust=original"),
        Equation("θ = θ - η*0.2*sqrt(max(rows, columns))*O", "matrix, adjust=match_rms_adamw"),
        Equation("θ = θ - κ*λ*θ", "not matrix, weight_decay", _("all others: AdamW")),
        Equation("m = β₁*m + (1 - β₁)*g", "not matrix"),
        Equation("r = β₂*r + (1 - β₂)*g^2", "not matrix"),
        Equation("m_hat = m/(1 - β₁^t)", "not matrix"),
        Equation("r_hat = r/(1 - β₂^t)", "not matrix"),
        Equation("θ = θ - κ*(m_hat/(sqrt(r_hat) + ε))", "not matrix"),
    )

    letters = {"rows": "p", "columns": "q"}

    @classmethod
    def facts(cls, parameter: Tensor) -> dict[str, float]:
        matrix = parameter.dim() == 2
        rows, columns = parameter.shape if matrix else (1, 1)
        return {"matrix": float(matrix), "rows": float(rows), "columns": float(columns)}

    def set_hyper(self, hyper: Mapping[str, Any]) -> None:
        super().set_hyper(hyper)
        self._rates = float(self.hyper["lr"]), float(self.hyper["other_lr"])

    def set_rate(self, rate: float) -> None:
        """The rate of the others goes along."""
        super().set_rate(rate)
        base, other = self._rates
        self.hyper["other_lr"] = other * rate / base if base else other

    def step(self, gradients: Tensors) -> None:
        self.t += 1
        self.shared = self._shared(gradients)
        hyper = self.hyper
        for i, (parameter, g) in enumerate(zip(self.parameters, gradients, strict=True)):
            m, r, decay = self.state["m"][i], self.state["r"][i], float(self.hyper_of(i)["weight_decay"])
            if parameter.dim() == 2:
                m.lerp_(g, 1 - hyper["momentum"])
                move = orthogonal(g.lerp(m, hyper["momentum"]) if hyper["nesterov"] else m)
                rows, columns = parameter.shape
                adjusted = math.sqrt(max(1, rows / columns)) if hyper["adjust"] == "original" else 0.2 * math.sqrt(max(rows, columns))
                parameter.mul_(1 - self.lr * decay).add_(move, alpha=-self.lr * adjusted)
                continue
            m.lerp_(g, 1 - hyper["beta1"])
            r.mul_(hyper["beta2"]).addcmul_(g, g, value=1 - hyper["beta2"])
            divisor = (r.sqrt() / math.sqrt(1 - hyper["beta2"] ** self.t)).add_(hyper["eps"])
            parameter.mul_(1 - hyper["other_lr"] * decay)
            parameter.addcdiv_(m, divisor, value=-hyper["other_lr"] / (1 - hyper["beta1"] ** self.t))

"""NAdam."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.frame import Frame
from engine.training.optimizers.settings import DECAY, betas, decoupled, epsilon, form, learning_rate, weight_decay
from graph.model.spec import Setting
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.optimizers.base import Tensors


def _frame(psi: str, when: str = "") -> Frame:
    alpha = (
        f"η*((1 - β₁)*β₁*(1 - 0.5*0.96^((t + 1)*{psi}))/(1 - product*β₁*(1 - 0.5*0.96^((t + 1)*{psi})))"
        f" + (1 - β₁*(1 - 0.5*0.96^(t*{psi})))/(1 - product))"
    )
    root = "sqrt(r/(1 - β₂^t)) + ε"
    return Frame(alpha, root, "", "r", f"-η*m/(1 - β₁^t)/({root})", when, exact=False)


class NAdam(Optimizer):
    key, title, order = "nadam", "NAdam", 9
    family = "adaptive"
    doc = "Adam with Nesterov's look-ahead (Dozat 2016)."
    settings = (
        learning_rate(0.002),
        *betas(),
        epsilon(1e-8),
        Setting("momentum_decay", "float", 0.004, 0.0, 1.0, title="Momentum decay", symbol="ψ", when="form=pytorch",
                help="How fast momentum rises from β₁/2 to β₁; 0: it stays at β₁/2."),
        weight_decay(),
        decoupled(),
        form(
            "PyTorch lets momentum rise slowly, with ψ = 0.004. Keras has no ψ: momentum rises as with ψ = 1.", pytorch="PyTorch",
            keras="Keras",
        ),
    )
    state_variables = (StateVariable("m"), StateVariable("r"), StateVariable("product", 1.0, scalar=True))
    equations = (
        *DECAY,
        Equation("μ_t = β₁*(1 - 0.5*0.96^(t*ψ))", "form=pytorch"),
        Equation("μ_next = β₁*(1 - 0.5*0.96^((t + 1)*ψ))", "form=pytorch"),
        Equation("μ_t = β₁*(1 - 0.5*0.96^t)", "form=keras"),
        Equation("μ_next = β₁*(1 - 0.5*0.96^(t + 1))", "form=keras"),
        Equation("product = product*μ_t", remark=_("the product of all so far")),
        Equation("m = β₁*m + (1 - β₁)*g"),
        Equation("r = β₂*r + (1 - β₂)*g^2"),
        Equation("m_hat = μ_next*m/(1 - product*μ_next) + (1 - μ_t)*g/(1 - product)"),
        Equation("r_hat = r/(1 - β₂^t)"),
        Equation("θ = θ - η*(m_hat/(sqrt(r_hat) + ε))"),
    )
    letters = {"μ_next": r"\mu_{t+1}", "product": r"\Pi"}
    frames = (_frame("1", "form=keras"), _frame("ψ"))
    torch_call = (
        "NAdam({0}, lr={lr!r}, betas=({beta1!r}, {beta2!r}), eps={eps!r}, momentum_decay={momentum_decay!r}, "
        "weight_decay={weight_decay!r}, decoupled_weight_decay={decoupled!r})"
    )
    form_defaults = {"keras": {"eps": 1e-7, "decoupled": True}}

    def _mu(self, t: int) -> float:
        return float(self.hyper["beta1"] * (1 - 0.5 * 0.96 ** (t * self.hyper["momentum_decay"])))

    def step(self, gradients: Tensors) -> None:
        if self.derived:
            super().step(gradients)
            return
        self.t += 1
        parameters, gradients, state = self._rows(gradients)
        g, m, r, beta2 = self._decayed(parameters, gradients), state["m"], state["r"], self.hyper["beta2"]
        mu, following = self._mu(self.t), self._mu(self.t + 1)
        product = self.scalars["product"] = self.scalars["product"] * mu
        torch._foreach_lerp_(m, g, 1 - self.hyper["beta1"])
        torch._foreach_mul_(r, beta2)
        torch._foreach_addcmul_(r, g, g, 1 - beta2)
        divisor = torch._foreach_sqrt(torch._foreach_div(r, 1 - beta2**self.t))
        torch._foreach_add_(divisor, self.hyper["eps"])
        torch._foreach_addcdiv_(parameters, g, divisor, -self.lr * (1 - mu) / (1 - product))
        torch._foreach_addcdiv_(parameters, m, divisor, -self.lr * following / (1 - product * following))

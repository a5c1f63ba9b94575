"""vSGD-fd: rates from the variance and the curvature of the gradient of each weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.derived import evaluate as value_of
from engine.training.optimizers.equations import GRADIENT, STEP, THETA, USED, Equation
from engine.training.optimizers.settings import epsilon
from graph.model.spec import Setting
from graph.text.messages import _

if TYPE_CHECKING:
    from torch import Tensor

    from engine.training.optimizers.base import Evaluate, Hessian, Tensors

SHIFT, SHIFTED = "δ", "g_shift"


class Vsgd(Optimizer):
    """Each step takes two gradients of the same mini-batch: at θ, and at θ + δ for the curvature."""

    key, title, short, order = "vsgd", "vSGD-fd (no more pesky learning rates)", "vSGD-fd", 9.7
    family = "adaptive"
    doc = (
        "Every weight finds its own rate: large where its gradients agree, small where they scatter or the curvature is large. The variant "
        "with finite differences for the curvature, and the mini-batch's gradient as the sample (Schaul and LeCun 2013, after Schaul, "
        "Zhang and LeCun 2013)."
    )
    settings = (
        Setting(
            "lr", "float", 1.0, 0.0, 1e6, title="Factor", symbol="η", logarithmic=True,
            help="Multiplies the rate that the method finds. 1 is the method as it is published.",
        ),
        Setting("slow_start", "float", 2.0, 1.0, 1e6, title="Slow start", symbol="C", help="How much too large the first g² is taken."),
        epsilon(1e-10),
    )  # fmt: skip
    state_variables = (
        StateVariable("g_bar"), StateVariable("v_bar"), StateVariable("h_bar"), StateVariable("u_bar"), StateVariable("τ", 2.0),
        StateVariable("begun", False, scalar=True),
    )  # fmt: skip
    equations = (
        Equation("δ = g + ε", "not begun", _("a second gradient is taken at θ plus δ")),
        Equation("δ = g_bar + ε", "begun", _("a second gradient is taken at θ plus δ")),
        Equation("h = abs((g_shift - g)/δ)", remark=_("curvature")),
        Equation("a = abs(g - g_bar) - 2*sqrt(max(v_bar - g_bar^2, 0))", "begun", _("an outlier where positive")),
        Equation("b = abs(h - h_bar) - 2*sqrt(max(u_bar - h_bar^2, 0))", "begun"),
        Equation("τ = where(max(a, b), τ + 1, τ)", "begun", _("memory, in steps")),
        Equation("g_bar = g", "not begun"),
        Equation("g_bar = (1 - 1/τ)*g_bar + g/τ", "begun"),
        Equation("v_bar = C*g^2", "not begun"),
        Equation("v_bar = (1 - 1/τ)*v_bar + g^2/τ", "begun"),
        Equation("h_bar = h", "not begun"),
        Equation("h_bar = (1 - 1/τ)*h_bar + h/τ", "begun"),
        Equation("u_bar = h^2", "not begun"),
        Equation("u_bar = (1 - 1/τ)*u_bar + h^2/τ", "begun"),
        Equation("s = g_bar^2/(v_bar + ε)", remark=_("the share of the gradient that is no noise")),
        Equation("α = s*((h_bar + ε)/(u_bar + ε))", remark=_("the rate of each weight")),
        Equation("τ = (1 - s)*τ + 1"),
        Equation("θ = θ - η*α*g"),
        Equation("begun = 1", shown=False),
    )
    letters = {SHIFT: r"\delta", SHIFTED: r"\nabla_{\theta + \delta} L", "v_bar": r"\overline{g^2}", "u_bar": r"\overline{h^2}"}
    evaluates_loss = follows_equations = True
    shift = (SHIFT, SHIFTED)

    def minimise(self, evaluate: Evaluate, hessian: Hessian | None = None) -> Tensor:
        """One step. Returns the loss before it."""
        loss, gradients = evaluate()
        gradients = [gradient.clone() for gradient in gradients]
        here = [parameter.clone() for parameter in self.parameters]
        torch._foreach_add_(self.parameters, self._shifts(gradients))
        try:
            self._shifted: Sequence[Tensor] = evaluate()[1]
        finally:
            torch._foreach_copy_(self.parameters, here)
        self.step(gradients)
        return loss

    def _shifts(self, gradients: Tensors) -> Tensors:
        equation = next(e for e in self.active(self.hyper, self.scalars) if e.name == SHIFT)
        known: dict[str, Any] = {**self.symbols(self.hyper), STEP: float(self.t + 1)}
        each = zip(self.parameters, gradients, self.state["g_bar"], strict=True)
        values = ({**known, THETA: p, GRADIENT: g, USED: g, "g_bar": mean} for p, g, mean in each)
        return [torch.as_tensor(value_of(equation.tree, own)) for own in values]

    def _shared(self, gradients: Tensors) -> list[dict[str, Tensor]]:
        return [{SHIFTED: gradient} for gradient in self._shifted]

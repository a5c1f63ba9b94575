"""AdaSecant: rates from the secant of each weight's gradient, along gradients with less variance.

Memory begins as in the authors' program. γ is of the averages with this step, where that program takes those before it.
"""

from __future__ import annotations

from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.settings import epsilon, share
from graph.model.spec import Setting
from graph.text.messages import _


def _average(name: str, of: str) -> Equation:
    """A running average whose memory is τ steps."""
    return Equation(f"{name} = (1 - 1/τ)*{name} + {of}/τ")


class AdaSecant(Optimizer):
    key, title, order = "adasecant", "AdaSecant", 9.8
    family = "adaptive"
    doc = (
        "Every weight finds its own rate from the secant: how far it moved over how much its gradient changed. The diagonal variant, with "
        "gradients normalised by tensor and freed of variance (Gulcehre and Bengio 2014, Algorithm 1)."
    )
    settings = (
        Setting(
            "lr", "float", 1.0, 0.0, 1e6, title="Factor", symbol="η", logarithmic=True,
            help="Multiplies the rate that the method finds. 1 is the method as it is published.",
        ),
        share("decay", 0.95, "Memory", "ρ", "How long gradients are remembered for their mean and variance."),
        Setting("gamma_max", "float", 1.8, 0.0, 1e6, title="Largest γ", symbol="γ_max", help="Limits how much the mean gradient counts."),
        epsilon(1e-7),
    )  # fmt: skip
    state_variables = (
        StateVariable("g_bar"), StateVariable("v_bar"), StateVariable("c"), StateVariable("last"), StateVariable("p"), StateVariable("q"),
        StateVariable("α_bar"), StateVariable("u_bar"), StateVariable("d_bar"), StateVariable("e_bar"), StateVariable("k_bar"),
        StateVariable("τ", 2.1), StateVariable("begun", False, scalar=True),
    )  # fmt: skip
    elementwise = False
    equations = (
        Equation("g = g/(norm(g) + ε)"),
        Equation("d_bar = g", "not begun"),
        Equation("e_bar = g^2", "not begun"),
        Equation("g_bar = ρ*g_bar + (1 - ρ)*g"),
        Equation("v_bar = ρ*v_bar + (1 - ρ)*g^2"),
        _average("p", "((g - c)*(c - g_bar))^2"),
        _average("q", "((g - g_bar)*(c - g_bar))^2"),
        Equation("γ = min(sqrt(p)/sqrt(q + ε), γ_max)"),
        Equation("c = (g + γ*g_bar)/(1 + γ)", remark=_("with less variance")),
        Equation("α = g - last", remark=_("how the gradient changed")),
        _average("α_bar", "α"),
        _average("u_bar", "α^2"),
        Equation("r = sqrt(e_bar + ε)/sqrt(u_bar + ε)"),
        Equation("r = r - k_bar/(u_bar + ε)", remark=_("the rate of each weight")),
        Equation("Δ = -η*r*c"),
        Equation("n = (1 - d_bar^2/(e_bar + ε))*τ + 1"),
        Equation("a = abs(g - g_bar) - 2*sqrt(max(v_bar - g_bar^2, 0))", remark=_("an outlier where positive")),
        Equation("b = abs(α - α_bar) - 2*sqrt(max(u_bar - α_bar^2, 0))"),
        _average("d_bar", "Δ"),
        _average("e_bar", "Δ^2"),
        _average("k_bar", "Δ*α"),
        Equation("τ = where(max(a, b), 2.2, n)", remark=_("memory, in steps")),
        Equation("τ = min(max(τ, 1.5), 10^8)"),
        Equation("last = g"),
        Equation("θ = θ + Δ"),
        Equation("begun = 1", shown=False),
    )
    letters = {
        "last": "g_{t-1}", "γ_max": r"\gamma_{\max}", "v_bar": r"\overline{g^2}", "α_bar": r"\bar \alpha", "u_bar": r"\overline{\alpha^2}",
        "d_bar": r"\bar \Delta", "e_bar": r"\overline{\Delta^2}", "k_bar": r"\overline{\Delta \alpha}", "Δ": r"\Delta",
    }  # fmt: skip

"""Rprop."""

from __future__ import annotations

from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.equations import Equation
from graph.model.spec import Setting
from graph.text.messages import _


class Rprop(Optimizer):
    key, title, order = "rprop", "Rprop", 9.6
    family = "sign"
    doc = (
        "Every weight has its own step size, which grows while the sign of its gradient stays and shrinks when it changes; the size of "
        "the gradient makes no difference (Riedmiller and Braun 1993). Meant for the whole training set in every step."
    )
    settings = (
        Setting(
            "lr", "float", 0.01, 0.0, 1e6, title="First step size", logarithmic=True,
            help="The step size of every weight before the first step. Later ones follow from the signs alone: schedules change nothing.",
        ),
        Setting("eta_minus", "float", 0.5, 1e-6, 0.999999, title="Shrink by", symbol="η_minus", help="Where the sign of g has changed."),
        Setting("eta_plus", "float", 1.2, 1.000001, 100.0, title="Grow by", symbol="η_plus", help="Where the sign of g is the same."),
        Setting("step_min", "float", 1e-6, 0.0, 1e6, title="Smallest step", symbol="s_min", logarithmic=True,
                help="No weight's step size becomes smaller than this."),
        Setting("step_max", "float", 50.0, 0.0, 1e6, title="Largest step", symbol="s_max", logarithmic=True,
                help="No weight's step size becomes larger than this."),
    )  # fmt: skip
    state_variables = (StateVariable("s", "lr"), StateVariable("last"))
    equations = (
        Equation("c = g*last", remark=_("did the sign change?")),
        Equation("f = where(-c, η_minus, 1)"),
        Equation("f = where(c, η_plus, f)"),
        Equation("s = min(max(s*f, s_min), s_max)"),
        Equation("g = where(-c, 0, g)", remark=_("no step where it did")),
        Equation("θ = θ - sign(g)*s"),
        Equation("last = g"),
    )
    letters = {"last": "g_{t-1}", "η_plus": r"\eta^{+}", "η_minus": r"\eta^{-}", "s_min": r"s_{\min}", "s_max": r"s_{\max}"}
    torch_call = "Rprop({0}, lr={lr!r}, etas=({eta_minus!r}, {eta_plus!r}), step_sizes=({step_min!r}, {step_max!r}))"

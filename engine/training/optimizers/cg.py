"""Nonlinear conjugate gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.numerics.lazy import torch
from engine.training.optimizers.base import StateVariable
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.searches import Line, Search, flat, parts_of
from engine.training.optimizers.searching import Objective, Searching, search_settings
from graph.model.spec import Setting
from graph.text.messages import _

if TYPE_CHECKING:
    from torch import Tensor

ORTHOGONAL = 0.1
"""Gradients one after another whose cosine is larger than this are far from orthogonal, as they would be on a quadratic."""
RULES = {"fletcher_reeves": "Fletcher–Reeves", "polak_ribiere": "Polak–Ribière⁺", "hestenes_stiefel": "Hestenes–Stiefel"}
RESTARTED = _("It restarts with the steepest descent.")


class ConjugateGradient(Searching):
    key, title, short, order = "cg", "Nonlinear conjugate gradient", "Conjugate gradient", 24
    family = "second"
    doc = (
        "Each direction is the negative gradient plus β times the last direction; on a quadratic with exact searches, n steps are enough. "
        "Fletcher and Reeves 1964, Polak and Ribière 1969, Hestenes and Stiefel 1952; Nocedal and Wright 2006, section 5.2. "
        "Always uses the whole training set."
    )
    settings = (
        Setting("beta", "choice", "polak_ribiere", choices=tuple(RULES), choice_titles=tuple(RULES.values()), title="Rule for β",
                help="How much of the last direction is kept. The three rules are equal on a quadratic with exact line searches."),
        Setting("restart_every", "int", 0, 0, 10**6, title="Restart after",
                help="Steps between two restarts; 0: as many as there are trained numbers."),
        *search_settings("wolfe", 0.1),
    )
    state_variables = (
        StateVariable("d"), StateVariable("p"), StateVariable("since", 0, scalar=True), StateVariable("fall", 0.0, scalar=True),
    )  # fmt: skip
    equations = (
        Equation("β = g_T*g/(p_T*p)", "beta=fletcher_reeves", _("p is the last gradient")),
        Equation("β = max(0, g_T*(g - p)/(p_T*p))", "beta=polak_ribiere", _("p is the last gradient")),
        Equation("β = g_T*(g - p)/(d_T*(g - p))", "beta=hestenes_stiefel", _("p is the last gradient")),
        Equation("d = β*d - g"),
        Equation("θ = θ + η*d", remark=_("η from the line search")),
    )
    letters = {"g_T": r"g^{\top}", "p_T": r"p^{\top}", "d_T": r"d^{\top}"}

    def direction(self, objective: Objective, gradient: Tensor) -> Tensor:
        limit = self.hyper["restart_every"] or self.size
        if not 0 < self.scalars["since"] < limit:
            if self.scalars["since"]:
                self.notes.append(RESTARTED)
            self.restart()
            return -gradient
        last, d = flat(self.state["p"]), flat(self.state["d"])
        beta = self._beta(gradient, last, d)
        far = abs(float(torch.dot(gradient, last))) >= ORTHOGONAL * float(torch.dot(gradient, gradient))
        if not beta or far and self.hyper["beta"] == "fletcher_reeves":
            self.notes.append(RESTARTED)
            self.restart()
            return -gradient
        return beta * d - gradient

    def _beta(self, gradient: Tensor, last: Tensor, d: Tensor) -> float:
        rule = self.hyper["beta"]
        if rule == "fletcher_reeves":
            above, below = torch.dot(gradient, gradient), torch.dot(last, last)
        elif rule == "polak_ribiere":
            above, below = torch.dot(gradient, gradient - last), torch.dot(last, last)
        else:
            above, below = torch.dot(gradient, gradient - last), torch.dot(d, gradient - last)
        beta = float(above) / float(below) if float(below) else 0.0
        return max(beta, 0.0) if rule == "polak_ribiere" else beta

    def first_trial(self, line: Line) -> float:
        """As far as promises the decrease of the last step (Nocedal and Wright, (3.60))."""
        fall, searches = self.scalars["fall"], self.hyper["line_search"] in ("wolfe", "backtracking")
        return -2 * fall / line.slope if searches and fall and line.slope else self.short_trial(line)

    def learn(self, step: Tensor, change: Tensor, gradient: Tensor, search: Search) -> None:
        for name, row in (("d", search.direction), ("p", gradient)):
            for tensor, part in zip(self.state[name], parts_of(row, self.parameters), strict=True):
                tensor.copy_(part)
        self.scalars["since"] += 1
        self.scalars["fall"] = max(search.loss - search.trials[search.taken or 0].loss, 0.0)

    def restart(self) -> None:
        self.scalars |= {"since": 0, "fall": 0.0}
        for tensors in self.state.values():
            for tensor in tensors:
                tensor.zero_()

"""Gauss–Newton: Newton's method for a sum of squares, with only the first derivatives of the residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.numerics.lazy import torch
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.searching import Objective, Searching, search_settings
from graph.text.messages import _

if TYPE_CHECKING:
    from torch import Tensor

SINGULAR = _("The columns of J depend on each other: the step is the shortest of the best ones.")
RANK = 1e-12
"""A singular value this small, as a share of the largest, counts as 0."""


class GaussNewton(Searching):
    key, title, order = "gauss_newton", "Gauss–Newton", 21
    doc = (
        "For squared losses, L = Σ rᵢ²: the residuals r are replaced by their tangents r + J d, and d solves this linear least-squares "
        "problem. JᵀJ stands for half the Hessian. Always uses the whole training set. Nocedal and Wright 2006, section 10.3."
    )
    settings = search_settings("backtracking", 0.9)
    equations = (Equation("d = -A_inv*(J_T*r)", remark=_("r are the residuals, J their derivatives")), Equation("θ = θ + η*d"))
    letters = {"A_inv": r"(J^{\top} J)^{-1}", "J_T": r"J^{\top}"}
    needs_residuals = keeps_matrix = True
    family = "second"

    def direction(self, objective: Objective, gradient: Tensor) -> Tensor:
        residuals, jacobian = objective.residuals()
        if not bool(torch.isfinite(jacobian).all() & torch.isfinite(residuals).all()):
            return torch.full_like(gradient, float("nan"))
        u, values, v = torch.linalg.svd(jacobian, full_matrices=False)
        large = values > RANK * float(values.max())
        if not bool(large.all()) or len(values) < len(gradient):
            self.notes.append(SINGULAR)
        along = torch.where(large, (u.T @ -residuals) / torch.where(large, values, torch.ones_like(values)), torch.zeros_like(values))
        step: Tensor = v.T @ along
        return step

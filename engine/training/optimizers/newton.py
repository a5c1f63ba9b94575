"""Newton's method: to the stationary point of the parabola that has the loss's gradient and second derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.numerics.lazy import torch
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.searching import Objective, Searching, search_settings
from graph.model.spec import Setting
from graph.text.messages import ngettext

if TYPE_CHECKING:
    from torch import Tensor

FLAT = 1e-12
"""An eigenvalue this small, as a share of the largest, counts as 0."""


class Newton(Searching):
    key, title, order = "newton", "Newton", 20
    family = "second"
    doc = (
        "Newton's method with the exact Hessian H: one step reaches the minimum of a quadratic. It computes n² second derivatives "
        "and solves a linear system, about n³ operations a step. Always uses the whole training set. Nocedal and Wright 2006, section 3.3; "
        "saddle-free: Dauphin et al. 2014."
    )
    settings = (
        *search_settings("fixed", 0.9),
        Setting(
            "damping", "float", 0.0, 0.0, 1e9, title="Damping", symbol="λ", logarithmic=True,
            help="Added to every eigenvalue of H (Levenberg): a larger one gives shorter steps, closer to the gradient's direction.",
        ),
        Setting("saddle_free", "bool", False, title="Saddle-free", help="Divide by |H|: the eigenvalues of H without their signs."),
    )  # fmt: skip
    equations = (
        Equation("d = -H_inv*g", "not saddle_free, not damping"),
        Equation("d = -A_inv*g", "not saddle_free, damping"),
        Equation("d = -B_inv*g", "saddle_free, not damping"),
        Equation("d = -C_inv*g", "saddle_free, damping"),
        Equation("θ = θ + η*d"),
    )
    letters = {"H_inv": "H^{-1}", "A_inv": r"(H + \lambda I)^{-1}", "B_inv": "|H|^{-1}", "C_inv": r"(|H| + \lambda I)^{-1}"}
    needs_hessian = True

    def direction(self, objective: Objective, gradient: Tensor) -> Tensor:
        matrix, damping = objective.hessian(), float(self.hyper["damping"])
        matrix = (matrix + matrix.T) / 2
        if not bool(torch.isfinite(matrix).all()):
            return torch.full_like(gradient, float("nan"))
        if not self.hyper["saddle_free"]:
            shifted = matrix + damping * torch.eye(len(matrix), dtype=matrix.dtype, device=matrix.device) if damping else matrix
            factor, failed = torch.linalg.cholesky_ex(shifted)
            if not int(failed):
                return -torch.cholesky_solve(gradient.unsqueeze(1), factor).squeeze(1)
        values, vectors = torch.linalg.eigh(matrix)
        values = (values.abs() if self.hyper["saddle_free"] else values) + damping
        return self._by_eigenvalues(values, vectors, gradient)

    def _by_eigenvalues(self, values: Tensor, vectors: Tensor, gradient: Tensor) -> Tensor:
        """The step where not every eigenvalue is positive: nowhere along those that are 0."""
        zero = values.abs() <= FLAT * float(values.abs().max())
        if flat := int(zero.sum()):
            self.notes.append(ngettext(
                "H is singular: one eigenvalue is 0, and the step does not move along its eigenvector.",
                "H is singular: {count} eigenvalues are 0, and the step does not move along their eigenvectors.", flat,
            ).format(count=flat))  # fmt: skip
        if below := int(((values < 0) & ~zero).sum()):
            self.notes.append(ngettext(
                "H is indefinite: one eigenvalue is negative; along its eigenvector the step goes uphill, to the parabola's maximum.",
                "H is indefinite: {count} eigenvalues are negative; along their eigenvectors the step goes uphill, to a maximum.",
                below,
            ).format(count=below))  # fmt: skip
        along = vectors.T @ gradient
        return -(vectors @ torch.where(zero, torch.zeros_like(along), along / torch.where(zero, torch.ones_like(values), values)))

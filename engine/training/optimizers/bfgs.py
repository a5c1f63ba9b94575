"""BFGS: the inverse Hessian, built from the changes of θ and of the gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.numerics.lazy import torch
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.searches import Line, Search
from engine.training.optimizers.searching import Objective, Searching, search_settings
from graph.text.messages import _

if TYPE_CHECKING:
    from torch import Tensor

MATRIX = "bfgs.H"
CURVED = 1e-12
"""The least yᵀs, as a share of ‖y‖·‖s‖, that says something about the curvature."""
SKIPPED = _("The gradient does not grow along the step (yᵀs ≤ 0), so H stays as it is.")


class Bfgs(Searching):
    key, title, order = "bfgs", "BFGS", 22
    family = "second"
    doc = (
        "Broyden, Fletcher, Goldfarb and Shanno (1970): the inverse Hessian H is built from the changes s of θ and y of the gradient. "
        "It keeps n² numbers for n weights. Always uses the whole training set. Nocedal and Wright 2006, section 6.1."
    )
    settings = search_settings("wolfe", 0.9)
    equations = (
        Equation("d = -H*g", remark=_("at first H is the identity")),
        Equation("θ = θ + η*d", remark=_("η from the line search")),
        Equation("s = θ_next - θ_k"),
        Equation("y = g_next - g_k"),
        Equation("V = I - y*s_T/(y_T*s)"),
        Equation("H = V_T*H*V + s*s_T/(y_T*s)"),
    )
    letters = {"θ_next": r"\theta_{k+1}", "g_next": "g_{k+1}", "V_T": r"V^{\top}", "s_T": r"s^{\top}", "y_T": r"y^{\top}"}
    keeps_matrix = True
    matrix: Tensor | None = None
    """H, n × n; None for the identity, before anything is known."""

    @classmethod
    def can_load(cls, memory: Mapping[str, Tensor]) -> bool:
        matrix = memory.get(MATRIX)
        square = matrix is None or (matrix.dim() == 2 and matrix.shape[0] == matrix.shape[1])
        return square and super().can_load(memory)

    def direction(self, objective: Objective, gradient: Tensor) -> Tensor:
        return -gradient if self.matrix is None else -(self.matrix @ gradient)

    def first_trial(self, line: Line) -> float:
        return self.lr if self.matrix is not None else self.short_trial(line)

    def learn(self, step: Tensor, change: Tensor, gradient: Tensor, search: Search) -> None:
        curved = float(torch.dot(step, change))
        if not curved > CURVED * float(step.norm()) * float(change.norm()):
            self.notes.append(SKIPPED)
            return
        h = torch.eye(len(step), dtype=step.dtype, device=step.device) if self.matrix is None else self.matrix
        rho = 1.0 / curved
        moved = h @ change
        factor = rho * (1.0 + rho * float(torch.dot(change, moved)))
        self.matrix = h + factor * torch.outer(step, step) - rho * (torch.outer(moved, step) + torch.outer(step, moved))

    def restart(self) -> None:
        self.matrix = None

    def memory(self, names: Sequence[str]) -> dict[str, Tensor]:
        return {} if self.matrix is None else {MATRIX: self.matrix}

    def load_state_dict(self, names: Sequence[str], captured: Mapping[str, Tensor]) -> None:
        super().load_state_dict(names, captured)
        old = captured.get(MATRIX)
        self.matrix = old.clone() if old is not None and old.shape == (self.size, self.size) else None

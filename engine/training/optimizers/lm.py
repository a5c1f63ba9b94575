"""Levenberg–Marquardt: Gauss–Newton with a damping that grows until the loss falls."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.searches import MOST, Search, Trial, flat, parts_of, said
from engine.training.optimizers.searching import Objective
from graph.model.spec import Setting
from graph.text.messages import _

if TYPE_CHECKING:
    from torch import Tensor

    from engine.training.optimizers.base import Evaluate, Hessian, Tensors

SMALLEST = 1e-15


class LevenbergMarquardt(Optimizer):
    """`lam` is the λ that the next step tries first; 0 before the first step, which begins with the setting."""

    key, title, order = "lm", "Levenberg–Marquardt", 21.5
    doc = (
        "For squared losses, L = Σ rᵢ²: the step of Gauss–Newton, damped by λ. A step that does not lower the loss is made again with a "
        "larger λ; after one that does, λ is smaller. Always uses the whole training set. Levenberg 1944, Marquardt 1963; Nocedal and "
        "Wright 2006, section 10.3."
    )
    settings = (
        Setting("lr", "float", 1.0, 0.0, 1e6, title="Step length", symbol="η", logarithmic=True, help="The step is η·d."),
        Setting(
            "damping", "float", 1e-3, 1e-15, 1e15, title="First damping", symbol="λ", logarithmic=True,
            help="The λ of the first step. A large one gives short steps against the gradient, a small one those of Gauss–Newton.",
        ),
        Setting("factor", "float", 10.0, 1.0, 1e6, title="Factor", help="λ is multiplied by it until the loss falls, then divided by it.",
                exclusive_minimum=True),
        Setting(
            "scaling", "choice", "identity", choices=("identity", "diagonal"), title="Damping of",
            choice_titles=("All alike", "diag(JᵀJ)"),
            help="What λ is added to: every weight alike (Levenberg), or in proportion to the diagonal of JᵀJ (Marquardt).",
        ),
    )  # fmt: skip
    state_variables = (StateVariable("lam", 0.0, scalar=True),)
    equations = (
        Equation("d = -A_inv*(J_T*r)", "scaling=identity", _("r are the residuals, J their derivatives")),
        Equation("d = -B_inv*(J_T*r)", "scaling=diagonal", _("D is the diagonal of the first product")),
        Equation("θ = θ + η*d"),
    )
    letters = {
        "A_inv": r"(J^{\top} J + \lambda I)^{-1}", "B_inv": r"(J^{\top} J + \lambda D)^{-1}", "J_T": r"J^{\top}", "lam": r"\lambda",
    }  # fmt: skip
    evaluates_loss = full_batch = needs_residuals = keeps_matrix = True
    family = "second"

    def minimise(self, evaluate: Evaluate, hessian: Hessian | None = None) -> Tensor:
        self.t += 1
        self.tried = ()
        loss, gradients = evaluate()
        gradient, begun = flat(gradients), float(loss)
        if not (math.isfinite(begun) and bool(torch.isfinite(gradient).all())):
            return loss
        if not bool(gradient.any()):
            self.tried = (Search("damping", begun, 0.0, (), None, "flat", -gradient),)
            return loss
        residuals, jacobian = cast(Objective, evaluate).residuals()
        product, right = jacobian.T @ jacobian, -(jacobian.T @ residuals)
        diagonal, one = torch.diag(product), torch.ones_like(right)
        if self.hyper["scaling"] == "identity":
            diagonal = one
        diagonal = torch.where(diagonal > 0, diagonal, one)  # as in MINPACK: nothing depends on such a weight here
        start, trials = [p.clone() for p in self.parameters], list[Trial]()
        damping = float(self.scalars["lam"] or self.hyper["damping"])
        direction, taken = right, False
        while not taken and len(trials) < MOST:
            direction = _solved(product + torch.diag(damping * diagonal), right)
            for parameter, old, part in zip(self.parameters, start, parts_of(direction, self.parameters), strict=True):
                parameter.copy_(old + self.lr * part)
            new, slopes = evaluate()
            trials.append(Trial(self.lr, float(new), float(torch.dot(flat(slopes), direction)), damping))
            taken = trials[-1].finite and trials[-1].loss < begun
            damping = damping / float(self.hyper["factor"]) if taken else damping * float(self.hyper["factor"])
        if taken:
            self.scalars["lam"] = max(damping, SMALLEST)
        else:
            for parameter, old in zip(self.parameters, start, strict=True):
                parameter.copy_(old)
        slope, place = float(torch.dot(gradient, direction)), len(trials) - 1 if taken else None
        self.tried = (Search("damping", begun, slope, tuple(trials), place, "damped" if taken else "undamped", direction),)
        return loss

    def step(self, gradients: Tensors) -> None:
        raise TypeError("Levenberg–Marquardt evaluates the objective itself; call minimise")

    def memory(self, names: Sequence[str]) -> dict[str, Tensor]:
        return {}

    def step_note(self, before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> str:
        return " ".join(map(said, self.tried))


def _solved(matrix: Tensor, right: Tensor) -> Tensor:
    """The solution; not a number where the matrix is not positive definite, so that the next trial has a larger λ."""
    factor, failed = torch.linalg.cholesky_ex(matrix)
    if int(failed):
        return torch.full_like(right, math.nan)
    return torch.cholesky_solve(right.unsqueeze(1), factor).squeeze(1)

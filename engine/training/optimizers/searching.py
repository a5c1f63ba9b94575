"""An optimizer that chooses a direction and searches along it: what Newton, BFGS, L-BFGS and conjugate gradient share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.searches import Line, Search, Trial, backtracking, exact, fixed, flat, said, wolfe
from graph.model.spec import Setting
from graph.text.messages import _

if TYPE_CHECKING:
    from torch import Tensor

    from engine.training.optimizers.base import Evaluate, Hessian, Tensors

RULES = {"fixed": "Fixed step", "exact": "Exact", "backtracking": "Backtracking", "wolfe": "Strong Wolfe"}
"""The line searches by their titles."""
CHOICE = (
    "How far each step goes. Fixed: always η. Exact: to the minimum of the parabola along the direction, exact for a quadratic loss. "
    "Backtracking: shorten the step until the loss is low enough (Armijo). Strong Wolfe: low and flat enough."
)
SEARCHES = "backtracking|wolfe|exact"
UPHILL = _("The loss does not fall along this direction, so the search goes against the gradient instead.")
NOT_FINITE = _("The direction is not finite, so the step goes against the gradient instead.")


class Objective(Protocol):
    """What such an optimizer is given: a call computes the loss and its gradients at the parameters as they are."""

    def __call__(self) -> tuple[Tensor, Sequence[Tensor]]: ...

    def hessian(self) -> Tensor:
        """All second derivatives, n × n."""
        ...

    def product(self, direction: Tensor) -> Tensor:
        """The Hessian times a vector of n numbers."""
        ...

    def residuals(self) -> tuple[Tensor, Tensor]:
        """(r, J) of a squared loss L = Σ rᵢ²: m numbers, and their derivatives, m × n."""
        ...


def search_settings(default: str, c2: float) -> tuple[Setting, ...]:
    """The line search and its constants."""
    return (
        Setting(
            "lr", "float", 1.0, 0.0, 1e6, title="Step length", symbol="η", logarithmic=True,
            help="The length of a fixed step, and the first one that a search tries.",
        ),
        Setting(
            "line_search", "choice", default, choices=tuple(RULES), choice_titles=tuple(RULES.values()), title="Line search", help=CHOICE
        ),
        *constants(c2),
    )  # fmt: skip


def constants(c2: float) -> tuple[Setting, ...]:
    """The constants of the line searches: c₁, the shrinking factor, and c₂ with this default."""
    return (
        Setting(
            "c1", "float", 1e-4, 0.0, 0.5, title="Sufficient decrease", symbol="c₁", logarithmic=True, when=f"line_search={SEARCHES}",
            help="A step t has to lower the loss by at least c₁·t·|φ′(0)| (Armijo).",
        ),
        Setting(
            "shrink", "float", 0.5, 0.01, 0.99, title="Shrinking factor", when="line_search=backtracking|exact",
            help="Backtracking multiplies a step that is too long by this.",
        ),
        Setting(
            "c2", "float", c2, 0.0, 1.0, title="Curvature condition", symbol="c₂", when="line_search=wolfe",
            help="At the end of a step the slope is at most c₂ times the slope at its start.",
        ),
    )  # fmt: skip


class Searching(Optimizer):
    """Subclasses give `direction`, and `learn` from the step that was made. `tried` is what the last step's search tried.

    A search needs a direction along which the loss falls. Where the direction is none, it goes along −g instead, and says so.
    """

    evaluates_loss: ClassVar[bool] = True
    full_batch: ClassVar[bool] = True

    def __init__(self, hyper: Mapping[str, Any], parameters: Sequence[Tensor]) -> None:
        super().__init__(hyper, parameters)
        self.notes: list[str] = []

    @property
    def size(self) -> int:
        """How many numbers are trained."""
        return sum(p.numel() for p in self.parameters)

    # What subclasses say

    def direction(self, objective: Objective, gradient: Tensor) -> Tensor:
        """Where to go from here, as one row; `gradient` is the gradient as one row. What there is to say goes to `notes`."""
        raise NotImplementedError

    def learn(self, step: Tensor, change: Tensor, gradient: Tensor, search: Search) -> None:
        """A step was made: s = θ⁺ − θ, y = g⁺ − g, and g, where it began."""

    def restart(self) -> None:
        """Forget what was learned."""

    def first_trial(self, line: Line) -> float:
        """The step that a search tries first."""
        return self.lr

    def short_trial(self, line: Line) -> float:
        """The same where nothing is known but the gradient: a search first moves θ by no more than η."""
        length = float(line.direction.norm())
        return self.lr * min(1.0, 1.0 / length) if self.hyper["line_search"] in ("wolfe", "backtracking") and length else self.lr

    @property
    def needs_descent(self) -> bool:
        return str(self.hyper["line_search"]) != "fixed"

    # The step

    def minimise(self, evaluate: Evaluate, hessian: Hessian | None = None) -> Tensor:
        self.t += 1
        self.notes, self.tried = [], ()
        loss, gradients = evaluate()
        gradient = flat(gradients)
        value = float(loss)
        if not (bool(torch.isfinite(loss)) and bool(torch.isfinite(gradient).all())):
            return loss
        if not bool(gradient.any()):
            self.tried = (Search("fixed", value, 0.0, (), None, "flat", -gradient),)
            return loss
        objective = cast(Objective, evaluate)
        direction = self._downhill(self.direction(objective, gradient), gradient)
        line = Line(self.parameters, evaluate, value, gradient, direction)
        search, trial = self._search(line, objective)
        self.tried = (search,)
        if trial is None:
            line.go(0.0)
            self.restart()
            return loss
        new = line.gradient_of(trial)
        line.go(trial.step)
        self.learn(trial.step * direction, new - gradient, gradient, search)
        return loss

    def _downhill(self, direction: Tensor, gradient: Tensor) -> Tensor:
        if not bool(torch.isfinite(direction).all()):
            self.notes.append(NOT_FINITE)
        elif not self.needs_descent or float(torch.dot(gradient, direction)) < 0:
            return direction
        else:
            self.notes.append(UPHILL)
        self.restart()
        return -gradient

    def _search(self, line: Line, objective: Objective) -> tuple[Search, Trial | None]:
        rule, first = self.hyper["line_search"], self.first_trial(line)
        c1, shrink, c2 = (float(self.hyper[name]) for name in ("c1", "shrink", "c2"))
        curvature: float | None = None
        if rule == "exact":
            curvature = float(torch.dot(line.direction, objective.product(line.direction)))
            found = exact(line, first, curvature, c1, shrink)
        elif rule == "backtracking":
            found = backtracking(line, first, c1, shrink)
        elif rule == "wolfe":
            found = wolfe(line, first, c1, c2)
        else:
            found = fixed(line, first)
        trial, reason = found
        taken = None if trial is None else line.trials.index(trial)
        sufficient = c1 if rule in ("backtracking", "wolfe") or reason in ("concave", "none") else None
        search = Search(
            rule, line.loss, line.slope, tuple(line.trials), taken, reason, line.direction, sufficient, c2 if rule == "wolfe" else None,
            curvature,
        )  # fmt: skip
        return search, trial

    def step(self, gradients: Tensors) -> None:
        raise TypeError(f"{type(self).title} evaluates the objective itself; call minimise")

    def step_note(self, before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> str:
        return " ".join([*self.notes, *map(said, self.tried)])

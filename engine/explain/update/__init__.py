"""The update phase of a training step: what the optimizer that runs makes of every parameter. Question and answer; no torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.compile.views import ArrayView
from engine.explain.cards import Line
from engine.explain.question import Question


@dataclass(frozen=True, slots=True)
class UpdateOf(Question):
    """The coming update of every learned tensor, or of the one called `name` at `node` alone.

    `entry` is the index of the number whose update is worked out; None, or an index outside: the nearest one inside, from the first.
    """

    answered_by: ClassVar[str] = "engine.explain.update.answer:update"
    node: str = ""
    name: str = ""
    entry: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class ParameterUpdate:
    """`gradient` is what the optimizer is given; `step` is `new` − `old`. `before` and `after` hold what the optimizer remembers, by its
    letter in the formula.

    `lines` are the optimizer's equations for the number at `entry`: each as it is declared, then with the numbers in it and what it
    comes to; `numbers` are its old, gradient, step and new. All views are of the whole tensor.
    """

    node: str
    name: str
    label: str
    old: ArrayView
    gradient: ArrayView
    step: ArrayView
    new: ArrayView
    before: tuple[tuple[str, ArrayView], ...]
    after: tuple[tuple[str, ArrayView], ...]
    entry: tuple[int, ...]
    numbers: tuple[float, float, float, float]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class TrialPoint:
    """A point θ + step·d that a line search tried: the loss φ(step) there and its slope along d. `damping` is the λ that d belongs to,
    where each trial has a direction of its own. `verdict` says in words what became of it."""

    step: float
    loss: float
    slope: float
    damping: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class LineSearch:
    """What the line search of the step tried, and the loss `f` along its direction d at every step length `x` (NaN where it is none).

    `loss` and `slope` are φ(0) and φ′(0), `taken` the place of the trial that was taken. `c1` is the constant of Armijo's condition,
    which asks for φ(t) ≤ φ(0) + c1·t·φ′(0), `curvature` is φ″(0) where the search used it; None where it did not. `why` is in words.
    """

    title: str
    loss: float
    slope: float
    trials: tuple[TrialPoint, ...]
    taken: int | None
    why: str
    c1: float | None
    curvature: float | None
    x: tuple[float, ...]
    f: tuple[float, ...]

    @property
    def widest(self) -> float:
        """The longest step that was tried."""
        return max((trial.step for trial in self.trials), default=1.0)

    @property
    def step(self) -> float:
        """The step that was taken, or else the shortest that was tried."""
        return self.trials[-1 if self.taken is None else self.taken].step if self.trials else 1.0

    def ceiling(self, step: float) -> float | None:
        """How high the loss may be at most at this step, by Armijo's condition."""
        return None if self.c1 is None else self.loss + self.c1 * step * self.slope


@dataclass(frozen=True, slots=True)
class UpdateTable:
    """`formula` are the optimizer's equations under its settings, LaTeX; `hyper` its settings by their titles; `t` counts its steps
    from 1. `iteration` is the step that the update starts from, `loss` that of the pass it follows, `search` its line search."""

    optimizer: str
    title: str
    formula: tuple[str, ...]
    hyper: tuple[tuple[str, float], ...]
    iteration: int
    t: int
    loss: float
    parameters: tuple[ParameterUpdate, ...]
    note: str = ""
    search: LineSearch | None = None

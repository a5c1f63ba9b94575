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
class UpdateTable:
    """`formula` are the optimizer's equations under its settings, LaTeX; `hyper` its settings by their titles; `t` counts its steps
    from 1. `iteration` is the step that the update starts from, `loss` that of the pass it follows."""

    optimizer: str
    title: str
    formula: tuple[str, ...]
    hyper: tuple[tuple[str, float], ...]
    iteration: int
    t: int
    loss: float
    parameters: tuple[ParameterUpdate, ...]
    note: str = ""

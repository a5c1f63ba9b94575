"""The objective of a scalar graph and its derivatives as formulas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.explain.question import Question
from graph.model.address import Address


@dataclass(frozen=True, slots=True)
class Symbolic(Question):
    """Asks for f and ∂f/∂ each Input and Parameter as formulas. The answer is `Formulas`; refused for graphs with tensors.

    `only` names one Input or Parameter node; empty: all of them. `simplify` may be refused for its size (see `Formulas.note`).
    """

    answered_by: ClassVar[str] = "engine.explain.symbolic.answer:formulas"
    only: str = ""
    simplify: bool = True


@dataclass(frozen=True, slots=True)
class Expression:
    """LaTeX without dollar signs, plain text (`x**2 + 3*sin(x)**2`), and whether simplification was applied."""

    latex: str
    text: str
    simplified: bool


@dataclass(frozen=True, slots=True)
class Derivative:
    """∂f/∂ the value at `place`: `left` is `\\frac{\\partial f}{\\partial x}`. `value` is the formula at the present values,
    `gradient` what reverse mode found there (None where it found none), `error` their relative difference."""

    place: Address
    name: str
    left: str
    formula: Expression
    value: float | None
    gradient: float | None
    error: float | None


@dataclass(frozen=True, slots=True)
class Formulas:
    """`f` in terms of the Inputs and Parameters, or of `definitions`: (name of a node, its node id, LaTeX symbol, formula) in
    order, where writing it out would be too long. `value` is f's formula at the present values, `traced` the pass's number."""

    name: str
    left: str
    f: Expression
    value: float | None
    traced: float
    definitions: tuple[tuple[str, str, str, Expression], ...]
    derivatives: tuple[Derivative, ...]
    values: tuple[tuple[str, float], ...]
    """The present values of the symbols, by name."""
    note: str = ""

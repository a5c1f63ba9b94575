r"""How an optimizer's step fits the frame that many share: θ⁺ = θ − αH⁻¹ĝ + βH⁻¹H₋₁(θ − θ₋₁).

The formulas are in the language of the equations. Names are the symbols of settings, `t` (the number of the step, from 1), and what is
remembered *after* that step. So α/H is the effective learning rate of each weight: how far one unit of the gradient moved it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from engine.training.optimizers.derived import evaluate
from graph.formula.reading import read

if TYPE_CHECKING:
    from engine.training.optimizers.derived import Value

ONE = "1"


@dataclass(frozen=True, slots=True)
class Frame:
    """`root` is H, the divisor of each weight with its ε; `beta` the share of the last move that is made again, empty where there is no
    such share.

    `velocity` is the move that the memory holds, empty where the optimizer remembers no direction; `square` the squares that it has
    added up or averaged. `carries`: the last move is scaled by H⁻¹H₋₁ on top of β. Not `exact`: rate, velocity and squares hold, but the
    step as a whole is not of this form. `when` is a condition, as an equation has it (see `graph.model.spec.holds`).
    """

    alpha: str
    root: str = ONE
    beta: str = "0"
    square: str = ""
    velocity: str = ""
    when: str = ""
    exact: bool = True
    carries: bool = True

    @property
    def rate(self) -> str:
        """αH⁻¹, the effective learning rate."""
        return self.alpha if self.root == ONE else f"({self.alpha})/({self.root})"


def value(formula: str, values: Mapping[str, Value]) -> Value:
    """What a formula of a frame comes to."""
    return evaluate(_tree(formula), values)


@cache
def _tree(formula: str) -> ast.expr:
    (statement,) = read(f"value = {formula}")
    return statement.tree

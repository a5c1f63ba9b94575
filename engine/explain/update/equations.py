r"""An optimizer's equations with numbers in them: `\theta \leftarrow \theta - \eta\,g` becomes `θ ← 2 − 0.1 · 5 = 1.5`.

Only what an equation states between remembered tensors (ĝ, m̂, r̂ …) is computed here; what the step really made of the parameter
and of the optimizer's memory is given, and shown as the result.
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from engine.explain.cards import Line, Number, Role, Tex
from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.derived import evaluate
from engine.training.optimizers.equations import GRADIENT, STEP, THETA, USED, Equation, letter
from graph.model.address import Address

WHOLE = Equation("θ = θ + d")
"""All there is to say about a step for which the loss was computed several times: `d` is all it did."""

Numbers = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class NumberUpdate:
    """One number of one parameter, before and after a real step. `before` and `after` are what is remembered of it, by name.

    `facts` are what the equations know of the parameter's shape, `given` what else they were given for this number. `tensors` are
    whole tensors by name, where equations look at these, and `at` the place of the number.
    """

    old: float
    gradient: float
    new: float
    before: Numbers
    after: Numbers
    t: int
    facts: Numbers = field(default_factory=dict)
    given: Numbers = field(default_factory=dict)
    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    at: tuple[int, ...] = ()


def work_out(spec: type[Optimizer], hyper: Mapping[str, Any], number: NumberUpdate, place: Address) -> tuple[Line, ...]:
    """Every equation of the step under these settings, first in letters, then with the numbers of one update."""
    typed = {**spec.symbols(hyper), STEP: float(number.t), **number.facts}
    scalars = {r.name: number.before[r.name] for r in spec.state_variables if r.scalar}
    equations = [WHOLE] if spec.evaluates_loss and not spec.follows_equations else spec.active(hyper, {**scalars, **number.facts})
    known = {**typed, **number.before, **number.given, THETA: number.old, GRADIENT: number.gradient, USED: number.gradient}
    known["d"] = number.new - number.old
    counts = {*typed, *scalars}  # names of plain numbers; all others are numbers of a tensor
    last = {equation.name: i for i, equation in enumerate(equations)}
    results, tensors = {**number.after, THETA: number.new}, dict(number.tensors)
    lines: list[Line] = []
    for i, equation in enumerate(equations):
        if equation.names <= counts:
            counts.add(equation.name)
        is_made = last[equation.name] == i and equation.name in results
        computed = _computed(equation, {**known, **tensors}, counts) if tensors or not is_made else math.nan
        if isinstance(computed, Tensor) and tensors:
            tensors[equation.name] = computed
            computed = computed[number.at] if computed.dim() else computed
        result = results[equation.name] if is_made else float(computed)
        if equation.shown:
            lines.append(Line("formula", (Tex(equation.latex(spec.letters)),)))
            lines.append(Line("numbers", _filled(equation, spec.letters, known, typed, result, place)))
        known[equation.name] = result
    return tuple(lines)


def _computed(equation: Equation, known: Mapping[str, float | Tensor], counts: Container[str]) -> float | Tensor:
    """What the right side comes to. A number of a tensor may be divided by 0 and grow beyond all bounds, as in the step."""
    values = {
        n: v if n in counts or isinstance(v, Tensor) else torch.tensor(v, dtype=torch.float64) for n, v in known.items()
    }
    return evaluate(equation.tree, values)


def _filled(
    equation: Equation, letters: Mapping[str, str], known: Numbers, typed: Container[str], result: float, place: Address
) -> tuple[Tex | Number, ...]:
    """`θ ← 2 − 0.1 · 5 = 1.5`: the left side, the right side with its numbers, the result. Settings stand as they were typed."""
    parts: list[Number] = []

    def leaf(name: str, bracket: bool) -> str:
        if name not in known:
            return name  # a function of whole tensors, as LaTeX
        if name in typed:
            return "{" + _plain(known[name]) + "}"
        parts.append(_number(name, known[name], place, bracket))
        return f"@{len(parts) - 1}"

    right = equation.filled(leaf, letters)
    left = Tex(f"{letter(equation.name, letters)} {equation.sign}")
    return left, Tex(right, tuple(parts)), Tex("="), _number(equation.name, result, place, False)


def _number(name: str, value: float, place: Address, bracket: bool) -> Number:
    if name == THETA:
        return Number(value, "value", place, bracket)
    if name == GRADIENT:
        return Number(value, "gradient", place.derivative, bracket)
    role: Role = "gradient" if name == USED else "plain"
    return Number(value, role, None, bracket)


def _plain(value: float) -> str:
    """A setting as it is typed: 0.9, 3, `10^{-8}`."""
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    mantissa, _, power = repr(value).partition("e")
    if not power:
        return mantissa
    tens = f"10^{{{int(power)}}}"
    return tens if mantissa == "1" else rf"{mantissa} \cdot {tens}"

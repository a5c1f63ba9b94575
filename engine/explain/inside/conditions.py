"""The equations of a step without conditions: what depends on something remembered becomes a choice between two values.

`m = g` at the first step and `m = ρ*m + g` later is `m = where(begun, ρ*m + g, g)`. Where both are the same number at the first step,
because memory starts at 0, nothing depends on it and the choice is left out.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.training.optimizers.base import AHEAD, Optimizer
from engine.training.optimizers.derived import evaluate
from engine.training.optimizers.equations import GRADIENT, STEP, THETA, USED, names_in
from graph.model.spec import holds

DRAWS = 4
"""Random numbers with which two equations are compared."""


@dataclass(slots=True)
class Assignment:
    """One name that gets a value. `under` are conditions on what is remembered, empty where it always happens."""

    name: str
    tree: ast.expr
    under: tuple[str, ...] = ()


def assignments(spec: type[Optimizer], hyper: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Assignment]:
    """The equations under these settings, in order, without conditions. `facts` are what conditions ask about a parameter's shape."""
    scalars = {variable.name for variable in spec.state_variables if variable.scalar}
    rows: list[Assignment] = []
    for equation in spec.equations:
        conditions = [condition.strip() for condition in equation.when.split(",") if condition.strip()]
        under = tuple(condition for condition in conditions if _asked(condition) in scalars)
        if holds(",".join(c for c in conditions if c not in under), {**hyper, **facts}):
            rows.append(Assignment(equation.name, equation.tree, under))
    for flag in scalars:
        rows = _without_first_step(spec, hyper, rows, flag)
    return _needed(_chosen(rows, {variable.name for variable in spec.state_variables}))


def _needed(rows: list[Assignment]) -> list[Assignment]:
    """The rows on which θ depends, in this step or a later one; where the gradient is taken is kept too."""
    needed, known = {THETA, AHEAD}, 0
    while len(needed) > known:
        known = len(needed)
        needed |= {name for row in rows if row.name in needed for name in names_in(row.tree)}
    return [row for row in rows if row.name in needed]


def _asked(condition: str) -> str:
    return condition.removeprefix("not ").partition("=")[0]


def _opposite(condition: str) -> str:
    return condition.removeprefix("not ") if condition.startswith("not ") else f"not {condition}"


def _without_first_step(spec: type[Optimizer], hyper: Mapping[str, Any], rows: list[Assignment], flag: str) -> list[Assignment]:
    """The rows without `flag`, where it only says that a step was made and every choice by it makes no difference at the first step."""
    start = next(variable.start for variable in spec.state_variables if variable.name == flag)
    sets = [row for row in rows if row.name == flag]
    asking = [row for row in rows if any(_asked(condition) == flag for condition in row.under)]
    if not asking or start or len(sets) != 1 or sets[0].under or not isinstance(sets[0].tree, ast.Constant):
        return rows
    first = [row for row in asking if f"not {flag}" in row.under]
    for row in first:
        twin = next((o for o in asking if o.name == row.name and o.under == tuple(_later(c, flag) for c in row.under)), None)
        if twin is None or not _agree(spec, hyper, rows, row, twin):
            return rows
    kept = [row for row in rows if row not in first and row not in sets]
    return [Assignment(row.name, row.tree, tuple(c for c in row.under if _asked(c) != flag)) for row in kept]


def _later(condition: str, flag: str) -> str:
    return flag if condition == f"not {flag}" else condition


def _agree(spec: type[Optimizer], hyper: Mapping[str, Any], rows: Sequence[Assignment], one: Assignment, other: Assignment) -> bool:
    """Whether two right sides are the same number before anything is remembered, whatever the gradient is."""
    draw = random.Random(0)
    earlier = {row.name for row in rows[: rows.index(one)]}
    starts = {v.name: float(hyper[v.start] if isinstance(v.start, str) else v.start) for v in spec.state_variables}
    for _ in range(DRAWS):
        values: dict[str, Any] = {name: draw.uniform(0.1, 2.0) for name in (THETA, GRADIENT, USED, *earlier)}
        for tree in (one.tree, other.tree):
            values |= {n.id: draw.uniform(0.1, 2.0) for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id not in values}
        values |= {name: start for name, start in starts.items() if name not in earlier} | spec.symbols(hyper) | {STEP: 1.0}
        if evaluate(one.tree, values) != evaluate(other.tree, values):
            return False
    return True


def _chosen(rows: Sequence[Assignment], remembered: Collection[str]) -> list[Assignment]:
    """Rows under conditions as choices; two of one name under opposite conditions are one choice.

    A name that has no other value is read under the same condition only, and needs no choice.
    """
    result: list[Assignment] = []
    raw: dict[int, ast.expr] = {}
    for row in rows:
        otherwise: ast.expr = ast.Name(row.name)
        opposite = (_opposite(row.under[0]), *row.under[1:]) if row.under else None
        twin = next((r for r in result if r.under and r.name == row.name and r.under == opposite), None)
        if twin is not None:
            result.remove(twin)
            otherwise = raw[id(twin)]
        alone = twin is None and row.name not in (*remembered, THETA, USED) and all(r.name != row.name for r in result)
        chosen = Assignment(row.name, row.tree if alone else _where(row.under, row.tree, otherwise), row.under)
        raw[id(chosen)] = row.tree
        result.append(chosen)
    return result


def _where(under: Sequence[str], tree: ast.expr, otherwise: ast.expr) -> ast.expr:
    """`tree` where all conditions hold."""
    for condition in reversed(under):
        yes, no = (otherwise, tree) if condition.startswith("not ") else (tree, otherwise)
        tree = ast.Call(ast.Name("where"), [ast.Name(_asked(condition)), yes, no], [])
    return tree

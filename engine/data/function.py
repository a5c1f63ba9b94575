"""A function y = f(x) that somebody typed, at many numbers at once. Read by the parser of formulas; nothing else is ever evaluated."""

from __future__ import annotations

import ast
from collections.abc import Callable

import numpy as np

from engine.data.errors import DataError
from graph.formula.numbers import CONSTANTS
from graph.formula.reading import read
from graph.formula.tokens import FormulaError
from graph.text.messages import _
from graph.text.quoting import named, quoted

_FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "exp": np.exp,
    "log": np.log, "ln": np.log,    "lg": np.log10, "log10": np.log10, "log2": np.log2, "sqrt": np.sqrt, "abs": np.abs, "sign": np.sign,
    "arcsin": np.arcsin,
    "arccos": np.arccos, "arctan": np.arctan, "atan": np.arctan,
    "relu": lambda x: np.maximum(x, 0), "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}  # fmt: skip
_OF_TWO: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {"max": np.maximum, "min": np.minimum, "atan2": np.arctan2}
_OPERATORS: dict[type[ast.operator], Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide, ast.Pow: np.power,
}  # fmt: skip


def values_of(text: str, x: np.ndarray) -> np.ndarray:
    """f(x) as float64, in the shape of `x`. Raises DataError where `text` is no formula in x, or has no finite value at one of them."""
    tree = _tree(text)
    with np.errstate(all="ignore"):
        y = np.broadcast_to(_at(tree, x.astype(np.float64)), x.shape).astype(np.float64)
    wrong = ~np.isfinite(y)
    if wrong.any():
        first = x[wrong].flat[0]
        raise DataError(
            _("the function {text} has no finite value at x = {x:g}; choose another range").format(text=quoted(text), x=float(first))
        )
    return y


def _tree(text: str) -> ast.expr:
    if not text.strip():
        raise DataError(_("type a function of x, such as sin(x)"))
    try:
        statements = read(text.replace("f(x)", "f", 1) if text.lstrip().startswith("f(x)") else text)
    except FormulaError as wrong:
        raise DataError(_("the function {text} cannot be read: {reason}").format(text=quoted(text), reason=str(wrong))) from None
    if len(statements) != 1 or statements[0].name == "x":
        raise DataError(_("the function {text} has to be one formula in x, such as sin(x)").format(text=quoted(text)))
    return statements[0].tree


def _at(tree: ast.expr, x: np.ndarray) -> np.ndarray:
    if isinstance(tree, ast.Constant) and isinstance(tree.value, int | float):
        return np.float64(tree.value)  # type: ignore[return-value]
    if isinstance(tree, ast.Name):
        if tree.id == "x":
            return x
        if tree.id in CONSTANTS:
            return np.float64(CONSTANTS[tree.id])  # type: ignore[return-value]
        raise DataError(_("the function may use x only, and {name} is another name").format(name=named(tree.id)))
    if isinstance(tree, ast.UnaryOp):
        inner = _at(tree.operand, x)
        return -inner if isinstance(tree.op, ast.USub) else inner
    if isinstance(tree, ast.BinOp) and type(tree.op) in _OPERATORS:
        return _OPERATORS[type(tree.op)](_at(tree.left, x), _at(tree.right, x))
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and not tree.keywords:
        return _called(tree.func.id, [_at(argument, x) for argument in tree.args])
    raise DataError(_("a function of x is made of numbers, x, + − · / ^ and functions such as sin"))


def _called(name: str, given: list[np.ndarray]) -> np.ndarray:
    if name in _FUNCTIONS and len(given) == 1:
        return _FUNCTIONS[name](given[0])
    if name in _OF_TWO and len(given) == 2:
        return _OF_TWO[name](*given)
    if name == "where" and len(given) == 3:  # the parser has turned x > 0 into x
        return np.where(given[0] > 0, given[1], given[2])
    known = ", ".join([*_FUNCTIONS, *_OF_TWO, "where(x > 0, a, b)"])
    raise DataError(
        _("the function {name} cannot be used here with {count} arguments; there are {known}").format(
            name=named(name), count=len(given), known=known
        )
    )

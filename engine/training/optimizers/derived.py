"""Equations computed: with tensors they are an optimizer's step, with single numbers what the debugger writes out."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from engine.numerics.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

    from engine.training.optimizers.equations import Equation

    Value = float | Tensor

NEWTON_SCHULZ = (3.4445, -4.775, 2.0315)
"""The coefficients of X ← aX + (bXXᵀ + c(XXᵀ)²)X."""
ITERATIONS = 5
SMALLEST_NORM = 1e-7


def _quotient(a: Any, b: Any) -> Any:
    """a / b; of plain numbers as of tensors: what is divided by 0 is infinite or not a number."""
    if isinstance(a, float) and isinstance(b, float) and b == 0.0:
        return math.nan if a == 0.0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1.0, b)
    return a / b


def _root(x: float) -> float:
    return math.sqrt(x) if x >= 0 else math.nan


_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: _quotient, ast.Pow: operator.pow,
}  # fmt: skip
TENSOR_FUNCTIONS = {
    "sqrt": "sqrt", "abs": "abs", "exp": "exp", "log": "log", "tanh": "tanh", "sign": "sign", "max": "maximum", "min": "minimum",
    "where": "where",
}  # fmt: skip
"""Functions of equations by their names in torch. `where(c, a, b)` is a where c is positive, else b."""
_NUMBER_FUNCTIONS: dict[str, Callable[..., float]] = {
    "sqrt": _root, "abs": abs, "exp": math.exp, "log": math.log, "tanh": math.tanh, "max": max, "min": min,
    "sign": lambda x: float(x > 0) - float(x < 0), "where": lambda condition, a, b: a if condition > 0 else b,
}  # fmt: skip


def orthogonal(matrix: Tensor) -> Tensor:
    """About the orthogonal matrix nearest to this one: five Newton–Schulz steps in bfloat16, as `torch.optim.Muon` makes them.

    The singular values of the result lie between about 0.7 and 1.2, so that the move has no preferred direction.
    """
    a, b, c = NEWTON_SCHULZ
    x = matrix.to(torch.bfloat16)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / x.norm().clamp(min=SMALLEST_NORM)
    for _iteration in range(ITERATIONS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.T if tall else x).to(matrix.dtype)


def carry_out(equations: Iterable[Equation], values: dict[str, Any]) -> None:
    """Give every name of the equations its value, one after the other. A tensor that is only given another name is copied, since memory
    is overwritten in place."""
    for equation in equations:
        value = evaluate(equation.tree, values)
        values[equation.name] = value.clone() if isinstance(equation.tree, ast.Name) and not isinstance(value, float) else value


def evaluate(tree: ast.expr, values: Mapping[str, Value]) -> Value:
    """What the tree of an equation comes to. Plain numbers are settings and counts; every function takes tensors too."""
    match tree:
        case ast.Name(id=name):
            return values[name]
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -evaluate(operand, values)
        case ast.BinOp(left=left, op=op, right=right):
            result: Value = _OPERATIONS[type(op)](evaluate(left, values), evaluate(right, values))
            return result
        case ast.Call(func=ast.Name(id=word), args=arguments):
            return _called(word, [evaluate(argument, values) for argument in arguments])
    raise TypeError(ast.unparse(tree))


def _called(word: str, arguments: list[Value]) -> Value:
    tensor = next((value for value in arguments if not isinstance(value, float)), None)
    if tensor is None:
        return _NUMBER_FUNCTIONS[word](*arguments)
    if word == "norm":
        norm: Tensor = torch.linalg.vector_norm(tensor)
        return norm
    if word == "orthogonal":
        return orthogonal(tensor)
    tensors = [torch.as_tensor(value, dtype=tensor.dtype, device=tensor.device) for value in arguments]
    if word == "where":
        tensors[0] = tensors[0] > 0
    result: Tensor = getattr(torch, TENSOR_FUNCTIONS[word])(*tensors)
    return result

"""The value of a formula: SymPy's tree walked once in double precision, as the graph itself would compute it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import sympy
from sympy import Expr, Symbol

from engine.explain.symbolic import table as table


def _sigma(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0))


FUNCTIONS: Mapping[object, Callable[..., float]] = {
    sympy.exp: math.exp, sympy.log: math.log, sympy.sin: math.sin, sympy.cos: math.cos, sympy.tan: math.tan,
    sympy.atan: math.atan, sympy.atan2: math.atan2,
    sympy.sinh: math.sinh, sympy.cosh: math.cosh, sympy.tanh: math.tanh, sympy.erf: math.erf, sympy.Abs: abs, sympy.sign: _sign,
    sympy.cot: lambda x: 1 / math.tan(x), sympy.sec: lambda x: 1 / math.cos(x), sympy.csc: lambda x: 1 / math.sin(x),
    sympy.sech: lambda x: 1 / math.cosh(x), sympy.csch: lambda x: 1 / math.sinh(x), sympy.coth: lambda x: 1 / math.tanh(x),
    table.sigma: _sigma, table.ramp: lambda x: max(0.0, x), table.positive: lambda x: float(x > 0), table.sgn: _sign,
    table.magnitude: abs, table.larger: max, table.greater: lambda a, b: float(a > b) + 0.5 * float(a == b),
    sympy.Add: lambda *terms: math.fsum(terms), sympy.Mul: lambda *factors: math.prod(factors), sympy.Pow: lambda a, b: _power(a, b),
}  # fmt: skip


def _power(a: float, b: float) -> float:
    if b == 0.5:
        return math.sqrt(a)
    if b == -1:
        return 1 / a
    power = a**b
    if isinstance(power, complex):
        raise ValueError
    return float(power)


def evaluate(expression: Expr, values: Mapping[Symbol, float | None]) -> float | None:
    """The formula's value; None where it has none (a pole, a root of a negative number, an overflow, an unknown function)."""
    known: dict[Expr, float] = {}

    def value(part: Expr) -> float:
        if part not in known:
            known[part] = _value(part)
        return known[part]

    def _value(part: Expr) -> float:
        if isinstance(part, Symbol):
            number = values[part]
            if number is None:
                raise ValueError
            return number
        if not part.args:
            return float(part)
        return float(FUNCTIONS[part.func](*(value(argument) for argument in part.args)))

    try:
        return value(expression)
    except (ArithmeticError, ValueError, TypeError, KeyError, RecursionError):
        return None

"""Shorter formulas within bounds: only small ones are tried, and only by methods whose time their size bounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import sympy
from sympy import Expr

MOST = 40
"""Operations of a formula that is worked on at all."""
SMALL = 20
"""Operations up to which factors and trigonometric identities are looked for."""


def simplified(expression: Expr, until: float) -> tuple[Expr, bool]:
    """(the shortest of a few equal forms, whether all of them were tried before `until`)."""
    best, size = expression, _length(expression)
    if size <= 2:
        return expression, True
    if sympy.count_ops(expression) > MOST:
        return expression, False
    for method in _methods(expression):
        if time.perf_counter() > until:
            return best, False
        try:
            tried = method(expression)
        except (ArithmeticError, ValueError, TypeError, NotImplementedError, sympy.PolynomialError):
            continue
        if (length := _length(tried)) < size:
            best, size = tried, length
    return best, True


def _methods(expression: Expr) -> Iterator[Callable[[Expr], Expr]]:
    """Only what is known to be quick: trigonometric identities take seconds where other functions are in between."""
    small = sympy.count_ops(expression) <= SMALL
    plain = not expression.has(sympy.Float)
    if expression.is_rational_function():
        if small and plain:
            yield sympy.factor
            yield sympy.cancel
        yield sympy.expand
        return
    yield sympy.powsimp
    if small:
        yield sympy.expand
    if small and plain and {f.func for f in expression.atoms(sympy.Function)} <= {sympy.sin, sympy.cos}:
        yield sympy.trigsimp


def _length(expression: Expr) -> int:
    return int(sympy.count_ops(expression))

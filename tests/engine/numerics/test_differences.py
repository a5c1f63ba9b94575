"""The numerical derivative: its error estimate holds for functions whose derivative is known, and tells corners from curves."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from engine.numerics.differences import Estimate, derivative
from engine.numerics.round_off import UNIT, Bounded


def measured(f: Callable[[float], float], at: float, scale: float | None = None, size: float = 0.0) -> Estimate:
    """`size` is the largest number on the way to f, which is rounded too."""

    def value(t: float) -> Bounded:
        try:
            value = f(at + t)
        except (ValueError, OverflowError, ZeroDivisionError):
            return Bounded(math.nan, math.nan)
        return Bounded(value, UNIT * (abs(value) + size))

    scale = scale or abs(at) or 1.0
    return derivative(value, scale, 0.25 * max(1.0, scale))


SMOOTH: dict[str, tuple[Callable[[float], float], float, float]] = {
    "exp at 0.7": (math.exp, 0.7, math.exp(0.7)),
    "sin at 1000": (math.sin, 1000.0, math.cos(1000.0)),
    "sin at 1e6": (math.sin, 1e6, math.cos(1e6)),
    "x³ at 0": (lambda x: x**3, 0.0, 0.0),
    "x²³ at 0": (lambda x: x**23, 0.0, 0.0),
    "log at 1e-5": (math.log, 1e-5, 1e5),
    "log at 1e-200": (math.log, 1e-200, 1e200),
    "1/x at 1e100": (lambda x: 1 / x, 1e100, -1e-200),
    "x·|x| at 0": (lambda x: x * abs(x), 0.0, 0.0),
    "x·√|x| at 0": (lambda x: x * math.sqrt(abs(x)), 0.0, 0.0),
    "√x³ at 0": (lambda x: math.sqrt(x) ** 3, 0.0, 0.0),
    "a constant": (lambda x: 4.0, 1.0, 0.0),
    "tanh of 1e8·x at 0": (lambda x: math.tanh(1e8 * x), 0.0, 1e8),
    "x beside a corner": (lambda x: max(x, 0.0), 1e-7, 1.0),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_the_derivative_lies_within_its_error_and_the_error_is_small(name: str) -> None:
    f, at, right = SMOOTH[name]
    slope = measured(f, at)
    assert abs(slope.value - right) <= slope.error
    assert slope.error <= 1e-6 * max(abs(right), 1.0 if right == 0 else 0.0)


@pytest.mark.parametrize("seed", range(40))
def test_the_error_holds_for_random_polynomials_next_to_large_numbers(seed: int) -> None:
    """Σ cₖ xᵏ with its derivative by NumPy, computed beside a number that leaves it few digits or many."""
    rng = np.random.default_rng(seed)
    polynomial = np.polynomial.Polynomial(rng.normal(size=6))
    at, offset = float(rng.normal()), float(10 ** rng.uniform(-3, 9))
    slope = measured(lambda x: float((polynomial(x) + offset) - offset), at, size=offset)
    assert abs(slope.value - float(polynomial.deriv()(at))) <= slope.error
    assert slope.error <= 1e-7 * (1 + offset) ** (2 / 3)  # the best that central differences can do grows like this


@pytest.mark.parametrize(("f", "slopes"), [(abs, (-1.0, 1.0)), (lambda x: max(x, 0.0), (0.0, 1.0)), (lambda x: abs(x) + 3 * x, (2.0, 4.0)),
                                           (lambda x: max(math.sin(x), 0.0), (0.0, 1.0))])  # fmt: skip
def test_a_corner_has_two_slopes(f: Callable[[float], float], slopes: tuple[float, float]) -> None:
    slope = measured(f, 0.0)
    assert slope.kink
    assert (slope.low, slope.high) == pytest.approx(slopes, abs=1e-6)
    assert slope.slack < 0.05


def test_a_small_corner_on_a_curve_widens_the_error() -> None:
    """exp(x) + |x|/1000: between e⁰ − 0.001 and e⁰ + 0.001 nothing is known."""
    slope = measured(lambda x: math.exp(x) + 1e-3 * abs(x), 0.0)
    assert slope.kink or slope.error >= 1e-3


@pytest.mark.parametrize("noise", [1e-13, 1e-12, 1e-11])
def test_a_corner_as_small_as_the_round_off_is_allowed_for(noise: float) -> None:
    """2.45e-12 · min(x, 0) beside values known up to 1e-13 … 1e-11 of the slope: whatever is found, both slopes lie within its error."""

    def value(t: float) -> Bounded:
        return Bounded(2.45e-12 * min(t, 0.0), noise * 1e-3)

    number = derivative(value, 22.0, 5.5)
    low, high, slack = (number.low, number.high, number.slack) if number.kink else (number.value, number.value, number.error)
    assert low - slack <= 0.0 and high + slack >= 2.45e-12


def test_where_there_are_no_numbers_nothing_is_claimed() -> None:
    slope = measured(lambda x: math.nan if x else 0.0, 0.0)
    assert math.isnan(slope.value) and slope.error == math.inf

"""The figures of the lessons on the step size, by hand: on ½(w₁² + 25 w₂²) every step multiplies w₁ by 1 − η and w₂ by 1 − 25η."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.e2e.test_lesson_figures_momentum import medians
from tests.support.lesson_support import asked

CURVATURES, START = np.array([1.0, 25.0]), np.array([-8.0, 1.5])


def after(rate: float, steps: int) -> np.ndarray:
    return START * (1 - rate * CURVATURES) ** steps


def height(place: np.ndarray) -> float:
    return float(CURVATURES @ place**2) / 2


def test_below_two_over_the_curvature_steps_converge_and_above_it_they_diverge() -> None:
    largest = CURVATURES.max()
    places = [after(rate, steps)[1] for rate, steps in ((0.02, 1), (0.07, 1), (0.09, 10))]
    assert asked("step-size") == pytest.approx([largest, 1 / largest, 2 / largest, *places, 2 / CURVATURES.sum()], rel=1e-6)
    rates = (0.01, 0.02, 0.04, 0.06, 0.077, 0.079, 0.081, 0.084)
    heights = [height(after(rate, 40)) for rate in rates]
    assert medians("step-size", "Run and measure")["training loss"] == pytest.approx(heights, rel=1e-9)
    assert min(heights) == heights[4]  # 0.077 is nearest to 2/26
    assert max(heights[:-2]) < height(START) < min(heights[-2:])


def test_a_step_falls_by_more_than_the_descent_lemma_promises() -> None:
    gradient, largest = CURVATURES * START, CURVATURES.max()
    size = gradient @ gradient
    promised = [rate * (1 - rate * largest / 2) * size for rate in (1 / largest, 0.02)]
    assert promised[0] == pytest.approx(size / (2 * largest))
    assert height(START) - height(after(1 / largest, 1)) > promised[0]
    figures = [gradient[1], size, promised[0], height(after(1 / largest, 1)), promised[1]]
    assert asked("descent-lemma") == pytest.approx(figures, rel=1e-6)


def test_a_bowl_with_waves_has_one_stationary_point_and_linear_convergence() -> None:
    def f(x: np.ndarray | float, c: float = 3.0) -> Any:
        return x * x + c * np.sin(x) ** 2

    def slope(x: np.ndarray | float, c: float = 3.0) -> Any:
        return 2 * x + c * np.sin(2 * x)

    curvature = 2 + 6 * np.cos(2 * np.linspace(0, np.pi, 1001))
    one, seven, largest = 3 - slope(3.0) / 8, 3.0, 8.0
    for _step in range(7):
        seven -= slope(seven) / largest
    x = np.linspace(1e-3, 6, 60001)
    share = float((slope(x) ** 2 / (2 * f(x))).min())
    turn = np.linspace(np.pi + 1e-6, 2 * np.pi - 1e-6, 100001)
    figures = [curvature.max(), curvature.min(), slope(2.0), one, f(one), 1 - share / largest, f(seven), (-turn / np.sin(turn)).min()]
    assert asked("wavy-bowl") == pytest.approx(figures, rel=3e-4)
    assert share == pytest.approx(0.175, abs=1e-3) and (slope(x) > 0).all()  # no other stationary point
    assert f(3.0) - f(one) > slope(3.0) ** 2 / (2 * largest) == pytest.approx(1.665, abs=1e-3)
    rates, heights = (0.03125, 0.0625, 0.2, 0.24, 0.26, 0.3), []
    for rate in rates:
        place = 3.0
        for _step in range(30):
            place -= rate * slope(place)
        heights.append(f(place))
    assert medians("wavy-bowl", "Run and measure")["training loss"] == pytest.approx(heights, rel=1e-6, abs=1e-15)


def test_the_story_of_the_step_size() -> None:
    def moved(rate: float, steps: int, curvature: float, start: float) -> float:
        return float(start * (1 - rate * curvature) ** steps)

    figures = [0.5 * (6**2 + 10 * 2**2), 10 * 1.0, moved(0.01, 10, 1, 4), moved(0.21, 10, 10, 1), 2 / 10, 1 / 10, moved(0.1, 1, 1, 4),
               moved(0.01, 1, 1, 4), np.log(100) / -np.log(0.99)]  # fmt: skip
    assert asked("why-step-size") == pytest.approx(figures, rel=1e-4)

"""The figures of the lessons on the step size, by hand: on ½(w₁² + 25 w₂²) every step multiplies w₁ by 1 − η and w₂ by 1 − 25η."""

from __future__ import annotations

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

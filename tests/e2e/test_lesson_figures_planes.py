"""The figures of the lesson on (1 − w₂w₁)²: against gradient descent and the Hessian in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.lesson_support import Played, asked, says

NAME = "step-chooses-minimum"


def descent(rate: float, steps: int) -> tuple[np.ndarray, list[float]]:
    """Where gradient descent ends from (0.2, 5.01), and f after each step."""
    w, heights = np.array([0.2, 5.01]), []
    with np.errstate(all="ignore"):
        for _ in range(steps):
            w = w + rate * 2 * (1 - w[0] * w[1]) * w[::-1]
            heights.append(float((1 - w[0] * w[1]) ** 2))
    return w, heights


def eigenvalues(a: float, b: float) -> np.ndarray:
    return np.linalg.eigvalsh([[2 * b * b, 4 * a * b - 2], [4 * a * b - 2, 2 * a * a]])


def test_the_step_size_chooses_the_minimum() -> None:
    sharp, flat = eigenvalues(0.2, 5), eigenvalues(1, 1)
    assert sharp[0] == pytest.approx(0, abs=1e-12) and flat[0] == pytest.approx(0, abs=1e-12)
    (near, _low), (far, rising), (_gone, over) = descent(0.03, 400), descent(0.06, 400), descent(0.1, 15)
    assert (near**2).sum() == pytest.approx(25.140, abs=5e-4) and (far**2).sum() == pytest.approx(2.56, abs=5e-3)
    assert far == pytest.approx([0.693, 1.443], abs=5e-4) and max(rising[:20]) > 40 and not np.isfinite(over[-1])
    for title, end in (("Run and measure: η = 0.03", near), ("Run and measure: η = 0.06", far)):
        shown = Played(NAME, title)
        assert [float(shown.value("w1")), float(shown.value("w2"))] == pytest.approx(list(end), rel=1e-10)
    saddle = Played(NAME, "The saddle point between")
    assert eigenvalues(0, 0) == pytest.approx([-2, 2]) and float(saddle.gradient("w1")) == 4 and float(saddle.gradient("w2")) == -4
    wanted = [sharp[1], flat[1], 2 / sharp[1], 2 / 0.06, (near**2).sum(), (far**2).sum(), eigenvalues(*far)[1], -2, 4]
    assert asked(NAME) == pytest.approx(wanted, rel=1e-6)
    says(NAME, "50.08", "0.0399", "33.3", "25.140", "2.56", "5.12", "0.693", "1.443")

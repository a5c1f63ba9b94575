"""The figures of the lessons on rates of convergence: by hand, and by gradient descent in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.lesson_support import Played, asked, says


def test_figures_of_the_rate_without_convexity() -> None:
    x = np.linspace(-10, 10, 100_001)
    bend = 2 + 6 * np.cos(2 * x)
    assert (bend.min(), bend.max()) == pytest.approx((-4, 8), abs=1e-6)
    value, slope = 9 + 3 * np.sin(3.0) ** 2, 6 + 3 * np.sin(6.0)
    after = 3 - slope / 8
    fallen = value - (after**2 + 3 * np.sin(after) ** 2)
    says("nonconvex-rate", f"{value:.2f}", f"{slope:.3f}", f"{slope**2 / 16:.3f}", f"{after:.3f}", f"{value - fallen:.2f}", f"{fallen:.2f}")
    assert fallen > slope**2 / 16
    played = Played("nonconvex-rate", "What one step guarantees")
    assert float(played.value("x")) == pytest.approx(after) and float(played.value("f")) == pytest.approx(value - fallen)
    assert asked("nonconvex-rate") == pytest.approx([1 / 8, slope**2 / 16, after, np.sqrt(2 * 8 / 16 * value), 4], rel=1e-4)


def test_figures_of_the_convex_rate() -> None:
    x, width = 1.0, 1 / 21
    for _step in range(10):
        x -= np.clip(x, -width, width)  # the slope of Huber's loss
    value = width * (x - width / 2)
    assert (x, value) == pytest.approx((11 / 21, 1 / 42))
    played = Played("convex-rate", "The worst function")
    assert (float(played.value("x")), float(played.value("f"))) == pytest.approx((x, value), rel=1e-12)
    assert asked("convex-rate") == pytest.approx([2 / 14, 1 / 42, x, value, max(1 / 62, 0.5 * 0.5**20)], rel=1e-4)
    says("convex-rate", "0.0238", "0.0161", "0.143", "0.524")


def test_figures_of_strong_convexity() -> None:
    w = np.array([-8.0, 1.5])
    assert 0.5 * (w**2 @ [1, 25]) == 60.125
    for _step in range(10):
        w = w - 0.04 * np.array([1, 25]) * w
    value = 0.5 * (w**2 @ [1, 25])
    played = Played("strongly-convex", "Ten steps")
    assert [float(played.value(name)) for name in ("w1", "w2", "f")] == pytest.approx([*w, value], abs=1e-12)
    v, errors = 0.5, []
    for _step in range(5):
        v -= (1 - 1 / v) * v**2
        errors.append(1 - v)
    assert errors == pytest.approx([0.5 ** (2 ** (t + 1)) for t in range(5)], rel=1e-6) and errors[3] > 1e-9 > errors[4]
    assert float(Played("strongly-convex", "Newton near the solution").value("v")) == pytest.approx(1 - errors[2], rel=1e-12)
    digit = np.log(10) / -np.log(0.96**2)
    assert asked("strongly-convex") == pytest.approx([1, 25, 0.96, w[0], value, digit, 1 - errors[2], 5], rel=1e-3)
    says("strongly-convex", f"{digit:.1f}", "0.9216", f"{w[0]:.3f}", f"{value:.2f}", f"{1 - errors[2]:.5f}")


def test_figures_of_the_rate_of_sgd() -> None:
    L, gap, variance, n = 2, 0.25, 3, 100
    rate = 1 / (L * np.sqrt(n))
    assert asked("sgd-rate") == pytest.approx([0.05 * L * variance, rate, (2 * L * gap + variance) / np.sqrt(n), 100, variance / 4])
    assert (2 * L * gap + variance) / np.sqrt(n) == pytest.approx(2 * gap / (rate * n) + rate * L * variance)
    assert 1 / (0.025 * np.sqrt(100)) == pytest.approx(4)
    says("sgd-rate", "0.3", "0.05", "0.4", "0.75")

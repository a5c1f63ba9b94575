"""The figures of the lessons on graphs and backpropagation, against hand calculations and torch."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.e2e.lesson_support import Played, says


def near(value: float) -> object:
    """Equal to the digits a lesson shows: four."""
    return pytest.approx(value, rel=6e-4)


def test_xy_plus_z_is_as_by_hand() -> None:
    x, y, z = 2.0, -5.0, 3.0
    d = x * y
    f = d + z
    played = Played("xy-plus-z", 0)
    assert (d, f) == (-10, -7)
    assert (played.value("d"), played.value("f")) == (-10, -7)
    assert [played.gradient(name) for name in ("f", "d", "z", "x", "y")] == [1, 1, 1, 1 * y, 1 * x]
    assert [question.expected for step in played.lesson.steps[1:6] for question in step.ask] == [d, f, 1, y, x]
    says("xy-plus-z", "= -10", "= -7", "= -5", r"\frac{\partial f}{\partial y} = 2", r"\frac{\partial f}{\partial z} = 1")


def test_moving_x_a_little_keeps_the_promise_of_its_gradient() -> None:
    played = Played("xy-plus-z", "Test it: move x a little")
    assert played.value("f") == pytest.approx(-7 - 5 * 0.001)
    assert Played("xy-plus-z", 7).value("f") == -7, "the last step shows the numbers of the lecture again"


@pytest.mark.parametrize(("step", "x"), [(0, 2.0), (5, 1.0)])
def test_several_paths_add_up(step: int, x: float) -> None:
    played = Played("several-paths", step)
    y1, y2 = x**2, 3 * x
    contributions = [y2 * 2 * x, y1 * 3, 1.0]
    assert played.value("z") == y1 * y2 + x + 1
    assert [played.gradient(wire) for wire in ("x -> y1.x", "x -> y2.b", "x -> y3.a")] == contributions
    assert played.gradient("x") == sum(contributions) == 9 * x**2 + 1
    assert [played.gradient(node) for node in ("y1", "y2", "y3")] == [y2, y1, 1]


def test_several_paths_says_24_12_1_and_37() -> None:
    assert says("several-paths", "24 + 12 + 1 = 37", "= 27", r"6 \cdot 2x = 6 \cdot 4 = 24", r"4 \cdot 3 = 12")


def test_the_six_lines_of_the_tanh_network() -> None:
    """δʸ = ŷ − y; ∂ℓ/∂Wʸ = δʸhᵀ; ∂ℓ/∂bʸ = δʸ; δʰ = (1−h²) ⊙ (Wʸᵀδʸ); ∂ℓ/∂Wʰ = δʰxᵀ; ∂ℓ/∂bʰ = δʰ, in NumPy."""
    x, y = np.array([1.0, -2.0]), np.array([0.0, 1.0])
    wh, bh = np.array([[0.5, 0.3], [-0.4, 0.2], [0.1, -0.6], [0.7, 0.1]]), np.array([0.6, 0.0, -0.2, 0.3])
    wy, by = np.array([[0.6, -0.5, 0.2, 0.4], [-0.3, 0.8, 0.5, -0.1]]), np.array([0.0, 0.1])
    u = wh @ x + bh
    h = np.tanh(u)
    s = wy @ h + by
    yhat = np.exp(s) / np.exp(s).sum()
    delta_y = yhat - y
    delta_h = (1 - h**2) * (wy.T @ delta_y)

    played = Played("tanh-2-4-2", 0)
    assert u == pytest.approx([0.5, -0.8, 1.1, 0.8])
    np.testing.assert_allclose(played.value("h")[0], h)
    np.testing.assert_allclose(played.value("yhat")[0], yhat)
    assert played.value("loss") == pytest.approx(-math.log(yhat[1])) == near(1.518)
    lines = {
        "output": delta_y, "output.W": np.outer(delta_y, h), "output.b": delta_y, "h": wy.T @ delta_y, "hidden": delta_h,
        "hidden.W": np.outer(delta_h, x), "hidden.b": delta_h,
    }  # fmt: skip
    for name, expected in lines.items():
        np.testing.assert_allclose(played.gradient(name).reshape(expected.shape), expected, rtol=1e-12, err_msg=name)

    told = [delta_y[0], np.outer(delta_y, h)[1, 1], (wy.T @ delta_y)[1], delta_h[1], delta_h[1]]
    asked = [q.expected for step in played.lesson.steps[3:8] for q in step.ask if q.kind == "predict"]
    assert asked == [near(number) for number in told]
    assert [h[0], yhat[1], delta_y[0], delta_h[0], 1 - h[0] ** 2] == [near(number) for number in (0.4621, 0.2191, 0.7809, 0.5527, 0.7864)]
    says("tanh-2-4-2", "0.4621", "(0.7809, 0.2191)", "1.518", "0.3609", "0.7028", "0.5527", "-1.105")
    assert [np.outer(delta_y, h)[0, 0], (wy.T @ delta_y)[0], np.outer(delta_h, x)[0, 1]] == [near(0.3609), near(0.7028), near(-1.1055)]


def test_training_the_tanh_network_lifts_the_right_class() -> None:
    before, after = (Played("tanh-2-4-2", step).value("yhat")[0, 1] for step in (0, 8))
    assert after > before

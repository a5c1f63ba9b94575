"""The figures of the lessons on Newton's method, BFGS and line searches: by hand and in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import conditioning
from tests.e2e.test_lesson_figures_learning import bands, experiment_at, made
from tests.support.lesson_support import Played, asked, says


def test_newton_s_figures() -> None:
    x, y = np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 4.0])
    a = np.stack([x, np.ones(3)], axis=1)
    hessian, gradient = 2 * a.T @ a, -2 * a.T @ y
    np.testing.assert_array_equal(hessian, [[28, 12], [12, 6]])
    assert Played("newton", 0).gradient("w") == gradient[0] == -42 and Played("newton", 0).gradient("b") == gradient[1] == -18
    w, b = -np.linalg.solve(hessian, gradient)
    one = Played("newton", "One step")
    assert [float(one.value("w")), float(one.value("b"))] == pytest.approx([1.5, 0.0], abs=1e-10)
    assert [w, b] == pytest.approx([1.5, 0.0], abs=1e-10)
    assert float(Played("newton", "Gradient descent on the same loss").value("w")) == pytest.approx(0.03 * 42)
    steep, flat = sorted(np.linalg.eigvalsh(hessian), reverse=True)
    says("newton", f"{steep:.1f}", f"{flat:.2f}", f"{int(np.ceil(np.log(0.1) / np.log(1 - 0.03 * flat)))}", f"{2 / steep:.2f}")
    u = 1.1
    slope, bend = u / np.sqrt(1 + u * u), (1 + u * u) ** -1.5
    assert u - slope / bend == pytest.approx(-(u**3))
    says("newton", f"{slope:.4f}", f"{bend:.4f}", "2.36", "13.1")
    assert [round(1.1**9, 2), round(1.1**27, 1)] == [2.36, 13.1]
    halved = u - 0.5 * slope / bend
    assert np.sqrt(1 + (u**3) ** 2) > np.sqrt(1 + u * u) > np.sqrt(1 + halved**2)
    found = [float(Played("newton", title).value("u")) for title in ("A loss that is no parabola", "Backtracking", "Damping")]
    assert found == pytest.approx([-(u**3), halved, u - slope / (bend + 1)], rel=1e-12)
    assert asked("newton") == pytest.approx(
        [-42, 6, 1.5, 0, 1.26, 1000**2, 10**2, 10**3, -1.331, -0.1155, 0.1155**3, 0.5327, 2], rel=1e-3, abs=1e-9
    )


def test_bfgs_figures() -> None:
    h, theta = np.diag([1.0, 25.0]), np.array([-8.0, 1.5])
    g = h @ theta
    t = g @ g / (g @ h @ g)
    says("bfgs", "1470.25", "35220.25", f"{t:.5f}")
    first = theta - t * g
    s, y = first - theta, h @ (first - theta)
    v = np.eye(2) - np.outer(y, s) / (y @ s)
    inverse = v.T @ v + np.outer(s, s) / (y @ s)
    d = -inverse @ h @ first
    second = first + -(h @ first) @ d / (d @ h @ d) * d
    for title, wanted in (("The first step", first), ("The second step", second)):
        played = Played("bfgs", title)
        assert [float(played.value("w1")), float(played.value("w2"))] == pytest.approx(list(wanted), abs=1e-12)
    assert second == pytest.approx([0, 0], abs=1e-12)
    s, y = second - first, h @ (second - first)
    v = np.eye(2) - np.outer(y, s) / (y @ s)
    np.testing.assert_allclose(v.T @ inverse @ v + np.outer(s, s) / (y @ s), np.diag([1, 1 / 25]), atol=1e-12)
    assert asked("bfgs") == pytest.approx([2 / 16, 5 - 0.125 * 20, first[0], first[1], 0, 1000**2, 2 * 10 * 1000], rel=1e-3, abs=1e-9)


def test_after_twenty_steps_only_gradient_descent_has_not_arrived() -> None:
    graph, job = experiment_at("bfgs", "Run and measure")
    found = [middle for _low, middle, _high in bands(made(graph, job, seeds=1))["training loss"]]
    w = np.array([-8 * 0.93**20, 1.5 * (1 - 0.07 * 25) ** 20])
    assert found[0] == pytest.approx(0.5 * (w[0] ** 2 + 25 * w[1] ** 2), rel=1e-9) and found[0] > 1
    assert max(found[1:]) < 1e-12


def test_line_search_figures() -> None:
    def along(t: float) -> float:
        return 0.5 * (4 - 4 * t) ** 2

    assert [along(3), along(1.5), along(2), along(0)] == [32, 2, 8, 8]
    assert along(3) > 8 - 1e-4 * 3 * 16 and along(1.5) <= 8 - 1e-4 * 1.5 * 16
    titles = ("A fixed step", "The exact step", "Backtracking", "When to stop")
    assert [float(Played("line-search", title).value("w")) for title in titles] == pytest.approx([2, 0, -2, 4 * 0.5**6], abs=1e-12)
    assert float(Played("line-search", "Where the loss is not defined").value("v")) == pytest.approx(5 - 5 * 0.8)
    assert all(5 - t * 0.8 < 0 for t in (40, 20, 10))
    assert asked("line-search") == pytest.approx([4, -16, 2, 2, 1, 0, 32, 2, -2, -3, 1, 0.0625, 6], abs=1e-9)
    assert 4 * 0.5**5 > 0.1 >= 4 * 0.5**6


def momentum(kappa: float, steps: int, key: str) -> float:
    """½(w₁² + κ w₂²) after some steps from (−8, 1.5), with the constants for this κ rounded to six decimals."""
    root, w, m = np.sqrt(kappa), np.array([-8.0, 1.5]), np.zeros(2)
    share, h = (root - 1) / (root + 1), np.array([1.0, kappa])
    eta = round({"sgd": 2 / (kappa + 1), "momentum": 4 / (root + 1) ** 2, "nesterov": 1 / kappa}[key], 6)
    rho = round({"sgd": 0.0, "momentum": share**2, "nesterov": share}[key], 6)
    for _ in range(steps):
        g = h * w
        m = rho * m + g
        w = w - eta * (g + rho * m if key == "nesterov" else m)
    return float(0.5 * (h * w * w).sum())


def test_ill_conditioning_figures() -> None:
    rates = {1: 12 / 13, 2: -12 / 13}
    played = Played("ill-conditioning", "The best fixed rate")
    assert [float(played.value("w1")), float(played.value("w2"))] == pytest.approx([-8 * rates[1], 1.5 * rates[2]])
    steps = [np.log(1e6) / np.log((kappa + 1) / (kappa - 1)) for kappa in (25, 1000)]
    wanted = [25, 2 / 25, -8 * rates[1], 1.5 * rates[2], steps[0], steps[1], 4 / 36, 16 / 36, 4 / 6]
    assert asked("ill-conditioning") == pytest.approx(wanted, rel=3e-3)
    says("ill-conditioning", "172.6", "13.8", "0.998", f"{(999 / 1001) ** 300:.2f}", f"{(999 / 1001) ** 600:.2f}")
    for kappa, count, title in ((25, 40, "Run and measure: κ = 25"), (1000, 300, "Run and measure: κ = 1,000")):
        graph, job = experiment_at("ill-conditioning", title)
        found = [middle for _low, middle, _high in bands(made(graph, job, seeds=1))["training loss"]]
        exact = [momentum(kappa, count, key) for key in ("sgd", "momentum", "nesterov")]
        assert found == pytest.approx(exact, rel=1e-6) and found[0] > 100 * max(found[1:])
        assert kappa == 1000 or found[1] < found[2]


def turned(angle: float, key: str, rate: float, steps: int) -> float:
    """½(u² + 25v²) along axes turned by the angle, after some steps from u = −8, v = 1.5."""
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, s], [-s, c]])
    hessian, w = turn.T @ np.diag([1.0, 25.0]) @ turn, turn.T @ [-8.0, 1.5]
    m, r = np.zeros(2), np.zeros(2)
    for t in range(1, steps + 1):
        g = hessian @ w
        m, r = 0.9 * m + 0.1 * g, 0.999 * r + 0.001 * g * g
        move = m / (1 - 0.9**t) / (np.sqrt(r / (1 - 0.999**t)) + 1e-8) if key == "adam" else g
        w = w - rate * move
    return float(0.5 * w @ hessian @ w)


def test_a_turned_valley_changes_adam_and_not_gradient_descent() -> None:
    hessian = np.array([[13, -12], [-12, 13]])
    assert np.linalg.eigvalsh(hessian) == pytest.approx([1, 25])
    assert asked("turned-valley") == pytest.approx([np.sqrt(25), hessian[0, 0], hessian[0, 1], 10900], rel=1e-6)
    says("turned-valley", "91", "1,022", "11,371")
    for title, key, rate, steps, angles in (
        ("Gradient descent does not see the angle", "gd", 0.076923, 40, (0, np.pi / 4)),
        ("Adam sees it", "adam", 0.3, 60, (0, np.pi / 8, np.pi / 4)),
    ):
        graph, job = experiment_at("turned-valley", title)
        found = [middle for _low, middle, _high in bands(made(graph, job, seeds=1))["training loss"]]
        exact = [turned(angle, key, rate, steps) for angle in angles]
        assert found == pytest.approx(exact, rel=1e-6)
        assert max(exact) / min(exact) < 1 + 1e-9 if key == "gd" else max(exact) / min(exact) > 10
    counted = []
    for kappa in (10, 100, 1000):  # the sweep of the last step, from the example's own beginning
        c, s = np.cos(0.6), np.sin(0.6)
        at, steps, curvatures = np.array([[c, s], [-s, c]]) @ [-6.0, 5.0], 0, np.array([1.0, kappa])
        while np.linalg.norm(curvatures * at) > 1e-6:
            at, steps = at * (1 - 2 / (1 + kappa) * curvatures), steps + 1
        counted.append(steps)
    assert counted == [91, 1022, 11371]


def test_iterations_grow_like_kappa_and_like_its_root() -> None:
    """Exponents fitted from κ = 10 to 300; gradient descent against ln 10⁶ / ln((κ + 1)/(κ − 1))."""
    kappas = (10.0, 100.0, 300.0)
    slow = {kappa: conditioning.iterations("sgd", kappa) for kappa in kappas}
    assert slow == {kappa: pytest.approx(np.log(1e6) / np.log((kappa + 1) / (kappa - 1)), rel=0.05) for kappa in kappas}
    assert conditioning.exponent(slow) == pytest.approx(1.0, abs=0.03)
    for key in ("momentum", "nesterov"):
        assert conditioning.exponent({kappa: conditioning.iterations(key, kappa) for kappa in kappas}) == pytest.approx(0.5, abs=0.07)

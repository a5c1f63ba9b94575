"""The figures of the lessons on derivatives and local models, against hand calculations, NumPy, SymPy and torch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy
import torch

from tests.support.lesson_support import Played, asked, close, says


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def test_derivative_as_a_limit() -> None:
    """f = x³ at 2: the secants 12.61, 12.0601 …, the central quotients 12 + ε², the derivative 12."""

    def f(x: float) -> float:
        return x**3

    def forward(e: float) -> float:
        return (f(2 + e) - f(2)) / e

    def central(e: float) -> float:
        return (f(2 + e) - f(2 - e)) / (2 * e)

    assert [forward(0.1), forward(0.01), forward(0.001)] == pytest.approx([12.61, 12.0601, 12.006001])
    assert [central(0.1), central(0.01)] == pytest.approx([12.01, 12.0001])
    assert forward(1e-17) == 0, "2 + 10⁻¹⁷ is 2"
    shrinks = (forward(0.01) - 12) / (forward(0.001) - 12)
    assert asked("derivative") == pytest.approx([forward(1), shrinks, central(0.01) - 12, 2, 12], rel=0.01)
    says("derivative", "12.61", "12.0601", "12.006", "12.01", "0.61", "0.0601")
    played = Played("derivative", 0)
    assert (played.value("f"), played.gradient("x"), played.gradient("u")) == (8, 3 * 2**2, 2)
    assert [played.gradient(wire) for wire in ("x -> u.a", "x -> u.b", "x -> f.b")] == [4, 4, 4]


def test_gradients_to_know_by_heart() -> None:
    """3w₁w₂ + w₃ → (3w₂, 3w₁, 1); wᵀx → x; ‖v‖² → 2v; ½zᵀAz → Az."""
    w1, w2, w3 = sympy.symbols("w1 w2 w3")
    f = 3 * w1 * w2 + w3
    slopes = [sympy.diff(f, w) for w in (w1, w2, w3)]
    assert slopes == [3 * w2, 3 * w1, 1]
    at = {w1: 2, w2: -1, w3: 4}
    played = Played("gradients", 0)
    assert played.value("f") == float(f.subs(at)) == -2
    by_name = [float(played.gradient(name)) for name in ("w1", "w2", "w3")]
    assert by_name == [float(slope.subs(at)) for slope in slopes] == [-3, 6, 1]

    np.testing.assert_array_equal(Played("gradients", 1).gradient("w"), [3, 1, 4])
    np.testing.assert_array_equal(Played("gradients", 2).gradient("v"), 2 * np.array([3, 4]))
    a, z = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, 2.0])
    played = Played("gradients", 3)
    np.testing.assert_array_equal(played.gradient("z"), a @ z)
    assert played.value("quadratic") == z @ a @ z / 2

    hessian = torch.func.hessian(lambda w: 3 * w[0] * w[1] + w[2])(torch.tensor([2.0, -1.0, 4.0]))
    of_form = torch.func.hessian(lambda z: z @ torch.tensor(a) @ z / 2)(torch.tensor(z))
    np.testing.assert_array_equal(of_form, a)
    assert hessian.tolist() == [[0, 3, 0], [3, 0, 0], [0, 0, 0]]
    assert asked("gradients") == [-3, 6, 4, 6, (a @ z)[1], 3 * 4, a[1, 1], hessian[0, 0], np.trace(a), round(np.linalg.det(a), 9), 3 * 5]
    says("gradients", "(-3, 6, 1)", "(6, 8)", "(4, 7)")


def test_the_jacobian_of_a_map() -> None:
    """z = Ax, p = softmax(z) at x = 0: diag(p) − ppᵀ, its product with A, and f = p₁ with the first row as its gradient."""
    a = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    by_z = torch.func.jacrev(lambda z: torch.softmax(z, 0))(torch.zeros(3, dtype=torch.float64)).numpy()
    np.testing.assert_allclose(9 * by_z, [[2, -1, -1], [-1, 2, -1], [-1, -1, 2]], atol=1e-14)
    assert by_z.sum(1) == pytest.approx([0, 0, 0], abs=1e-15) and np.linalg.matrix_rank(by_z) == 2
    by_x = by_z @ a
    largest = np.linalg.norm(by_x, 2)
    assert largest == pytest.approx(np.linalg.norm(by_x @ [1, -1]) / np.sqrt(2))
    np.testing.assert_allclose(by_x @ [1, -1], [1 / 3, -1 / 3, 0], atol=1e-15)
    played = Played("jacobian", 5)
    np.testing.assert_allclose(played.gradient("x"), by_x[0], atol=1e-15)
    assert asked("jacobian") == close([5 * 4, 0.1 * a[2, 0], by_z[0, 0], by_z[0, 1], by_x[0, 0], by_x[2, 1], largest, by_x[0, 1]])


def test_directional_derivatives() -> None:
    """f = x² + 3y² at (2, 1): ∇f = (4, 6), the slope in the direction d is ⟨d, ∇f⟩, and −‖∇f‖² against the gradient."""
    gradient = np.array([2 * 2, 6 * 1])
    unit = -gradient / np.linalg.norm(gradient)
    directions = [np.array(d) for d in ((1, 0), (1, -1), -gradient)] + [unit]
    slopes = [float(d @ gradient) for d in directions]
    assert slopes[2] == -np.sum(gradient**2) == -52
    assert asked("direction") == close([2**2 + 3, gradient[1], *slopes])
    for step, d in zip((2, 3, 4, 5), directions, strict=True):
        played = Played("direction", step)
        assert [played.value("d1"), played.value("d2")] == pytest.approx(list(d))
        assert played.gradient("t") == pytest.approx(d @ gradient)
        assert [played.gradient("x"), played.gradient("y")] == list(gradient)
    angles = np.linspace(0, 2 * np.pi, 3601)
    steepest = (np.cos(angles) * gradient[0] + np.sin(angles) * gradient[1]).min()
    assert steepest == pytest.approx(slopes[3], rel=1e-5), "no direction of length 1 is steeper"
    assert 3 * gradient[0] - 2 * gradient[1] == 0, "(3, −2) is level"
    says("direction", "(4, 6)", "-52", "7.211", "(-0.5547, -0.8321)")


def test_taylor_and_the_newton_step() -> None:
    """f = x³ − 3x from 2: slope 9, curvature 12, step −0.75 to 1.25, then 1.025."""
    x = sympy.symbols("x")
    f = x**3 - 3 * x
    first, second = sympy.diff(f, x), sympy.diff(f, x, 2)
    points = [sympy.Integer(2)]
    for _ in range(3):
        points.append(points[-1] - first.subs(x, points[-1]) / second.subs(x, points[-1]))
    assert [float(point) for point in points] == pytest.approx([2, 1.25, 1.025, 1.000305], rel=1e-6)
    model = sympy.series(f, x, 2, 3).removeO()
    tangent = sympy.series(f, x, 2, 2).removeO()
    slopes = [float(first.subs(x, point)) for point in points]
    assert asked("taylor") == close([f.subs(x, 2), slopes[0], tangent.subs(x, 3), model.subs(x, 3), slopes[1], points[2]])
    for step, place in ((0, 0), (5, 1), (6, 2)):
        played = Played("taylor", step)
        assert played.value("x") == pytest.approx(float(points[place]))
        assert played.value("f") == pytest.approx(float(f.subs(x, points[place])))
        assert played.gradient("x") == pytest.approx(slopes[place])
    assert [float(f.subs(x, place)) for place in (3, 1, points[1])] == [18, -2, -1.796875]
    says("taylor", "9 + 12d", "-0.75", "1.25", "-1.797", "1.6875", "1.025")


def test_lipschitz_constants() -> None:
    """½‖Ax−b‖²: L = λmax(AᵀA) = 9; logistic regression on the same rows: L ≤ 9/8."""
    a, b = np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([3.0, 0.0])
    rows, labels = torch.tensor(a), torch.tensor([1.0, -1.0], dtype=torch.float64)

    def logistic(w: torch.Tensor) -> torch.Tensor:
        return torch.log(1 + torch.exp(-labels * (rows @ w))).mean()

    def gradient(x: np.ndarray) -> np.ndarray:
        slope: np.ndarray = a.T @ (a @ x - b)
        return slope

    eigenvalues = np.linalg.eigvalsh(a.T @ a)
    assert eigenvalues == pytest.approx([1, 9])
    here, there = np.array([1.0, 1.0]), np.array([2.0, 2.0])
    assert np.linalg.norm(gradient(there) - gradient(here)) / np.linalg.norm(there - here) == pytest.approx(9)
    aside = np.array([1.0, -1.0])
    ratio = np.linalg.norm(gradient(here + aside) - gradient(here)) / np.linalg.norm(aside)
    step = here - gradient(here) / 9
    after = np.sum((a @ step - b) ** 2) / 2
    assert after <= 4.5 - np.sum(gradient(here) ** 2) / 18 == pytest.approx(2)
    bound = eigenvalues.max() / (4 * 2)
    curvature = torch.func.hessian(logistic)(torch.zeros(2, dtype=torch.float64)).numpy()
    assert np.linalg.eigvalsh(curvature).max() == pytest.approx(bound), "at w = 0 the bound is reached"
    told = [gradient(here)[1], gradient(there)[0], float(ratio), (a.T @ a)[0, 0], after, 2 / bound, curvature[0, 0]]
    assert asked("lipschitz") == close(told)

    for number, x in ((1, here), (2, there)):
        np.testing.assert_allclose(Played("lipschitz", number).gradient("x"), gradient(x))
    np.testing.assert_allclose(Played("lipschitz", 4).value("x"), step, rtol=1e-3, err_msg="the lesson steps by 0.1111")
    grown = _descended(a, b, here, 0.25, 20)
    assert grown > 1000 and Played("lipschitz", 5).value("f") == pytest.approx(grown)
    says("lipschitz", "(12, 15)", r"\frac{45}{18} = 2", "1.125", "0.222")


def _descended(a: np.ndarray, b: np.ndarray, x: np.ndarray, lr: float, steps: int) -> float:
    for _ in range(steps):
        x = x - lr * a.T @ (a @ x - b)
    return float(np.sum((a @ x - b) ** 2) / 2)


def test_optimality_and_the_signs_of_eigenvalues() -> None:
    """x²−y²: ±2; monkey saddle: 0, 0; (1−w₂w₁)²: ±2 at (0,0), 0 and 2(w₁²+w₂²) on w₁w₂ = 1."""
    x, y = sympy.symbols("x y")

    def eigenvalues(f: sympy.Expr, at: tuple[int, int]) -> list[int]:
        multiplicities = sympy.hessian(f, (x, y)).subs({x: at[0], y: at[1]}).eigenvals()
        return sorted(int(value) for value, times in multiplicities.items() for _ in range(times))

    saddle, monkey, deep = x**2 - y**2, x**3 - 3 * x * y**2, (1 - y * x) ** 2
    assert eigenvalues(saddle, (0, 0)) == [-2, 2]
    assert eigenvalues(monkey, (0, 0)) == [0, 0]
    assert eigenvalues(deep, (0, 0)) == [-2, 2]
    assert eigenvalues(deep, (1, 1)) == [0, 2 * (1**2 + 1**2)]
    assert asked("optimality") == close([2 * 1, 0, -2, (-0.1) ** 3, 1, -2, 2, 2 * (1**2 + 1**2)])

    for step, objective, inputs in ((1, "saddle", "xy"), (3, "monkey", "ab"), (4, "f", "st"), (6, "f", "st")):
        played = Played("optimality", step)
        assert played.graph.nodes[played.trace.objective[0]].name == objective  # type: ignore[index]
        assert [played.gradient(name) for name in inputs] == pytest.approx([0, 0], abs=1e-12), "a stationary point"


def test_the_turned_axes_show_the_eigenvalues_as_curvatures() -> None:
    """Central second differences of the lesson's own graph along s and t."""

    def f(s: float, t: float) -> float:
        return (1 - (s + t) / math.sqrt(2) * (s - t) / math.sqrt(2)) ** 2

    def curvature(s: float, t: float, ds: float, dt: float, h: float = 1e-4) -> float:
        return (f(s + h * ds, t + h * dt) - 2 * f(s, t) + f(s - h * ds, t - h * dt)) / h**2

    assert [curvature(0, 0, 1, 0), curvature(0, 0, 0, 1)] == pytest.approx([-2, 2], abs=1e-5)
    assert [curvature(math.sqrt(2), 0, 1, 0), curvature(math.sqrt(2), 0, 0, 1)] == pytest.approx([4, 0], abs=1e-5)
    for step, s in ((4, 0.0), (6, math.sqrt(2))):
        assert Played("optimality", step).value("f") == pytest.approx(f(s, 0), abs=1e-12)


def test_numerical_against_analytical() -> None:
    """z = −2 + 6 − 3 = 1; f = σ(1); every gradient is σ′(1) times the other factor, and the central difference agrees."""
    f = sigmoid(1)
    slope = f * (1 - f)
    assert asked("numerical-gradient") == close([2 * 5, -2 + 6 - 3, slope * -2, sigmoid(2.01 * -1 + 6 - 3), 2 * 1000 * 0.001])
    played = Played("numerical-gradient", 0)
    assert played.value("f") == pytest.approx(f)
    gradients = {"w0": -1, "x0": 2, "w1": -2, "x1": -3, "b": 1}
    assert {name: float(played.gradient(name)) for name in gradients} == pytest.approx({k: slope * v for k, v in gradients.items()})
    central = (sigmoid(1 - 0.01) - sigmoid(1 + 0.01)) / 0.02
    assert central == pytest.approx(-slope, rel=1e-4)
    assert [f"{sigmoid(0.99):.5f}", f"{sigmoid(1.01):.5f}"] == ["0.72909", "0.73302"]
    assert round((0.72909 - 0.73302) / 0.02, 4) == -0.1965
    says("numerical-gradient", "0.7311", "0.1966", "-0.3932", "0.72909", "0.73302", "-0.1965")

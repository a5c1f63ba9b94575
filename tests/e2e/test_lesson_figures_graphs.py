"""The figures of the lessons on graphs and backpropagation, against hand calculations and torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy
import torch
import torch.nn.functional as F

from tests.support.lesson_support import Played, asked, close, says


def near(value: float) -> Any:
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


@pytest.mark.parametrize(("step", "x"), [(0, 2.0), (6, 1.0)])
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
    assert played.value("ell") == pytest.approx(-math.log(yhat[1])) == near(1.518)
    lines = {
        "s": delta_y, "s.W": np.outer(delta_y, h), "s.b": delta_y, "h": wy.T @ delta_y, "u": delta_h,
        "u.W": np.outer(delta_h, x), "u.b": delta_h,
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


def sigmoid(z: float | np.ndarray) -> Any:
    return 1 / (1 + np.exp(-z))


def test_the_tanh_questions_are_the_lines_of_the_lecture() -> None:
    assert asked("tanh-2-4-2")[:2] == [4 * 2 + 4 + 2 * 4 + 2, pytest.approx(-0.4 * 1 + 0.2 * -2)]


def test_the_questions_of_xy_plus_z_and_several_paths() -> None:
    assert asked("xy-plus-z") == close([-10, -7, 1, -5, 2, 2.001 * -5 + 3])
    z = sympy.sympify("x**2*3*x + x + 1")
    slope = sympy.diff(z)
    assert asked("several-paths") == close([z.subs("x", 2), 3, 2**2, 3 * 2 * 2 * 2, slope.subs("x", 2), 3 * 1 * 2 * 1, slope.subs("x", 1)])


def test_upstream_times_local_down_the_neuron() -> None:
    """f = 1/q: −1/q²; e = exp: e itself; then −1, and the products' other factors."""
    z = 2 * -1 + -3 * -2 - 3
    e = math.exp(-z)
    q = 1 + e
    to_q = -1 / q**2
    to_minus_z = to_q * e
    slope = -to_minus_z
    assert slope == pytest.approx(sigmoid(z) * (1 - sigmoid(z)))
    assert asked("local-knowledge") == close([z, to_q, to_minus_z, slope * 2, slope * -2, 0])
    played = Played("local-knowledge", 0)
    expected = {"z": slope, "minus_z": to_minus_z, "e": to_q, "q": to_q, "f": 1, "w0": -slope, "x0": 2 * slope, "b": slope}
    assert {name: played.gradient(name) for name in expected} == pytest.approx(expected)
    says("local-knowledge", "1.368", "-0.5344", "0.3679", "-0.1966", "0.3932", r"0.7311 \cdot 0.2689")
    slopes = {place: sigmoid(place) * (1 - sigmoid(place)) for place in np.linspace(-4, 4, 81)}
    assert max(slopes, key=lambda place: slopes[place]) == pytest.approx(0)


def test_least_squares_through_modules() -> None:
    """∇f(x) = −2a(y − aᵀx), and the step that ends at 0."""
    a, x, y = np.array([2.0, -1.0]), np.array([1.0, 3.0]), 4.0
    slope = -2 * a * (y - a @ x)
    after = x - 0.1 * slope
    second = -2 * np.array([1.0, 1.0]) * (6 - np.array([1.0, 1.0]) @ x)
    assert asked("least-squares") == close([a @ x, (y - a @ x) ** 2, -2 * (y - a @ x), *slope, (y - a @ after) ** 2, second[0]])
    np.testing.assert_array_equal(Played("least-squares", 0).gradient("x"), slope)
    np.testing.assert_allclose(Played("least-squares", 4).value("x"), after)
    np.testing.assert_array_equal(Played("least-squares", 5).gradient("x"), second)
    says("least-squares", "(-20, 10)", "(3, 2)", "= 25")


def test_the_network_as_modules_against_torch() -> None:
    w1 = torch.tensor([[2.0, -1.0], [-1.0, 1.0], [0.5, 0.5]], dtype=torch.float64, requires_grad=True)
    w2 = torch.tensor([[1.0, -1.0, 2.0], [0.0, 1.0, -1.0]], dtype=torch.float64, requires_grad=True)
    x, y = torch.tensor([1.0, 2.0], dtype=torch.float64), torch.tensor([1.0, 0.0], dtype=torch.float64)
    z1 = w1 @ x
    h = torch.sigmoid(z1)
    z2 = w2 @ h
    p = torch.softmax(z2, 0)
    loss = -(y * torch.log(p)).sum()
    for tensor in (z1, h, z2, p):
        tensor.retain_grad()
    loss.backward()
    told = [12, z1[0], h[0], loss, z2.grad[0], w2.grad[0, 0], h.grad[1], w1.grad[0, 1]]  # type: ignore[index]
    assert asked("mlp-modules") == close(told)
    played = Played("mlp-modules", 0)
    for name, tensor in (("W1", w1), ("W2", w2), ("z1", z1), ("h", h), ("z2", z2), ("p", p)):
        np.testing.assert_allclose(played.value(name), tensor.detach(), rtol=1e-12)
        assert tensor.grad is not None
        np.testing.assert_allclose(played.gradient(name), tensor.grad, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(played.gradient("z2"), (p - y).detach())
    says("mlp-modules", "(0.5, 0.7311, 0.8176)", "(1.404, -0.0865)", "(0.8162, 0.1838)", "(-0.1838, 0.3677, -0.5515)", "-0.0460", "−1.225")
    assert Played("mlp-modules", 6).value("loss") < loss.item() / 5


@pytest.mark.parametrize(("step", "b"), [(0, [-1.0, -3.0]), (5, [5.0, -3.0])])
def test_the_layer_form(step: int, b: list[float]) -> None:
    """∂L/∂u = ∂L/∂x⁺ ⊙ σ′(u); ∂L/∂W = ∂L/∂u xᵀ; ∂L/∂b = ∂L/∂u; ∂L/∂x = Wᵀ∂L/∂u."""
    w, x = np.array([[1.0, 2.0, -1.0], [0.0, 1.0, 1.0]]), np.array([1.0, 1.0, 2.0])
    u = w @ x + np.array(b)
    above = sigmoid(u) - np.array([0.0, 1.0])
    delta = above * sigmoid(u) * (1 - sigmoid(u))
    played = Played("layer-form", step)
    for name, expected in (("x_next", above), ("u", delta), ("u.W", np.outer(delta, x)), ("u.b", delta), ("x", w.T @ delta)):
        np.testing.assert_allclose(played.gradient(name), expected, rtol=1e-12)
    told = asked("layer-form")
    if step == 0:
        np.testing.assert_array_equal(delta, [0.125, -0.125])
        assert told[:-1] == close([u[0], sigmoid(u)[0], above[1], delta[0], np.outer(delta, x)[1, 2], delta[1], (w.T @ delta)[2]])
        says("layer-form", "(0.125, -0.125)", "(0.125, 0.125, -0.25)")
    else:
        assert told[-1] == pytest.approx(delta[0], rel=1e-4)
        says("layer-form", "0.9975", "0.0025", "0.00246")
        assert [f"{sigmoid(6):.4f}", f"{sigmoid(6) * (1 - sigmoid(6)):.4f}"] == ["0.9975", "0.0025"]


def test_paths_double_where_wires_only_add_up() -> None:
    """Paths counted by walking the lesson's graph; layers counted as the lesson says: j·H² for the j-th from the top."""
    played = Played("reverse-mode", 0)
    graph = played.graph
    paths = {node: 1 for node in graph.nodes if not graph.outputs_of(node)}
    for node in reversed(graph.order()):
        paths.setdefault(node, sum(paths[edge.target[0]] for edge in graph.outputs_of(node)))
    start = graph.named("x")
    assert start is not None and paths[start.id] == 16 and len(graph.edges) == 8
    assert [played.gradient(name) for name in ("f", "a3", "a2", "a1", "x")] == [1, 2, 4, 8, 16]

    assert asked("reverse-mode") == close([16, 2**10, 16 * 4, 4, naive(16, 16) / reverse(16, 16), 4])
    assert naive(32, 64) / naive(16, 64) == pytest.approx(4, abs=0.3) and reverse(32, 64) / reverse(16, 64) == pytest.approx(2, abs=0.1)
    says("reverse-mode", "1{,}024", f"{naive(16, 16):,}", f"{reverse(16, 16):,}")


def naive(layers: int, width: int) -> int:
    """Multiplications, by hand: for every W and every b anew the loss, the activations and matrices above, the last product."""
    total = 0
    for above in range(layers):
        way = width + (above + 1) * width + above * width**2
        total += (way + width**2) + (way + width)
    return total


def reverse(layers: int, width: int) -> int:
    """The loss once, each activation once, each matrix but the lowest once, and for every layer the products for W and b."""
    return width + layers * width + (layers - 1) * width**2 + layers * (width**2 + width)


def test_losses_against_torch() -> None:
    scores = torch.tensor([[0.1, -0.8, 1.4, 1.1]], dtype=torch.float64)
    second, third = (F.cross_entropy(scores, torch.tensor([k])).item() for k in (1, 2))
    assert (round(second, 2), round(third, 2)) == (2.95, 0.75)
    one, zero, q = (torch.tensor(v, dtype=torch.float64) for v in (1.0, 0.0, 0.8))
    huber = F.huber_loss(torch.tensor(3.0), torch.tensor(1.0)).item()
    wanted, model = torch.tensor([0.75, 0.25]), torch.tensor([0.5, 0.5])
    kl = F.kl_div(model.log(), wanted, reduction="sum").item()
    bce = [F.binary_cross_entropy(q, truth).item() for truth in (one, zero)]
    assert asked("losses") == close([second, third, 3 - 1, huber, 1, 1 - (-1) * 0.3, *bce, kl, 0])
    played = Played("losses", 2)
    values = {"squared": 4, "half_squared": 2, "absolute": 2, "huber": 1.5, "hinge": 1.3, "logistic": math.log(1 + math.exp(0.3)),
              "bce": bce[0], "kl": kl}  # fmt: skip
    assert {name: played.value(name) for name in values} == pytest.approx(values)
    assert torch.logsumexp(scores[0], 0).item() == near(2.153)
    says("losses", "2.95", "0.75", "1.39", "0.8544", "0.2231", "-1.25", "0.1308", "1.609")
    assert Played("losses", 5).gradient("q") == -1 / 0.8


ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": F.relu, "leaky": lambda x: F.leaky_relu(x, 0.1), "gelu": F.gelu, "silu": F.silu, "tanh": torch.tanh, "sigmoid": torch.sigmoid,
}  # fmt: skip


def test_activations_against_torch() -> None:
    played = Played("activations", 0)
    for name, function in ACTIVATIONS.items():
        assert played.value(name) == pytest.approx(function(torch.tensor(-1.0, dtype=torch.float64)).item()), name
    assert played.gradient("x") == near(0.42) == pytest.approx(1 - math.tanh(1) ** 2, rel=1e-3)
    saturated = sigmoid(4.0) * (1 - sigmoid(4.0))
    softmax = np.exp([1, 2, 3]) / np.exp([1, 2, 3]).sum()
    upper = 2 * math.tanh(-2) + math.tanh(4) + 3
    affine = [5 * 1 - 3 * 2 + 4, 5 * 3 - 3 * -2 + 4]
    assert asked("activations") == close([0, -0.1, 0, 0.1, saturated, 1e6 / 4**10, softmax[1], affine[0], affine[1], upper])
    says("activations", "0.9820", "0.0177", "(0.0900, 0.2447, 0.6652)", "(5, -3)", "2.071")
    assert softmax == pytest.approx([0.0900, 0.2447, 0.6652], abs=5e-5)


def test_a_network_without_activation_is_one_affine_map() -> None:
    """W₂(W₁v + b₁) + b₂ = (W₂W₁)v + (W₂b₁ + b₂), for any v; with tanh in between no longer."""
    w1, b1 = np.array([[1.0, -2.0], [3.0, 1.0]]), np.array([1.0, -1.0])
    w2, b2 = np.array([[2.0, 1.0]]), np.array([3.0])
    assert (w2 @ w1).tolist() == [[5, -3]] and (w2 @ b1 + b2).tolist() == [4]
    for step, v in ((4, [1.0, 2.0]), (5, [3.0, -2.0])):
        played = Played("activations", step)
        np.testing.assert_allclose(played.value("second"), w2 @ (w1 @ v + b1) + b2)
        np.testing.assert_allclose(played.value("collapsed"), w2 @ w1 @ v + w2 @ b1 + b2)
        assert played.value("total_gap") == 0
    assert abs(Played("activations", 6).value("total_gap")) > 0.9


def test_layer_kinds_against_torch() -> None:
    image = torch.tensor([[[1.0, 2, 0, 1], [0, 1, 3, 1], [2, 0, 1, 0], [1, 1, 0, 2]]], dtype=torch.float64)
    kernel = torch.tensor([[[[1.0, 0], [0, -1]]]], dtype=torch.float64, requires_grad=True)
    convolved = F.conv2d(image, kernel)
    convolved.sum().backward()
    state = torch.tanh(torch.tensor([1.0, 0.0]) + torch.tensor([[0.0, 1.0], [1.0, 0.0]]) @ torch.tensor([0.5, -0.5]))
    column = np.array([1.0, 3.0, 5.0, 7.0])
    normal = (column - column.mean()) / column.std()
    pooled = F.max_pool2d(image, 2)
    told = [1 * 1 + 2 * -1, 784 * 100, convolved[0, 1, 2], kernel.grad[0, 0, 0, 0], pooled[0, 0, 0], 1, 1, 1 + 0.5, state[0], normal[3], 6]  # type: ignore[index]
    assert asked("layer-kinds") == close(told)
    played = Played("layer-kinds", 1)
    np.testing.assert_array_equal(played.value("convolution"), convolved.detach())
    np.testing.assert_array_equal(played.gradient("convolution.W"), kernel.grad)
    np.testing.assert_array_equal(played.value("largest"), pooled)
    np.testing.assert_array_equal(played.value("average"), F.avg_pool2d(image, 2))
    np.testing.assert_allclose(played.value("state"), state, rtol=1e-6)
    through_both = np.array([1.0, 1.0]) + np.array([[0.5, 1.0], [0.0, 0.5]]).T @ np.array([1.0, 1.0])
    np.testing.assert_array_equal(Played("layer-kinds", 3).gradient("r"), through_both)
    assert [column.mean(), column.var(), (10 * np.arange(1, 5)).mean(), (10 * np.arange(1, 5)).var()] == [4, 5, 25, 125]
    np.testing.assert_allclose(normal, [-1.342, -0.4472, 0.4472, 1.342], atol=5e-4)


def test_the_settled_batch_norm_uses_the_running_averages() -> None:
    """As torch: in evaluation with the running mean and the running unbiased variance, 5 · 4/3."""
    layer = torch.nn.BatchNorm1d(2, affine=False, dtype=torch.float64)
    x = torch.tensor([[1.0, 10.0], [3.0, 20.0], [5.0, 30.0], [7.0, 40.0]], dtype=torch.float64)
    for _ in range(100):
        layer(x)
    np.testing.assert_allclose(Played("layer-kinds", 5).value("norm"), layer.eval()(x), rtol=1e-9)


def test_the_perceptron_rule_and_the_delta_rule_are_gradient_steps() -> None:
    """On a mistake w ← w + yx; Δw = −η(wᵀx − y)x."""
    w, x, y = np.array([1.0, -1.0]), np.array([1.0, 2.0]), 1.0
    moved, nudged = w + y * x, w - 0.1 * (w @ x - y) * x
    told = [w @ x, moved @ x, -y * x[1], moved @ x, 0, (w @ x - y) * x[1], (nudged @ x - y) ** 2 / 2]
    assert asked("perceptron") == close(told)
    np.testing.assert_array_equal(Played("perceptron", 2).gradient("w"), -y * x)
    np.testing.assert_array_equal(Played("perceptron", 4).gradient("w"), (w @ x - y) * x)
    np.testing.assert_allclose(Played("perceptron", 3).value("w"), moved)
    np.testing.assert_allclose(Played("perceptron", 5).value("w"), nudged)
    says("perceptron", "(2, 1)", "(-1, -2)", "(-2, -4)", "(1.2, -0.6)")

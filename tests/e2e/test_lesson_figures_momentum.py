"""The experiments of the lessons on heavy ball, Nesterov, RMSProp and Adam: against the same steps in NumPy, and by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.e2e.test_lesson_figures_learning import bands, experiment_at, initial, made, part, tensors
from tests.support.lesson_support import asked

Rule = Callable[[Callable[[Any], Any], Any], Any]
"""The weights after a run, from the gradient as a function and the first weights."""


def medians(name: str, title: str, *places: int, seeds: int = 1) -> dict[str, list[float]]:
    """The training loss at the end of each variant, by the name of its line."""
    graph, job = experiment_at(name, title)
    found = bands(made(graph, job, *places, seeds=seeds))
    return {line: [middle for _low, middle, _high in rows] for line, rows in found.items()}


def by_hand(name: str, title: str, place: int, rule: Rule) -> float:
    """The loss of least squares in NumPy after this run, from the variant's first weights."""
    graph, job = experiment_at(name, title)
    model = initial(graph, job, place)
    w = tensors(model, "model.W")[0].detach().numpy().reshape(-1)
    x, y = (tensor.numpy() for tensor in part(model, "train"))
    z, y = x * np.array([10.0, 1.0]), y.reshape(-1)
    w = rule(lambda w: 2 * z.T @ (z @ w - y) / len(y), w)
    return float(((z @ w - y) ** 2).mean())


def heavy_ball(steps: int, rho: float = 0.9, lecture: bool = False, rates: Callable[[int], float] = lambda t: 0.005) -> Rule:
    def run(gradient: Callable[[Any], Any], w: Any) -> Any:
        memory = np.zeros_like(w)
        for t in range(steps):
            memory = rho * memory - rates(t) * gradient(w) if lecture else rho * memory + gradient(w)
            w = w + memory if lecture else w - rates(t) * memory
        return w

    return run


def nesterov(steps: int, rho: float = 0.9, stored: bool = False) -> Rule:
    """In the lecture's form; `stored`: the look-ahead point at the end, which PyTorch and Keras store."""

    def run(gradient: Callable[[Any], Any], w: Any) -> Any:
        v = np.zeros_like(w)
        for _step in range(steps):
            v = rho * v - 0.005 * gradient(w + rho * v)
            w = w + v
        return w + rho * v if stored else w

    return run


def normalised(steps: int, rate: float, tau: float, first: bool = False, keep: bool = False) -> Rule:
    """RMSProp; `first`: begun with r = g². `keep`: AdaGrad."""

    def run(gradient: Callable[[Any], Any], w: Any) -> Any:
        r = np.zeros_like(w)
        for t in range(steps):
            g = gradient(w)
            r = r + g * g if keep else g * g if first and t == 0 else tau * r + (1 - tau) * g * g
            w = w - rate * g / (np.sqrt(r) + 1e-8)
        return w

    return run


def adam(steps: int, rate: float = 0.1) -> Rule:
    def run(gradient: Callable[[Any], Any], w: Any) -> Any:
        m, r = np.zeros_like(w), np.zeros_like(w)
        for t in range(1, steps + 1):
            g = gradient(w)
            m, r = 0.9 * m + 0.1 * g, 0.999 * r + 0.001 * g * g
            w = w - rate * (m / (1 - 0.9**t)) / (np.sqrt(r / (1 - 0.999**t)) + 1e-8)
        return w

    return run


def test_the_heavy_ball_s_forms_are_equal_until_the_rate_falls() -> None:
    plain = medians("heavy-ball", "Run and measure", seeds=3)["training loss"]
    assert plain[0] > 1.2 * plain[1]  # gradient descent is not there yet
    one = medians("heavy-ball", "Run and measure")["training loss"]
    assert one == pytest.approx([by_hand("heavy-ball", "Run and measure", i, heavy_ball(100, rho)) for i, rho in enumerate((0.0, 0.9))])
    constant = medians("heavy-ball", "A constant rate")["training loss"]
    assert constant[0] == pytest.approx(constant[1], rel=1e-12)
    falling = medians("heavy-ball", "A rate that falls", seeds=3)["training loss"]
    assert falling[1] > 1.5 * falling[0]
    title, fall = "A rate that falls", lambda t: 0.005 * 0.1 ** (t // 10)
    alone = medians("heavy-ball", title)["training loss"]
    assert alone == pytest.approx([by_hand("heavy-ball", title, i, heavy_ball(15, 0.9, bool(i), fall)) for i in (0, 1)])
    m = 1 + 0.9 + 0.81
    assert asked("heavy-ball") == pytest.approx([m, 1 / (1 - 0.9), -0.1 * m, 0.01 * (0.9 * m + 1), 0.9 * 0.1 * m + 0.01], rel=1e-3)
    features = (x := part(initial(*experiment_at("heavy-ball", "Run and measure"), 0), "train")[0].numpy()) * np.array([10.0, 1.0])
    curvatures = np.linalg.eigvalsh(2 * features.T @ features / len(x))
    assert curvatures == pytest.approx([0.6, 60], rel=0.1)


def test_nesterov_bears_a_larger_share_and_pytorch_stores_the_point_ahead() -> None:
    for found in (medians("nesterov", "Run and measure"), medians("nesterov", "Run and measure", seeds=3)):
        assert found["heavy ball"][1] > 1.2 * found["Nesterov"][1]
        assert found["heavy ball"][0] == pytest.approx(found["Nesterov"][0], rel=0.01)
    found = medians("nesterov", "Run and measure")
    for i, rho in enumerate((0.9, 0.97)):
        assert found["heavy ball"][i] == pytest.approx(by_hand("nesterov", "Run and measure", 2 * i, heavy_ball(100, rho)), rel=1e-9)
        assert found["Nesterov"][i] == pytest.approx(by_hand("nesterov", "Run and measure", 2 * i + 1, nesterov(100, rho)), rel=1e-9)
    forms = medians("nesterov", "Three forms")
    for i, steps in enumerate((10, 100)):
        wanted = [by_hand("nesterov", "Three forms", 3 * i, nesterov(steps, stored=ahead)) for ahead in (True, True, False)]
        assert [forms[name][i] for name in ("PyTorch", "Keras", "lecture")] == pytest.approx(wanted, rel=1e-9)
    assert abs(forms["lecture"][0] / forms["PyTorch"][0] - 1) > 0.01
    assert asked("nesterov") == pytest.approx([2 - 0.9 * 3, 2 * (2 - 0.9 * 3), 2 * 2, 2 - 0.9 * 3])


def test_rmsprop_forgets_and_its_first_step_is_long() -> None:
    found = medians("rmsprop", "Run and measure", seeds=3)["training loss"]
    assert found[0] > 1.05 * found[1]
    one = medians("rmsprop", "Run and measure")["training loss"]
    rules = normalised(100, 0.1, 0.0, keep=True), normalised(100, 0.1, 0.99)
    assert one == pytest.approx([by_hand("rmsprop", "Run and measure", i, rule) for i, rule in enumerate(rules)], rel=1e-7)
    for seeds in (1, 3):
        steps = medians("rmsprop", "One step, twenty steps", seeds=seeds)
        assert steps["PyTorch"][0] > 2 * steps["r = g² first"][0] and steps["PyTorch"][1] < 1.1 * steps["r = g² first"][1]
    steps = medians("rmsprop", "One step, twenty steps")
    for i, count in enumerate((1, 20)):
        for j, line in enumerate(("PyTorch", "r = g² first")):
            wanted = by_hand("rmsprop", "One step, twenty steps", 2 * i + j, normalised(count, 0.3, 0.99, first=bool(j)))
            assert steps[line][i] == pytest.approx(wanted, rel=1e-7)
    outside, inside = 1e-4 / (1e-4 + 1e-8), 1e-4 / math.sqrt(1e-8 + 1e-8)
    assert asked("rmsprop") == pytest.approx([100 * 4, 4, 0.3 / math.sqrt(1 - 0.99), 0.3, outside, inside], rel=1e-3)
    assert 1e-4 / math.sqrt(1e-8 + 1e-7) == pytest.approx(0.3, abs=0.005)  # the note


def test_adam_s_corrections_and_the_power_t() -> None:
    for seeds in (1, 3):
        steps = medians("adam", "With and without correction", seeds=seeds)
        assert steps["RMSProp"][0] > 2 * steps["Adam"][0]
    steps = medians("adam", "With and without correction")
    for i, count in enumerate((1, 5)):
        title = "With and without correction"
        assert steps["Adam"][i] == pytest.approx(by_hand("adam", title, 2 * i, adam(count)), rel=1e-9)
        assert steps["RMSProp"][i] == pytest.approx(by_hand("adam", title, 2 * i + 1, normalised(count, 0.1, 0.999)), rel=1e-7)
    race = medians("adam", "A race in the valley", seeds=3)["training loss"]
    assert race[0] > 1.2 * race[2] and race[1] == pytest.approx(race[2], rel=0.02)
    last = medians("adam", "A race in the valley", 2)["training loss"]
    assert last[0] == pytest.approx(by_hand("adam", "A race in the valley", 2, adam(100)), rel=1e-9)
    keras = math.sqrt(0.001) / 0.1 * 0.1 * 1e-8 / (math.sqrt(0.001) * 1e-8 + 1e-8)
    assert asked("adam") == pytest.approx([
        0.1 * 3, 3, 0.1 / math.sqrt(0.001), 1 - 0.9**10, 1 - 0.999**10, (1 / 0.1) / math.sqrt(1 / 0.001), 0.5, keras,
    ], rel=3e-3)  # fmt: skip

"""The experiments of the lessons on perturbed SGD, vSGD and AdaSecant, NAdam and AdamW: against the same steps in NumPy, and by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from engine.numerics.rng import generator
from engine.training.optimizers.registry import OPTIMIZERS
from tests.e2e.test_lesson_figures_learning import bands, experiment_at, initial, made, part, tensors
from tests.e2e.test_lesson_figures_momentum import adam, by_hand, heavy_ball, medians
from tests.engine.training.optimizers.papers import RULES
from tests.engine.training.optimizers.test_vsgd import Paper
from tests.support.lesson_support import asked

PESKY, NADAM = "no-more-pesky-rates", "nadam-adamw"


def descent(w1: float, w2: float, rate: float, steps: int) -> float:
    """(1 − w₂w₁)² after gradient descent."""
    for _ in range(steps):
        e = 2 * (1 - w2 * w1)
        w1, w2 = w1 + rate * e * w2, w2 + rate * e * w1
    return (1 - w2 * w1) ** 2


def test_noise_frees_every_run_from_the_saddle_point() -> None:
    stuck = medians("perturbed-sgd", "Run and measure")["training loss"]
    assert stuck == pytest.approx([1.0] * 4, abs=1e-12) and stuck[0] == descent(1.0, -1.0, 0.05, 300)
    (still, always, small) = bands(made(*experiment_at("perturbed-sgd", "Ten seeds"), seeds=4))["training loss"]
    assert still == (1.0, 1.0, 1.0)
    for low, _middle, high in (always, small):
        assert low > 0 and high < 0.01  # every seed left it, and none is quiet at the minimum
    loud, quiet = bands(made(*experiment_at("perturbed-sgd", "A rate that falls"), seeds=4))["training loss"]
    assert loud[1] < always[1] / 2 and quiet[2] < 1e-5
    steps = math.log(1 / 0.005) / math.log(1.1)
    assert asked("perturbed-sgd") == pytest.approx([4, -4, 1, 0.05 * 0.1, 1 + 2 * 0.05, steps, 0.005 * 0.1], rel=1e-3)


Slopes = Callable[[int], Callable[[Any], Any]]


def least_squares(title: str, place: int, steps: int, size: int = 64) -> tuple[Any, Slopes, Callable[[Any], float]]:
    """First weights, the gradient at each step, and the loss over all samples, in NumPy."""
    model = initial(*experiment_at(PESKY, title), place)
    w = tensors(model, "model.W")[0].detach().numpy().reshape(-1)
    x, y = (tensor.numpy() for tensor in part(model, "train"))
    z, y = x * np.array([10.0, 1.0]), y.reshape(-1)
    orders = [torch.randperm(64, generator=generator(0, "shuffle", epoch)).numpy() for epoch in range(steps * size // 64 + 1)]

    def at(step: int) -> Callable[[Any], Any]:
        per_epoch = 64 // size
        rows = orders[step // per_epoch][step % per_epoch * size :][:size] if size < 64 else np.arange(64)
        return lambda w: 2 * z[rows].T @ (z[rows] @ w - y[rows]) / size

    return w, at, lambda w: float(((z @ w - y) ** 2).mean())


def vsgd(title: str, place: int, steps: int, size: int = 64) -> float:
    w, at, loss = least_squares(title, place, steps, size)
    paper = Paper(w, at(0))
    for step in range(steps):
        paper.gradient = at(step)
        paper.step()
    return loss(paper.theta)


def adasecant(title: str, place: int, steps: int, size: int = 64) -> float:
    w, at, loss = least_squares(title, place, steps, size)
    rule = RULES["adasecant"](torch.tensor(w), OPTIMIZERS["adasecant"].with_defaults({}))
    theta = next(rule)
    for step in range(steps):
        theta = rule.send(torch.from_numpy(at(step)(theta.numpy())))
    return loss(theta.numpy())


def test_vsgd_and_adasecant_need_no_rate() -> None:
    title = "Run and measure"
    one = medians(PESKY, title)["training loss"]
    plain = by_hand(PESKY, title, 0, heavy_ball(100, 0.0))
    assert one == pytest.approx([plain, one[1], vsgd(title, 2, 100), adasecant(title, 3, 100)], rel=1e-7)
    for found in (one, medians(PESKY, title, seeds=3)["training loss"]):
        assert found[0] > found[1] > 1.05 * found[2] and found[1] > found[3]
    title = "Mini-batches of four samples"
    one = medians(PESKY, title)["training loss"]
    assert one[1:] == pytest.approx([vsgd(title, 1, 160, 4), adasecant(title, 2, 160, 4)], rel=1e-7)
    sgd, ours, secant = medians(PESKY, title, seeds=3)["training loss"]
    assert ours < sgd and ours < secant
    share = 2**2 / np.mean([1, 9, 4, 4])
    assert asked(PESKY) == pytest.approx([share, share / 60, 1 / 0.6, np.mean([3, -3, 3, -3]), 0.1 / 6, 5], rel=1e-2)


def nadam(steps: int, rate: float) -> Callable[[Callable[[Any], Any], Any], Any]:
    """Dozat's method as PyTorch writes it, with ψ = 0.004."""

    def run(gradient: Callable[[Any], Any], w: Any) -> Any:
        m, r, product = np.zeros_like(w), np.zeros_like(w), 1.0
        for t in range(1, steps + 1):
            g = gradient(w)
            now, following = (0.9 * (1 - 0.5 * 0.96 ** (k * 0.004)) for k in (t, t + 1))
            product *= now
            m, r = 0.9 * m + 0.1 * g, 0.999 * r + 0.001 * g * g
            ahead = following * m / (1 - product * following) + (1 - now) * g / (1 - product)
            w = w - rate * ahead / (np.sqrt(r / (1 - 0.999**t)) + 1e-8)
        return w

    return run


def decaying(steps: int, penalty: float, beside: float) -> Callable[[Callable[[Any], Any], Any], Any]:
    """Adam with rate 0.1 and a decay inside the gradient, or beside it."""

    def run(gradient: Callable[[Any], Any], w: Any) -> Any:
        m, r = np.zeros_like(w), np.zeros_like(w)
        for t in range(1, steps + 1):
            g = gradient(w) + penalty * w
            w = w * (1 - 0.1 * beside)
            m, r = 0.9 * m + 0.1 * g, 0.999 * r + 0.001 * g * g
            w = w - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(r / (1 - 0.999**t)) + 1e-8)
        return w

    return run


def test_nadam_is_ahead_with_a_large_rate_and_adamw_decays_otherwise() -> None:
    title = "Run and measure"
    one, several = medians(NADAM, title), medians(NADAM, title, seeds=3)
    for found in (one, several):
        assert found["NAdam"][0] > found["Adam"][0] and found["NAdam"][1] < found["Adam"][1]
    for i, rate in enumerate((0.01, 0.3)):
        assert one["Adam"][i] == pytest.approx(by_hand(NADAM, title, 2 * i, adam(15, rate)), rel=1e-7)
        assert one["NAdam"][i] == pytest.approx(by_hand(NADAM, title, 2 * i + 1, nadam(15, rate)), rel=1e-7)
    title = "Two ways to decay"
    ends = medians(NADAM, title)["training loss"]
    rules = adam(200), decaying(200, 1.0, 0.0), decaying(200, 0.0, 1.0)
    assert ends == pytest.approx([by_hand(NADAM, title, i, rule) for i, rule in enumerate(rules)], rel=1e-7)
    free, penalty, beside = medians(NADAM, title, seeds=3)["training loss"]
    assert free < min(penalty, beside) and abs(penalty / beside - 1) > 0.02
    m = 0.1 * 1
    begins = 0.9 * (1 - 0.5 * 0.96**0.004)
    assert asked(NADAM) == pytest.approx([m, 0.9 * m + 0.1, begins, 0.1 * 0.02 / 0.02, 0.1 * 0.01 * 2], rel=3e-3)

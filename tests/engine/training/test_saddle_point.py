"""(1 − w₂w₁)²: the figures of the curriculum for three rates, the saddle point that holds every method, and the noise that leaves it."""

from __future__ import annotations

import math

import pytest

from benchmarks.saddle import NOISE, WITHOUT_NOISE, document, escapes, trained, weights


def descent(w1: float, w2: float, rate: float, steps: int) -> tuple[float, float]:
    """Gradient descent in plain numbers: the gradient is −2(1 − w₂w₁)(w₂, w₁)."""
    for _ in range(steps):
        e = 2 * (1 - w2 * w1)
        w1, w2 = w1 + rate * e * w2, w2 + rate * e * w1
    return w1, w2


@pytest.mark.parametrize(("rate", "norm"), [(0.03, 25.140), (0.06, 2.56)])
def test_a_small_rate_stays_at_the_sharp_minimum_and_a_larger_one_leaves_it(rate: float, norm: float) -> None:
    run = trained(document(0.2, 5.01, "gd", 400, {"lr": rate}))
    w1, w2 = weights(run)
    assert (w1, w2) == pytest.approx(descent(0.2, 5.01, rate, 400), rel=1e-12)
    assert w1 * w2 == pytest.approx(1) and w1 * w1 + w2 * w2 == pytest.approx(norm, abs=0.002)
    if rate == 0.06:
        assert (w1, w2) == pytest.approx((0.693, 1.443), abs=5e-4)


def test_the_largest_rate_overflows_within_fifteen_steps() -> None:
    run = trained(document(0.2, 5.01, "gd", 400, {"lr": 0.1}))
    assert run.problem is not None and run.state.step < 15
    assert not math.isfinite(sum(descent(0.2, 5.01, 0.1, 15)))


@pytest.mark.parametrize("optimizer", WITHOUT_NOISE)
def test_without_noise_every_method_ends_in_the_saddle_point(optimizer: str) -> None:
    run = trained(document(1.0, -1.0, optimizer, 1000, {"lr": WITHOUT_NOISE[optimizer]}))
    w1, w2 = weights(run)
    assert w1 == -w2 and abs(w1) < 1e-8 and run.loss == 1.0


@pytest.mark.parametrize("noise", NOISE)
def test_noise_leaves_it_with_every_seed(noise: str) -> None:
    assert [abs(product - 1) < 0.1 for product in escapes(NOISE[noise], 10, 150)] == [True] * 10

"""Rates of convergence: bounds against PEPit's figures and against runs in plain NumPy, measured numbers against torch, failures, fits."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.explain.context import ExplainContext
from engine.learned.rates import Rates, RatesJob
from engine.learned.rates.answer import rates
from engine.learned.rates.bounds import BOUNDS, BY_KEY, Known
from engine.learned.rates.checks import failures
from engine.learned.rates.fitting import first_range, fitted, order
from engine.nodes.catalog import CATALOG
from engine.numerics.job import finished
from engine.training.model import Model
from engine.training.run import Run
from graph.storage.files import load

EXAMPLES = Path(__file__).parents[3] / "resources/examples"


def known(**more: Any) -> Known:
    return replace(Known("descent", 1.0, 0.0, 1.0, 0.1, 1.0, 1.0), **more)


def value(key: str, steps: int, **more: Any) -> float:
    assert not BY_KEY[key].fits(known(**more))
    return float(BY_KEY[key].at(known(**more), np.array([float(steps)]))[0])


def test_tight_bounds_are_the_worst_cases_that_pepit_finds() -> None:
    """PEPit 0.5.1, which solves for the worst function of the class numerically; L = 1, R = 1 or f(x₀) − f* = 1, μ = 0.1."""
    assert value("tight_convex", 10) == pytest.approx(0.02381, abs=1e-5)
    assert value("tight_convex", 10, rate=1.5) == pytest.approx(0.01613, abs=1e-5)
    assert value("tight_convex", 3, rate=1.9) == pytest.approx(0.26572, abs=1e-4)
    assert value("exact", 5, kind="exact", rate=math.nan) == pytest.approx(0.1344, abs=1e-4)
    for steps, gap in ((1, 0.16667), (2, 0.10000), (4, 0.047619), (8, 0.018182)):
        assert value("accelerated_convex", steps, kind="accelerated") == pytest.approx(gap, abs=1e-5)
    for rate, gap in ((0.5, 0.73506), (1.0, 0.53147), (1.6, 0.35130)):
        assert value("tight_strong", 3, rate=rate) == pytest.approx(gap, abs=1e-4)
        assert value("tight_distance", 3, rate=rate) ** 2 == pytest.approx(gap, abs=1e-4)
    for rate, slope in ((0.5, 0.44444), (1.0, 0.28571), (1.5, 0.32000)):
        assert value("tight_nonconvex", 4, rate=rate) ** 2 == pytest.approx(slope, abs=1e-4)


def test_upper_bounds_are_above_what_pepit_finds() -> None:
    momentum = (1 - math.sqrt(0.1)) / (1 + math.sqrt(0.1))
    start = {"gap": 0.5, "distance": math.sqrt(10)}  # f(x₀) − f* + μR²/2 = 1
    accelerated = value("accelerated", 5, kind="nesterov", momentum=momentum, **start)
    assert accelerated == pytest.approx((1 - math.sqrt(0.1)) ** 5) and accelerated > 0.07712
    heavy = value("heavy_ball", 5, kind="heavy_ball", rate=0.5, momentum=math.sqrt(0.95 * 0.5))
    assert heavy == pytest.approx(0.95**5) and heavy > 0.30683
    assert value("convex", 10) == pytest.approx(2 / 14) and value("strong", 5) == pytest.approx(0.9**5)
    assert value("nonconvex", 7) == pytest.approx(0.5)
    stochastic = {"kind": "stochastic", "variance": 3.0, "length": 100, "L": 2.0, "rate": 0.05, "gap": 0.25}
    assert value("stochastic_end", 100, **stochastic) == pytest.approx((2 * 2 * 0.25 + 3) / 10)
    assert value("stochastic", 100, **stochastic) == pytest.approx((2 * 2 * 0.25 + 3) / 10)


def test_a_bound_is_only_offered_where_the_run_fits() -> None:
    assert "η = 1/L" in BY_KEY["convex"].fits(known(rate=0.5)) and "0.5" in BY_KEY["convex"].fits(known(rate=0.5))
    assert "η < 2/L" in BY_KEY["tight_convex"].fits(known(rate=2.0))
    assert BY_KEY["strong"].fits(known(mu=-0.1)) and BY_KEY["strong"].fits(known(mu=2.0))
    assert BY_KEY["accelerated"].fits(known()) and "ρ" in BY_KEY["accelerated"].fits(known(kind="nesterov", momentum=0.9))
    assert BY_KEY["convex"].fits(known(distance=math.nan)) and BY_KEY["convex"].fits(known(rate=math.nan))
    assert all(bound.fits(known(kind="other")) for bound in BOUNDS)


# ten convex problems, with gradient descent in NumPy

Problem = tuple[Callable[[Any], float], Callable[[Any], Any], Callable[[Any], Any], float, Any]
"""f, ∇f, ∇²f, L, and a start."""


def quadratic(eigenvalues: list[float], seed: int) -> Problem:
    rng = np.random.default_rng(seed)
    q, _r = np.linalg.qr(rng.standard_normal((len(eigenvalues),) * 2))
    a = q @ np.diag(eigenvalues) @ q.T
    return lambda x: float(x @ a @ x / 2), lambda x: a @ x, lambda x: a, max(eigenvalues), rng.standard_normal(len(eigenvalues))


def of_rows(phi: Any, slope: Any, bend: Any, most: float, ridge: float, seed: int) -> Problem:
    """mean φ(aᵢᵀx − yᵢ) + ridge ‖x‖²/2, with φ″ ≤ most."""
    rng = np.random.default_rng(seed)
    a, y = rng.standard_normal((20, 3)), rng.standard_normal(20)
    bound = most * float(np.linalg.eigvalsh(a.T @ a)[-1]) / 20 + ridge

    def hessian(x: Any) -> Any:
        return a.T * bend(a @ x - y) @ a / 20 + ridge * np.eye(3)

    return (
        lambda x: float(phi(a @ x - y).mean() + ridge * x @ x / 2), lambda x: a.T @ slope(a @ x - y) / 20 + ridge * x, hessian, bound,
        5 * rng.standard_normal(3),
    )  # fmt: skip


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


TEN: dict[str, Problem] = {
    "round": quadratic([1.0, 1.0], 0), "long": quadratic([100.0, 1.0], 1), "flat": quadratic([10.0, 3.0, 0.0], 2),
    "many": quadratic(np.geomspace(1e-3, 1, 12).tolist(), 3),
    "squares": of_rows(lambda z: z * z, lambda z: 2 * z, lambda z: np.full_like(z, 2.0), 2.0, 0.0, 4),
    "ridge": of_rows(lambda z: z * z, lambda z: 2 * z, lambda z: np.full_like(z, 2.0), 2.0, 0.5, 5),
    "logistic": of_rows(lambda z: np.logaddexp(0, z), sigmoid, lambda z: sigmoid(z) * sigmoid(-z), 0.25, 0.05, 6),
    "softplus": of_rows(lambda z: np.logaddexp(0, 4 * z) / 4 + np.logaddexp(0, -4 * z) / 4, lambda z: sigmoid(4 * z) - sigmoid(-4 * z),
                        lambda z: 8 * sigmoid(4 * z) * sigmoid(-4 * z), 2.0, 0.0, 7),
    "root": of_rows(lambda z: np.sqrt(1 + z * z), lambda z: z / np.sqrt(1 + z * z), lambda z: (1 + z * z) ** -1.5, 1.0, 0.0, 8),
    "cosh": of_rows(lambda z: np.log(np.cosh(z)), np.tanh, lambda z: np.cosh(z) ** -2.0, 1.0, 0.01, 9),
}  # fmt: skip


@pytest.mark.parametrize("share", [0.3, 1.0, 1.7])
@pytest.mark.parametrize("name", TEN)
def test_bounds_dominate_ten_convex_problems_over_all_steps(name: str, share: float) -> None:
    f, gradient, hessian, L, start = TEN[name]
    best = start
    for _newton in range(60):
        move = np.linalg.pinv(hessian(best), rcond=1e-12) @ gradient(best)
        while f(best - move) > f(best):
            move = move / 2
        best = best - move
    assert np.linalg.norm(gradient(best)) < 1e-9
    x, path = start, [start]
    for _step in range(300):
        x = x - share / L * gradient(x)
        path.append(x)
    gaps = np.array([f(x) for x in path]) - f(best)
    slopes = np.minimum.accumulate([np.linalg.norm(gradient(x)) for x in path])
    away = np.array([np.linalg.norm(x - best) for x in path])
    mu = min(float(np.linalg.eigvalsh(hessian(x))[0]) for x in [best, *path])
    mu = min(mu, min(float(np.linalg.eigvalsh(hessian(best + s * (start - best)))[0]) for s in np.linspace(0, 1, 41)))
    facts = known(rate=share / L, L=L, mu=mu if mu > 1e-9 else 0.0, gap=gaps[0], distance=away[0])
    measured, t, drawn = {"gap": gaps, "least": slopes, "distance": away}, np.arange(301.0), 0
    for bound in BOUNDS:
        if not bound.fits(facts):
            drawn += 1
            noise = 1e-12 * abs(f(start)) if bound.quantity == "gap" else 1e-9
            assert (measured[bound.quantity] <= bound.at(facts, t) * (1 + 1e-9) + noise).all(), bound.key
    assert drawn >= 2


# runs of the app

def answer(name: str, steps: int, **training: Any) -> tuple[Rates, Model]:
    model = Model(load(EXAMPLES / f"{name}.gradwire", CATALOG))
    run = Run(model, training={**model.graph.training, **training}).prepare()
    run.keep(begins=True)
    run.train(max_steps=steps)
    run.history.settle()
    return finished(rates(ExplainContext(model, run), RatesJob())), model


def test_least_squares_is_measured_as_torch_and_the_normal_equations_say() -> None:
    found, model = answer("least-squares", 40, optimizer="gd", hyper={"lr": 0.2})
    x, y = (next(t for t in model.feeds.train.values() if t.dim() > 1 and t.shape[-1] == n) for n in (2, 1))
    design = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], 1)
    solution = torch.linalg.lstsq(design, y).solution
    theta, path = torch.zeros(3, 1, dtype=x.dtype), []
    start = torch.cat([model._initial[key].reshape(-1) for key in model.program(training=True).trainable_keys])
    theta = start.reshape(3, 1)
    for _step in range(41):
        path.append(theta)
        theta = theta - 0.2 * 2 * design.T @ (design @ theta - y) / len(x)
    losses = torch.stack([((design @ p - y) ** 2).mean() for p in path]).numpy()
    assert found.value == pytest.approx(losses, rel=1e-10)
    assert found.optimum.value == pytest.approx(float(((design @ solution - y) ** 2).mean()), rel=1e-12) and found.optimum.settled
    assert found.distance == pytest.approx(torch.stack([(p - solution).norm() for p in path]).numpy(), rel=1e-6)
    ends = torch.linalg.eigvalsh(2 * design.T @ design / len(x))
    assert (found.convexity, found.curvature) == pytest.approx((float(ends[0]), float(ends[-1])), rel=1e-9)
    assert found.method.kind == "descent" and found.every and found.last == 40
    assert not failures(found, float(ends[-1]), float(ends[0]), found.optimum.value)
    broken = failures(found, 0.9 * float(ends[-1]), 1.1 * float(ends[0]), found.optimum.value + 1)
    assert [(each.assumption, each.step) for each in broken[:2]] == [("smooth", 0), ("strong", 0)]
    assert broken[2].assumption == "least" and losses[broken[2].step] < found.optimum.value + 1 <= losses[broken[2].step - 1]


def test_a_saddle_is_not_convex_from_the_step_on_at_which_it_is_seen() -> None:
    found, _model = answer("saddle", 60, optimizer="gd", hyper={"lr": 0.06})
    ws = [torch.tensor([0.2, 5.01], dtype=torch.float64)]
    for _step in range(60):
        w = ws[-1].clone().requires_grad_()
        (slope,) = torch.autograd.grad((1 - w[0] * w[1]) ** 2, w)
        ws.append(w.detach() - 0.06 * slope)
    lows = [float(torch.linalg.eigvalsh(torch.func.hessian(lambda w: (1 - w[0] * w[1]) ** 2)(w))[0]) for w in ws]
    marks = {each.assumption: each for each in failures(found, 1 / 0.06, 0.0, 0.0)}
    assert marks["convex"].step <= next(i for i, low in enumerate(lows) if low < -1e-3) + 1
    assert marks["smooth"].step == 0  # λmax ≈ 50 at the start, and 1/η ≈ 16.7
    assert found.optimum.value == pytest.approx(0, abs=1e-20)


def test_mini_batches_are_stochastic_and_their_noise_is_that_of_their_gradients() -> None:
    found, model = answer("least-squares", 30, optimizer="sgd", hyper={"lr": 0.01}, batch_size=8)
    assert found.method.kind == "stochastic" and found.variance > 0 and np.isnan(found.noise[-1]) and (found.noise[:-1] > 0).all()
    mean = found.measured("mean")
    assert mean[5] == pytest.approx((found.slope[:5] ** 2).mean()) and np.isnan(mean[0])


@pytest.mark.parametrize(("optimizer", "hyper", "kind"), [
    ("momentum", {"lr": 0.1, "momentum": 0.5}, "heavy_ball"),
    ("nesterov", {"lr": 0.04, "growing": True, "form": "lecture"}, "accelerated"),
    ("nesterov", {"lr": 0.1, "momentum": 0.5, "form": "lecture"}, "nesterov"),
    ("nesterov", {"lr": 0.1, "momentum": 0.5}, "other"), ("cg", {"restart_every": 1, "line_search": "exact"}, "exact"),
    ("gd", {"lr": 0.1, "weight_decay": 0.1}, "other"), ("adam", {"lr": 0.1}, "other"),
])  # fmt: skip
def test_what_a_run_is_to_theory(optimizer: str, hyper: dict[str, Any], kind: str) -> None:
    found, _model = answer("valley", 5, optimizer=optimizer, hyper=hyper)
    assert found.method.kind == kind
    facts = Known("exact", math.nan, 0.0, found.curvature, found.convexity, found.value[0], found.distance[0])
    if kind == "accelerated":  # by hand: ρ = (t − 2)/(t + 1), the gradient at θ + ρv
        curves, w, v = np.array([1.0, 25.0]), np.array([-8.0, 1.5]), np.zeros(2)
        for t in range(1, 6):
            share = (t - 2) / (t + 1)
            v = share * v - 0.04 * curves * (w + share * v)
            w = w + v
            bound = BY_KEY["accelerated_convex"].at(known(kind=kind, rate=0.04, L=25.0, distance=np.hypot(8, 1.5)), np.array([float(t)]))
            assert found.value[t] == pytest.approx(curves @ w**2 / 2, rel=1e-12) and bound[0] >= found.value[t]
    if kind == "exact":
        assert (BY_KEY["exact"].at(facts, found.steps.astype(float)) >= found.value - 1e-12).all()


def test_fits_recover_the_rates_that_they_are_given() -> None:
    t = np.arange(200.0)
    linear = fitted(t, 3 * 0.9**t, 10, 150)
    assert linear is not None and linear.better == "linear" and linear.factor == pytest.approx(0.9) and linear.start == pytest.approx(3)
    power = fitted(t, 5 / np.maximum(t, 1) ** 2, 10, 150)
    assert power is not None and power.better == "sublinear" and power.power == pytest.approx(-2) and power.scale == pytest.approx(5)
    assert fitted(t, np.zeros(200), 1, 150) is None
    assert order(np.array([1e-1, 1e-2, 1e-4, 1e-8])) == pytest.approx(2) and math.isnan(order(np.array([1e-3, 1e-1, 1e-2, 1e-4, 1e-8])))
    assert first_range(t, np.where(t < 100, 1.0, 1e-30), 1e-20) == (24, 99)

"""Newton, BFGS, L-BFGS and conjugate gradient against the same methods in NumPy, written down from the textbook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.optimize
import torch

from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.registry import optimizer
from engine.training.optimizers.searches import Search
from tests.engine.training.optimizers.by_hand import LOGARITHM, OBJECTIVES, ROSENBROCK, Array, Function, Given

STEPS = 100
CONVERGED = 1e-6
SINGULAR = 1e6
"""A Hessian whose condition number is larger magnifies round-off to more than the tolerance within one step."""
Direction = Callable[[int, Array, Array, list[tuple[Array, Array, Array, Array]]], Array]
"""(step, x, gradient, [(s, y, d, g) of the steps before]) → d."""


def newton(function: Function, hyper: dict[str, Any]) -> Direction:
    def direction(t: int, x: Array, g: Array, past: Any) -> Array:
        h = function.h(x)
        if hyper.get("saddle_free"):
            values, vectors = np.linalg.eigh(h)
            h = vectors @ np.diag(np.abs(values)) @ vectors.T
        return np.asarray(-np.linalg.solve(h + hyper.get("damping", 0.0) * np.eye(len(x)), g))

    return direction


def bfgs(function: Function, hyper: dict[str, Any]) -> Direction:
    def direction(t: int, x: Array, g: Array, past: Any) -> Array:
        one = np.eye(len(x))
        h = one
        for s, y, _d, _g in past:
            if y @ s > 0:
                v = one - np.outer(s, y) / (y @ s)
                h = v @ h @ v.T + np.outer(s, s) / (y @ s)
        return np.asarray(-h @ g)

    return direction


def lbfgs(function: Function, hyper: dict[str, Any]) -> Direction:
    """The matrix that the two loops multiply by."""

    def direction(t: int, x: Array, g: Array, past: Any) -> Array:
        pairs, one = [(s, y) for s, y, _d, _g in past if y @ s > 0][-hyper["history_size"] :], np.eye(len(x))
        h = one * (pairs[-1][0] @ pairs[-1][1] / (pairs[-1][1] @ pairs[-1][1])) if pairs else one
        for s, y in pairs:
            v = one - np.outer(s, y) / (y @ s)
            h = v @ h @ v.T + np.outer(s, s) / (y @ s)
        return np.asarray(-h @ g)

    return direction


def cg(function: Function, hyper: dict[str, Any]) -> Direction:
    """Restarts after as many steps as numbers; Fletcher–Reeves also where gradients are far from orthogonal."""
    since = 0

    def direction(t: int, x: Array, g: Array, past: Any) -> Array:
        nonlocal since
        if past and since < (hyper.get("restart_every") or len(x)):
            d, last = past[-1][2], past[-1][3]
            beta = {
                "fletcher_reeves": g @ g / (last @ last), "polak_ribiere": max(0.0, g @ (g - last) / (last @ last)),
                "hestenes_stiefel": g @ (g - last) / (d @ (g - last)),
            }[hyper["beta"]]  # fmt: skip
            far = hyper["beta"] == "fletcher_reeves" and abs(g @ last) >= 0.1 * (g @ g)
            along = beta * d - g
            if beta and not far and (g @ along < 0 or hyper.get("line_search") == "fixed"):
                since += 1
                return np.asarray(along)
        since = 1
        return -g

    return direction


def step_length(function: Function, x: Array, d: Array, hyper: dict[str, Any], search: Search) -> float:
    """The step that the search has to find: by its rule, or checked by the conditions that it has to meet."""
    f, slope = function.f(x), function.g(x) @ d
    rule = hyper["line_search"]
    first = search.trials[0].step
    if rule == "exact":
        curvature = d @ function.h(x) @ d
        if curvature > 0:
            return finite(function, x, d, -slope / curvature)
    if rule in ("exact", "backtracking"):
        step = first
        while not function.f(x + step * d) <= f + 1e-4 * step * slope:
            step /= 2
        return float(step)
    if rule == "wolfe":
        step = search.step
        assert function.f(x + step * d) <= f + 1e-4 * step * slope
        assert abs(function.g(x + step * d) @ d) <= {"cg": 0.1}.get(hyper["key"], 0.9) * abs(slope) * (1 + 1e-9)
        return step
    return finite(function, x, d, hyper.get("lr", 1.0))


def finite(function: Function, x: Array, d: Array, step: float) -> float:
    """The step, halved until the loss is finite."""
    while not np.isfinite(function.f(x + step * d)):
        step /= 2
    return float(step)


VARIANTS: list[tuple[str, Callable[[Function, dict[str, Any]], Direction], dict[str, Any]]] = [
    ("newton", newton, {"line_search": "fixed"}), ("newton", newton, {"line_search": "fixed", "lr": 0.5, "damping": 2.0}),
    ("newton", newton, {"line_search": "backtracking", "saddle_free": True, "damping": 0.1}),
    ("bfgs", bfgs, {"line_search": "wolfe"}), ("bfgs", bfgs, {"line_search": "backtracking"}),
    ("lbfgs", lbfgs, {"line_search": "wolfe", "history_size": 3}), ("lbfgs", lbfgs, {"line_search": "exact", "history_size": 2}),
    *(("cg", cg, {"line_search": "wolfe", "beta": beta}) for beta in ("fletcher_reeves", "polak_ribiere", "hestenes_stiefel")),
    ("cg", cg, {"line_search": "exact", "beta": "polak_ribiere"}),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("function", OBJECTIVES, ids=lambda function: function.name)
@pytest.mark.parametrize(("key", "oracle", "hyper"), VARIANTS, ids=[f"{v[0]}-{i}" for i, v in enumerate(VARIANTS)])
def test_every_step_is_the_textbook_s(function: Function, key: str, oracle: Any, hyper: dict[str, Any]) -> None:
    """100 steps, or until the gradient is 0 up to round-off. Each begins where ours ended: these methods magnify what round-off
    leaves between two paths by a million within some tens of steps."""
    hyper = {**hyper, "key": key}
    x = np.array(function.start)
    theta = torch.tensor(function.start, dtype=torch.float64)
    given, run = Given(function, theta), optimizer(key)({n: v for n, v in hyper.items() if n != "key"}, [theta])
    direction, past = oracle(function, hyper), list[tuple[Array, Array, Array, Array]]()
    for t in range(STEPS):
        g = function.g(x)
        if np.linalg.norm(g) < CONVERGED or (key == "newton" and np.linalg.cond(function.h(x)) > SINGULAR):
            break
        d = direction(t, x, g, past)
        if hyper["line_search"] != "fixed" and g @ d >= 0:  # no search goes uphill
            d = -g
        run.minimise(given)
        (search,) = run.tried
        step = step_length(function, x, d, hyper, search)
        after = given.x
        np.testing.assert_allclose(after, x + step * d, rtol=1e-10, atol=1e-10 * max(1.0, np.abs(x).max()), err_msg=f"step {t + 1}")
        assert search.step == pytest.approx(step, rel=1e-8) and search.taken is not None
        assert search.trials[search.taken].loss == function.f(after)
        past.append((after - x, function.g(after) - g, d, g))
        x = after


@pytest.mark.parametrize(("key", "hyper", "method"), [
    ("bfgs", {}, "BFGS"), ("lbfgs", {"line_search": "wolfe"}, "L-BFGS-B"), ("cg", {}, "CG"),
])  # fmt: skip
def test_rosenbrock_s_minimum_is_reached_with_at_most_twice_scipy_s_evaluations(key: str, hyper: dict[str, Any], method: str) -> None:
    theirs = scipy.optimize.minimize(ROSENBROCK.f, ROSENBROCK.start, jac=ROSENBROCK.g, method=method, options={"gtol": 1e-8, "ftol": 0}
                                     if method == "L-BFGS-B" else {"gtol": 1e-8})  # fmt: skip
    theta = torch.tensor(ROSENBROCK.start, dtype=torch.float64)
    given, run = Given(ROSENBROCK, theta), optimizer(key)(hyper, [theta])
    while np.abs(theta.numpy() - 1).max() > 1e-8:
        run.minimise(given)
        assert given.count <= 2 * theirs.nfev, f"{theta.tolist()} after {given.count} evaluations, where SciPy needs {theirs.nfev}"


def test_newton_solves_least_squares_in_one_step() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(20, 5)), rng.normal(size=20)
    wanted = np.linalg.lstsq(a, b, rcond=None)[0]
    function = Function("", (0.0,), lambda x: np.sum((a @ x - b) ** 2), lambda x: 2 * a.T @ (a @ x - b), lambda x: 2 * a.T @ a)
    theta = torch.from_numpy(rng.normal(size=5))
    optimizer("newton")({}, [theta]).minimise(Given(function, theta))
    np.testing.assert_allclose(theta.numpy(), wanted, atol=1e-10)


def minimised(key: str, hyper: dict[str, Any], function: Function, steps: int = 1) -> tuple[Optimizer, Array]:
    theta = torch.tensor(function.start, dtype=torch.float64)
    run, given = optimizer(key)(hyper, [theta]), Given(function, theta)
    for _ in range(steps):
        run.minimise(given)
    return run, theta.numpy()


SADDLE = Function("saddle", (1.0, 1.0), lambda x: x[0] ** 2 - x[1] ** 2, lambda x: np.array([2 * x[0], -2 * x[1]]),
                  lambda x: np.diag([2.0, -2.0]))  # fmt: skip
VALLEY = Function("valley", (3.0, 1.0), lambda x: x[0] ** 2, lambda x: np.array([2 * x[0], 0.0]), lambda x: np.diag([2.0, 0.0]))


def test_what_newton_does_where_the_hessian_is_indefinite_or_singular_is_said() -> None:
    """On x² − y² the pure step goes to the saddle, the saddle-free one away from it, and a searching one down the gradient."""
    run, x = minimised("newton", {}, SADDLE)
    assert x == pytest.approx([0.0, 0.0], abs=1e-15)
    assert "one eigenvalue is negative" in run.step_note({}, {})
    run, x = minimised("newton", {"saddle_free": True}, SADDLE)
    assert x == pytest.approx([0.0, 2.0]) and "eigenvalue" not in run.step_note({}, {})
    run, x = minimised("newton", {"line_search": "backtracking"}, SADDLE)
    assert "against the gradient instead" in run.step_note({}, {}) and x[1] > 1
    run, x = minimised("newton", {}, VALLEY)
    assert x == pytest.approx([0.0, 1.0]) and "one eigenvalue is 0" in run.step_note({}, {})
    run, x = minimised("newton", {"damping": 2.0}, VALLEY)
    assert x == pytest.approx([3.0 - 6.0 / 4.0, 1.0])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("rate", [1.0, 0.1, 0.01])
@pytest.mark.parametrize("search", ["fixed", "exact", "backtracking", "wolfe"])
@pytest.mark.parametrize("key", ["newton", "bfgs", "lbfgs", "cg"])
def test_every_search_backs_away_from_where_the_loss_is_not_finite(key: str, search: str, rate: float) -> None:
    """w − log w from 5: its curvature 1/w² sends Newton's step, 5 − 20, and others to w < 0, where the logarithm is not a number."""
    theta = torch.tensor([5.0], dtype=torch.float64)
    run, given, away = optimizer(key)({"lr": rate, "line_search": search}, [theta]), Given(LOGARITHM, theta), 0
    for _ in range(300):
        run.minimise(given)
        away += sum(tried.backed_away for tried in run.tried)
        assert theta > 0
        if abs(float(theta) - 1) < 1e-6:
            break
    slow = search in ("fixed", "backtracking") and rate == 0.01  # neither makes a step longer than η says
    assert float(theta) == pytest.approx(1.0, abs=3.5 if slow else 1e-4)
    assert away or (key, search) != ("newton", "exact")


def test_what_a_backtracking_search_tried_by_hand() -> None:
    """x² from 1 along −10·2: φ(t) = (1 − 2t)² with η = 1.6. 1.6 gives 4.84 > 1; 0.8 gives 0.36 ≤ 1 − 1e-4·0.8·4: taken."""
    run, x = minimised("cg", {"line_search": "backtracking", "lr": 3.2}, Function(
        "", (1.0,), lambda x: x[0] ** 2, lambda x: 2 * x, lambda x: np.array([[2.0]])))  # fmt: skip
    (search,) = run.tried
    assert [(t.step, t.loss, t.slope) for t in search.trials] == [
        pytest.approx((1.6, 4.84, 8.8)), pytest.approx((0.8, 0.36, 2.4)),
    ]  # fmt: skip
    assert (search.taken, search.reason, search.loss, search.slope, search.c1) == (1, "armijo", 1.0, -4.0, 1e-4)
    assert x == pytest.approx([-0.6]) and "It tried 2 points." in run.step_note({}, {})


def test_at_a_minimum_nothing_moves_and_the_search_says_why() -> None:
    function = Function("", (0.0,), lambda x: x[0] ** 2, lambda x: 2 * x, lambda x: np.array([[2.0]]))
    for key in ("newton", "bfgs", "cg", "lbfgs"):
        run, x = minimised(key, {"line_search": "wolfe"}, function)
        assert x == [0.0] and run.tried[0].reason == "flat" and "gradient is 0" in run.step_note({}, {})


@pytest.mark.parametrize(("key", "hyper"), [("bfgs", {}), ("cg", {}), ("lbfgs", {"line_search": "wolfe", "history_size": 4})])
def test_a_pause_changes_no_bit(key: str, hyper: dict[str, Any]) -> None:
    straight, paused = (torch.tensor(ROSENBROCK.start, dtype=torch.float64) for _ in range(2))
    runs = [optimizer(key)(hyper, [theta]) for theta in (straight, paused)]
    for step in range(25):
        if step == 11:
            captured = runs[1].state_dict(["w"])
            assert optimizer(key).can_load(captured)
            runs[1] = optimizer(key)(hyper, [paused])
            runs[1].load_state_dict(["w"], captured)
        for run, theta in zip(runs, (straight, paused), strict=True):
            run.minimise(Given(ROSENBROCK, theta))
        assert torch.equal(straight, paused)

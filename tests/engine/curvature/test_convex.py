"""Convex problems recognised from the structure of a graph, and their minima against NumPy, SciPy and scikit-learn."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import linprog
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from engine.curvature.convex import ConvexJob, ConvexProblem
from engine.curvature.convex.answer import convex, recognised
from engine.curvature.convex.canonical import Canonical
from engine.curvature.convex.solving import Solution, solve
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.rates import RatesJob
from engine.learned.rates.answer import rates
from engine.nodes.catalog import CATALOG
from engine.numerics.job import finished
from engine.training.model import Model
from engine.training.run import Run
from graph.formula.to_graph import build
from graph.model.graph import Graph
from graph.storage.files import load
from tests.support.networks import network

EXAMPLES = Path(__file__).parents[3] / "resources/examples"


def linear(loss: str, data: dict[str, Any], out: int = 1, penalty: float = 0.0, **training: Any) -> Graph:
    """A linear model with this loss on this data, float64."""
    first = CATALOG[loss].inputs[0].name
    nodes: dict[str, tuple[str, Any]] = {
        "data": ("source.data", {"noise": 1.0, "samples": 60, "test_fraction": 0.0, **data}),
        "model": ("layer.linear", {"out_features": out}),
        "loss": (loss, {}),
    }
    wires = f"data.x -> model.x; model -> loss.{first}; data.target -> loss.target"
    if penalty:
        nodes |= {"l2": ("penalty.l2", {"lam": penalty, "layers": "model"}), "sum": ("math.add", {})}
        wires += "; loss -> sum.a; l2 -> sum.b"
    return network(nodes, wires, settings={"dtype": "float64"}, **training)


def solved(graph: Graph) -> tuple[ConvexProblem, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The answer, the features with a column of ones, and the targets."""
    model = Model(graph)
    x, y = (model.feeds.train["data", port].numpy() for port in ("x", "target"))
    return recognised(model), np.column_stack([x, np.ones(len(x))]), y.reshape(-1)


def test_least_squares_has_the_normal_equations() -> None:
    problem, a, y = solved(linear("loss.squared_error", {"dataset": "plane"}))
    best = problem.optimum
    assert problem.kind == "least squares" and problem.convex and best is not None and best.unique
    assert best.x == pytest.approx(np.linalg.solve(a.T @ a, a.T @ y), abs=1e-12)
    assert best.f == pytest.approx(np.mean((a @ best.x - y) ** 2), abs=1e-14)
    curvature = np.linalg.eigvalsh(2 * a.T @ a / len(a))
    assert (problem.strong, problem.lipschitz) == (pytest.approx(curvature[0], abs=1e-12), pytest.approx(curvature[-1], abs=1e-12))
    assert problem.lipschitz_is == "exact"


def test_ridge_regression_says_that_the_penalty_is_included() -> None:
    problem, a, y = solved(linear("loss.squared_error", {"dataset": "plane"}, penalty=0.3))
    penalised = np.diag([0.3, 0.3, 0.0])
    assert problem.optimum is not None and any("penalty together" in reason for reason in problem.reasons)
    assert problem.optimum.x == pytest.approx(np.linalg.solve(a.T @ a / len(a) + penalised, a.T @ y / len(a)), abs=1e-12)


def test_weight_decay_of_the_optimizer_has_a_minimum_of_its_own() -> None:
    training: dict[str, Any] = {"optimizer": "sgd", "hyper": {"lr": 0.1, "weight_decay": 0.5}}
    problem, a, y = solved(linear("loss.squared_error", {"dataset": "plane"}, **training))
    assert problem.optimum is not None and problem.decayed is not None and problem.decay == 0.5
    assert problem.optimum.x == pytest.approx(np.linalg.solve(a.T @ a, a.T @ y), abs=1e-12)
    expected = np.linalg.solve(2 * a.T @ a / len(a) + 0.5 * np.eye(3), 2 * a.T @ y / len(a))
    assert problem.decayed.x == pytest.approx(expected, abs=1e-12)


def test_logistic_regression_is_that_of_scikit_learn() -> None:
    labels = {"dataset": "blobs", "classes": 2, "coding": "plus_minus"}
    problem, a, y = solved(linear("loss.logistic", labels, penalty=0.02))
    oracle = LogisticRegression(C=1 / (2 * 0.02 * len(a)), tol=1e-12, solver="newton-cholesky").fit(a[:, :2], y)
    best = problem.optimum
    assert problem.kind == "logistic" and best is not None and best.gradient is not None and best.gradient < 1e-14
    assert best.x == pytest.approx(np.append(oracle.coef_[0], oracle.intercept_), abs=1e-8)
    largest = np.linalg.eigvalsh(a.T @ a / (4 * len(a)) + np.diag([0.04, 0.04, 0]))[-1]
    assert (problem.lipschitz, problem.lipschitz_is) == (pytest.approx(largest, abs=1e-12), "bound")
    zero_one, _a, _y = solved(linear("loss.bce_logits", labels | {"coding": "zero_one"}, penalty=0.02))
    assert zero_one.optimum is not None and zero_one.optimum.x == pytest.approx(best.x, abs=1e-10)


def test_softmax_regression_is_that_of_scikit_learn() -> None:
    problem, a, y = solved(linear("loss.cross_entropy", {"dataset": "blobs", "classes": 3}, 3, penalty=0.02))
    oracle = LogisticRegression(C=1 / (2 * 0.02 * len(a)), tol=1e-12, solver="newton-cholesky").fit(a[:, :2], y)
    best = problem.optimum
    assert problem.kind == "softmax" and best is not None and best.unique is False  # one number added to all biases changes nothing
    assert best.x[:6].reshape(3, 2) == pytest.approx(oracle.coef_, abs=1e-7)
    at = np.arange(9.0)
    assert np.linalg.norm(best.nearest(at) - at) <= np.linalg.norm(best.x - at)


def test_separable_samples_have_an_infimum_and_no_minimum() -> None:
    problem, _a, _y = solved(linear("loss.logistic", {"dataset": "blobs", "classes": 2, "coding": "plus_minus", "noise": 0.1}))
    assert problem.convex and problem.optimum is None and problem.infimum == pytest.approx(0.0, abs=1e-15)
    assert "separates all samples" in problem.lacks


def test_hinge_loss_is_a_linear_program_and_with_a_penalty_a_support_vector_machine() -> None:
    labels = {"dataset": "blobs", "classes": 2, "coding": "plus_minus", "noise": 2.0}
    problem, a, y = solved(linear("loss.hinge", labels))
    n = len(a)
    cost = np.concatenate([np.zeros(3), np.ones(n) / n])
    margins = np.hstack([-y[:, None] * a, -np.eye(n)])
    oracle = linprog(cost, A_ub=margins, b_ub=-np.ones(n), bounds=[(None, None)] * 3 + [(0, None)] * n)
    assert problem.kind == "hinge" and problem.lipschitz is None and problem.optimum is not None
    assert problem.optimum.f == pytest.approx(oracle.fun, abs=1e-10) and oracle.fun > 0.1
    assert problem.optimum.gap is not None and problem.optimum.gap < 1e-10
    ridge, _a, _y = solved(linear("loss.hinge", labels, penalty=0.1))
    machine = SVC(C=1 / (0.2 * n), kernel="linear", tol=1e-10).fit(a[:, :2], y)
    assert ridge.optimum is not None
    assert ridge.optimum.x == pytest.approx(np.append(machine.coef_[0], machine.intercept_), abs=1e-6)


def test_absolute_error_is_solved_too() -> None:
    problem, a, y = solved(linear("loss.l1", {"dataset": "plane"}))
    n = len(a)  # min Σ sᵢ/n with −s ≤ Aθ − y ≤ s
    above, below = np.hstack([a, -np.eye(n)]), np.hstack([-a, -np.eye(n)])
    oracle = linprog(
        np.append(np.zeros(3), np.ones(n) / n), np.vstack([above, below]), np.append(y, -y), bounds=[(None, None)] * 3 + [(0, None)] * n
    )
    assert problem.optimum is not None and problem.optimum.f == pytest.approx(oracle.fun, abs=1e-10)


@pytest.mark.parametrize(
    "name, reason",
    [
        ("saddle", "product .* multiplies values that both depend on trainable numbers"),
        ("xor", "h .* is not linear"),
        ("gan-1d", "Several objectives"),
        ("xy-plus-z", "no trainable number"),
    ],
)
def test_what_is_not_convex_by_its_structure_is_not_recognised(name: str, reason: str) -> None:
    problem = recognised(Model(load(EXAMPLES / f"{name}.gradwire", CATALOG)))
    assert (problem.kind, problem.convex, problem.optimum) == ("", None, None)
    assert re.search(reason, problem.reasons[0])


def test_a_product_of_two_weights_is_a_quadratic_that_is_not_convex() -> None:
    nodes: dict[str, tuple[str, Any]] = {n: ("parameter.parameter", {"value": 1.0}) for n in ("u", "v")}
    product = network(nodes | {"f": ("math.multiply", {})}, "u -> f.a; v -> f.b", settings={"dtype": "float64"})
    problem = recognised(Model(product))
    assert (problem.kind, problem.convex, problem.optimum) == ("quadratic", False, None)
    assert any("from -1 to 1" in reason for reason in problem.reasons)
    square = network({"u": nodes["u"], "f": ("math.multiply", {})}, "u -> f.a; u -> f.b", settings={"dtype": "float64"})
    assert recognised(Model(square)).convex


def test_the_valley_is_a_quadratic_with_its_two_curvatures() -> None:
    problem = recognised(Model(load(EXAMPLES / "valley.gradwire", CATALOG)))
    assert problem.kind == "quadratic" and problem.optimum is not None and problem.optimum.x.tolist() == [0.0, 0.0]
    assert (problem.strong, problem.lipschitz) == (pytest.approx(1.0), pytest.approx(25.0))
    assert [place.id for place in problem.places] == ["n1", "n2"]


def test_many_samples_take_no_square_of_their_number_in_memory() -> None:
    """Two columns that are the same: f stays as it is along (1, −1), and x* is the shortest of the minima."""
    t = np.linspace(-1.0, 2.0, 20_000)
    f = Canonical(2, 0.0, np.zeros(2), np.zeros((2, 2)), [(np.column_stack([t, t]), -6.0 * t)])
    found: Solution = finished(solve(f))  # type: ignore[arg-type]
    assert found.x == pytest.approx([3.0, 3.0]) and found.flat is not None
    assert np.abs(found.flat[:, 0]) == pytest.approx([0.5**0.5] * 2) and found.flat.shape == (2, 1)


def test_a_job_leaves_the_threads_of_torch_as_they_are_between_its_turns() -> None:
    model = Model(linear("loss.squared_error", {"dataset": "plane"}))
    before = torch.get_num_threads()
    other = 2 if model.compiled.threads == 1 else 1
    torch.set_num_threads(other)
    try:
        assert {torch.get_num_threads() for _report in convex(ExplainContext(model), ConvexJob())} == {other}
    finally:
        torch.set_num_threads(before)


def test_an_objective_that_never_changes_is_at_its_minimum_everywhere() -> None:
    """f = 0 · w: nothing of it is left in the canonical form but the constant."""
    problem = recognised(Model(build("w*0", CATALOG, {}, {"w": 3.0})))
    assert problem.convex and problem.optimum is not None
    assert (problem.optimum.f, problem.lipschitz, problem.strong, problem.optimum.unique) == (0.0, 0.0, 0.0, False)
    assert problem.optimum.nearest(np.array([3.0])) == pytest.approx([3.0])


def test_a_linear_objective_has_no_least_value_and_no_rate_towards_one() -> None:
    run = Run(Model(build("w + 2*v", CATALOG, {}, {"w": 3.0, "v": 1.0}))).prepare()
    run.keep(begins=True)
    run.train(max_steps=2)
    run.history.settle()
    problem = recognised(run.model)
    assert problem.optimum is None and problem.infimum == -np.inf
    with pytest.raises(Unanswerable, match="without bound"):
        finished(rates(ExplainContext(run.model, run), RatesJob()))

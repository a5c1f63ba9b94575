"""Test functions of Moré, Garbow and Hillstrom (1981), typed as formulas: values and gradients against the published residuals, written
down in NumPy and differentiated by complex steps, and minima reached by BFGS and by Levenberg–Marquardt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch

from engine.nodes.catalog import CATALOG
from engine.training.compiled import RunError
from engine.training.evaluation import Evaluation
from engine.training.model import Model
from engine.training.run import Run
from graph.formula.to_graph import build
from graph.model.edits import SetTraining
from graph.model.graph import Graph
from tests.support.networks import network, tanh_net

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Published:
    """Number and name in the paper, the standard start, residuals of x, the sum of their squares at a minimum, and the formula.

    `minima` are the values of all known local minima that a descent from the standard start may reach. `given` are vectors of data.
    """

    number: int
    name: str
    start: tuple[float, ...]
    residuals: Callable[..., Sequence[Any]]
    minima: tuple[float, ...]
    formula: str
    given: dict[str, list[float]] = field(default_factory=dict)

    def f(self, x: Array) -> Any:
        return sum(np.sum(np.asarray(r) ** 2) for r in self.residuals(*x))

    def gradient(self, x: Array) -> Array:
        """The complex-step derivative, exact to round-off."""
        return np.array([self.f(x + 1e-30j * unit).imag / 1e-30 for unit in np.eye(len(x))])


def numbers(*values: float) -> list[float]:
    return list(values)


T10 = [0.1 * i for i in range(1, 11)]
I10 = [float(i) for i in range(1, 11)]
T13 = [0.1 * i for i in range(1, 14)]
T20 = [i / 5 for i in range(1, 21)]
BARD = numbers(0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39)
U15 = [float(i) for i in range(1, 16)]
GAUSS = numbers(0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989, 0.3521, 0.2420, 0.1295, 0.0540, 0.0175, 0.0044, 0.0009)
KOWALIK = numbers(0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246)
U11 = numbers(4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625)
a, e = np.array, np.exp

FUNCTIONS = [
    Published(1, "Rosenbrock", (-1.2, 1.0), lambda p, q: (10 * (q - p**2), 1 - p), (0.0,), "f = (10*(q - p^2))^2 + (1 - p)^2"),
    Published(
        2, "Freudenstein and Roth", (0.5, -2.0), lambda p, q: (-13 + p + ((5 - q) * q - 2) * q, -29 + p + ((q + 1) * q - 14) * q),
        (0.0, 48.98425367924), "f = (p + ((5 - q)*q - 2)*q - 13)^2 + (p + ((q + 1)*q - 14)*q - 29)^2",
    ),
    Published(
        3, "Powell badly scaled", (0.0, 1.0), lambda p, q: (1e4 * p * q - 1, e(-p) + e(-q) - 1.0001), (0.0,),
        "f = (10000*p*q - 1)^2 + (exp(-p) + exp(-q) - 1.0001)^2",
    ),
    Published(
        4, "Brown badly scaled", (1.0, 1.0), lambda p, q: (p - 1e6, q - 2e-6, p * q - 2), (0.0,),
        "f = (p - 1000000)^2 + (q - 0.000002)^2 + (p*q - 2)^2",
    ),
    Published(
        5, "Beale", (1.0, 1.0), lambda p, q: (1.5 - p * (1 - q), 2.25 - p * (1 - q**2), 2.625 - p * (1 - q**3)), (0.0,),
        "f = (1.5 - p*(1 - q))^2 + (2.25 - p*(1 - q^2))^2 + (2.625 - p*(1 - q^3))^2",
    ),
    Published(
        6, "Jennrich and Sampson", (0.3, 0.4), lambda p, q: (2 + 2 * a(I10) - (e(a(I10) * p) + e(a(I10) * q)),), (124.3621823556148,),
        "f = sum((2 + 2*i - exp(i*p) - exp(i*q))^2)", {"i": I10},
    ),
    Published(
        8, "Bard", (1.0, 1.0, 1.0),
        lambda p, q, r: (a(BARD) - (p + a(U15) / ((16 - a(U15)) * q + np.minimum(a(U15), 16 - a(U15)) * r)),),
        (8.214877306578e-3, 17.42869333333), "f = sum((z - p - u/(v*q + m*r))^2)",
        {"z": BARD, "u": U15, "v": [16 - u for u in U15], "m": [min(u, 16 - u) for u in U15]},
    ),
    Published(
        9, "Gaussian", (0.4, 1.0, 0.0), lambda p, q, r: (p * e(-q * ((8 - a(U15)) / 2 - r) ** 2 / 2) - a(GAUSS),), (1.12793276961871e-8,),
        "f = sum((p*exp(-q*(t - r)^2/2) - z)^2)", {"t": [(8 - u) / 2 for u in U15], "z": GAUSS},
    ),
    Published(
        12, "Box three-dimensional", (0.0, 10.0, 20.0),
        lambda p, q, r: (e(-a(T10) * p) - e(-a(T10) * q) - r * (e(-a(T10)) - e(-10 * a(T10))),), (0.0,),
        "f = sum((exp(-t*p) - exp(-t*q) - r*(exp(-t) - exp(-10*t)))^2)", {"t": T10},
    ),
    Published(
        13, "Powell singular", (3.0, -1.0, 0.0, 1.0),
        lambda p, q, r, s: (p + 10 * q, 5**0.5 * (r - s), (q - 2 * r) ** 2, 10**0.5 * (p - s) ** 2), (0.0,),
        "f = (p + 10*q)^2 + 5*(r - s)^2 + ((q - 2*r)^2)^2 + 10*((p - s)^2)^2",
    ),
    Published(
        14, "Wood", (-3.0, -1.0, -3.0, -1.0),
        lambda p, q, r, s: (10 * (q - p**2), 1 - p, 90**0.5 * (s - r**2), 1 - r, 10**0.5 * (q + s - 2), 10**-0.5 * (q - s)), (0.0,),
        "f = 100*(q - p^2)^2 + (1 - p)^2 + 90*(s - r^2)^2 + (1 - r)^2 + 10*(q + s - 2)^2 + 0.1*(q - s)^2",
    ),
    Published(
        15, "Kowalik and Osborne", (0.25, 0.39, 0.415, 0.39),
        lambda p, q, r, s: (a(KOWALIK) - p * (a(U11) ** 2 + a(U11) * q) / (a(U11) ** 2 + a(U11) * r + s),),
        (3.07505603849238e-4, 1.02734e-3), "f = sum((z - p*(u^2 + u*q)/(u^2 + u*r + s))^2)", {"z": KOWALIK, "u": U11},
    ),
    Published(
        16, "Brown and Dennis", (25.0, 5.0, -5.0, -1.0),
        lambda p, q, r, s: ((p + a(T20) * q - e(a(T20))) ** 2 + (r + s * np.sin(a(T20)) - np.cos(a(T20))) ** 2,), (85822.20162635628,),
        "f = sum(((p + t*q - exp(t))^2 + (r + s*sin(t) - cos(t))^2)^2)", {"t": T20},
    ),
    Published(
        18, "Biggs EXP6", (1.0, 2.0, 1.0, 1.0, 1.0, 1.0),
        lambda p, q, r, s, v, w: (
            r * e(-a(T13) * p) - s * e(-a(T13) * q) + w * e(-a(T13) * v) - (e(-a(T13)) - 5 * e(-10 * a(T13)) + 3 * e(-4 * a(T13))),
        ),
        (0.0, 5.65564992550e-3), "f = sum((r*exp(-t*p) - s*exp(-t*q) + w*exp(-t*v) - z)^2)",
        {"t": T13, "z": [float(e(-t) - 5 * e(-10 * t) + 3 * e(-4 * t)) for t in T13]},
    ),
]  # fmt: skip
NAMES = "pqrsvw"


def graph_of(function: Published, optimizer: str, steps: int, **hyper: Any) -> Graph:
    params = dict(zip(NAMES, function.start, strict=False))
    graph = build(function.formula, CATALOG, function.given, params)
    for name, value in {"optimizer": optimizer, "hyper": hyper, "steps": steps}.items():
        SetTraining(name, value).apply(graph)
    return graph


def at(run: Run, function: Published) -> Array:
    named = {run.model.graph.nodes[key.partition(".")[0]].name: float(value) for key, value in run.state.parameters.items()}
    return np.array([named[name] for name in NAMES[: len(function.start)]])


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: f"{function.number} {function.name}")
def test_value_and_gradient_are_the_published_ones_and_bfgs_reaches_a_minimum(function: Published) -> None:
    run = Run(Model(graph_of(function, "bfgs", 400))).prepare()
    trace = run.coming_trace()
    graph, x = run.model.graph, np.array(function.start)
    gradients = {key: value for key, value in trace.parameter_gradients.items() if isinstance(value, torch.Tensor)}
    named = {graph.nodes[node].name: float(value) for (node, _name), value in gradients.items()}
    wanted = function.gradient(x)
    np.testing.assert_allclose([named[name] for name in NAMES[: len(x)]], wanted, rtol=1e-10, atol=1e-10 * np.abs(wanted).max())
    run.train(max_steps=1)
    assert run.loss == pytest.approx(function.f(x), rel=1e-12)
    assert trained(run, function) < 1e-8


def trained(run: Run, function: Published) -> float:
    """How far the sum of squares is from the nearest minimum, relative to it, once it is near one; after 400 steps in any case."""
    while True:
        run.train(max_steps=5)
        reached = function.f(at(run, function))
        away = min(abs(reached - minimum) / (1 + minimum) for minimum in function.minima)
        if away < 1e-8 or run.finished:
            return float(away)


@pytest.mark.parametrize("function", [f for f in FUNCTIONS if f.number not in (6, 14, 18)], ids=lambda function: f"{function.number}")
def test_residuals_are_found_in_the_formula_and_levenberg_marquardt_reaches_a_minimum(function: Published) -> None:
    run = Run(Model(graph_of(function, "lm", 150))).prepare()
    feeds, key = run.coming()
    program, model = run.model.program(training=True), run.model
    residuals, jacobian = Evaluation(program, feeds, model.parameters(program), model.buffers(program), key).residuals()
    x = np.array(function.start)
    assert float(residuals @ residuals) == pytest.approx(function.f(x), rel=1e-12)
    order = [NAMES.index(model.graph.nodes[node].name) for node, _name in program.trainable_keys]
    wanted = function.gradient(x)
    np.testing.assert_allclose(2 * (jacobian.T @ residuals).numpy(), wanted[order], rtol=1e-10, atol=1e-10 * np.abs(wanted).max())
    assert trained(run, function) < 1e-8


@pytest.mark.parametrize("scaling", ["identity", "diagonal"])
@pytest.mark.parametrize("function", [f for f in FUNCTIONS if f.number in (1, 5, 8, 15)], ids=lambda function: f"{function.number}")
def test_every_step_of_levenberg_and_marquardt_is_the_textbook_s_and_a_pause_changes_no_bit(function: Published, scaling: str) -> None:
    """(JᵀJ + λD) d = −Jᵀr with λ ten times as large until the sum of squares falls, then a tenth."""
    graph = graph_of(function, "lm", 30, scaling=scaling, damping=0.01)
    run, paused, damping = Run(Model(graph)).prepare(), Run(Model(graph)).prepare(), 0.01
    paused.train(max_steps=4)
    kept = paused.capture()
    paused.train(max_steps=3)
    paused.restore(kept)
    paused.train(max_steps=4)
    for step in range(9):
        x, tried = at(run, function), 1
        if step == 8 or np.linalg.norm(function.gradient(x)) < 1e-6:
            break
        rows = [np.concatenate([np.atleast_1d(r) for r in function.residuals(*(x + 1e-30j * unit))]) for unit in np.eye(len(x))]
        r, j = rows[0].real, np.stack([row.imag / 1e-30 for row in rows], axis=1)
        d = np.diag(np.where(np.diag(j.T @ j) > 0, np.diag(j.T @ j), 1.0)) if scaling == "diagonal" else np.eye(len(x))
        while not function.f(x + (move := np.linalg.solve(j.T @ j + damping * d, -j.T @ r))) < function.f(x):
            damping, tried = 10 * damping, tried + 1
        damping /= 10
        run.train(max_steps=1)
        np.testing.assert_allclose(at(run, function), x + move, rtol=1e-10, atol=1e-10)
        assert len(run._optimizer.tried[0].trials) == tried
    run.train(max_steps=8 - run.state.step)
    assert np.array_equal(at(run, function), at(paused, function))


def linear(loss: str, **params: Any) -> Graph:
    """Two weights and a bias on 40 samples."""
    nodes: dict[str, Any] = {
        "data": ("source.data", {"dataset": "plane", "samples": 40, "test_fraction": 0.0}), "out": ("layer.linear", {"out_features": 1}),
        "loss": (loss, params),
    }  # fmt: skip
    return network(nodes, "data.x -> out.x; out -> loss.prediction; data.target -> loss.target", batch_size=None, epochs=3)


@pytest.mark.parametrize(("optimizer", "hyper"), [("newton", {}), ("gauss_newton", {}), ("lm", {"damping": 1e-12})])
@pytest.mark.parametrize("reduction", ["mean", "sum", "batch_mean"])
def test_one_step_solves_linear_regression(optimizer: str, hyper: dict[str, Any], reduction: str) -> None:
    graph = linear("loss.squared_error", reduction=reduction, factor="half")
    for name, value in {"optimizer": optimizer, "hyper": hyper}.items():
        SetTraining(name, value).apply(graph)
    run = Run(Model(graph)).prepare()
    (x, target) = (run.model.feeds.train["data", port].double().numpy() for port in ("x", "target"))
    wanted = np.linalg.lstsq(np.hstack([x, np.ones((len(x), 1))]), target.reshape(len(x), -1), rcond=None)[0].ravel()
    run.train(max_steps=1)
    found = np.concatenate([tensor.numpy().ravel() for tensor in run.state.parameters.values()])
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("optimizer", ["lm", "gauss_newton"])
def test_another_loss_is_refused_in_words_that_name_its_node(optimizer: str) -> None:
    with pytest.raises(RunError, match="needs a loss that is a sum of squares") as refused:
        Run(Model(tanh_net(optimizer=optimizer, hyper={}))).prepare()
    assert refused.value.problems[0].nodes == ("loss",)

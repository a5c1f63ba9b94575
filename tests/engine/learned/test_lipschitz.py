"""Lipschitz constants against numpy.linalg: measured ones below, the lecture's above."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.explain.context import ExplainContext
from engine.learned.lipschitz import Lipschitz, LipschitzJob
from engine.learned.lipschitz.answer import lipschitz
from engine.numerics.job import finished
from engine.training.model import Model
from engine.training.run import Run
from graph.model.graph import Graph
from tests.engine.training.test_several_objectives import minmax
from tests.support.networks import network, tanh_net


def after(graph: Graph, steps: int) -> tuple[Lipschitz, Model]:
    model = Model(graph, dtype=torch.float64)
    run = Run(model)
    if steps:
        run.prepare()
        run.keep(begins=True)
        run.train(max_steps=steps)
        run.history.settle()
    answer: Lipschitz = finished(lipschitz(ExplainContext(model, run), LipschitzJob()))
    return answer, model


def linear(loss: str, coding: dict[str, Any]) -> Graph:
    nodes = {"data": ("source.data", {"samples": 60, "noise": 1.0, "test_fraction": 0.0, **coding}),
             "model": ("layer.linear", {"out_features": 1}), "loss": (loss, {})}  # fmt: skip
    port = "scores" if loss == "loss.logistic" else "prediction"
    wires = f"data.x -> model.x; model -> loss.{port}; data.target -> loss.target"
    return network(nodes, wires, optimizer="gd", hyper={"lr": 0.2}, steps=20, batch_size=None, epochs=None)


def test_least_squares_has_one_constant_and_the_mean_makes_its_factor_two_over_n() -> None:
    found, model = after(linear("loss.squared_error", {"dataset": "plane"}), 20)
    x = model.feeds.train["data", "x"].numpy()
    a = np.column_stack([x, np.ones(len(x))])
    largest = 2 / len(a) * np.linalg.eigvalsh(a.T @ a)[-1]
    here, path, pairs, lecture = found.gradient
    assert (lecture.relation, lecture.formula) == ("exactly", "2·λmax(AᵀA) / n") and lecture.value == pytest.approx(largest, rel=1e-12)
    assert here.value == path.value == pytest.approx(largest, rel=1e-12)
    assert 0.3 * largest < pairs.value <= largest * (1 + 1e-9) and pairs.relation == "at least"


def test_logistic_regression_stays_below_the_bound_of_the_lecture() -> None:
    found, model = after(linear("loss.logistic", {"dataset": "blobs", "classes": 2, "coding": "plus_minus"}), 20)
    x = model.feeds.train["data", "x"].numpy()
    a = np.column_stack([x, np.ones(len(x))])
    bound = np.linalg.eigvalsh(a.T @ a)[-1] / (4 * len(a))
    *measured, lecture = found.gradient
    assert (lecture.relation, lecture.formula) == ("at most", "λmax(AᵀA) / 4n") and lecture.value == pytest.approx(bound, rel=1e-12)
    assert len(measured) == 3 and all(0 < constant.value < bound for constant in measured)


def test_a_network_in_its_input_lies_between_samples_and_the_product_of_its_layers_norms() -> None:
    found, model = after(tanh_net(), 0)
    w1, w2, b1 = (model.state.parameters[name].numpy() for name in ("hidden.W", "out.W", "hidden.b"))
    x = model.feeds.train["data", "x"].numpy()
    slopes = 1 - np.tanh(x @ w1.T + b1) ** 2
    steepest = max(np.linalg.norm(w2 @ np.diag(slope) @ w1, 2) for slope in slopes)
    y = np.tanh(x @ w1.T + b1) @ w2.T
    ratios = [np.linalg.norm(y[i] - y[j]) / np.linalg.norm(x[i] - x[j]) for i in range(len(x)) for j in range(i)]
    jacobians, pairs, product = found.network
    assert jacobians.value == pytest.approx(steepest, rel=1e-10) and pairs.value == pytest.approx(max(ratios), rel=1e-10)
    assert product.value == pytest.approx(np.linalg.norm(w2, 2) * np.linalg.norm(w1, 2), rel=1e-12)
    assert product.formula == "‖out.W‖ · ‖hidden.W‖" and pairs.value <= jacobians.value * 1.2 <= product.value * 1.2
    assert [constant.title for constant in found.gradient] == ["Curvature at the present numbers"]  # no step, no known problem


def test_a_number_that_a_sum_repeats_is_stretched() -> None:
    """(x, x, x, x) + c is √4 = 2 times as long as x."""
    nodes = {"data": ("source.data", {"samples": 20, "dataset": "plane", "test_fraction": 0.0}),
             "model": ("layer.linear", {"out_features": 1}), "c": ("source.constant", {"value": [1.0, 2.0, 3.0, 4.0]}),
             "sum": ("math.add", {}),
             "last": ("layer.linear", {"out_features": 1}), "loss": ("loss.squared_error", {})}  # fmt: skip
    wires = "data.x -> model.x; model -> sum.a; c -> sum.b; sum -> last.x; last -> loss.prediction; data.target -> loss.target"
    found, model = after(network(nodes, wires, optimizer="gd", steps=1, batch_size=None, epochs=None), 0)
    first, last = (float(np.linalg.norm(model.state.parameters[name].numpy(), 2)) for name in ("model.W", "last.W"))
    product = found.network[-1]
    assert product.relation == "at most" and product.value == pytest.approx(2 * first * last, rel=1e-12)


def test_weights_that_are_not_finite_have_no_product_of_norms() -> None:
    graph = tanh_net()
    model = Model(graph, dtype=torch.float64)
    model.state.parameters["hidden.W"][0, 0] = float("nan")
    found: Lipschitz = finished(lipschitz(ExplainContext(model), LipschitzJob()))
    assert np.isnan(found.gradient[0].value) and all(constant.relation != "at most" for constant in found.network)


def test_of_several_objectives_the_path_has_the_numbers_of_the_one_that_is_shown() -> None:
    """x·y, which x minimises and y maximises: by x alone, f is a line."""
    found, _model = after(minmax("together"), 5)
    here, path, *_others = found.gradient
    assert (here.value, path.value) == (0.0, 0.0) and path.title == "Curvature along the run, at 6 iterates"

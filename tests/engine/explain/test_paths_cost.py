"""What a product with a local derivative costs: the entries of the Jacobian that are not 0, counted in the Jacobian itself."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.compile.environment import Own
from engine.explain.context import ExplainContext
from engine.explain.local_products import LocalProducts, PathStep
from engine.explain.paths.cost import cost
from engine.training.model import Model
from tests.support.networks import network

V = [0.3, -1.2, 0.7, 2.1]
M = [[0.3, -1.2, 0.7], [1.1, 0.4, -0.6]]
Nodes = dict[str, tuple[str, dict[str, Any]]]

CASES: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "tanh": (V, "activation.tanh", {}), "square": (M, "math.square", {}), "softmax": (M, "activation.softmax", {}),
    "log-softmax": (V, "activation.log_softmax", {}), "sum of rows": (M, "math.sum", {"axes": [-1]}),
    "mean": (M, "math.mean", {"axes": [0]}), "norm": (M, "math.norm", {"axes": [-1]}), "reshape": (M, "math.reshape", {"shape": [3, 2]}),
    "transpose": (M, "math.transpose", {}), "flatten": (M, "math.flatten", {}), "slice": (V, "math.slice", {"start": 1, "stop": 3}),
    "linear": (V, "layer.linear", {"out_features": 3}), "layer norm": (V, "layer.layer_norm", {}),
}  # fmt: skip


def jacobians(kind: str, value: Any, params: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """By argument: (cost, entries of the Jacobian that are not 0)."""
    nodes: Nodes = {"x": ("source.input", {"value": value}), "y": (kind, params), "f": ("math.norm", {})}
    return _counted(network(nodes, "x -> y.x; y -> f.x"), "y")


def _counted(graph: Any, node: str) -> dict[str, tuple[int, int]]:
    products = LocalProducts(ExplainContext(Model(graph, dtype=torch.float64)))
    counts = {}
    for step in products.steps_into((node, "y")):
        name = products.argument(products.operations[node], step.a)[0]
        counts[name] = cost(products, step), _nonzero(products, step)
    return counts


def _nonzero(products: LocalProducts, step: PathStep) -> int:
    """One row of the Jacobian after the other, by autograd."""
    going, count = products.output(step.key), 0
    for i in range(going.numel()):
        unit = torch.zeros(going.shape, dtype=torch.float64)
        unit.view(-1)[i] = 1.0
        count += int((products.backward(step, unit).abs() > 1e-14).sum())
    return count


@pytest.mark.parametrize("case", CASES)
def test_the_cost_is_the_number_of_entries_that_are_not_zero(case: str) -> None:
    value, kind, params = CASES[case]
    for name, (price, nonzero) in jacobians(kind, value, params).items():
        assert price == nonzero, name


@pytest.mark.parametrize(("a", "b"), [(M, [[1.0, 2.0], [0.5, -1.0], [0.2, 0.1]]), (M, V[:3]), (V, V)])
def test_a_matrix_product_costs_the_terms_of_its_sums(a: Any, b: Any) -> None:
    nodes: Nodes = {"a": ("source.input", {"value": a}), "b": ("source.input", {"value": b}), "y": ("math.matmul", {})}
    nodes["f"] = ("math.norm", {})
    for name, (price, nonzero) in _counted(network(nodes, "a -> y.a; b -> y.b; y -> f.x"), "y").items():
        assert price == nonzero, name


def test_over_a_batch_each_sample_has_its_own_jacobian() -> None:
    nodes: Nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 20}), "h": ("layer.linear", {"out_features": 3}),
        "n": ("layer.batch_norm1d", {}), "o": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    graph = network(nodes, "data.x -> h.x; h -> n.x; n -> o.x; o -> loss.scores; data.target -> loss.target")
    for node in ("h", "n", "o"):
        for name, (price, nonzero) in _counted(graph, node).items():
            assert price == nonzero, (node, name)


def test_a_convolution_costs_its_windows_and_a_pool_one_per_window() -> None:
    image = [[[0.1 * (i * 5 + j) ** 1.3 - 0.71 * i + 0.05 for j in range(5)] for i in range(5)]]
    nodes: Nodes = {
        "x": ("source.input", {"value": image}), "c": ("layer.conv2d", {"out_channels": 2, "kernel_size": 2}),
        "p": ("layer.max_pool2d", {"kernel_size": 2}), "f": ("math.norm", {}),
    }  # fmt: skip
    graph = network(nodes, "x -> c.x; c -> p.x; p -> f.x")
    for node in ("c", "p"):
        for name, (price, nonzero) in _counted(graph, node).items():
            assert price == nonzero, (node, name)


def test_a_recurrent_step_costs_both_its_products() -> None:
    nodes: Nodes = {"x": ("source.input", {"value": V}), "h": ("source.input", {"value": [0.1, -0.3]}),
                    "y": ("layer.recurrent", {"hidden": 2}), "f": ("math.norm", {})}  # fmt: skip
    graph = network(nodes, "x -> y.x; h -> y.h; y -> f.x")
    counted = _counted(graph, "y")
    assert {name: price for name, (price, _) in counted.items()} == {name: nonzero for name, (_, nonzero) in counted.items()}
    assert any(isinstance(leaf, Own) for leaf in LocalProducts(ExplainContext(Model(graph))).operations["y"].leaves)

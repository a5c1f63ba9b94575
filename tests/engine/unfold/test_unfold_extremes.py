"""An opened box is the closed one over the whole range of floats, and what has a problem is not opened."""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.nodes import TYPES
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.unfold import RECIPES, unfold
from graph.model.build import build
from graph.model.graph import Graph, GraphError
from graph.storage.files import load
from tests.support.networks import network
from tests.support.unfolding import opened, shapes_of

CASES = Path(__file__).parents[2] / "data/cases/graphs"
EXTREME = [s * x for x in (0.0, 1e-300, 1e-30, 1.0, 20.0, 40.0, 89.0, 355.0, 710.0, 1e30, math.inf) for s in (1, -1)] + [math.nan]
each_precision = pytest.mark.parametrize("dtype", ["float64", "float32"])


def close(actual: Tensor, expected: Tensor, dtype: str) -> bool:
    """Equal to the last digits of the precision, against the largest finite number in sight; NaN and infinity where they belong."""
    finite = torch.isfinite(expected)
    near = 1e-12 if dtype == "float64" else 1e-5
    scale = max(1.0, float(expected[finite].abs().max()) if bool(finite.any()) else 1.0)
    infinite = torch.isinf(expected)
    same = torch.equal(torch.isnan(actual), torch.isnan(expected)) and torch.equal(actual[infinite], expected[infinite])
    return same and bool(((actual - expected)[finite].abs() <= near * scale).all())


class Pair:
    """A graph closed, and with the node `a` opened; both are fed the same numbers, infinite ones and NaN included."""

    def __init__(self, nodes: dict[str, tuple[str, dict[str, Any]]], wires: str, dtype: str) -> None:
        graph = network(nodes, wires)
        self.dtype = dtype
        self.sessions = [Model(version, dtype=getattr(torch, dtype)) for version in (graph, opened(graph, "a")[0])]

    def assert_same(self, **numbers: Any) -> None:
        closed, unfolded = (self._found(session, numbers) for session in self.sessions)
        for key, expected in closed.items():
            assert close(unfolded[key], expected, self.dtype), (numbers, key, unfolded[key], expected)

    def _found(self, session: Model, numbers: dict[str, Any]) -> dict[str, Tensor]:
        """Value of the node, and the gradients of its inputs."""
        for name, value in numbers.items():
            session.feeds.fixed[name, "y"] = torch.tensor(value, dtype=session.dtype)
        trace = session.trace()
        exits = {session.graph.nodes[node].name: (node, port) for node, port in trace.values}
        open_trace = {"value": trace.values[exits["a"]]}
        return open_trace | {f"∂{n}": g for n in ("x", "t") if n in exits and isinstance(g := trace.gradients[exits[n]], Tensor)}


INPUT: tuple[str, dict[str, Any]] = ("source.input", {"value": 0.5})
DATA: tuple[str, dict[str, Any]] = ("source.data", {"dataset": "moons", "samples": 16})
PAIR: tuple[str, dict[str, Any]] = ("source.input", {"value": [1.0, 2.0]})


@each_precision
@pytest.mark.parametrize("key", ["activation.tanh", "activation.sigmoid"])
def test_functions_of_one_number(key: str, dtype: str) -> None:
    nodes = {"x": INPUT, "a": (key, {}), "c": ("source.constant", {"value": 3.0}), "y": ("math.multiply", {})}
    pair = Pair(nodes, "x -> a.x; a -> y.a; c -> y.b", dtype)
    for x in EXTREME:
        pair.assert_same(x=x)


@each_precision
@pytest.mark.parametrize("key", ["activation.softmax", "activation.log_softmax"])
def test_functions_of_rows(key: str, dtype: str) -> None:
    """Rows of three, so that an infinite or a huge number meets its like and others."""
    nodes = {
        "x": ("source.input", {"value": [0.0, 1.0, 2.0]}), "a": (key, {}), "c": ("source.constant", {"value": [1.0, 2.0, -3.0]}),
        "p": ("math.multiply", {}), "y": ("math.sum", {}),
    }  # fmt: skip
    pair = Pair(nodes, "x -> a.x; a -> p.a; c -> p.b; p -> y.x", dtype)
    for a, b in product(EXTREME[:-1], repeat=2):
        pair.assert_same(x=[a, b, 0.5])
    for row in ([-800.0, -801.0, -802.0], [1e30, 1e30, -1e30], [math.nan, 0.0, 1.0]):
        pair.assert_same(x=row)


@each_precision
def test_binary_cross_entropy_of_scores(dtype: str) -> None:
    pair = Pair({"x": INPUT, "t": INPUT, "a": ("loss.bce_logits", {})}, "x -> a.scores; t -> a.target", dtype)
    for x, t in product(EXTREME, (0.0, 1.0, 0.25)):
        if not math.isinf(x):  # the loss of an infinite score is 0 · ∞ in torch for one of the two targets
            pair.assert_same(x=x, t=t)


@each_precision
@pytest.mark.parametrize("factor", ["full", "half"])
def test_squared_error(factor: str, dtype: str) -> None:
    pair = Pair({"x": INPUT, "t": INPUT, "a": ("loss.squared_error", {"factor": factor})}, "x -> a.prediction; t -> a.target", dtype)
    for x, t in product(EXTREME, (0.0, 1.0, -1e30, math.inf)):
        pair.assert_same(x=x, t=t)


@each_precision
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_cross_entropy(reduction: str, dtype: str) -> None:
    """Scores are the data's own columns times a number, so that a class is right by 1,600 or wrong by 1e30."""
    nodes = {"data": DATA, "x": PAIR, "s": ("math.multiply", {}), "a": ("loss.cross_entropy", {"reduction": reduction})}
    pair = Pair(nodes, "data.x -> s.a; x -> s.b; s -> a.scores; data.target -> a.target", dtype)
    for scale in (1e-300, 1.0, 40.0, 89.0, 800.0, 1e30):
        pair.assert_same(x=[scale, -scale])


@each_precision
def test_a_score_of_minus_infinity_is_a_class_that_is_out(dtype: str) -> None:
    nodes = {"data": DATA, "x": PAIR, "s": ("math.minimum", {}), "a": ("loss.cross_entropy", {})}
    pair = Pair(nodes, "data.x -> s.a; x -> s.b; s -> a.scores; data.target -> a.target", dtype)
    pair.assert_same(x=[0.0, -math.inf])


@each_precision
def test_batch_norm(dtype: str) -> None:
    nodes = {
        "data": DATA, "x": PAIR, "s": ("math.multiply", {}), "a": ("layer.batch_norm1d", {}), "p": ("math.multiply", {}),
        "c": ("source.constant", {"value": [1.0, 3.0]}), "y": ("math.mean", {"over_batch": True}),
    }  # fmt: skip
    pair = Pair(nodes, "data.x -> s.a; x -> s.b; s -> a.x; a -> p.a; c -> p.b; p -> y.x", dtype)
    for scale in (0.0, 1e-300, 1.0, 1e30, *([1e200] if dtype == "float64" else [])):
        pair.assert_same(x=[scale, -scale])


def test_what_follows_an_opened_sigmoid_sees_its_smallest_numbers() -> None:
    """−log σ(x) at −700 is 700 and its derivative −1, opened or not: e⁻⁷⁰⁰ is kept to its last digit."""
    nodes = {"x": INPUT, "a": ("activation.sigmoid", {}), "log": ("math.log", {}), "y": ("math.negate", {})}
    session = Pair(nodes, "x -> a.x; a -> log.x; log -> y.x", "float64").sessions[1]
    for x in (-40.0, -300.0, -700.0):
        session.feeds.fixed["x", "y"] = torch.tensor(x, dtype=torch.float64)
        trace = session.trace()
        slope = trace.gradients["x", "y"]
        assert trace.values["y", "y"].item() == pytest.approx(-x, rel=1e-14)
        assert isinstance(slope, Tensor) and slope.item() == pytest.approx(-1, rel=1e-12)


@pytest.mark.parametrize("name", ["12g_tanh_to_open", "12h_sigmoid_to_open", "12i_bce_logits_to_open", "12j_softmax_to_open"])
def test_the_cases(name: str) -> None:
    graph = load(CASES / f"{name}.gradwire", CATALOG)
    unfolded, _ = opened(graph, "a")
    closed, actual = Model(graph).trace(), Model(unfolded).trace()
    assert closed.objective is not None and actual.objective is not None
    assert close(actual.values[actual.objective], closed.values[closed.objective], "float64")
    for edge, expected in closed.edge_gradients.items():
        assert isinstance(expected, Tensor) and close(actual.edge_gradients[edge], expected, "float64")  # type: ignore[arg-type]
    assert all(bool(torch.isfinite(g).all()) for g in actual.edge_gradients.values() if isinstance(g, Tensor))


# Problems

SHAPES: dict[str, tuple[int, ...] | None] = {
    "none": None, "scalar": (), "one": (1,), "three": (3,), "matrix": (2, 3), "rank 3": (2, 3, 4), "rank 4": (2, 2, 2, 2),
}  # fmt: skip


def wired(key: str, sizes: tuple[str, ...]) -> Graph:
    """A node of a type with a tensor of such a shape at each of its first inputs."""
    rows: list[dict[str, Any]] = [{"id": "n", "type": key, "name": "n", "x": 0, "y": 0}]
    edges = []
    for port, size in zip([p for p in TYPES[key].spec.inputs if not p.parameter], sizes, strict=False):
        if (dims := SHAPES[size]) is not None:
            value = torch.ones(dims).tolist()
            rows.append({"id": port.name, "type": "source.input", "name": f"in_{port.name}", "params": {"value": value}, "x": 0, "y": 0})
            edges.append({"id": f"e{port.name}", "from": [port.name, "y"], "to": ["n", port.name, 0]})
    return build({"nodes": rows, "edges": edges, "settings": {}, "training": {}}, CATALOG)


@pytest.mark.parametrize("key", TYPES)
def test_what_has_a_problem_is_refused_in_words(key: str) -> None:
    """Every pair of shapes at every type; with the sizes known, or not at all, or with only those of the inputs."""
    inputs = [p for p in TYPES[key].spec.inputs if not p.parameter]
    for sizes in product(SHAPES, repeat=min(2, len(inputs))):
        graph = wired(key, sizes)
        known = shapes_of(Model(graph))
        for shapes, neurons in product((known, {}, {k: v for k, v in known.items() if k[0] != "n"}), (False, True)):
            try:
                edit, _ = unfold(graph, "n", shapes, neurons)
            except GraphError as error:
                assert str(error).startswith("n ") and len(str(error)) > 20, error
                continue
            assert key in RECIPES
            if shapes is known and graph.edges:
                assert ("n", "y") in known, f"opened although it has a problem: {sizes}"
                twin = graph.copy()
                edit.apply(twin)
                assert not Model(twin).inference.errors, sizes

"""Forward mode from any seed and reverse mode from any target agree with each other, with autograd and with hand calculation."""

from __future__ import annotations

import math
import warnings
from pathlib import Path as File
from typing import Any

import numpy as np
import pytest
import torch

from engine.compile.views import Absent, ArrayView
from engine.explain.answer import answer
from engine.explain.context import ExplainContext
from engine.explain.forward_mode import Adjoints, Direction, ForwardMode, ReverseMode, Tangents
from engine.explain.question import Refusal
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.run import Run
from graph.model.address import Address, output, parameter, wire
from graph.model.graph import Graph
from graph.storage.files import load
from tests.support.networks import network, product, tanh_net
from tests.support.random_graphs import random_graph
from tests.support.scalar_graphs import derivatives, evaluate, scalar_graph, values_of

FOLDER = File(__file__).parents[3] / "resources/examples"
EXAMPLES = sorted(FOLDER.glob("*.gradwire"))


def situation(graph: Graph) -> ExplainContext:
    return ExplainContext(Model(graph, dtype=torch.float64))


def forward(graph: Graph | ExplainContext, seed: Address, direction: Direction = "entry") -> Tangents:
    tangents = answer(graph if isinstance(graph, ExplainContext) else situation(graph), ForwardMode(seed, direction))
    assert isinstance(tangents, Tangents), tangents
    return tangents


def reverse(graph: Graph | ExplainContext, target: Address) -> Adjoints:
    adjoints = answer(graph if isinstance(graph, ExplainContext) else situation(graph), ReverseMode(target))
    assert isinstance(adjoints, Adjoints), adjoints
    return adjoints


def number(view: object) -> float:
    assert isinstance(view, ArrayView)
    assert view.scalar is not None
    return view.scalar


def test_tangents_of_the_product_and_sum_are_those_calculated_by_hand() -> None:
    """f = x·y + z at (2, −5, 3), moved along x: ẋ = 1, ḋ = y = −5, ḟ = −5."""
    tangents = forward(product(), output("x"))
    assert [number(tangents.outputs[n, "y"]) for n in ("x", "d", "f")] == [1.0, -5.0, -5.0]
    assert tangents.outputs["y", "y"] == Absent("independent")
    assert tangents.order == ("x", "d", "f")
    assert (tangents.objective, tangents.reverse, tangents.error) == (-5.0, -5.0, 0.0)


def test_a_node_adds_up_what_its_wires_contribute() -> None:
    """y = x·x at 3: each wire contributes 3."""
    tangents = forward(network({"x": ("source.input", {"value": 3.0}), "y": ("math.multiply", {})}, "x -> y.a; x -> y.b"), output("x"))
    assert tangents.parts["y"] == ("e0", "e1")
    assert [number(tangents.contributions[e]) for e in tangents.parts["y"]] == [3.0, 3.0]
    assert number(tangents.outputs["y", "y"]) == 6.0


def test_a_wire_as_seed_moves_what_is_behind_it_alone() -> None:
    tangents = forward(network({"x": ("source.input", {"value": 3.0}), "y": ("math.multiply", {})}, "x -> y.a; x -> y.b"), wire("e0"))
    assert number(tangents.outputs["y", "y"]) == 3.0
    assert number(tangents.edges["e0"]) == 1.0
    assert tangents.edges["e1"] == Absent("independent")


@pytest.mark.parametrize("seed", range(60))
def test_on_random_scalar_graphs_forward_mode_is_the_derivative_of_autograd(seed: int) -> None:
    graph = scalar_graph(seed)
    where = situation(graph)
    for node, derivative in derivatives(graph)[1].items():
        tangents = forward(where, output(node))
        assert (tangents.objective or 0.0) == pytest.approx(derivative, rel=1e-10, abs=1e-13)
        assert (tangents.error or 0.0) < 1e-10 or abs(derivative) < 1e-12


@pytest.mark.parametrize("seed", range(0, 60, 4))
def test_reverse_mode_from_any_node_is_the_derivative_of_autograd(seed: int) -> None:
    graph = scalar_graph(seed)
    where = situation(graph)
    leaves = {n: torch.tensor(v, dtype=torch.float64, requires_grad=True) for n, v in values_of(graph).items()}
    values = evaluate(graph, leaves)
    for node in graph.nodes:
        adjoints = reverse(where, output(node))
        expected: list[torch.Tensor | None] = [None] * len(leaves)
        if values[node].requires_grad:
            expected = list(torch.autograd.grad(values[node], list(leaves.values()), allow_unused=True, retain_graph=True))
        for leaf, derivative in zip(leaves, expected, strict=True):
            adjoint = adjoints.outputs[leaf, "y"]
            assert (adjoint == Absent("independent")) == (derivative is None)
            if derivative is not None:
                assert number(adjoint) == pytest.approx(float(derivative), rel=1e-10, abs=1e-13)


def _seeds(where: ExplainContext) -> list[tuple[Address, torch.Tensor]]:
    trace = where.trace
    places: list[tuple[Address, object]] = [(output(*key), g) for key, g in trace.gradients.items()]
    places += [(parameter(*key), g) for key, g in trace.parameter_gradients.items()]
    places += [(wire(e), g) for e, g in trace.edge_gradients.items()]
    return [(place, g) for place, g in places if isinstance(g, torch.Tensor)]


def _agree(where: ExplainContext) -> int:
    """Both modes along the gradient's direction and along one entry, at every place; returns how many were compared."""
    compared = 0
    for place, gradient in _seeds(where):
        largest = float(gradient.abs().max())
        for direction in ("gradient", "entry", "ones"):
            index = tuple(int(i) for i in torch.unravel_index(gradient.abs().argmax(), gradient.shape))
            seed = place.at(index if direction == "entry" else None)
            tangents = answer(where, ForwardMode(seed, direction))
            if isinstance(tangents, Refusal):
                assert largest == 0.0
                continue
            assert tangents.objective is not None
            expected = {"gradient": float(gradient.norm()), "entry": float(gradient[index]), "ones": float(gradient.sum())}[direction]
            size = float(gradient.abs().sum()) if direction == "ones" else abs(expected)
            assert tangents.objective == pytest.approx(expected, rel=1e-10, abs=1e-10 * size + 1e-15), (place, direction)
            compared += 1
    return compared


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda f: f.stem)
def test_in_every_example_forward_mode_is_reverse_mode(file: File) -> None:
    assert _agree(situation(load(str(file), CATALOG)))


def _total(view: object) -> float:
    """The sum of all entries."""
    assert isinstance(view, ArrayView)
    return view.mean * math.prod(view.shape)


def _every_pair_agrees(where: ExplainContext, graph: Graph) -> int:
    """Σ of the tangent of every node, moved along all entries of a seed, is Σ of the seed's adjoint from that node."""
    targets = {(n, port.name): answer(where, ReverseMode(output(n, port.name))) for n in graph.nodes for port in graph.spec(n).outputs}
    compared = 0
    for key in where.trace.values:
        tangents = answer(where, ForwardMode(output(*key), "ones"))
        if isinstance(tangents, Refusal):
            continue
        for target, adjoints in targets.items():
            if isinstance(adjoints, Refusal):
                continue
            tangent, adjoint = tangents.outputs[target], adjoints.outputs[key]
            assert isinstance(tangent, Absent) == isinstance(adjoint, Absent), (key, target)
            if isinstance(tangent, ArrayView) and isinstance(adjoint, ArrayView):
                size = max(tangent.norm, adjoint.norm) * math.sqrt(max(math.prod(tangent.shape), math.prod(adjoint.shape)))
                assert _total(tangent) == pytest.approx(_total(adjoint), rel=1e-10, abs=1e-12 * size + 1e-14), (key, target)
                compared += 1
    return compared


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda f: f.stem)
def test_in_every_example_any_seed_and_any_target_agree(file: File) -> None:
    graph = load(str(file), CATALOG)
    assert _every_pair_agrees(situation(graph), graph) > 5


@pytest.mark.parametrize("seed", range(6))
def test_on_graphs_of_all_node_types_any_seed_and_any_target_agree(seed: int) -> None:
    graph = random_graph(seed, wild=False)
    assert _every_pair_agrees(situation(graph), graph) > 5


@pytest.mark.parametrize("seed", range(8))
def test_on_graphs_of_all_node_types_forward_mode_is_reverse_mode(seed: int) -> None:
    _agree(situation(random_graph(seed, wild=False)))


def test_the_masks_of_a_training_step_are_held() -> None:
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "data": ("source.data", {"dataset": "moons", "samples": 40}), "h": ("layer.linear", {"out_features": 8}),
        "drop": ("layer.dropout", {"p": 0.5}), "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = "data.x -> h.x; h -> drop.x; drop -> out.x; out -> loss.scores; data.target -> loss.target"
    session = Model(network(nodes, wires, batch_size=16, epochs=3), dtype=torch.float64)
    trainer = Run(session)
    trainer.train(max_steps=3)
    where = ExplainContext(session, trainer, training=True)
    tangents = forward(where, parameter("h", "W", (0, 0)))
    assert tangents.error is not None
    assert tangents.error < 1e-10
    tangent, mask = tangents.outputs["drop", "y"], where.trace.kept["drop"]
    assert isinstance(tangent, ArrayView)
    assert isinstance(tangent.data, np.ndarray)
    assert (tangent.data[mask.numpy() == 0] == 0).all()


def test_a_float32_document_is_differentiated_in_float64_at_its_own_numbers() -> None:
    graph = load(FOLDER / "digits-mlp.gradwire", CATALOG)
    layer = next(n for n in graph.nodes if graph.nodes[n].type == "layer.linear")
    tangents = forward(ExplainContext(Model(graph)), parameter(layer, "b"), "gradient")
    assert tangents.error is not None
    assert tangents.error < 1e-5
    assert all(view.dtype == "float64" for view in tangents.outputs.values() if isinstance(view, ArrayView))


def test_what_does_not_pass_a_derivative_on_is_not_differentiable_and_not_zero() -> None:
    graph = load(FOLDER / "iris.gradwire", CATALOG)
    layer = next(n for n in graph.nodes if graph.nodes[n].type == "layer.linear")
    accuracy = next(n for n in graph.nodes if graph.nodes[n].type == "probe.accuracy")
    assert forward(situation(graph), parameter(layer, "b"), "ones").outputs[accuracy, "y"] == Absent("not differentiable")


def test_the_softmax_jacobian_row_is_the_textbook_one() -> None:
    """∂y₀/∂x = y₀ (δ₀ⱼ − yⱼ)."""
    x = [0.1, -0.8, 1.4]
    graph = network({"x": ("source.input", {"value": x}), "y": ("activation.softmax", {})}, "x -> y.x")
    e = [math.exp(v) for v in x]
    y = [v / sum(e) for v in e]
    adjoint = reverse(graph, output("y", "y", (0,))).outputs["x", "y"]
    assert isinstance(adjoint, ArrayView)
    np.testing.assert_allclose(np.asarray(adjoint.data), [y[0] * (1 - y[0]), -y[0] * y[1], -y[0] * y[2]], rtol=1e-14)


def test_seeds_without_a_direction_are_refused() -> None:
    where = situation(tanh_net())
    assert isinstance(answer(where, ForwardMode(parameter("hidden", "W"))), Refusal)
    assert isinstance(answer(where, ForwardMode(output("data", "target"), "ones")), Refusal)
    assert isinstance(answer(where, ReverseMode(wire("e0"))), Refusal)
    assert isinstance(answer(where, ReverseMode(output("gone"))), Refusal)


def test_nothing_is_warned_about() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        forward(tanh_net(), parameter("hidden", "W"), "ones")

"""The path ledger: all paths from a value to the objective, whose products add up to its gradient."""

from __future__ import annotations

import math
from pathlib import Path as File
from typing import Any

import networkx
import numpy as np
import pytest
import torch

from engine.compile.views import FULL_LIMIT, Absent
from engine.explain.answer import answer
from engine.explain.audit import Audit, AuditPart
from engine.explain.context import ExplainContext
from engine.explain.paths import SUMMED, Ledger, PartialSum, PathLedger, PathSum
from engine.explain.paths import answer as paths_follow
from engine.explain.question import Refusal
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.run import Run
from graph.model.address import Address, output, parameter, wire
from graph.model.faults import Fault, plant
from graph.model.graph import Graph
from graph.model.objective import Objective, find_objective
from graph.storage.files import load
from tests.support.jobs import whole
from tests.support.networks import network, product, tanh_net
from tests.support.random_graphs import random_graph
from tests.support.scalar_graphs import derivatives, objective_of, scalar_graph

EXAMPLES = sorted((File(__file__).parents[3] / "resources/examples").glob("*.gradwire"))


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fits into one answer depends on how busy the machine is; here everything fits."""
    monkeypatch.setattr(paths_follow, "LISTING_SECONDS", 60.0)
    monkeypatch.setattr(paths_follow, "SUMMING_SECONDS", 60.0)


def situation(graph: Graph) -> ExplainContext:
    return ExplainContext(Model(graph, dtype=torch.float64))


def ledger(graph: Graph | ExplainContext, place: Address, **more: int) -> Ledger:
    paths_of = answer(graph if isinstance(graph, ExplainContext) else situation(graph), PathLedger(place, **more))
    assert isinstance(paths_of, Ledger), paths_of
    return paths_of


def summed(where: ExplainContext, place: Address) -> np.ndarray:
    """The sum over all paths, asked for in parts."""
    start: int | None = 0
    total = np.zeros(())
    while start is not None:
        part = answer(where, PathSum(place, start))
        assert isinstance(part, PartialSum)
        assert part.total.data is not None
        total, start = total + part.total.data, part.next
    return total


def fan_out() -> Graph:
    """f = x² + 3 sin² x, both squares written as a product of a value with itself."""
    nodes = {"x": ("source.input", {"value": 0.7}), "q": ("math.multiply", {}), "s": ("math.sin", {}), "p": ("math.multiply", {}),
             "c": ("source.constant", {"value": 3.0}), "t": ("math.multiply", {}), "f": ("math.add", {})}  # fmt: skip
    return network(nodes, "x -> q.a; x -> q.b; x -> s.x; s -> p.a; s -> p.b; c -> t.a; p -> t.b; q -> f.a; t -> f.b")


def test_the_paths_of_x_squared_plus_three_sine_squared_are_those_calculated_by_hand() -> None:
    paths_of = ledger(fan_out(), output("x"))
    # Two paths through x·x with product x each, two through sin x · sin x with product 3 · sin x · cos x each.
    by_hand = [0.7, 0.7, 3 * math.sin(0.7) * math.cos(0.7), 3 * math.sin(0.7) * math.cos(0.7)]
    assert sorted(p.entry for p in paths_of.paths if p.entry is not None) == pytest.approx(sorted(by_hand), rel=1e-14)
    assert paths_of.total_entry == pytest.approx(2 * 0.7 + 3 * math.sin(1.4), rel=1e-14)
    assert paths_of.gradient_entry == pytest.approx(2 * 0.7 + 3 * math.sin(1.4), rel=1e-14)


def test_the_paths_of_the_valley_are_those_calculated_by_hand() -> None:
    """f = (1 − w₂w₁)² at (0.2, 5.01): ∂f/∂w₁ = −2 w₂ (1 − w₂w₁), one path."""
    nodes = {"w1": ("parameter.parameter", {"value": 0.2}), "w2": ("parameter.parameter", {"value": 5.01}), "p": ("math.multiply", {}),
             "one": ("source.constant", {"value": 1.0}), "d": ("math.subtract", {}), "f": ("math.square", {})}  # fmt: skip
    paths_of = ledger(network(nodes, "w2 -> p.a; w1 -> p.b; one -> d.a; p -> d.b; d -> f.x"), parameter("w1", "value"))
    assert paths_of.count == 1
    (path,) = paths_of.paths
    assert [f.derivative for f in path.factors] == pytest.approx([1.0, 5.01, -1.0, 2 * (1 - 1.002)])
    assert paths_of.total_entry == pytest.approx(-2 * 5.01 * (1 - 5.01 * 0.2), rel=1e-13)


def test_a_path_is_written_out_with_its_numbers() -> None:
    (path,) = ledger(product(), output("x")).paths
    assert path.text == "∂f/∂d · ∂d/∂x = 1 · (−5) = −5"
    assert path.nodes == ("x", "d", "f")
    assert path.edges == ("e0", "e2")


def test_a_value_that_arrives_twice_has_its_port_written_down() -> None:
    paths_of = ledger(network({"x": ("source.input", {"value": 3.0}), "y": ("math.multiply", {})}, "x -> y.a; x -> y.b"), output("x"))
    assert [p.text for p in paths_of.paths] == ["∂y/∂(x→y.a) = 3", "∂y/∂(x→y.b) = 3"]


def test_the_multiplications_of_a_ladder_are_those_counted_by_hand() -> None:
    """Four times v ← v + v: 2⁴ paths of 4 factors, and 8 wires."""
    nodes = {"x": ("source.input", {"value": 1.0})} | {f"a{i}": ("math.add", {}) for i in range(4)}
    names = ["x", "a0", "a1", "a2", "a3"]
    graph = network(nodes, ";".join(f"{s} -> {t}.a; {s} -> {t}.b" for s, t in zip(names, names[1:], strict=False)))
    paths_of = ledger(graph, output("x"))
    assert paths_of.count == 16
    assert (paths_of.counts.path_by_path, paths_of.counts.forward, paths_of.counts.reverse) == (64, 8, 8)
    assert paths_of.gradient_entry == 16.0


def test_multiplications_of_two_linear_layers_are_those_counted_by_hand() -> None:
    """8 samples through 2–4–2: the second layer 8·4·2, tanh 8·4, the first 8·2·4; the loss 8·2 numbers."""
    paths_of = ledger(tanh_net(), parameter("hidden", "W"))
    assert (paths_of.count, paths_of.counts.reverse) == (1, 16 + 64 + 32 + 64)
    assert paths_of.counts.sweeps == 8  # numbers in hidden.W
    assert paths_of.counts.forward == 8 * paths_of.counts.reverse


def test_a_hundred_doublings_are_counted_exactly_and_not_listed() -> None:
    nodes = {"x": ("source.input", {"value": 1e-20})} | {f"a{i}": ("math.add", {}) for i in range(100)}
    names = ["x", *(f"a{i}" for i in range(100))]
    graph = network(nodes, ";".join(f"{s} -> {t}.a; {s} -> {t}.b" for s, t in zip(names, names[1:], strict=False)))
    paths_of = ledger(graph, output("x"), limit=5)
    assert paths_of.count == 2**100
    assert paths_of.counts.path_by_path == 100 * 2**100
    assert (len(paths_of.paths), paths_of.total, paths_of.summable) == (5, None, False)
    assert ledger(graph, output("x"), start=2**99, limit=1).paths[0].number == 2**99
    assert isinstance(answer(situation(graph), PathSum(output("x"))), Refusal)


@pytest.mark.parametrize("seed", range(60))
def test_on_random_scalar_graphs_the_sum_over_paths_is_the_derivative_of_autograd(seed: int) -> None:
    graph = scalar_graph(seed)
    where = situation(graph)
    expected = derivatives(graph)[1]
    for node, derivative in expected.items():
        place = output(node)
        paths_of = answer(where, PathLedger(place))
        if isinstance(paths_of, Refusal):
            assert derivative == 0.0
            continue
        assert paths_of.gradient_entry == pytest.approx(derivative, rel=1e-10, abs=1e-12)
        if paths_of.summable:
            assert float(summed(where, place)) == pytest.approx(derivative, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("seed", range(12))
def test_paths_are_as_many_as_networkx_finds(seed: int) -> None:
    graph = scalar_graph(seed, largest=25)
    other = networkx.MultiDiGraph([e.source[0], e.target[0], e.id] for e in graph.edges.values())
    where = situation(graph)
    for node in derivatives(graph)[1]:
        every = {tuple(e[2] for e in p) for p in networkx.all_simple_edge_paths(other, node, objective_of(graph))}
        paths_of = answer(where, PathLedger(output(node)))
        if isinstance(paths_of, Ledger):
            assert paths_of.count == len(every)
            if paths_of.next is None:
                assert {p.edges for p in paths_of.paths} == every


def test_a_sum_that_takes_long_is_made_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = {"x": ("source.input", {"value": 1.0})} | {f"a{i}": ("math.add", {}) for i in range(10)}
    names = ["x", *(f"a{i}" for i in range(10))]
    where = situation(network(nodes, ";".join(f"{s} -> {t}.a; {s} -> {t}.b" for s, t in zip(names, names[1:], strict=False))))
    monkeypatch.setattr(paths_follow, "SUMMING_SECONDS", 0.0)
    paths_of = ledger(where, output("x"))
    assert (paths_of.total, paths_of.summable) == (None, True)
    assert answer(where, PathSum(output("x"), 16)).next == 32
    assert float(summed(where, output("x"))) == 1024.0


def test_pages_of_a_list_continue_each_other() -> None:
    graph = next(g for g in map(scalar_graph, range(200)) if 40 < getattr(answer(situation(g), PathLedger(output("v0"))), "count", 0) < 200)
    whole = ledger(graph, output("v0"))
    pages = [p for start in range(0, whole.count, 7) for p in ledger(graph, output("v0"), start=start, limit=7).paths]
    assert [(p.number, p.edges, p.entry) for p in pages] == [(p.number, p.edges, p.entry) for p in whole.paths]


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda f: f.stem)
def test_in_every_example_the_sum_over_paths_is_the_gradient(file: File) -> None:
    graph = load(str(file), CATALOG)
    where = situation(graph)
    trace = where.trace
    assert isinstance(find_objective(graph), Objective)
    places = {output(*key): g for key, g in trace.gradients.items()}
    places |= {parameter(*key): g for key, g in trace.parameter_gradients.items()}
    places |= {wire(edge): g for edge, g in trace.edge_gradients.items()}
    for place, gradient in places.items():
        if isinstance(gradient, Absent):
            assert isinstance(answer(where, PathLedger(place)), Refusal)
            continue
        paths_of = answer(where, PathLedger(place, limit=3))
        assert paths_of.count <= SUMMED
        if gradient.numel() > FULL_LIMIT:
            assert paths_of.error is not None and paths_of.error < 1e-10
            continue
        scale = float(gradient.abs().max()) or 1.0
        np.testing.assert_allclose(summed(where, place), gradient.numpy(), rtol=1e-10, atol=1e-12 * scale)


@pytest.mark.parametrize("seed", range(12))
def test_on_graphs_of_all_node_types_the_sum_over_paths_is_the_gradient(seed: int) -> None:
    where = situation(random_graph(seed, wild=False))
    trace = where.trace
    places = {output(*key): g for key, g in trace.gradients.items()}
    places |= {parameter(*key): g for key, g in trace.parameter_gradients.items()}
    for place, gradient in places.items():
        if isinstance(gradient, torch.Tensor) and gradient.numel() <= FULL_LIMIT:
            size = float(gradient.abs().max()) or 1.0
            np.testing.assert_allclose(summed(where, place), gradient.numpy(), rtol=1e-9, atol=1e-12 * size + 1e-15)


def test_a_value_the_objective_does_not_depend_on_is_refused_with_the_reason() -> None:
    graph = network({"x": ("source.input", {}), "y": ("math.square", {}), "z": ("source.input", {}), "v": ("probe.value", {})},
                    "x -> y.x; z -> v.x", settings={"objective": {"node": "y", "port": "y"}})  # fmt: skip
    assert answer(situation(graph), PathLedger(output("z"))) == Refusal("z has no gradient: the objective does not depend on it.")
    assert isinstance(answer(situation(graph), PathLedger(output("gone"))), Refusal)


def test_the_objective_itself_has_the_empty_path() -> None:
    paths_of = ledger(product(), output("f"))
    assert (paths_of.count, paths_of.total_entry, paths_of.gradient_entry) == (1, 1.0, 1.0)
    assert paths_of.paths[0].factors == ()


def test_an_entry_of_a_tensor_is_shown_path_by_path() -> None:
    paths_of = ledger(tanh_net(), parameter("hidden", "W", (1, 0)))
    assert paths_of.entry == (1, 0)
    assert paths_of.total_entry == pytest.approx(paths_of.gradient_entry, rel=1e-12)
    assert isinstance(answer(situation(tanh_net()), PathLedger(parameter("hidden", "W", (9, 0)))), Refusal)


def dropout_run(**training: Any) -> tuple[Model, Run]:
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "data": ("source.data", {"dataset": "moons", "samples": 40}), "h": ("layer.linear", {"out_features": 4}),
        "drop": ("layer.dropout", {"p": 0.5}), "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = "data.x -> h.x; h -> drop.x; drop -> out.x; out -> loss.scores; data.target -> loss.target"
    session = Model(network(nodes, wires, batch_size=8, epochs=3, **training), dtype=torch.float64)
    return session, Run(session)


@pytest.mark.parametrize("coming", [False, True])
@pytest.mark.parametrize("steps", [0, 3])
def test_the_mini_batch_shown_is_the_one_explained_with_its_masks(coming: bool, steps: int) -> None:
    session, trainer = dropout_run()
    if steps:
        trainer.train(max_steps=steps)
    where = ExplainContext(session, trainer, training=not coming, coming=coming)
    expected = trainer.coming_trace() if coming else trainer.trace()
    place = parameter("h", "W")
    paths_of = ledger(where, place)
    assert paths_of.gradient.data is not None
    np.testing.assert_array_equal(paths_of.gradient.data, expected.parameter_gradients["h", "W"])
    np.testing.assert_allclose(summed(where, place), paths_of.gradient.data, rtol=1e-10, atol=1e-14)
    part = whole(where, Audit())
    assert isinstance(part, AuditPart)
    assert [row for row in part.rows if not row.ok] == []
    gradients = {row: expected.edge_gradients[row.address.id] for row in part.rows if row.address.kind == "edge" and not row.note}
    assert all(row.analytical == float(g[row.address.index]) for row, g in gradients.items() if isinstance(g, torch.Tensor))
    assert gradients


def test_a_dropped_branch_shows_as_a_sum_that_is_not_the_gradient() -> None:
    graph = fan_out()
    plant(Fault("branch", "e0")).apply(graph)
    paths_of = ledger(graph, output("x"))
    assert paths_of.total_entry == pytest.approx(1.4 + 3 * math.sin(1.4), rel=1e-13)
    assert paths_of.gradient_entry == pytest.approx(0.7 + 3 * math.sin(1.4), rel=1e-13)
    assert paths_of.error is not None
    assert paths_of.error > 0.1


def test_softmax_applied_twice_is_what_is_differentiated() -> None:
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "x": ("source.input", {"value": [0.3, -1.0, 0.5]}), "p": ("activation.softmax", {}),
        "t": ("source.input", {"value": [0.0, 1.0, 0.0]}), "f": ("loss.squared_error", {}),
    }  # fmt: skip
    graph = network(nodes, "x -> p.x; p -> f.prediction; t -> f.target")
    plant(Fault("softmax", "p")).apply(graph)
    x = torch.tensor([0.3, -1.0, 0.5], dtype=torch.float64, requires_grad=True)
    torch.nn.functional.mse_loss(x.softmax(0).softmax(0), torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64)).backward()
    assert x.grad is not None
    np.testing.assert_allclose(summed(situation(graph), output("x")), x.grad.numpy(), rtol=1e-12)

"""A trace: every value, every wire's own gradient, the four absences, the order of events, and what the window is told."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.compile.program import RandomKey, compile
from engine.compile.shapes import infer
from engine.compile.trace import Trace, array_view, view
from engine.compile.views import Absent, PassEvent
from graph.model.graph import Graph
from tests.support.networks import network, product, tanh_net

Nodes = dict[str, tuple[str, dict[str, Any]]]


def traced(graph: Graph, feeds: dict[Key, Tensor] | None = None, **how: Any) -> Trace:
    """A trace with fed values from the document, and parameters drawn from a fixed seed."""
    inference = infer(graph)
    program = compile(graph, inference, **{"training": False, "wanted": "all", **how})
    given = feeds or {}
    values = [given[k] if k in given else torch.tensor(graph.setting(k[0], "value"), dtype=torch.float64) for k in program.feeds]
    rng = torch.Generator().manual_seed(0)
    parameters = [torch.randn(inference.parameters[k], generator=rng, dtype=torch.float64) for k in program.parameter_keys]
    buffers = [torch.ones(inference.buffers[k], dtype=torch.float64) for k in program.buffer_keys]
    return program.trace(values, parameters, buffers, RandomKey())


def moons() -> dict[Key, Tensor]:
    x = torch.randn(6, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return {("data", "x"): x, ("data", "target"): (x[:, 0] > 0).to(torch.int64)}


def reason(entry: Any) -> str | None:
    return entry.reason if isinstance(entry, Absent) else None


@pytest.mark.parametrize("method", ["rules", "autograd"])
def test_the_lectures_example_has_the_lectures_numbers(method: str) -> None:
    trace = traced(product(), method=method)
    assert {node: float(v) for (node, _), v in trace.values.items()} == {"x": 2, "y": -5, "z": 3, "d": -10, "f": -7}
    assert {node: float(g) for (node, _), g in trace.gradients.items()} == {"x": -5, "y": 2, "z": 1, "d": 1, "f": 1}  # type: ignore[arg-type]
    assert [float(trace.edge_gradients[f"e{i}"]) for i in range(4)] == [-5, 2, 1, 1]  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["rules", "autograd"])
def test_every_wire_shows_its_own_contribution_and_the_producer_their_sum(method: str) -> None:
    nodes: Nodes = {"x": ("source.input", {"value": 3.0}), "s": ("math.multiply", {}), "f": ("math.add", {})}
    graph = network(nodes, "x -> s.a; x -> s.b; s -> f.a; x -> f.b")
    trace = traced(graph, method=method)
    assert [float(trace.edge_gradients[e]) for e in ("e0", "e1", "e3")] == [3, 3, 1]  # type: ignore[arg-type]
    assert float(trace.gradients["x", "y"]) == 7  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["values", "gradients", "edge_gradients", "parameter_gradients"])
def test_rules_and_autograd_trace_the_same_numbers(name: str) -> None:
    ours, reference = (getattr(traced(tanh_net(), moons(), method=m), name) for m in ("rules", "autograd"))
    assert ours.keys() == reference.keys()
    for key, entry in ours.items():
        assert entry == reference[key] if isinstance(entry, Absent) else torch.allclose(entry, reference[key], rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("method", ["rules", "autograd"])
def test_random_numbers_have_a_gradient_and_none_flows_back_through_them(method: str) -> None:
    nodes: Nodes = {"x": ("source.input", {"value": 3.0}), "z": ("source.noise", {}), "p": ("math.multiply", {}), "f": ("math.sum", {})}
    trace = traced(network(nodes, "x -> z.x; x -> p.a; z -> p.b; p -> f.x"), method=method)
    assert torch.equal(torch.as_tensor(trace.gradients["z", "y"]), torch.tensor([3.0], dtype=torch.float64))
    assert float(trace.gradients["x", "y"]) == float(trace.values["z", "y"])  # type: ignore[arg-type]
    assert isinstance(trace.edge_gradients["e0"], Absent)


def test_a_trace_has_the_gradient_of_the_data_too() -> None:
    assert traced(tanh_net(), moons()).gradients["data", "x"].shape == (6, 2)


def test_a_gradient_has_its_values_shape_after_a_broadcast() -> None:
    nodes: Nodes = {
        "a": ("source.input", {"value": [[1.0], [2.0]]}), "b": ("source.input", {"value": [3.0, 4.0]}), "m": ("math.multiply", {}),
        "f": ("math.sum", {}),
    }  # fmt: skip
    trace = traced(network(nodes, "a -> m.a; b -> m.b; m -> f.x"))
    assert trace.edge_gradients["e0"].tolist() == [[7.0], [7.0]]
    assert trace.edge_gradients["e1"].tolist() == [3.0, 3.0]


def test_class_indices_are_not_differentiable() -> None:
    trace = traced(tanh_net(), moons())
    assert reason(trace.edge_gradients["e4"]) == "not differentiable"
    assert reason(trace.gradients["data", "target"]) == "not differentiable"


def test_what_the_objective_does_not_depend_on_is_independent_and_not_zero() -> None:
    nodes: Nodes = {"x": ("source.input", {}), "z": ("source.input", {})}
    nodes |= {"f": ("math.square", {}), "p": ("probe.value", {}), "q": ("math.sin", {})}
    graph = network(nodes, "x -> f.x; x -> p.x; z -> q.x", settings={"objective": {"node": "f", "port": "y"}})
    trace = traced(graph)
    assert reason(trace.edge_gradients["e1"]) == "independent"
    assert reason(trace.gradients["z", "y"]) == "independent" and reason(trace.gradients["q", "y"]) == "independent"


def test_without_an_objective_values_are_there_and_every_gradient_says_why_not() -> None:
    graph = network({"x": ("source.input", {"value": 2.0}), "a": ("math.square", {}), "b": ("math.sin", {})}, "x -> a.x; x -> b.x")
    trace = traced(graph)
    assert float(trace.values["a", "y"]) == 4.0
    assert {reason(g) for g in (*trace.gradients.values(), *trace.edge_gradients.values())} == {"no objective"}
    assert trace.objective is None and "set one as objective" in trace.objective_note


def test_a_broken_objective_leaves_gradients_not_computed_and_the_rest_visible() -> None:
    graph = network({"x": ("source.input", {"value": 2.0}), "a": ("math.square", {}), "f": ("math.add", {})}, "x -> a.x; a -> f.a")
    trace = traced(graph)
    assert float(trace.values["a", "y"]) == 4.0
    assert reason(trace.gradients["a", "y"]) == "not computed" and reason(trace.edge_gradients["e1"]) == "not computed"
    assert [p.nodes for p in trace.problems] == [("f",)]


def test_what_comes_from_a_broken_node_is_not_computed() -> None:
    nodes: Nodes = {"x": ("source.input", {"value": 2.0}), "a": ("math.add", {}), "s": ("math.square", {}), "f": ("math.square", {})}
    trace = traced(network(nodes, "x -> a.a; a -> s.x; x -> f.x", settings={"objective": {"node": "f", "port": "y"}}))
    assert [reason(trace.edge_gradients[e]) for e in ("e0", "e1", "e2")] == ["independent", "not computed", None]


def test_a_vector_as_objective_is_a_problem_and_is_not_summed() -> None:
    trace = traced(network({"x": ("source.input", {"value": [1.0, 2.0]}), "f": ("math.square", {})}, "x -> f.x"))
    assert trace.values["f", "y"].tolist() == [1.0, 4.0] and trace.objective is None
    assert "single number" in trace.problems[0].text


def test_events_go_forward_in_order_of_computation_and_backward_in_reverse() -> None:
    events = traced(product()).events
    assert [(e.phase, e.node) for e in events] == [
        ("forward", "x"), ("forward", "y"), ("forward", "z"), ("forward", "d"), ("forward", "f"),
        ("backward", "f"), ("backward", "d"), ("backward", "z"), ("backward", "y"), ("backward", "x"),
    ]  # fmt: skip
    assert events[4] == PassEvent("forward", "f", ("e2", "e3")) and events[6] == PassEvent("backward", "d", ("e0", "e1"))


def test_backward_events_visit_only_nodes_on_the_way() -> None:
    trace = traced(network({"x": ("source.input", {}), "f": ("math.square", {}), "p": ("probe.value", {})}, "x -> f.x; x -> p.x"))
    assert [e.node for e in trace.events if e.phase == "backward"] == ["f", "x"]
    assert [e.node for e in trace.events if e.phase == "forward"] == ["x", "f", "p"]


def test_a_trace_keeps_the_dropout_mask() -> None:
    nodes: Nodes = {"x": ("source.input", {"value": [1.0] * 20}), "d": ("layer.dropout", {}), "f": ("math.sum", {})}
    trace = traced(network(nodes, "x -> d.x; d -> f.x"), training=True)
    assert set(trace.kept["d"].tolist()) == {0.0, 2.0}
    assert torch.equal(trace.edge_gradients["e0"], trace.kept["d"])  # type: ignore[arg-type]


def test_the_first_node_that_is_not_finite_is_named() -> None:
    graph = network({"x": ("source.input", {"value": -1.0}), "l": ("math.log", {}), "f": ("math.square", {})}, "x -> l.x; l -> f.x")
    trace = traced(graph)
    assert trace.first_bad == "l" and view(trace).first_bad == "l"


def test_the_view_has_an_entry_for_every_value_and_every_wire() -> None:
    graph = tanh_net()
    trace = traced(graph, moons())
    seen = view(trace, revision=4, mode="training")
    assert seen.values.keys() == trace.values.keys() and set(seen.edge_gradients) == set(graph.edges)
    assert seen.revision == 4 and seen.mode == "training"
    assert seen.values["loss", "y"].scalar == float(trace.values["loss", "y"])
    assert np.array_equal(seen.parameter_gradients["out", "W"].data, trace.parameter_gradients["out", "W"].numpy())  # type: ignore[arg-type]
    assert seen.shapes["hidden", "y"] == ((4,), True)


def test_a_view_does_not_change_when_the_tensor_does() -> None:
    tensor = torch.arange(6.0)
    seen = array_view(tensor)
    tensor += 1
    assert seen.data is not None and seen.data.tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
def test_statistics_are_numpys_in_float64(dtype: torch.dtype) -> None:
    tensor = (torch.randn(70, 90, generator=torch.Generator().manual_seed(0)) * 100).to(dtype)
    seen, numbers = array_view(tensor), tensor.numpy().astype(np.float64)
    ours = (seen.minimum, seen.maximum, seen.mean, seen.std, seen.norm)
    assert np.allclose(ours, (numbers.min(), numbers.max(), numbers.mean(), numbers.std(), np.linalg.norm(numbers)), rtol=1e-12)
    assert seen.data is None and seen.thumbnail is not None and seen.thumbnail.shape == (64, 64) and seen.thumbnail.dtype == np.float32


def test_a_thumbnail_shows_numbers_of_the_tensor_itself() -> None:
    tensor = torch.randn(100, 100, generator=torch.Generator().manual_seed(0))
    thumbnail = array_view(tensor).thumbnail
    assert thumbnail is not None and set(thumbnail.ravel().tolist()) <= set(tensor.ravel().tolist())
    assert thumbnail[0, 0] == tensor[0, 0] and thumbnail[-1, -1] == tensor[-1, -1]


def test_huge_and_tiny_numbers_keep_their_norm() -> None:
    assert math.isclose(array_view(torch.tensor([3e200, 4e200], dtype=torch.float64)).norm, 5e200)
    assert math.isclose(array_view(torch.tensor([3e-200, 4e-200], dtype=torch.float64)).norm, 5e-200)


def test_nan_stays_nan_and_infinity_is_not_finite() -> None:
    broken = array_view(torch.tensor([1.0, math.nan]))
    assert not broken.finite and math.isnan(broken.minimum) and math.isnan(broken.mean) and math.isnan(broken.norm)
    endless = array_view(torch.tensor([1.0, math.inf]))
    assert not endless.finite and endless.maximum == math.inf and endless.norm == math.inf and endless.minimum == 1.0
    number = array_view(torch.tensor(math.nan))
    assert number.scalar is not None and math.isnan(number.scalar) and not number.finite


def test_an_equal_tensor_has_no_spread() -> None:
    seen = array_view(torch.full((5,), 0.1))
    assert seen.std == 0.0 and seen.mean == seen.minimum

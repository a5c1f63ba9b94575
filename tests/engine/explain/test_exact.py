"""Exact arithmetic: fractions as in a calculation by hand, and the same derivatives as autograd's for every type that has rules."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import pytest
import torch

from engine.explain.answer import answer
from engine.explain.context import ExplainContext
from engine.explain.exact import Exact, ExactNumbers
from engine.explain.exact.rules import RULES
from engine.explain.question import Refusal
from engine.nodes import TYPES
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.formula.to_graph import build as from_formula
from graph.model.address import Address
from graph.model.faults import Fault, plant
from graph.model.graph import Graph
from tests.support.networks import network, product


def exact(graph: Graph, dtype: torch.dtype = torch.float64) -> Exact:
    found = answer(ExplainContext(Model(graph, dtype=dtype)), ExactNumbers())
    assert isinstance(found, Exact), found
    return found


def of(found: Exact, graph: Graph, name: str, gradient: bool = False, port: str = "") -> tuple[F, ...]:
    node = graph.named(name)
    assert node is not None
    if port:
        return found.tensors[Address("parameter", node.id, port, gradient)].fractions
    return found.tensors[Address("output", node.id, graph.spec(node.id).outputs[0].name, gradient)].fractions


def test_the_first_graph_of_every_lecture_is_whole_numbers() -> None:
    graph = from_formula("f = x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0})
    found = exact(graph)
    assert of(found, graph, "f") == (F(-7),)
    assert [of(found, graph, name, gradient=True) for name in "xyz"] == [(F(-5),), (F(2),), (F(1),)]
    assert {tensor.largest_error for tensor in found.tensors.values()} == {0.0}
    assert found.inexact == {}


def test_thirds_stay_thirds_and_the_rounding_error_is_what_the_computer_lost() -> None:
    """f = (x + 1/y)² at x = 0.1, y = 3: x + 1/3 = 13/30, f = 169/900, ∂f/∂x = 13/15, ∂f/∂y = −2 · 13/30 · 1/9 = −13/135."""
    graph = from_formula("f = (x + 1/y)^2", CATALOG, {"x": 0.1, "y": 3.0})
    found = exact(graph)
    assert of(found, graph, "f") == (F(169, 900),)
    assert of(found, graph, "x", gradient=True) == (F(13, 15),)
    assert of(found, graph, "y", gradient=True) == (F(-13, 135),)
    f = graph.named("f")
    assert f is not None
    tensor = found.tensors[Address("output", f.id, graph.spec(f.id).outputs[0].name)]
    computed = (torch.tensor(0.1, dtype=torch.float64) + 1 / torch.tensor(3.0, dtype=torch.float64)) ** 2
    assert tensor.errors == (float(F(float(computed)) - F(169, 900)),)


def test_contributions_add_up_at_a_fan_out() -> None:
    """f = x·x + x/3 at x = −7/2: three wires leave x, with −7/2, −7/2 and 1/3; their sum is −20/3."""
    graph = from_formula("f = x*x + x/3", CATALOG, {"x": -3.5})
    found = exact(graph)
    x = graph.named("x")
    assert x is not None
    carried = sorted(found.tensors[Address("edge", edge.id, "", True)].fractions[0] for edge in graph.outputs_of(x.id))
    assert carried == [F(-7, 2), F(-7, 2), F(1, 3)]
    assert of(found, graph, "x", gradient=True) == (F(-20, 3),)


def test_what_needs_a_root_is_not_exact_and_neither_is_what_follows() -> None:
    graph = from_formula("f = tanh(x*y) + z", CATALOG, {"x": 2.0, "y": 0.25, "z": 3.0})
    found = exact(graph)
    by_type = {graph.nodes[node].type: why for node, why in found.inexact.items()}
    assert by_type == {"activation.tanh": "Tanh does not give fractions", "math.add": ""}
    assert found.objective is None
    product = next(node for node in graph.nodes.values() if node.type == "math.multiply")
    assert found.tensors[Address("output", product.id, graph.spec(product.id).outputs[0].name)].fractions == (F(1, 2),)
    assert not any(address.gradient for address in found.tensors)


@pytest.mark.parametrize(
    ("formula", "values", "why"),
    [
        ("f = x/y", {"x": 1.0, "y": 0.0}, "it divides by zero"),
        ("f = x^y", {"x": 2.0, "y": 0.5}, "its exponent is not a whole number"),
        ("f = x^y", {"x": 2.0, "y": 1e6}, "its exponent is larger than 1000"),
    ],
)
def test_where_there_is_no_fraction_the_reason_is_given(formula: str, values: dict[str, float], why: str) -> None:
    assert why in exact(from_formula(formula, CATALOG, values)).inexact.values()


def test_negative_powers_and_the_zeroth() -> None:
    """x⁻² at x = −3/2 is 4/9 with slope −2·x⁻³ = 16/27; x⁰ is 1 with slope 0, at 0 as well."""
    graph = from_formula("f = x^(-2)", CATALOG, {"x": -1.5})
    assert (of(exact(graph), graph, "f"), of(exact(graph), graph, "x", gradient=True)) == ((F(4, 9),), (F(16, 27),))
    nodes: dict[str, tuple[str, dict[str, Any]]] = {"x": ("source.input", {"value": 0.0}), "f": ("math.power", {"b": 0.0})}
    graph = network(nodes, "x -> f.a")
    assert (of(exact(graph), graph, "f"), of(exact(graph), graph, "x", gradient=True)) == ((F(1),), (F(0),))


def test_a_float32_number_counts_as_the_decimal_that_was_typed() -> None:
    graph = from_formula("f = x*y", CATALOG, {"x": 0.1, "y": 3.0})
    assert of(exact(graph, torch.float32), graph, "f") == (F(3, 10),)


def test_a_planted_fault_is_refused() -> None:
    graph = product()
    plant(Fault("detached", "d")).apply(graph)
    found = answer(ExplainContext(Model(graph, dtype=torch.float64)), ExactNumbers())
    assert isinstance(found, Refusal) and "fault" in found.text


SCALARS = {"a": -1.5, "b": 2.0, "x": -0.75, "prediction": 0.1, "scores": 0.3, "target": -1.0, "W": 2.5}
OWN: dict[str, tuple[dict[str, tuple[str, Any]], str]] = {
    "layer.linear": ({"data": ("source.data", {"dataset": "moons", "samples": 8}), "y": ("layer.linear", {"out_features": 3}),
                      "f": ("math.sum", {"over_batch": True})}, "data.x -> y.x; y -> f.x"),
    "math.matmul": ({"m": ("parameter.parameter", {"value": [[1.0, -2.5], [0.1, 3.0], [0.25, 0.7]]}),
                     "v": ("parameter.parameter", {"value": [0.3, -4.0]}), "y": ("math.matmul", {}), "f": ("math.mean", {})},
                    "m -> y.a; v -> y.b; y -> f.x"),
    "math.power": ({"x": ("source.input", {"value": -1.5}), "f": ("math.power", {"b": 3.0})}, "x -> f.a"),
}  # fmt: skip


def small_graph(kind: str) -> Graph:
    """A node of this type on its own, or between what it needs."""
    if kind in OWN:
        return network(*OWN[kind])
    ports = [port.name for port in TYPES[kind].inputs if not port.many and not port.parameter]
    nodes = {name: ("source.input", {"value": SCALARS[name]}) for name in ports}
    wires = "; ".join(f"{name} -> f.{name}" for name in ports)
    if not ports:
        nodes, wires = {"p": ("parameter.parameter", {"value": -1.25})}, "p -> f.parameters"
    return network({**nodes, "f": (kind, {})}, wires)


@pytest.mark.parametrize("kind", RULES)
def test_fractions_are_what_torch_computes_up_to_its_rounding(kind: str) -> None:
    graph = small_graph(kind)
    trace = ExplainContext(Model(graph, dtype=torch.float64)).trace
    found = exact(graph)
    assert found.inexact == {}
    assert found.objective is not None
    gradients = {Address("output", *key, True): g for key, g in trace.gradients.items() if isinstance(g, torch.Tensor)}
    gradients |= {Address("parameter", *key, True): g for key, g in trace.parameter_gradients.items() if isinstance(g, torch.Tensor)}
    values = {Address("output", *key): value for key, value in trace.values.items() if value.is_floating_point()}
    assert len(gradients) >= 2
    for address, computed in (gradients | values).items():
        tensor = found.tensors[address]
        assert [float(number) for number in tensor.fractions] == pytest.approx(computed.ravel().tolist(), rel=1e-13, abs=1e-15), address
        assert tensor.shape == tuple(computed.shape)

"""What is nothing but round-off, and what is small in its own right: by hand, in float64."""

from __future__ import annotations

import math

import pytest

from engine.compile.views import ArrayView
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.formula.to_graph import build
from tests.support.networks import network


def found(formula: str, **values: float) -> set[str]:
    """The numbers of a formula that are round-off: names of nodes, `∇` and the name for the gradient of one."""
    graph = build(formula, CATALOG, values)
    trace = Model(graph).trace_view()
    signs = {"value": "", "total": "∇"}
    return {signs[key[0]] + graph.nodes[key[1]].name for key in trace.negligible if key[0] in signs}


@pytest.mark.parametrize(
    ("formula", "values", "expected"),
    [
        ("(a + b - c)*d", {"a": 0.1, "b": 0.2, "c": 0.3, "d": 2.0}, {"subtract", "multiply", "∇d"}),  # 5.6e-17, and what it is in
        ("sin(x) + y", {"x": math.pi, "y": 1.0}, {"sin"}),  # sin π = 1.2e-16
        ("sin(x)*y", {"x": math.pi / 2, "y": 1.0}, {"∇x"}),  # cos π/2 = 6.1e-17
        ("x*(a - b) + x*(b - a) + a", {"x": 3.0, "a": 0.1, "b": 0.3}, set()),  # exactly 0
        ("exp(x) + y", {"x": -50.0, "y": 1.0}, set()),  # e⁻⁵⁰ is a number: 1.9e-22
        ("sigmoid(x) + y", {"x": -40.0, "y": 1.0}, set()),  # saturated: 4.2e-18, and so is its slope
        ("a*b + c", {"a": 1e-7, "b": 1e-8, "c": 1.0}, set()),
        ("a + b", {"a": 0.1e-20, "b": 0.2e-20}, set()),  # a graph of tiny numbers
    ],
)
def test_round_off_is_what_errors_of_the_inputs_would_swallow(formula: str, values: dict[str, float], expected: set[str]) -> None:
    assert found(formula, **values) == expected


def test_a_vanishing_gradient_is_no_round_off() -> None:
    """Eight sigmoids of 30·x in a row: the slopes at 30 are 30·9.4e-14, and multiply to far below 1e-12 of the last."""
    nodes = {"x": ("source.input", {"value": 1.0}), "w": ("source.input", {"value": 30.0})}
    wires = []
    before = "x"
    for i in range(4):
        nodes |= {f"m{i}": ("math.multiply", {}), f"s{i}": ("activation.sigmoid", {})}
        wires += [f"{before} -> m{i}.a", f"w -> m{i}.b", f"m{i} -> s{i}.x"]
        before = f"s{i}"
    trace = Model(network(nodes, ";".join(wires))).trace_view()
    gradient = trace.gradients["x", "y"]
    assert isinstance(gradient, ArrayView) and 0 < abs(gradient.scalar or 0.0) < 1e-40
    assert not trace.negligible


def test_entries_of_a_tensor_are_told_one_by_one() -> None:
    nodes = {
        "a": ("source.constant", {"value": [0.1, 0.1, 5.0]}), "b": ("source.constant", {"value": [0.2, 0.25, 1.0]}),
        "c": ("source.constant", {"value": [0.3, 0.3, 6.0]}), "s": ("math.add", {}), "d": ("math.subtract", {}), "f": ("math.sum", {}),
    }  # fmt: skip
    trace = Model(network(nodes, "a -> s.a; b -> s.b; s -> d.a; c -> d.b; d -> f.x")).trace_view()
    assert trace.negligible["value", "d", "y"] == (0,)  # 5.6e-17; the others are 0.05 and exactly 0

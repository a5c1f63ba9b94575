"""The panels write derivatives as the engine names them: by one of several wires in brackets, along a direction with D."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.explain.answer import answer
from engine.explain.context import ExplainContext
from engine.explain.forward_mode import ForwardMode, ReverseMode
from engine.explain.paths import Ledger, PathLedger
from engine.explain.slices import SliceCurve, SliceOf
from engine.training.model import Model
from graph.model.address import output, wire
from graph.model.graph import Graph
from tests.support.networks import network
from ui.explain.picture_tool import _derivative, _quotient
from ui.maths.ledger_lines import factor_symbol
from ui.maths.mode_lines import derivative_symbol
from ui.maths.typesetting import plain


@pytest.fixture
def graph() -> Graph:
    """f = x·x + x, with a vector q = (1, 2)² beside it."""
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "x": ("source.input", {"value": 3.0}), "m": ("math.multiply", {}), "f": ("math.add", {}),
        "v": ("source.input", {"value": [1.0, 2.0]}), "q": ("math.square", {}),
    }  # fmt: skip
    return network(nodes, "x -> m.a; x -> m.b; m -> f.a; x -> f.b; v -> q.x", settings={"objective": {"node": "f", "port": "y"}})


def of(graph: Graph, question: Any) -> Any:
    return answer(ExplainContext(Model(graph, dtype=torch.float64)), question)


def test_a_slice_is_headed_by_what_is_moved(graph: Graph) -> None:
    along, whole = of(graph, SliceOf(wire("e0"))), of(graph, SliceOf(output("x")))
    assert isinstance(along, SliceCurve) and isinstance(whole, SliceCurve)
    assert (plain(_derivative(along, "")), plain(_derivative(whole, ""))) == ("∂f/(∂(x → m.a))", "∂f/∂x")
    assert plain(_derivative(along, "²")) == "∂²f/(∂(x → m.a)²)"
    assert plain(_quotient(whole)) == "(f(x + ε) − f(x))/ε"


def test_the_ledger_writes_the_wire_where_a_value_arrives_twice(graph: Graph) -> None:
    ledger = of(graph, PathLedger(output("x")))
    assert isinstance(ledger, Ledger)
    first = [plain(factor_symbol(path.factors[0])) for path in ledger.paths]
    assert first == ["∂m/(∂(x → m.a))", "∂m/(∂(x → m.b))", "∂f/(∂(x → f))"]


def test_forward_mode_names_seed_target_and_direction(graph: Graph) -> None:
    def symbol(question: Any, node: str) -> str:
        return plain(derivative_symbol((node, "y"), of(graph, question), graph))

    assert symbol(ForwardMode(output("x")), "f") == "∂f/∂x"
    assert symbol(ForwardMode(wire("e0")), "f") == "∂f/(∂(x → m.a))"
    assert symbol(ForwardMode(output("v", "y"), "ones"), "q") == "D_vq"
    assert symbol(ForwardMode(output("v").at((1,))), "q") == "∂q/∂v_2"
    assert symbol(ReverseMode(output("q")), "v") == "∂∑q/∂v"

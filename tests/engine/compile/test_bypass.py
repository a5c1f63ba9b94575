"""A bypassed node passes its input on, and everything else stays as it was."""

from __future__ import annotations

import json

from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.formula.to_graph import build
from graph.model import edits
from graph.model.bypass import effective, refusal
from graph.model.graph import Graph
from graph.storage.document import Document
from graph.storage.files import dumps, loads


def of(graph: Graph, name: str) -> str:
    node = graph.named(name)
    assert node is not None
    return node.id


def test_a_bypassed_sine_leaves_the_value_and_has_slope_one() -> None:
    graph = build("sin(x) * 3", CATALOG, {"x": 2.0})
    edits.SetBypassed(of(graph, "sin"), True).apply(graph)

    trace = Model(graph).trace_view()

    value, slope = trace.values[of(graph, "multiply"), "y"], trace.gradients[of(graph, "x"), "y"]
    assert value.scalar == 6.0 and slope.scalar == 3.0


def test_bypassing_and_back_is_the_same_document_and_the_same_numbers() -> None:
    document = Document(build("sin(x) * 3", CATALOG, {"x": 2.0}))
    before, session = document.graph.copy(), Model(document.graph)
    first = session.trace_view().values[of(before, "multiply"), "y"].scalar

    document.do(edits.SetBypassed(of(before, "sin"), True))
    assert session.update(document.graph).structure
    document.undo()
    session.update(document.graph)

    assert document.graph == before
    assert session.trace_view().values[of(before, "multiply"), "y"].scalar == first


def test_bypass_is_kept_in_the_file() -> None:
    graph = build("exp(x)", CATALOG, {"x": 1.0})
    edits.SetBypassed(of(graph, "exp"), True).apply(graph)

    again = loads(dumps(graph), CATALOG)

    assert again == graph and json.loads(dumps(graph))["nodes"][1]["bypassed"] is True


def test_nothing_is_copied_where_nothing_is_bypassed() -> None:
    graph = build("exp(x)", CATALOG, {"x": 1.0})
    assert effective(graph) is graph


def test_a_node_that_changes_the_shape_or_joins_two_wires_is_refused_with_the_reason() -> None:
    graph = build("exp(x) + x", CATALOG, {"x": 1.0})
    shapes = {(of(graph, "x"), "y"): ((10,), True), (of(graph, "exp"), "y"): ((4,), True)}

    assert refusal(graph, of(graph, "exp")) is None
    assert "turns [10] into [4]" in (refusal(graph, of(graph, "exp"), shapes) or "")
    assert "2 wired inputs" in (refusal(graph, of(graph, "add")) or "")
    assert "no wired inputs" in (refusal(graph, of(graph, "x")) or "")


def test_a_bypassed_node_stays_bypassed_when_it_is_moved() -> None:
    graph = build("exp(x)", CATALOG, {"x": 1.0})
    edits.SetBypassed(of(graph, "exp"), True).apply(graph)
    edits.Move(((of(graph, "exp"), 40.0, 60.0),)).apply(graph)

    assert graph.nodes[of(graph, "exp")].bypassed

"""What is looked at between two frames does not grow with the graph."""

from __future__ import annotations

from typing import Any

import pytest

from engine.nodes.catalog import CATALOG
from graph.model.elements import Node
from graph.model.graph import Graph
from graph.model.structure import look


def most_at_once(count: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many declarations a portion of a look asks for at most, in a graph of nodes with open inputs that could all be the objective."""
    graph, asked, most = Graph(CATALOG), 0, 0
    for i in range(count):
        graph._add_node(Node(f"n{i}", "math.sqrt", f"root_{i}"))
    spec = Graph.spec

    def counted(self: Graph, node: Any) -> Any:
        nonlocal asked
        asked += 1
        return spec(self, node)

    with monkeypatch.context() as patch:
        patch.setattr(Graph, "spec", counted)
        for _ in look(graph):
            most, asked = max(most, asked), 0
    return max(most, asked)


def test_no_portion_grows_with_the_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    assert most_at_once(240, monkeypatch) == most_at_once(60, monkeypatch) < 60

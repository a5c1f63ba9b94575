"""A card keeps its size when it is wired: what lies beside it stays clear of it."""

from __future__ import annotations

from contextlib import suppress

from PySide6.QtWidgets import QApplication

from engine.nodes.catalog import CATALOG
from graph.model import edits
from graph.model.elements import Edge, Node
from graph.model.graph import Graph, GraphError
from ui.canvas.model import geometry
from ui.look import theme


def test_no_card_grows_when_every_port_is_wired_and_the_output_feeds_two(qapp: QApplication) -> None:
    theme.load_fonts()
    for key, spec in CATALOG.items():
        graph = Graph(CATALOG)
        edits.AddNode(Node("n", key, "node")).apply(graph)
        alone = geometry.build(graph, "n")
        for port in spec.inputs:
            for slot in range(2 if port.many else 1):
                source = graph.fresh_id("s")
                edits.AddNode(Node(source, "source.input", graph.fresh_name("x"))).apply(graph)
                with suppress(GraphError):  # a port of class indices takes no real number
                    edits.Connect(Edge(graph.fresh_id("e"), (source, "y"), ("n", port.name), slot)).apply(graph)
        for taker in ("t", "u") if spec.outputs else ():
            edits.AddNode(Node(taker, "math.exp", graph.fresh_name("t"))).apply(graph)
            with suppress(GraphError):
                edits.Connect(Edge(graph.fresh_id("e"), ("n", spec.outputs[0].name), (taker, "x"))).apply(graph)
        wired = geometry.build(graph, "n")
        assert (wired.width, wired.height) == (alone.width, alone.height), key

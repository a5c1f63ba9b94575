"""Cards have their size before the engine has started: what is expected of shapes is what the engine finds."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.model import edits
from graph.model.elements import Edge, Node
from graph.model.graph import Graph
from graph.storage.files import load
from ui.canvas.model import geometry
from ui.canvas.model.card_body import shapes_of
from ui.canvas.model.expected_shapes import expected

RESOURCES = Path(__file__).parents[3] / "resources"
FILES = sorted(RESOURCES.glob("*/*.gradwire"))
STEADY = ("tanh-mlp-2-4-2", "tanh-by-hand", "xor", "iris", "logistic-regression", "one-layer", "spiral", "sine-regression")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_expected_is_what_the_engine_finds(path: Path, qapp: QApplication) -> None:
    graph = load(path, CATALOG)
    before, after = expected(graph), shapes_of(Model(graph).trace_view())

    assert before.outputs.items() <= after.outputs.items()
    assert {n: dict(p) for n, p in before.parameters.items()}.items() <= {n: dict(p) for n, p in after.parameters.items()}.items()
    assert {n: dict(p) for n, p in before.inner.items()}.items() <= {n: dict(p) for n, p in after.inner.items()}.items()
    if path.stem in STEADY:
        for node in graph.nodes:
            assert geometry.build(graph, node, shapes=before) == geometry.build(graph, node, shapes=after), graph.nodes[node].name


@pytest.mark.parametrize("name", ["circles", "moons", "xor", "spiral", "blobs", "sine", "plane", "iris"])
def test_data_sets_have_the_shapes_that_are_expected(name: str) -> None:
    graph = Graph(CATALOG)
    params = {"dataset": name, "samples": 20} if name != "iris" else {"dataset": name}
    edits.AddNode(Node("d", "source.data", "d", params=params)).apply(graph)
    edits.AddNode(Node("h", "activation.tanh", "h")).apply(graph)
    edits.Connect(Edge("e", ("d", "x"), ("h", "x"))).apply(graph)

    found = expected(graph).outputs
    assert found.keys() >= {("d", "x"), ("h", "y")}
    assert found.items() <= shapes_of(Model(graph).trace_view()).outputs.items()


def test_what_cannot_be_told_is_left_out() -> None:
    graph = Graph(CATALOG)
    edits.AddNode(Node("d", "source.data", "d", params={"dataset": "csv"})).apply(graph)
    edits.AddNode(Node("l", "layer.linear", "l")).apply(graph)
    edits.Connect(Edge("e", ("d", "x"), ("l", "x"))).apply(graph)

    assert not expected(graph).outputs and not expected(graph).parameters

"""Opening and folding among all the other things a person does: refused with words or done whole, undone and redone, never broken."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from engine.compile.shapes import infer
from engine.nodes.catalog import CATALOG
from engine.unfold import RECIPES, fold, opened, unfold
from graph.model.bypass import effective
from graph.model.edits import Disconnect, Edit, Move, Rename, SetBypassed, SetLabel, SetParam, connect, duplicate, remove_nodes
from graph.model.graph import GraphError
from graph.model.group_view import visible_items
from graph.model.lint import lint
from graph.storage.document import Document
from graph.storage.files import dumps, loads
from tests.graph.grouping.test_groups import random_grouping

EXAMPLES = Path(__file__).parents[3] / "resources" / "examples"


def random_step(document: Document, draw: random.Random) -> Edit:
    """One edit; composing it may raise GraphError, and nothing else."""
    graph, choice = document.graph, draw.random()
    nodes, boxes = [*graph.nodes], [group for group in graph.groups if opened(graph, group)]
    if choice < 0.3:
        shapes = {key: (shape.dims, shape.batched) for key, shape in infer(effective(graph)).outputs.items()}
        some = [node for node in nodes if graph.nodes[node].type in RECIPES] or nodes
        return unfold(graph, draw.choice(some), shapes, draw.random() < 0.4)[0]
    if choice < 0.55 and boxes:
        return fold(graph, draw.choice(boxes))[0]
    node = draw.choice(nodes)
    inputs = [port.name for port in graph.spec(node).inputs] or ["x"]
    options = [
        lambda: random_grouping(graph, draw), lambda: random_grouping(graph, draw),
        lambda: Move(((node, float(draw.randrange(900)), 8.0),)), lambda: SetLabel(node, draw.choice(["", "a label"])),
        lambda: Rename(node, draw.choice(["a", "b", "hidden", f"n_{draw.randrange(9)}"])),
        lambda: connect(graph, (draw.choice(nodes), "y"), (node, draw.choice(inputs))),
        lambda: duplicate(graph, [draw.choice([*nodes, *graph.groups])]), lambda: SetBypassed(node, draw.random() < 0.5),
        lambda: SetParam(node, "frozen", draw.random() < 0.5), lambda: remove_nodes(graph, [node]),
        lambda: Disconnect(draw.choice([*graph.edges])),
    ]  # fmt: skip
    return draw.choice(options)()


@pytest.mark.parametrize("seed", range(16))
def test_whatever_is_done_before_and_after_the_document_stays_whole(seed: int) -> None:
    draw = random.Random(seed)
    document = Document.load(EXAMPLES / f"{draw.choice(['xor', 'tanh-mlp-2-4-2', 'iris'])}.gradwire", CATALOG)
    start, done = document.graph.copy(), 0
    for _ in range(40):
        if not document.graph.nodes or not document.graph.edges:
            break
        before = document.graph.copy()
        try:
            document.do(random_step(document, draw))
            done += 1
        except GraphError as refused:
            assert str(refused) and document.graph == before
        assert lint(document.graph) == []
        for inside in (None, *document.graph.groups):
            assert all(wire.source[0] != wire.target[0] for wire in visible_items(document.graph, inside).wires())
    assert done > 5 and loads(dumps(document.graph), CATALOG) == document.graph
    end = document.graph.copy()
    while document.history.can_undo:
        document.undo()
    assert document.graph == start
    while document.history.can_redo:
        document.redo()
    assert document.graph == end

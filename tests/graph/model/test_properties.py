"""Random edit sequences: whatever a person does, the document stays well formed and every step can be taken back."""

from __future__ import annotations

import random

import pytest

from graph.model.edits import edit_from_json
from graph.model.graph import Graph, GraphError
from graph.model.lint import lint
from graph.storage.document import Document
from graph.storage.files import dumps, loads
from tests.support.catalog import CATALOG, xy_plus_z
from tests.support.random_edits import try_edit

SEQUENCES, EDITS = 200, 100


def _run(seed: int, edits: int) -> None:
    draw = random.Random(seed)
    document = Document(xy_plus_z() if seed % 2 else Graph(CATALOG))
    graph, start = document.graph, document.graph.copy()
    for _ in range(edits):
        edit = try_edit(graph, draw)
        if edit is None:
            continue
        before = dumps(graph) if draw.random() < 0.1 else None
        try:
            document.do(edit_from_json(edit.to_json()) if draw.random() < 0.3 else edit, merge=draw.choice([None, None, "drag"]))
        except GraphError:
            assert before is None or dumps(graph) == before, "a refused edit changed something"
        assert lint(graph) == []
        _maybe_travel(document, draw)
    while document.history.can_redo:
        document.redo()
    end = graph.copy()
    while document.history.can_undo:
        document.undo()
    assert graph == start and dumps(graph) == dumps(start)
    while document.history.can_redo:
        document.redo()
    assert graph == end and dumps(graph) == dumps(end) and graph.order() == end.order()
    assert lint(graph) == []
    loaded = loads(dumps(graph), CATALOG)
    assert loaded == graph and dumps(loaded) == dumps(graph) and lint(loaded) == []
    assert [loaded.outputs_of(node) for node in loaded.nodes] == [graph.outputs_of(node) for node in graph.nodes]


def _maybe_travel(document: Document, draw: random.Random) -> None:
    """Now and then go back some steps, and sometimes forward again."""
    if draw.random() < 0.05:
        for _ in range(draw.randrange(1, 5)):
            document.undo()
        for _ in range(draw.randrange(0, 5)):
            document.redo()
        assert lint(document.graph) == []


@pytest.mark.parametrize("block", range(10))
def test_any_sequence_of_edits_is_clean_reversible_and_saved(block: int) -> None:
    for seed in range(block * SEQUENCES // 10, (block + 1) * SEQUENCES // 10):
        _run(seed, EDITS)


@pytest.mark.long
def test_a_million_edits_are_clean_reversible_and_saved() -> None:
    for seed in range(1000, 2000):
        _run(seed, 1000)

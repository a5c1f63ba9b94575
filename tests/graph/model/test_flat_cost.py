"""The cost of an operation per thing it touches does not grow with the document: 5,000 nodes take about ten times what 500 take."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from graph.formula.to_text import formula_text
from graph.grouping.align import along_wires
from graph.grouping.groups import delete, group, moved, ungroup, visible_items
from graph.model.edits import SetLabel
from graph.model.elements import Edge, Node
from graph.model.graph import Graph
from graph.model.structure import problems
from graph.storage.clipboard import copy_text, paste
from graph.storage.document import Document
from graph.storage.journal import Journal
from graph.storage.recovery import recover
from tests.support.catalog import CATALOG
from tests.support.crashes import die

pytestmark = pytest.mark.long  # times itself: run by hand on a quiet machine

SMALL, LARGE = 500, 5_000
GROWTH = 25.0
"""Ten times the size may cost this many times as much: near-linear, with room for caches and a busy machine."""


def _chains(size: int) -> Graph:
    """Chains of ten sines, each behind an Input."""
    graph = Graph(CATALOG)
    for index in range(size):
        graph._add_node(Node(f"n{index}", "math.sin" if index % 10 else "source.input", f"a{index}", x=float(index)))
        if index % 10:
            graph._add_edge(Edge(f"e{index}", (f"n{index - 1}", "y"), (f"n{index}", "x")))
    return graph


def _grouped(size: int) -> Graph:
    graph = _chains(size)
    for start in range(0, size, 10):
        group(graph, [f"n{start + step}" for step in range(1, 10)])[0].apply(graph)
    return graph


def _journal(graph: Graph, folder: Path) -> None:
    document = Document(graph)
    journal = Journal(document, folder)
    document.do(SetLabel("n1", "a"))
    journal.flush()
    die(journal)
    (recovered,) = recover(folder, CATALOG)
    recovered.discard()


WORK: dict[str, tuple[Callable[[int], Graph], Callable[[Graph], object]]] = {
    "group everything": (_chains, lambda g: group(g, g.nodes)[0].apply(g)),
    "see a level": (_grouped, lambda g: list(visible_items(g).wires())),
    "see inside each group": (_grouped, lambda g: [visible_items(g, group_id) for group_id in g.groups]),
    "follow wires from cards": (
        _grouped,
        lambda g: [along_wires(level, card, True) for level in [visible_items(g)] for card in level.cards],
    ),
    "ungroup everything": (_grouped, lambda g: ungroup(g, g.groups).apply(g)),
    "group groups": (_grouped, lambda g: group(g, g.groups)[0].apply(g)),
    "move every card": (_grouped, lambda g: moved(g, g.groups, 8.0, 8.0).apply(g)),
    "delete every card": (_grouped, lambda g: delete(g, g.groups).apply(g)),
    "copy and paste": (_grouped, lambda g: paste(g, copy_text(g, [*g.nodes, *g.groups]))[0].apply(g)),
    "find problems": (_grouped, problems),
    "write a formula of fifty nodes": (_chains, lambda g: formula_text(g, list(g.nodes)[:50])),
}


def _quickest(make: Callable[[int], Graph], work: Callable[[Graph], object], size: int) -> float:
    times = []
    for _ in range(2):
        graph = make(size)
        start = time.perf_counter()
        work(graph)
        times.append(time.perf_counter() - start)
    return min(times)


@pytest.mark.parametrize("name", WORK)
def test_ten_times_the_nodes_cost_about_ten_times_as_much(name: str) -> None:
    make, work = WORK[name]
    assert _quickest(make, work, LARGE) < GROWTH * _quickest(make, work, SMALL) + 0.005


def test_a_journal_costs_what_the_document_is_large(tmp_path: Path) -> None:
    small = _quickest(_chains, lambda g: _journal(g, tmp_path / "small"), SMALL)
    assert _quickest(_chains, lambda g: _journal(g, tmp_path / "large"), LARGE) < GROWTH * small + 0.05


def test_one_edit_of_a_large_document_costs_a_line_of_the_journal(tmp_path: Path) -> None:
    document = Document(_chains(LARGE))
    journal = Journal(document, tmp_path)
    document.do(SetLabel("n1", "a"))
    journal.flush()
    (place,) = tmp_path.glob("session-*/*.journal")
    before = place.stat().st_size
    document.do(SetLabel("n2", "b"))
    journal.flush()
    assert place.stat().st_size - before < 300
    journal.discard()

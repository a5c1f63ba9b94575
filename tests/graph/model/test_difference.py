"""What leads from one graph to another, whatever was done in between."""

from __future__ import annotations

import random

import pytest

from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.difference import difference
from graph.model.edits import AddGroup, Connect, RemoveItem, Rename, SetGraphSetting, SetGroup, SetItem, SetParam, SetTraining, remove_nodes
from graph.model.elements import Group, Note
from graph.model.graph import Graph
from graph.model.lint import lint
from graph.storage.document import Document
from tests.support.editing_window import steps


def small() -> Graph:
    return build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0})


def both_ways(old: Graph, new: Graph) -> None:
    graph = old.copy()
    back = difference(old, new).apply(graph)
    assert graph == new and lint(graph) == []
    back.apply(graph)
    assert graph == old and lint(graph) == []


def test_between_equal_graphs_there_is_nothing_to_do() -> None:
    assert difference(small(), small()).edits == ()


def test_one_changed_number_is_one_edit() -> None:
    old, new = small(), small()
    node = next(iter(new.nodes))
    SetParam(node, "value", 7.5).apply(new)

    assert difference(old, new).edits == (SetParam(node, "value", 7.5),)


@pytest.mark.parametrize("seed", range(30))
def test_random_edits_are_bridged_and_taken_back(seed: int) -> None:
    document = Document(small())
    edits, draw, seen = steps(document, seed), random.Random(seed), [document.graph.copy()]
    for done in range(120):
        next(edits)
        if done % 20 == 0 and not document.history.in_gesture:
            seen.append(document.graph.copy())

    for _ in range(12):
        both_ways(draw.choice(seen), draw.choice(seen))


def test_names_may_change_places() -> None:
    old, new = small(), small()
    x, y = (new.named(name) for name in "xy")
    assert x is not None and y is not None
    for node, name in ((x.id, "w"), (y.id, "x"), (x.id, "y")):
        Rename(node, name).apply(new)

    both_ways(old, new)


def test_what_was_removed_and_put_back_at_the_end_gets_its_place_again() -> None:
    old, new = small(), small()
    first = next(iter(new.nodes.values()))
    wire = new.outputs_of(first.id)[0]
    remove_nodes(new, [first.id]).apply(new)
    new._add_node(first)
    Connect(wire).apply(new)

    assert old != new
    both_ways(old, new)


def test_groups_notes_settings_and_training_are_bridged() -> None:
    graphs = [small()]
    nodes = [*graphs[0].nodes]
    outer, inner = Group("g1", "outer"), Group("g2", "inner", "g1")
    for edits in (
        (AddGroup(outer), AddGroup(inner), SetGroup(nodes[0], "g2"), SetGroup(nodes[1], "g1")),
        (SetItem(Group("g2", "inner")), SetItem(Group("g1", "outer", "g2")), SetGraphSetting("title", "A title")),
        (SetGroup(nodes[1], None), SetGroup(nodes[0], "g2"), RemoveItem("g1"), SetTraining("epochs", 7)),
        (SetGroup(nodes[0], None), RemoveItem("g2"), AddGroup(Note("t1", "a note")), SetGraphSetting("dtype", "float32")),
        (remove_nodes(graphs[0], [nodes[-1]]), AddGroup(inner := Group("g1", "again")), SetGroup(nodes[0], "g1")),
    ):  # fmt: skip
        graph = graphs[-1].copy()
        for edit in edits:
            edit.apply(graph)
        graphs.append(graph)

    for old in graphs:
        for new in graphs:
            both_ways(old, new)

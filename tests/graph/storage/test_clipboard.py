"""Nodes through the clipboard."""

from __future__ import annotations

import pytest

from graph.model.edits import AddItem, AddNode, Move, SetParam
from graph.model.elements import Frame, Node, Note
from graph.model.graph import Graph, GraphError
from graph.model.lint import lint
from graph.storage.clipboard import copy_text, paste
from tests.support.catalog import CATALOG, xy_plus_z


def test_pasting_gives_equal_nodes_with_new_ids_and_names_and_the_wires_among_them() -> None:
    graph = xy_plus_z()
    SetParam("n3", "value", 7.0).apply(graph)
    edit, ids = paste(graph, copy_text(graph, ["n3", "n4", "n5"]))
    inverse = edit.apply(graph)
    names = [graph.nodes[node].name for node in ids]
    assert names == ["z_2", "multiply_2", "f_2"] and not set(ids) & {"n3", "n4", "n5"}
    assert graph.setting(ids[0], "value") == 7.0
    assert graph.predecessors(ids[2]) == (ids[1], ids[0]) and graph.predecessors(ids[1]) == ()
    assert lint(graph) == []
    inverse.apply(graph)
    assert len(graph.nodes) == 5


def test_pasting_into_another_document_keeps_the_names() -> None:
    graph = Graph(CATALOG)
    edit, ids = paste(graph, copy_text(xy_plus_z(), ["n1", "n5"]))
    edit.apply(graph)
    assert [graph.nodes[node].name for node in ids] == ["x", "f"]


def test_the_top_left_corner_lands_where_it_was_asked() -> None:
    graph = xy_plus_z()
    Move((("n1", 100.0, 40.0), ("n2", 60.0, 90.0))).apply(graph)
    AddItem(Note("t1", "hello", 80.0, 30.0)).apply(graph)
    edit, ids = paste(graph, copy_text(graph, ["n1", "n2", "t1"]), (1000.0, 500.0))
    edit.apply(graph)
    places = [(graph.nodes[node].x, graph.nodes[node].y) for node in ids[:2]]
    assert places == [(1040.0, 510.0), (1000.0, 560.0)]
    assert (graph.notes[ids[2]].x, graph.notes[ids[2]].y) == (1020.0, 500.0)


def test_frames_and_unknown_types_travel_along() -> None:
    graph = xy_plus_z()
    AddItem(Frame("f1", "title", extra={"dashed": True})).apply(graph)
    AddNode(Node("u", "layer.from_the_future", "u", params={"p": [1, {"a": None}]})).apply(graph)
    edit, ids = paste(graph, copy_text(graph, ["u", "f1"]))
    edit.apply(graph)
    assert graph.nodes[ids[0]].params == {"p": [1, {"a": None}]} and graph.frames[ids[1]].extra == {"dashed": True}


def test_pasting_twice_gives_two_copies() -> None:
    graph = xy_plus_z()
    text = copy_text(graph, ["n1"])
    for _ in range(2):
        paste(graph, text)[0].apply(graph)
    assert [node.name for node in graph.nodes.values()][5:] == ["x_2", "x_3"]


@pytest.mark.parametrize(
    "text",
    ["", "hello", "{", "[1]", '{"format": "blender"}', '{"format": "gradwire", "version": 9}', '{"format": "gradwire", "version": 1}',
     '{"format": "gradwire", "version": 1, "nodes": [3]}', "[" * 10_000, "\ud800"],
)  # fmt: skip
def test_any_other_text_is_refused_in_one_line(text: str) -> None:
    graph = xy_plus_z()
    with pytest.raises(GraphError) as caught:
        paste(graph, text)
    assert "\n" not in str(caught.value) and graph == xy_plus_z()

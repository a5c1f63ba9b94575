"""Edits: each has an inverse and a JSON form, and composed ones do what the gesture promises."""

from __future__ import annotations

import json

import pytest

from graph.model.edits import (
    MISSING,
    AddItem,
    AddNode,
    Compound,
    Connect,
    Disconnect,
    Move,
    RemoveItem,
    RemoveNode,
    Rename,
    SetBypassed,
    SetCollapsed,
    SetGraphSetting,
    SetGroup,
    SetItem,
    SetLabel,
    SetParam,
    SetTraining,
    SetVia,
    connect,
    dissolve,
    duplicate,
    edit_from_json,
    insert_on_wire,
    remove_nodes,
)
from graph.model.elements import Edge, Frame, Group, Node, Note
from graph.model.graph import Graph, GraphError
from graph.model.lint import lint
from graph.storage.files import dumps
from tests.support.catalog import CATALOG, add, wire, xy_plus_z

EDITS = [
    AddNode(Node("n9", "math.exp", "exp", "label", {"a": [1, {"b": None}]}, 1.5, -2.0, None, True, {"later": 1}), "n2"),
    Disconnect("e1"),
    Compound((Disconnect("e3"), Connect(Edge("e9", ("n1", "y"), ("n5", "a"), 0, ((1.0, 2.5),), {"later": 2}), "e2"))),
    SetParam("n1", "value", [1.0, 2.0]),
    SetParam("n1", "value", MISSING),
    Rename("n1", "hidden"),
    SetLabel("n1", "hidden units"),
    Move((("n1", 3.0, 4.5), ("n2", -8.0, 0.0))),
    SetVia("e1", ((1.0, 2.0), (3.5, 4.0))),
    SetGraphSetting("objective", {"node": "n5", "port": "y"}),
    SetGraphSetting("dtype", MISSING),
    SetTraining("hyper", {"lr": 0.5}),
    SetTraining("steps", MISSING),
    SetCollapsed("n1", True),
    SetBypassed("n1", True),
    Compound((AddItem(Group("g1", "block")), SetGroup("n1", "g1"), SetItem(Group("g1", "renamed", None, True, 1.0, 2.0, {"later": 3})))),
    AddItem(Frame("f1", "title", 1.0, 2.0, 3.0, 4.0, "red")),
    AddItem(Note("t1", "text", 1.0, 2.0, 3.0, 4.0)),
    Compound((AddItem(Note("t1")), RemoveItem("t1"), RemoveNode("n9")), "refused as a whole"),
    Compound((SetLabel("n1", "a"), SetLabel("n1", "b")), "twice", ((("n1", "W"), ("n2", "W")),)),
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: type(edit).__name__)
def test_the_inverse_restores_the_graph_and_its_own_inverse_the_change(edit: SetParam) -> None:
    graph = xy_plus_z()
    try:
        inverse = edit.apply(graph)
    except GraphError:
        assert graph == xy_plus_z()
        return
    changed = dumps(graph)
    again = inverse.apply(graph)
    assert graph == xy_plus_z() and dumps(graph) == dumps(xy_plus_z())
    again.apply(graph)
    assert dumps(graph) == changed and lint(graph) == []


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: type(edit).__name__)
def test_the_json_form_comes_back_as_the_same_edit(edit: SetParam) -> None:
    row = json.loads(json.dumps(edit.to_json()))
    assert edit_from_json(row) == edit


@pytest.mark.parametrize("row", [{}, {"edit": "Explode"}, {"edit": "Rename", "node": 3}, {"edit": "Move", "positions": [[1]]}])
def test_nonsense_is_not_an_edit(row: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"edit|node"):
        edit_from_json(row)


@pytest.mark.parametrize(
    ("edit", "kind"),
    [
        (SetParam("n1", "value", 3.0), "value"),
        (SetParam("n1", "value", [3.0]), "structure"),
        (SetParam("n6", "out_features", 3), "structure"),
        (SetParam("n6", "tensors", {"W": [[1.0]], "b": [0.0]}), "value"),
        (SetParam("n6", "tensors", {"W": {"tensor": "sha256:0"}}), "structure"),
        (Move((("n1", 0.0, 0.0),)), "cosmetic"),
        (SetLabel("n1", "x"), "cosmetic"),
        (SetGraphSetting("objective", None), "structure"),
        (SetGraphSetting("title", "A"), "cosmetic"),
        (SetTraining("epochs", 3), "value"),
        (Compound((SetLabel("n1", "x"), SetParam("n1", "value", 3.0))), "value"),
        (Compound((SetLabel("n1", "x"), Disconnect("e1"))), "structure"),
    ],
)
def test_an_edit_says_what_must_follow(edit: SetParam, kind: str) -> None:
    graph = xy_plus_z()
    add(graph, "layer.linear")
    assert edit.kind_in(graph) == kind


def test_connect_replaces_the_wire_that_was_there_in_one_edit() -> None:
    graph = xy_plus_z()
    inverse = connect(graph, ("n3", "y"), ("n4", "a")).apply(graph)
    wired = graph.edge_into("n4", "a")
    assert wired is not None and wired.source == ("n3", "y") and len(graph.edges) == 4
    inverse.apply(graph)
    assert graph == xy_plus_z()


def test_connect_takes_the_first_free_slot_of_a_port_for_many() -> None:
    graph = Graph(CATALOG)
    x, joined = add(graph, "source.input"), add(graph, "math.concatenate")
    wires = [wire(graph, x, joined, "xs") for _ in range(3)]
    Disconnect(wires[1]).apply(graph)
    assert graph.edges[wire(graph, x, joined, "xs")].slot == 1


def test_removing_nodes_takes_their_wires_and_the_objective_mark_along() -> None:
    graph = xy_plus_z()
    SetGraphSetting("objective", {"node": "n5", "port": "y"}).apply(graph)
    before = graph.copy()
    inverse = remove_nodes(graph, ["n5", "n4"]).apply(graph)
    assert list(graph.nodes) == ["n1", "n2", "n3"] and not graph.edges and graph.settings["objective"] is None
    inverse.apply(graph)
    assert graph == before and lint(graph) == []


def test_removing_a_group_leaves_its_content_in_the_group_above() -> None:
    graph = xy_plus_z()
    for group in (Group("g1", "outer"), Group("g2", "inner", "g1"), Group("g3", "core", "g2")):
        AddItem(group).apply(graph)
    SetGroup("n1", "g2").apply(graph)
    remove_nodes(graph, ["g2"]).apply(graph)
    assert graph.nodes["n1"].group == "g1" and graph.groups["g3"].parent == "g1" and list(graph.groups) == ["g1", "g3"]


def test_a_node_is_inserted_on_a_wire_in_its_slot() -> None:
    graph = Graph(CATALOG)
    x, joined = add(graph, "source.input"), add(graph, "math.concatenate")
    wires = [wire(graph, x, joined, "xs") for _ in range(2)]
    insert_on_wire(graph, wires[0], Node("new", "math.exp", "exp"), "x", "y").apply(graph)
    assert [edge.source[0] for edge in graph.inputs_of(joined)] == ["new", x]
    assert graph.predecessors("new") == (x,)


def test_a_node_that_does_not_fit_on_a_wire_is_refused_when_composing() -> None:
    graph = xy_plus_z()
    with pytest.raises(GraphError, match="cycle"):
        insert_on_wire(graph, "e2", "n5", "b", "y")
    assert graph == xy_plus_z()


def test_dissolving_a_node_joins_its_first_input_to_what_it_fed() -> None:
    graph = xy_plus_z()
    dissolve(graph, "n4").apply(graph)
    assert [(edge.source, edge.target) for edge in graph.edges.values()] == [(("n3", "y"), ("n5", "b")), (("n1", "y"), ("n5", "a"))]
    assert "n4" not in graph.nodes


def test_duplicates_have_new_ids_and_names_and_their_weights_follow() -> None:
    graph = xy_plus_z()
    hidden = add(graph, "layer.linear", "hidden", out_features=3)
    wire(graph, "n5", hidden)
    edit = duplicate(graph, [hidden, "n5"], 10, 20)
    edit.apply(graph)
    twin, total = graph.named("hidden_2"), graph.named("f_2")
    assert twin is not None and total is not None and twin.params == {"out_features": 3} and (twin.x, twin.y) == (10, 20)
    assert graph.predecessors(twin.id) == (total.id,) and graph.predecessors(total.id) == ("n4", "n3")
    assert isinstance(edit, Compound)
    assert edit.state_moves == (((hidden, "W"), (twin.id, "W")), ((hidden, "b"), (twin.id, "b")))


def test_a_compound_that_fails_halfway_changes_nothing() -> None:
    graph = xy_plus_z()
    with pytest.raises(GraphError):
        Compound((SetLabel("n1", "one"), SetLabel("n1", "two"), Disconnect("e1"), Disconnect("e1"))).apply(graph)
    assert graph == xy_plus_z() and lint(graph) == []


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (Rename("n1", "y"), 'there is already a node called "y"'),
        (Rename("n1", "a b"), '"a b" is not a name'),
        (SetParam("n1", "value", float("nan")), "not a finite number"),
        (SetParam("n1", "value", "a"), "a number or nested lists"),
        (SetParam("n77", "value", 1), 'there is no node "n77"'),
        (Move((("n1", float("nan"), 0.0),)), "not a position"),
        (SetGroup("n1", "g7"), 'there is no group "g7"'),
        (Disconnect("e77"), 'there is no wire "e77"'),
        (RemoveItem("n1"), "x is a node"),
        (AddNode(Node("e1", "math.exp", "exp")), 'the id "e1" is used twice'),
        (SetTraining("seed", -1), "whole number from 0 up"),
    ],
)
def test_a_refused_edit_says_why_and_changes_nothing(edit: SetParam, text: str) -> None:
    graph = xy_plus_z()
    with pytest.raises(GraphError, match=text):
        edit.apply(graph)
    assert graph == xy_plus_z()

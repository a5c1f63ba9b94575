"""Groups are a view: grouping changes what is seen, never what is there or what runs."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from graph.grouping.groups import (
    LevelWire,
    crossing_edges,
    delete,
    expand,
    group,
    members,
    moved,
    nest,
    path,
    put_into,
    rename_group,
    set_open,
    ungroup,
    visible_items,
)
from graph.model.edits import AddItem, Disconnect, Edit, SetCollapsed, SetParam, SetVia, connect, duplicate, edit_from_json
from graph.model.elements import Note
from graph.model.graph import Graph, GraphError
from graph.model.lint import lint
from graph.storage.clipboard import copy_text, paste
from graph.storage.document import Document
from graph.storage.files import dumps, loads
from tests.support.catalog import CATALOG, add, wire, xy_plus_z
from tests.support.random_edits import try_edit


def _two_layers() -> Graph:
    """data → hidden → sine → output → loss ← data.target, ids n1 … n5 in this order."""
    graph = Graph(CATALOG)
    data, hidden = add(graph, "source.data"), add(graph, "layer.linear", "hidden")
    sine, output, loss = add(graph, "math.sin"), add(graph, "layer.linear", "output"), add(graph, "loss.squared_error", "loss")
    for source, target, port, give in (
        (data, hidden, "x", "x"), (hidden, sine, "x", "y"), (sine, output, "x", "y"), (output, loss, "prediction", "y"),
        (data, loss, "target", "target"),
    ):  # fmt: skip
        wire(graph, source, target, port, give)
    return graph


def _grouped(graph: Graph, *ids: str, name: str = "group") -> str:
    edit, group_id = group(graph, ids, name)
    edit.apply(graph)
    assert lint(graph) == []
    return group_id


def test_a_selection_becomes_one_card_with_a_port_for_each_crossing_wire() -> None:
    graph = _two_layers()
    group_id = _grouped(graph, "n2", "n3", "n4", name="net")
    level = visible_items(graph)
    assert level.nodes == ("n1", "n5") and list(level.cards) == [group_id] and graph.groups[group_id].name == "net"
    card = level.cards[group_id]
    assert [(port.name, port.end, port.edges) for port in card.inputs] == [("x", ("n2", "x"), ("e1",))]
    assert [(port.name, port.end, port.edges) for port in card.outputs] == [("output", ("n4", "y"), ("e4",))]
    assert list(level.wires()) == [
        LevelWire("e1", ("n1", "x"), (group_id, "x")),
        LevelWire("e4", (group_id, "output"), ("n5", "prediction")),
        LevelWire("e5", ("n1", "target"), ("n5", "target")),
    ]


def test_inside_a_group_the_world_outside_is_at_its_boundary() -> None:
    graph = _two_layers()
    group_id = _grouped(graph, "n2", "n3", "n4")
    level = visible_items(graph, group_id)
    assert level.nodes == ("n2", "n3", "n4") and not level.cards and level.item_of("n1") is None
    assert list(level.wires()) == [
        LevelWire("e1", (group_id, "x"), ("n2", "x")),
        LevelWire("e2", ("n2", "y"), ("n3", "x")),
        LevelWire("e3", ("n3", "y"), ("n4", "x")),
        LevelWire("e4", ("n4", "y"), (group_id, "output")),
    ]


def test_one_output_feeding_several_nodes_outside_is_one_port_and_one_source_feeding_several_inside_is_several() -> None:
    graph = xy_plus_z()
    wire(graph, "n1", "n5", "b")  # x·y + x
    group_id = _grouped(graph, "n4", "n5")
    inputs = visible_items(graph).cards[group_id].inputs
    assert [(port.name, port.end) for port in inputs] == [("a", ("n4", "a")), ("multiply.b", ("n4", "b")), ("f.b", ("n5", "b"))]
    graph = xy_plus_z()
    wire(graph, "n1", "n5", "b")
    sources = _grouped(graph, "n1", "n2")
    outputs = visible_items(graph).cards[sources].outputs
    assert [(port.name, len(port.edges)) for port in outputs] == [("x", 2), ("y", 1)]


def test_ports_of_one_name_are_told_apart_by_their_nodes_and_slots() -> None:
    graph = Graph(CATALOG)
    x, join, other = add(graph, "source.input"), add(graph, "math.concatenate"), add(graph, "math.concatenate")
    for _ in range(2):
        wire(graph, x, join, "xs")
    wire(graph, x, other, "xs")
    group_id = _grouped(graph, join, other)
    names = [port.name for port in visible_items(graph).cards[group_id].inputs]
    assert names == ["concatenate.xs[0]", "concatenate.xs[1]", "concatenate_2.xs"]


def test_inputs_that_must_be_wired_and_outputs_that_feed_nothing_have_a_port_as_well() -> None:
    graph = _two_layers()
    Disconnect("e1").apply(graph)
    group_id = _grouped(graph, "n2", "n3", "n4", "n5")
    card = visible_items(graph).cards[group_id]
    assert [(port.name, port.edges) for port in card.inputs] == [("x", ()), ("target", ("e5",))]
    assert [(port.name, port.edges) for port in card.outputs] == [("loss", ())]
    connect(graph, ("n1", "x"), card.inputs[0].end).apply(graph)
    assert [port.name for port in visible_items(graph).cards[group_id].inputs] == ["x", "target"]


def test_a_probe_inside_asks_for_no_port() -> None:
    graph = xy_plus_z()
    probe = add(graph, "probe.value")
    wire(graph, "n4", probe)
    group_id = _grouped(graph, "n4", probe)
    assert [port.name for port in visible_items(graph).cards[group_id].outputs] == ["multiply"]


def test_what_lies_in_a_chosen_group_stays_there() -> None:
    graph = _two_layers()
    inner = _grouped(graph, "n2", "n3")
    outer = _grouped(graph, "n3", inner, "n4")
    assert graph.members(inner) == ("n2", "n3") and graph.members(outer) == ("n4",) and graph.subgroups(outer) == (inner,)


def test_nested_groups_hide_one_another_and_each_level_draws_its_own_wires() -> None:
    graph = _two_layers()
    inner = _grouped(graph, "n2", "n3", name="inner")
    outer = _grouped(graph, inner, "n4", name="outer")
    assert graph.groups[inner].parent == outer and members(graph, outer) == ("n2", "n3", "n4")
    assert [level.name for level in path(graph, inner)] == ["outer", "inner"]
    assert list(visible_items(graph).cards) == [outer] and visible_items(graph).nodes == ("n1", "n5")
    level = visible_items(graph, outer)
    assert level.nodes == ("n4",) and list(level.cards) == [inner]
    assert list(level.wires()) == [
        LevelWire("e1", (outer, "x"), (inner, "x")),
        LevelWire("e3", (inner, "sin"), ("n4", "x")),
        LevelWire("e4", ("n4", "y"), (outer, "output")),
    ]
    assert [edge.id for edges in crossing_edges(graph, outer) for edge in edges] == ["e1", "e4"]


def test_an_open_group_shows_what_it_holds_where_it_lies() -> None:
    graph = _two_layers()
    inner = _grouped(graph, "n2", "n3")
    outer = _grouped(graph, inner, "n4")
    set_open(graph, outer, True).apply(graph)
    level = visible_items(graph)
    assert level.nodes == ("n1", "n4", "n5") and list(level.cards) == [inner] and level.open == {outer: ("n4", inner)}
    assert level.item_of("n3") == inner
    assert LevelWire("e3", (inner, "sin"), ("n4", "x")) in list(level.wires())
    SetCollapsed(inner, False).apply(graph)
    assert visible_items(graph).nodes == tuple(graph.nodes) and not visible_items(graph).cards


def test_a_new_group_lies_in_the_innermost_group_around_the_selection_and_emptied_groups_go() -> None:
    graph = _two_layers()
    outer = _grouped(graph, "n2", "n3", "n4")
    inner = _grouped(graph, "n2", "n3")
    assert graph.groups[inner].parent == outer
    across = _grouped(graph, "n2", "n3", "n5")
    assert graph.groups[across].parent is None and inner not in graph.groups and members(graph, outer) == ("n4",)


def test_ungrouping_leaves_the_content_one_level_up() -> None:
    graph = _two_layers()
    inner = _grouped(graph, "n2", "n3")
    outer = _grouped(graph, inner, "n4")
    ungroup(graph, [inner]).apply(graph)
    assert graph.nodes["n2"].group == outer and inner not in graph.groups
    ungroup(graph, [outer]).apply(graph)
    assert all(node.group is None for node in graph.nodes.values()) and not graph.groups and graph == _two_layers()


def test_a_group_cannot_lie_inside_itself_and_nothing_is_changed_by_trying() -> None:
    graph = _two_layers()
    inner = _grouped(graph, "n2", "n3")
    outer = _grouped(graph, inner, "n4")
    before = dumps(graph)
    for refused in (lambda: nest(graph, outer, inner), lambda: nest(graph, outer, outer), lambda: put_into(graph, [outer], inner)):
        with pytest.raises(GraphError, match="would lie inside itself"):
            refused()
    assert dumps(graph) == before


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        (lambda g: group(g, []), "nothing is selected"), (lambda g: group(g, ["e1", "n99"]), "nothing is selected"),
        (lambda g: ungroup(g, ["n1"]), "no group is selected"), (lambda g: rename_group(g, "g1", "  "), "needs a name"),
        (lambda g: rename_group(g, "g9", "a"), 'there is no group "g9"'), (lambda g: put_into(g, ["n1"], "g9"), "there is no group"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_with_a_reason(refused: Callable[[Graph], object], why: str) -> None:
    graph = _two_layers()
    _grouped(graph, "n2", "n3")
    with pytest.raises(GraphError, match=why):
        refused(graph)


def test_names_of_groups_are_fresh_and_can_be_changed() -> None:
    graph = _two_layers()
    first, second = _grouped(graph, "n2"), _grouped(graph, "n3")
    assert [graph.groups[node].name for node in (first, second)] == ["group", "group_2"]
    rename_group(graph, first, "  first   layer ").apply(graph)
    assert graph.groups[first].name == "first layer"


def test_deleting_a_card_deletes_what_it_holds_in_one_step() -> None:
    document = Document(_two_layers())
    graph = document.graph
    inner, _ = _do(document, group(graph, ["n2", "n3"]))
    outer, _ = _do(document, group(graph, [inner, "n4"]))
    before = dumps(graph)
    document.do(delete(graph, [outer]))
    assert list(graph.nodes) == ["n1", "n5"] and list(graph.edges) == ["e5"] and not graph.groups
    document.undo()
    assert dumps(graph) == before and lint(graph) == []


def _do(document: Document, edit_and_id: tuple[Edit, str]) -> tuple[str, Edit]:
    document.do(edit_and_id[0])
    return edit_and_id[1], edit_and_id[0]


def test_moving_a_card_moves_what_it_holds_and_the_bends_of_its_wires() -> None:
    graph = _two_layers()
    inner = _grouped(graph, "n2", "n3")
    outer = _grouped(graph, inner, "n4")
    SetVia("e2", ((10.0, 20.0),)).apply(graph)
    SetVia("e1", ((1.0, 2.0),)).apply(graph)
    places = {node: (graph.nodes[node].x, graph.nodes[node].y) for node in graph.nodes}
    moved(graph, [outer], 100.0, -8.0).apply(graph)
    for node, (x, y) in places.items():
        shift = (100.0, -8.0) if node in ("n2", "n3", "n4") else (0.0, 0.0)
        assert (graph.nodes[node].x, graph.nodes[node].y) == (x + shift[0], y + shift[1])
    assert graph.edges["e2"].via == ((110.0, 12.0),) and graph.edges["e1"].via == ((1.0, 2.0),)


def test_duplicating_a_card_copies_its_groups_and_the_wires_that_enter_it() -> None:
    graph = _two_layers()
    inner = _grouped(graph, "n2", "n3", name="inner")
    outer = _grouped(graph, inner, "n4", name="outer")
    edit = duplicate(graph, [outer])
    edit_from_json(edit.to_json()).apply(graph)
    assert lint(graph) == []
    names = {candidate.name: candidate for candidate in graph.groups.values()}
    assert list(names) == ["inner", "outer", "outer_2", "inner_2"] and names["inner_2"].parent == names["outer_2"].id
    copied = members(graph, names["outer_2"].id)
    assert [graph.nodes[item].name for item in copied] == ["hidden_2", "sin_2", "output_2"]
    entering, leaving = crossing_edges(graph, names["outer_2"].id)
    assert [edge.source for edge in entering] == [("n1", "x")] and not leaving


def test_groups_go_through_the_clipboard_with_new_ids_and_stay_nested() -> None:
    graph = _two_layers()
    inner = _grouped(graph, "n2", "n3", name="inner")
    outer = _grouped(graph, inner, "n4", name="outer")
    text = copy_text(graph, [outer])
    other = Graph(CATALOG)
    edit, ids = paste(other, text, (500.0, 300.0))
    edit.apply(other)
    assert [candidate.name for candidate in other.groups.values()] == ["outer", "inner"]
    new_outer, new_inner = other.groups.values()
    assert new_inner.parent == new_outer.id and set(ids) == {*other.nodes, *other.groups}
    assert [other.nodes[member].name for member in members(other, new_outer.id)] == ["hidden", "sin", "output"]
    assert [other.nodes[member].name for member in members(other, new_inner.id)] == ["hidden", "sin"]
    assert (new_outer.x, new_outer.y) == (500.0, 300.0)
    back, _ = paste(graph, text)
    back.apply(graph)
    assert lint(graph) == [] and len(graph.groups) == 4 and len(set(graph.groups)) == 4


def test_nodes_copied_out_of_a_group_do_not_bring_it_along_but_land_where_one_is() -> None:
    graph = _two_layers()
    edit_and_id = _grouped(graph, "n2", "n3", "n4")
    text = copy_text(graph, ["n2", "n3", "n4"], inside=edit_and_id)
    assert '"groups"' not in text
    edit, ids = paste(graph, text, inside=edit_and_id)
    edit.apply(graph)
    assert {graph.nodes[node].group for node in ids} == {edit_and_id} and len(graph.groups) == 1
    assert '"groups"' in copy_text(graph, list(graph.nodes))  # everything, seen from outside: with its groups


def test_an_empty_group_is_not_copied_unasked() -> None:
    graph = _two_layers()
    group_id = _grouped(graph, "n2")
    put_into(graph, ["n2"], None).apply(graph)
    assert '"groups"' not in copy_text(graph, graph.nodes) and '"groups"' in copy_text(graph, [group_id, "n1"])


def test_part_of_an_open_group_is_copied_without_the_group() -> None:
    graph = _two_layers()
    _grouped(graph, "n2", "n3")
    assert '"groups"' not in copy_text(graph, ["n2", "n4"])


def test_groups_are_saved_and_read_back_even_when_children_stand_before_parents() -> None:
    graph = _two_layers()
    inner = _grouped(graph, "n2", "n3")
    _grouped(graph, inner, "n4")
    loaded = loads(dumps(graph), CATALOG)
    assert loaded == graph and list(loaded.groups) == list(graph.groups) and lint(loaded) == []


def test_expanding_a_selection_keeps_everything_else_and_repeats_nothing() -> None:
    graph = _two_layers()
    inner = _grouped(graph, "n2", "n3")
    outer = _grouped(graph, inner, "n4")
    AddItem(Note("t1", "note")).apply(graph)
    assert expand(graph, ["t1", outer, "n3", inner, "n1", "e1"]) == (outer, inner, "n1", "n2", "n3", "n4", "t1", "e1")


def _without_groups(graph: Graph) -> str:
    """The file's text with every trace of groups taken out."""
    bare = graph.copy()
    for node in list(bare.nodes):
        bare._replace_node(replace(bare.nodes[node], group=None))
    bare._groups = Graph(CATALOG)._groups
    return dumps(bare)


def random_grouping(graph: Graph, draw: random.Random) -> Edit:
    things = [*graph.nodes, *graph.groups]
    some = draw.sample(things, draw.randrange(1, min(6, len(things)) + 1))
    groups = [*graph.groups]
    options = [lambda: group(graph, some, draw.choice(["group", "block", "Ä b"]))[0]] * 3
    if groups:
        one = draw.choice(groups)
        options += [
            lambda: ungroup(graph, draw.sample(groups, draw.randrange(1, len(groups) + 1))),
            lambda: nest(graph, one, draw.choice([None, *groups])),
            lambda: rename_group(graph, one, draw.choice(["a", "b", "first layer"])),
            lambda: put_into(graph, some, draw.choice([None, *groups])),
            lambda: set_open(graph, one, draw.random() < 0.5),
        ]
    return draw.choice(options)()


def _check_levels(graph: Graph) -> None:
    """At every level each wire is drawn at most once and between things that are there; at the top none is lost but those inside cards."""
    for inside in (None, *graph.groups):
        level = visible_items(graph, inside)
        there = {*level.nodes, *level.cards} | ({inside} if inside else set())
        for drawn in level.wires():
            edge = graph.edges[drawn.edge]
            assert drawn.source[0] in there and drawn.target[0] in there and drawn.source[0] != drawn.target[0]
            for end, real, side in ((drawn.source, edge.source, "outputs"), (drawn.target, edge.target, "inputs")):
                cards = level.cards | ({inside: level.boundary} if inside and level.boundary else {})
                if end[0] in cards and end[0] != real[0]:
                    ports = [*cards[end[0]].inputs, *cards[end[0]].outputs] if end[0] == inside else getattr(cards[end[0]], side)
                    assert any(port.name == end[1] and edge.id in port.edges for port in ports)
                else:
                    assert end == real
        for card in level.cards.values():
            for ports in (card.inputs, card.outputs):
                assert len({port.name for port in ports}) == len(ports), "two ports of one name"
            crossing = {edge.id for edges in crossing_edges(graph, card.group) for edge in edges}
            assert crossing == {edge for port in (*card.inputs, *card.outputs) for edge in port.edges}


def _run_groupings(seed: int, steps: int, edits: int) -> None:
    draw = random.Random(seed)
    document = Document(_two_layers() if seed % 2 else xy_plus_z())
    graph = document.graph
    for _ in range(edits):  # a larger, arbitrary graph to group
        if edit := try_edit(graph, draw):
            try:
                document.do(edit)
            except GraphError:
                continue
    start, bare, order = graph.copy(), _without_groups(graph), graph.order()
    done = 0
    while done < steps:
        with suppress(GraphError):
            document.do(random_grouping(graph, draw))
        done += 1
        assert lint(graph) == []
        assert (graph.order(), _without_groups(graph)) == (order, bare)
    _check_levels(graph)
    assert document.structure == document.revision == 0 or edits, "grouping must not ask for anything to be computed again"
    end = graph.copy()
    loaded = loads(dumps(graph), CATALOG)
    assert loaded == graph
    undone = 0
    while document.history.can_undo and graph != start:
        document.undo()
        undone += 1
    assert graph == start and dumps(graph) == dumps(start) and lint(graph) == []
    for _ in range(undone):
        document.redo()
    assert graph == end and dumps(graph) == dumps(end)


@pytest.mark.parametrize("block", range(5))
def test_a_hundred_random_sequences_of_grouping_leave_everything_else_as_it_was(block: int) -> None:
    for seed in range(block * 20, block * 20 + 20):
        _run_groupings(seed, 30, 0 if seed % 4 else 40)


def test_grouping_never_asks_for_a_new_computation() -> None:
    document = Document(_two_layers())
    document.do(group(document.graph, ["n2", "n3"])[0])
    document.do(rename_group(document.graph, next(iter(document.graph.groups)), "net"))
    document.undo()
    assert (document.structure, document.revision) == (0, 0)


def test_editing_inside_a_group_is_editing_the_graph() -> None:
    document = Document(_two_layers())
    document.do(group(document.graph, ["n2", "n3"])[0])
    document.do(SetParam("n2", "out_features", 3))
    document.undo()
    document.undo()
    assert document.graph == _two_layers()

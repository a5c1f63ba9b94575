"""What changed in a document goes to the engine as edits, also where the structure changed, and leads to the very document."""

from __future__ import annotations

import random
from typing import Any

import pytest

from engine.kernel.outgoing import MOST, OutgoingEdits
from engine.kernel.worker import DocumentWorker
from engine.nodes.catalog import CATALOG
from graph.grouping.groups import delete
from graph.model.edits import AddNode, Connect, Disconnect, Edit, Move, SetGraphSetting, SetParam
from graph.model.elements import Edge, Node
from graph.model.graph import Graph
from graph.storage.document import Document
from graph.storage.files import dumps, loads


def sums(size: int) -> Document:
    """An Input and a chain of sines."""
    graph = Graph(CATALOG)
    graph._add_node(Node("n0", "source.input", "x", params={"value": 0.5}))
    for index in range(1, size):
        graph._add_node(Node(f"n{index}", "math.sin", f"s{index}"))
        graph._add_edge(Edge(f"e{index}", (f"n{index - 1}", "y"), (f"n{index}", "x")))
    return Document(graph)


def watched(document: Document) -> OutgoingEdits:
    outgoing = OutgoingEdits(text=True)
    document.changed.connect(outgoing.hear)
    return outgoing


def taken(outgoing: OutgoingEdits, document: Document) -> dict[str, Any]:
    return outgoing.taken(document, lambda document: dict(document.graph.attachments))


def test_a_change_of_structure_is_sent_as_the_edits_that_made_it() -> None:
    document = sums(500)
    outgoing = watched(document)
    first = taken(outgoing, document)
    assert first["text"] == dumps(document.graph) and not first["edits"]

    document.do(Move((("n1", 8.0, 8.0),)))
    assert not outgoing.waiting, "a place changes nothing that is computed"
    document.do(SetParam("n0", "value", 0.25))
    second = taken(outgoing, document)
    assert second["text"] is None and [row["edit"] for row in second["edits"]] == ["SetParam"] and second["base"] == document.structure

    before = document.structure
    document.do(AddNode(Node("new", "math.exp", "new")))
    document.do(Connect(Edge("w", ("n9", "y"), ("new", "x"))))
    third = taken(outgoing, document)
    assert third["text"] is None and third["base"] == before != document.structure
    assert [row["edit"] for row in third["edits"]] == ["Move", "AddNode", "Connect"], "the place comes with the structure"
    assert not outgoing.waiting and taken(outgoing, document)["edits"] == ()


def test_a_text_that_was_written_before_is_sent_as_long_as_it_is_the_documents() -> None:
    document = sums(3)
    outgoing = OutgoingEdits(True, "as it was read")
    document.changed.connect(outgoing.hear)
    assert taken(outgoing, document)["text"] == "as it was read"
    outgoing.text = True
    assert loads(taken(outgoing, document)["text"], CATALOG).nodes.keys() == document.graph.nodes.keys()
    outgoing = OutgoingEdits(True, "as it was read")
    document.changed.connect(outgoing.hear)
    document.do(SetParam("n0", "value", 0.25))
    assert loads(taken(outgoing, document)["text"], CATALOG).setting("n0", "value") == 0.25


def test_the_whole_is_sent_where_edits_do_not_say_it_or_say_more() -> None:
    document = sums(4)
    outgoing = watched(document)
    taken(outgoing, document)
    document.data_changed()
    assert taken(outgoing, document)["text"] is not None
    for step in range(MOST // 2):
        document.do(Move((("n1", step, 0.0),)))
        document.do(Move((("n2", step, 0.0),)))
    assert not outgoing.waiting, "places alone do not interrupt a training"
    document.do(SetParam("n0", "value", 0.25))
    assert taken(outgoing, document)["text"] is None
    document.do(AddNode(Node("new", "math.exp", "new")))
    assert taken(outgoing, document)["text"] is not None
    document.do(Move((("n1", -1.0, 0.0),)))
    document.do(AddNode(Node("newer", "math.exp", "newer")))
    assert [row["edit"] for row in taken(outgoing, document)["edits"]] == ["Move", "AddNode"]


def an_edit(graph: Graph, dice: random.Random, step: int) -> Edit | None:
    node, sines = dice.choice(list(graph.nodes)), [n for n in graph.nodes if graph.nodes[n].type == "math.sin"]
    match dice.randrange(6):
        case 0:
            return AddNode(Node(f"m{step}", "math.sin", f"b{step}"))
        case 1 if len(sines) > 3:
            return delete(graph, [dice.choice(sines)])
        case 2 if graph.edges:
            return Disconnect(dice.choice(list(graph.edges)))
        case 3:
            target = dice.choice(sines)
            free = graph.edge_into(target, "x") is None and graph.refusal((node, "y"), (target, "x")) is None
            return Connect(Edge(f"w{step}", (node, "y"), (target, "x"))) if free else None
        case 4:
            return SetGraphSetting("objective", {"node": dice.choice(sines), "port": "y"})
        case _:
            return SetParam("n0", "value", dice.random())


@pytest.mark.parametrize("seed", range(2))
def test_the_engine_that_follows_edits_has_what_one_has_that_reads_the_document(seed: int) -> None:
    document, dice, follower = sums(8), random.Random(seed), DocumentWorker()
    outgoing = watched(document)
    follower.open(taken(outgoing, document)["text"], 1, (), {})
    for step in range(40):
        if dice.random() < 0.25 and document.history.can_undo:
            document.undo()
        elif (edit := an_edit(document.graph, dice, step)) is not None:
            document.do(edit)
        if step % 4 == 3:
            said = taken(outgoing, document)
            assert said["text"] is None
            if said["base"] == document.structure:
                follower.edit(said["edits"])
            else:
                follower.restructure(said["edits"], said["moves"], said["attachments"], said["folder"])
            assert follower._graph == loads(dumps(document.graph), CATALOG)
    reader = DocumentWorker()
    reader.open(dumps(document.graph), 1, (), {})
    one, other = follower.trace(), reader.trace()
    assert [*one.values] == [*other.values] and one.objective == other.objective
    assert all(one.values[key].scalar == other.values[key].scalar for key in one.values)
    assert [p.text for p in one.problems] == [p.text for p in other.problems]

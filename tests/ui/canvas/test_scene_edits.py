"""A scene after edits is the scene that would be built afresh, and an edit of one node touches what hangs on it, however many there are."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QApplication

from graph.grouping.groups import delete
from graph.model.edits import AddNode, Compound, Connect, Disconnect, Edit, RemoveNode, Rename, SetLabel
from graph.model.elements import Edge, Node
from graph.model.graph import Graph
from graph.storage.document import Document
from tests.support.catalog import CATALOG
from ui.canvas.model import geometry
from ui.canvas.model.live_scene import LiveScene
from ui.canvas.model.scene import CanvasScene


def chains(size: int) -> Graph:
    """Chains of ten sines, each behind an Input."""
    graph = Graph(CATALOG)
    for index in range(size):
        kind, name, at = "math.sin" if index % 10 else "source.input", f"a{index}", (200.0 * (index % 10), 120.0 * (index // 10))
        graph._add_node(Node(f"n{index}", kind, name, x=at[0], y=at[1]))
        if index % 10:
            graph._add_edge(Edge(f"e{index}", (f"n{index - 1}", "y"), (f"n{index}", "x")))
    return graph


def followed(document: Document) -> LiveScene:
    live = LiveScene(document.graph, lambda area: None)
    document.changed.connect(lambda change: live.follow(change, lambda: None))
    return live


def assert_fresh(scene: CanvasScene) -> None:
    fresh = CanvasScene(scene.graph)
    assert scene.ids == fresh.ids == list(scene.graph.nodes) and scene.edges == fresh.edges == list(scene.graph.edges)
    assert scene.cards == fresh.cards
    assert [scene.rect(n) for n in scene.ids] == [fresh.rect(n) for n in fresh.ids] and scene.placed().tolist() == fresh.placed().tolist()
    assert all((scene.wire_points(e) == fresh.wire_points(e)).all() and scene.wire_rect(e) == fresh.wire_rect(e) for e in scene.edges)
    assert scene.bounds() == fresh.bounds() and scene.bounds(scene.ids) == fresh.bounds(fresh.ids)
    everywhere = QRectF(-1e6, -1e6, 2e6, 2e6)
    assert scene.nodes_in(everywhere) == scene.ids and scene.edges_in(everywhere) == scene.edges
    assert [scene.node_rows.index(n) for n in scene.ids] == list(range(len(scene.ids)))


def an_edit(graph: Graph, dice: random.Random, step: int) -> Edit | None:
    """One of the things that a person does to nodes and wires."""
    node = dice.choice(list(graph.nodes))
    match dice.randrange(8):
        case 0:
            return AddNode(Node(f"m{step}", "math.sin", f"b{step}", x=dice.uniform(0, 900), y=dice.uniform(0, 900)))
        case 1:
            return delete(graph, dice.sample(list(graph.nodes), 2))
        case 2 if graph.edges:
            return Disconnect(dice.choice(list(graph.edges)))
        case 3:
            target = dice.choice([n for n in graph.nodes if graph.nodes[n].type == "math.sin"])
            free = graph.edge_into(target, "x") is None and graph.refusal((node, "y"), (target, "x")) is None
            return Connect(Edge(f"w{step}", (node, "y"), (target, "x"))) if free else None
        case 4:
            return Rename(node, f"c{step}")
        case 5 if graph.edges and graph.nodes[node].type == "source.input":  # as Repeat does: the same wire, from elsewhere
            wire = graph.edges[dice.choice(list(graph.edges))]
            return Compound((Disconnect(wire.id), Connect(replace(wire, source=(node, "y")))))
        case 6 if not graph.inputs_of(node) and not graph.outputs_of(node):
            return Compound((RemoveNode(node), AddNode(replace(graph.nodes[node], name=f"d{step}"))))
        case _:
            return SetLabel(node, f"Label {step}")


@pytest.mark.parametrize("seed", range(3))
def test_after_any_edits_undone_and_redone_the_scene_is_as_built_afresh(qapp: QApplication, seed: int) -> None:
    document, dice = Document(chains(40)), random.Random(seed)
    live = followed(document)
    for step in range(80):
        turn = dice.random()
        if turn < 0.2 and document.history.can_undo:
            document.undo()
        elif turn < 0.3 and document.history.can_redo:
            document.redo()
        elif (edit := an_edit(document.graph, dice, step)) is not None:
            document.do(edit)
        if step % 6 == 0:
            assert_fresh(live.scene)
    while document.history.can_undo:
        document.undo()
    assert_fresh(live.scene)


def test_an_edit_of_one_among_two_thousand_measures_that_one_and_what_it_is_wired_to(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = Document(chains(2000))
    live = followed(document)
    measured: Counter[str] = Counter()
    outlines, rebuild = geometry.outlines, CanvasScene.rebuild
    monkeypatch.setattr(geometry, "outlines", lambda graph, nodes, *more: measured.update(nodes) or outlines(graph, nodes, *more))
    monkeypatch.setattr(CanvasScene, "rebuild", lambda *_: measured.update(["everything"]) or rebuild(*_))
    graph, seen = document.graph, {}
    for name, act in {
        "add": lambda: document.do(AddNode(Node("new", "math.sin", "new", x=5.0, y=5.0))),
        "wire": lambda: document.do(Connect(Edge("w", ("n1004", "y"), ("new", "x")))),
        "delete": lambda: document.do(delete(graph, ["n1005"])),
        "undo": document.undo,
        "redo": document.redo,
        "undo again": document.undo,
    }.items():
        measured.clear()
        act()
        seen[name] = set(measured)
    around = {"n1004", "n1005", "n1006"}
    assert seen["add"] == {"new"} and seen["wire"] == {"new", "n1004"}
    assert seen["delete"] <= around and seen["undo"] <= around and seen["redo"] <= around and seen["undo again"] == seen["undo"]
    assert_fresh(live.scene)


def test_what_is_gone_is_neither_hit_nor_painted_again(qapp: QApplication) -> None:
    document = Document(chains(20))
    live = followed(document)
    scene, place, live_damage = live.scene, live.scene.rect("n15").center(), live.take_damage()
    assert live_damage.ground and scene.node_at(place) == "n15"
    document.do(delete(document.graph, ["n15"]))
    damage = live.take_damage()
    assert scene.node_at(place) is None and scene.wire_at(place + QPointF(90, 0)) is None
    assert not damage.ground and any(area.contains(place) for area in damage.ground_parts)
    assert not any(area.contains(scene.rect("n2").center()) for area in damage.ground_parts), "what is far away stays as it is"
    document.undo()
    assert scene.node_at(place) == "n15" and any(area.contains(place) for area in live.take_damage().ground_parts)

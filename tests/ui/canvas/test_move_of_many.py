"""Moving many at once and taking it back: what it gives, and what it touches."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.canvas_graph import layered
from benchmarks.canvas_size import graph_of
from graph.model.edits import AddItem, Compound, Move, SetLabel, SetVia
from graph.model.elements import Frame, Node
from graph.storage.document import Document
from ui.canvas.model import stacking
from ui.canvas.model.cards import Cards
from ui.canvas.model.labels import Labels
from ui.canvas.model.live_scene import LiveScene
from ui.canvas.model.scene import CanvasScene


def shifted(document: Document) -> Move:
    return Move(tuple((node.id, node.x + 40.0, node.y - 24.5) for node in document.graph.nodes.values()))


def test_taking_back_a_move_puts_the_very_nodes_back_that_nothing_has_changed_since(monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document(graph_of(layered(30)))
    document.do(AddItem(Frame("f", x=3.0)))
    before, start = document.graph.copy(), dict(document.graph.nodes)
    document.do(Compound((Move((("f", 8.0, 9.0), *shifted(document).positions)),)))
    after = document.graph.copy()
    made: list[str] = []
    at = Node.at
    monkeypatch.setattr(Node, "at", lambda node, x, y: made.append(node.id) or at(node, x, y))
    document.undo()
    assert document.graph == before and made == [] and all(document.graph.nodes[i] is node for i, node in start.items())
    document.redo()
    assert document.graph == after
    label = SetLabel("n3", "changed")
    document.follow(label)  # it is not in the history: undo skips it and undoes the move
    document.undo()
    assert document.graph.nodes["n3"].label == "changed"
    assert all((node.x, node.y) == (start[i].x, start[i].y) for i, node in document.graph.nodes.items())
    document.follow(SetLabel("n3", ""))
    assert document.graph == before


def test_the_inverse_is_the_same_value_whatever_it_remembers() -> None:
    document = Document(graph_of(layered(5)))
    positions = (("n4", 1.0, 2.0), ("n0", 3.0, 4.0), ("n4", 5.0, 6.0))
    nodes = document.graph.nodes
    expected = Move(tuple((i, nodes[i].x, nodes[i].y) for i in ("n4", "n0", "n4")))
    start = document.graph.copy()
    inverse = Move(positions).apply(document.graph)
    assert inverse == expected and hash(inverse) == hash(expected) and inverse.to_json() == expected.to_json()
    assert (nodes["n4"].x, nodes["n4"].y) == (5.0, 6.0)
    inverse.apply(document.graph)
    assert document.graph == start


@pytest.mark.parametrize("some", [False, True])
def test_a_scene_follows_a_move_of_many_as_if_it_were_built_afresh(qapp: object, some: bool) -> None:
    document = Document(graph_of(layered(200)))
    document.do(SetVia("e3", ((50.0, 70.0), (90.0, -30.0))))
    live = LiveScene(document.graph, lambda area: None)
    document.changed.connect(lambda change: live.follow(change, lambda: None))
    rows = shifted(document).positions
    document.do(Move(tuple(reversed(rows[:150] if some else rows))))
    for act in (document.undo, document.redo):
        fresh = CanvasScene(document.graph)
        assert np.array_equal(live.scene.rects, fresh.rects)
        every = fresh.wire_rows.of(fresh.edges)
        assert np.array_equal(live.scene.points_of(every), fresh.points_of(every))
        assert np.array_equal(live.scene.routes.spans, fresh.routes.spans)
        assert {e: way.tolist() for e, way in live.scene.bent.items()} == {e: way.tolist() for e, way in fresh.bent.items()}
        act()


def test_moving_all_measures_no_card_again_and_looks_at_no_label_where_there_is_none(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document(graph_of(layered(300)))
    live = LiveScene(document.graph, lambda area: None)
    document.changed.connect(lambda change: live.follow(change, lambda: None))
    calls: list[str] = []
    spied: list[tuple[type, str]] = [(CanvasScene, name) for name in ("place", "attached", "rect", "_hook")]
    for owner, name in (*spied, (Labels, "_drop"), (Cards, "measure")):
        whole = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *some, name=name, whole=whole: (calls.append(name), whole(*some))[1])
    document.do(shifted(document))
    document.undo()
    assert calls == ["measure", "measure"]  # of none


def test_few_numbers_are_compared_with_the_cards_at_once_and_many_in_steps_with_the_same_answer(
    qapp: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, dice = CanvasScene(graph_of(layered(150))), np.random.default_rng(0)
    area = scene.bounds()
    corners = dice.uniform((area.left(), area.top()), (area.right(), area.bottom()), (300, 2))
    boxes = np.concatenate([corners, corners + dice.uniform(10, 120, (300, 2))], axis=1)
    at_once = np.concatenate([stacking.hidden_by_cards(scene, area, some) for some in np.split(boxes, 20)])
    monkeypatch.setattr(stacking, "AT_ONCE", 0)
    assert np.array_equal(stacking.hidden_by_cards(scene, area, boxes), at_once) and 0 < at_once.sum() < 300

"""Adding beside the selected cards: wired to them, in line, clear of everything, one step each."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from graph.grouping.groups import group
from tests.support.canvas_graphs import graph_of, xy_plus_z
from tests.support.fake_surface import key, model_of
from tests.support.window_support import after_event
from ui.canvas.input import beside, insert, keys, repeating
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.card_body import Shapes
from ui.canvas.model.scene import CanvasScene
from ui.shell.repeat_dialog import RepeatDialog
from ui.shell.window import Window


def no_overlap(scene: CanvasScene) -> bool:
    rects = [scene.rect(item) for item in scene.ids]
    return not any(a.intersects(b) for i, a in enumerate(rects) for b in rects[:i])


def level(model: CanvasModel, edge_id: str) -> bool:
    """Whether a wire starts and ends at the same height."""
    edge = model.graph.edges[edge_id]
    return abs(model.scene.anchor(*edge.source, True)[1] - model.scene.anchor(*edge.target, False, edge.slot)[1]) <= 0.5


def test_a_chain_grows_to_the_right_in_line_one_step_each(qapp: QApplication) -> None:
    model, _ = model_of(graph_of([("x", "source.input", 0, 0, {})], []))
    model.select(["x"])
    for kind in ("layer.linear", "activation.tanh", "math.exp", "activation.sigmoid"):
        before, (last,) = model.graph.copy(), model.selected_nodes()
        new = beside.add(model, kind, [last])
        assert new is not None and model.selected_nodes() == [new]
        (wire,) = model.graph.inputs_of(new)
        assert wire.source[0] == last and level(model, wire.id)
        assert model.scene.rect(new).left() >= model.scene.rect(last).right() + 64
        after = model.graph.copy()
        model.document.undo()
        assert model.graph == before
        model.document.redo()
        assert model.graph == after
        model.select([new])
    assert no_overlap(model.scene)


def test_a_second_node_beside_the_same_card_finds_a_free_place_in_the_column(qapp: QApplication) -> None:
    model, _ = model_of(xy_plus_z())
    for _count in range(4):
        beside.add(model, "math.exp", ["d"])
    exps = [n for n in model.graph.nodes.values() if n.type == "math.exp"]
    assert len({n.x for n in exps}) == 1 and len(exps) == 4 and no_overlap(model.scene)
    assert all(model.graph.edge_into(n.id, "x").source == ("d", "y") for n in exps)


def test_a_source_is_wired_into_the_first_free_input_and_stands_left(qapp: QApplication) -> None:
    model, _ = model_of(graph_of([("x", "source.input", 0, 0, {}), ("d", "math.multiply", 320, 0, {})], [("x", "y", "d", "a")]))
    new = beside.add(model, "parameter.parameter", ["d"])
    assert new is not None and model.graph.edge_into("d", "b").source == (new, "y")
    assert model.scene.rect(new).right() < model.scene.rect("d").left() and no_overlap(model.scene)


def test_what_fits_nowhere_is_added_without_a_wire_and_says_so(qapp: QApplication) -> None:
    model, _ = model_of(xy_plus_z())
    said: list[str] = []
    model.message.connect(said.append)
    new = beside.add(model, "source.input", ["f"])  # both inputs of f are wired
    assert new is not None and not model.graph.outputs_of(new) and no_overlap(model.scene)
    assert said == ["Input was added without a wire: no free port fits"]


def test_two_selected_cards_meet_in_the_new_node(qapp: QApplication) -> None:
    model, _ = model_of(xy_plus_z())
    new = beside.add(model, "math.subtract", ["z", "d"])
    assert new is not None
    assert [model.graph.edge_into(new, port).source[0] for port in ("a", "b")] == ["z", "d"]


def test_a_group_gives_its_output(qapp: QApplication) -> None:
    graph = xy_plus_z()
    group(graph, ["x", "y", "d"], "G")[0].apply(graph)
    (held,) = graph.groups
    model, _ = model_of(graph)
    new = beside.add(model, "math.exp", [held])
    assert new is not None and model.graph.edge_into(new, "x").source == ("d", "y")
    assert no_overlap(model.scene)


def test_the_nearest_free_place_keeps_its_distance() -> None:
    wanted = QRectF(0, 0, 100, 50)
    assert beside.nearest_free(wanted, [], 10) == (0, 0)
    assert beside.nearest_free(wanted, [QRectF(90, 20, 50, 40)], 10) == (0, -40)  # up by 40 rather than down by 70
    assert beside.nearest_free(wanted, [QRectF(90, -50, 50, 80), QRectF(0, 45, 10, 10)], 10) == (0, 65)
    assert beside.nearest_free(wanted, [QRectF(111, 0, 50, 50)], 10) == (0, 0)


def test_tab_asks_beside_the_selection_and_at_the_cursor_without_one(qapp: QApplication) -> None:
    model, surface = model_of(xy_plus_z())
    asked: list[object] = []
    model.beside_requested.connect(lambda cards, at: asked.append(cards))
    model.add_requested.connect(lambda scene, at, port: asked.append(scene))
    surface.mouse = QPointF(300, 200)
    keys.press(model, key(Qt.Key.Key_Tab), lambda gesture: None)
    model.select(["d"])
    keys.press(model, key(Qt.Key.Key_Tab), lambda gesture: None)
    assert asked == [QPointF(200, 100), ("d",)]


def test_tab_tab_tab_builds_a_chain_by_keys_alone(window: Window, qtbot: QtBot) -> None:
    canvas, before = window.canvas, window.document.graph.copy()
    canvas.setFocus()
    canvas.select([next(n.id for n in before.nodes.values() if n.name == "add")])
    for typed in ("tanh", "mul", "exp"):
        qtbot.keyClick(canvas, Qt.Key.Key_Tab)
        qtbot.keyClicks(window.search_box.query, typed)
        qtbot.keyClick(window.search_box.query, Qt.Key.Key_Return)

    graph, chain = window.document.graph, []
    (node,) = canvas.selected_nodes()
    while graph.inputs_of(node):
        chain.append(graph.nodes[node].type)
        node = graph.inputs_of(node)[0].source[0]
    assert chain[:4] == ["math.exp", "math.multiply", "activation.tanh", "math.add"] and no_overlap(canvas.scene)
    for _count in range(3):
        qtbot.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.document.graph == before
    assert window.document.history.can_undo is False


def test_the_right_button_on_empty_ground_means_no_card(window: Window, qtbot: QtBot) -> None:
    window.canvas.select_all()
    window.canvas.menu_requested.disconnect()
    window.canvas.router.menu(QPointF(5, 5), QPoint(5, 5))
    assert not window.canvas.selection


def test_a_type_dropped_on_a_short_wire_makes_room_on_both_sides_in_one_step(qapp: QApplication) -> None:
    """x → d → f with 48 px between the cards; n stands where f would be pushed to, z and m have no part in it."""
    model, _ = model_of(
        graph_of(
            [
                ("x", "source.input", 0, 0, {}), ("d", "math.exp", 176, 8, {}), ("f", "math.exp", 352, 8, {}),
                ("n", "source.input", 528, 0, {}), ("z", "source.input", 0, 176, {}), ("m", "math.exp", 0, -160, {}),
            ],
            [("x", "y", "d", "x"), ("d", "y", "f", "x")],
        )
    )  # fmt: skip
    before = model.graph.copy()
    x, y = model.scene.anchor("x", "y", True)
    new = insert.insert(model, "activation.tanh", QPointF(x + 20, y), "e0")

    assert new is not None and model.graph.edge_into(new, "x").source == ("x", "y")
    assert model.graph.edge_into("d", "x").source == (new, "y")
    rects = {item: model.scene.rect(item) for item in model.scene.ids}
    assert rects[new].left() >= rects["x"].right() + 64 and rects["d"].left() >= rects[new].right() + 64
    assert rects["f"].left() - rects["d"].left() == 176 and no_overlap(model.scene)
    assert {n: (model.graph.nodes[n].x, model.graph.nodes[n].y) for n in "xzm"} == {"x": (0, 0), "z": (0, 176), "m": (0, -160)}
    assert level(model, model.graph.edge_into(new, "x").id)
    model.document.undo()
    assert model.graph == before and not model.document.history.can_undo


def test_room_is_made_among_the_cards_of_groups(qapp: QApplication) -> None:
    graph = xy_plus_z()
    group(graph, ["f"], "G")[0].apply(graph)
    model, _ = model_of(graph)
    (held,) = graph.groups
    inside = graph.nodes["f"].x - graph.groups[held].x
    new = insert.insert(model, "math.exp", QPointF(500, 150), "e2")
    assert new is not None and no_overlap(model.scene)
    assert model.scene.rect(held).left() >= model.scene.rect(new).right() + 64
    assert graph.nodes["f"].x - graph.groups[held].x == inside  # what it holds went along


def test_a_repeated_block_stands_in_a_row_without_overlap_and_is_one_step(qapp: QApplication) -> None:
    """d → f becomes d → f → f_2 → f_3 → g; z stands below, n in the way."""
    model, _ = model_of(
        graph_of(
            [
                ("x", "source.input", 0, 0, {}), ("u", "layer.linear", 320, 0, {}), ("h", "activation.tanh", 640, 0, {}),
                ("g", "math.exp", 960, 0, {}), ("n", "source.input", 1200, 40, {}), ("z", "source.input", 640, 400, {}),
            ],
            [("x", "y", "u", "x"), ("u", "y", "h", "x"), ("h", "y", "g", "x")],
        )
    )  # fmt: skip
    before = model.graph.copy()
    model.select(["u", "h"])
    fresh = repeating.repeat_selection(model, 3)

    assert [model.graph.nodes[n].name for n in fresh] == ["u_2", "h_2", "u_3", "h_3", "u_4", "h_4"]
    assert set(model.selected_nodes()) == set(fresh) and no_overlap(model.scene)
    assert model.graph.edge_into("g", "x").source == (fresh[-1], "y")
    assert {n: (model.graph.nodes[n].x, model.graph.nodes[n].y) for n in "xuhz"} == {
        n: (before.nodes[n].x, before.nodes[n].y) for n in "xuhz"
    }
    model.document.undo()
    assert model.graph == before and not model.document.history.can_undo


def test_repeating_asks_how_many_and_says_why_it_cannot(window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    canvas, before = window.canvas, window.document.graph.copy()
    said: list[str] = []
    monkeypatch.setattr(window.status, "say", said.append)

    def press(name: str) -> None:
        canvas.setFocus()
        canvas.select([next(n.id for n in window.document.graph.nodes.values() if n.name == name)])
        qtbot.keyClick(canvas, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
        after_event()

    press("multiply")
    assert said == ["The block has 2 ways in, from x and y; in series it needs exactly one"]
    new = beside.add(canvas.model, "activation.tanh", [next(n.id for n in before.nodes.values() if n.name == "add")])
    assert new is not None
    with_tanh = window.document.graph.copy()
    seen: list[str] = []

    def answer(dialog: RepeatDialog) -> bool:
        qtbot.keyClicks(dialog.count, "2")
        seen.append(dialog.says.text())
        return True

    monkeypatch.setattr(window.dialogs, "wait_for", answer)
    press("tanh")
    assert seen == ["tanh → tanh_2 → tanh_3"]
    assert sorted(n.name for n in window.document.graph.nodes.values() if n.type == "activation.tanh") == ["tanh", "tanh_2", "tanh_3"]
    qtbot.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.document.graph == with_tanh


def test_copies_have_room_for_their_matrices_before_the_engine_knows_them(qapp: QApplication) -> None:
    """u is 4 × 2, its copies will be 4 × 4: larger cards, at places that stay right when their shapes come."""
    wires = [("x", "y", "u", "x"), ("u", "y", "h", "x"), ("h", "y", "g", "x")]
    nodes = [("x", "source.input", 0, 0), ("u", "layer.linear", 320, 0), ("h", "activation.tanh", 720, 0), ("g", "math.exp", 960, 0)]
    model, _ = model_of(graph_of([(*node, {}) for node in nodes], wires))
    four = {("u", "y"): (4,), ("h", "y"): (4,)}
    model.live.take_shapes(Shapes(four, {"u": {"W": (4, 2), "b": (4,)}}))
    model.select(["u", "h"])
    fresh = repeating.repeat_selection(model, 2)
    sizes = {item: model.scene.rect(item) for item in model.scene.ids}
    layers = [n for n in fresh if model.graph.nodes[n].type == "layer.linear"]
    known = Shapes({(n, "y"): (4,) for n in fresh}, {n: {"W": (4, 4), "b": (4,)} for n in layers})
    model.live.take_shapes(known)
    assert {item: model.scene.rect(item) for item in model.scene.ids} == sizes and no_overlap(model.scene)
    assert sizes[layers[0]].width() > 160 and len({model.scene.rect(n).top() for n in layers}) == 1


def test_the_view_follows_what_is_added_as_little_as_it_can(qapp: QApplication) -> None:
    model, _ = model_of(graph_of([("x", "source.input", 1000, 100, {})], []))  # 1280 × 800 pixels, scale 1, the origin at (100, 100)
    last = "x"
    for _count in range(3):
        new = beside.add(model, "math.exp", [last])
        assert new is not None
        last = new
        seen = model.camera.rect_to_view(model.scene.rect(new))
        assert seen.left() > 0 and seen.right() <= 1280 - 40 and model.camera.scale == 1.0 and model.camera.y == -100.0
    model.viewport.fit_all()
    beside.add(model, "math.exp", [last])
    assert model.viewport.fitted and model.viewport.seen().contains(model.scene.bounds())

"""Gestures, keys and the accessible tree on a `CanvasModel` without a widget. Places and numbers are those of x·y + z at (2, −5, 3)."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication

from benchmarks.canvas_graph import layered
from benchmarks.canvas_size import graph_of
from engine.compile.visible import addresses, visible
from graph.grouping.groups import group
from tests.support.canvas_graphs import CTRL, SHIFT, xy_plus_z, xy_plus_z_trace
from tests.support.fake_surface import CORNER, FakeSurface, key, model_of, pointer
from ui.canvas.accessible_tree import Tree
from ui.canvas.input import keys, pressing, remarks
from ui.canvas.input.gestures import BoxSelect, CutWires, DrawWire, DrawWireByKeys, MoveItems, PointerGesture
from ui.canvas.input.router import InputRouter
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.levels import tag_rect

Name, Value, Description = QAccessible.Text.Name, QAccessible.Text.Value, QAccessible.Text.Description
K = Qt.Key


@pytest.fixture
def shown(qapp: QApplication) -> tuple[CanvasModel, FakeSurface]:
    return model_of(xy_plus_z())


@pytest.fixture
def model(shown: tuple[CanvasModel, FakeSurface]) -> CanvasModel:
    return shown[0]


# gestures


def test_a_drag_moves_a_node_in_one_step_and_lifts_it_meanwhile(shown: tuple[CanvasModel, FakeSurface]) -> None:
    model, surface = shown
    gesture = pressing.press(model, pointer(model, 360, 94))  # on the title of d, which stands at (320, 80)
    assert isinstance(gesture, MoveItems) and model.selection == {"d"}
    gesture.move(pointer(model, 377, 153, CTRL))  # Ctrl: no snapping
    assert model.live.carried == ("d",) and model.scene.place("d") == (337, 139)
    assert (model.graph.nodes["d"].x, model.graph.nodes["d"].y) == (320, 80) and surface.cursor == Qt.CursorShape.SizeAllCursor
    gesture.finish(pointer(model, 377, 153, CTRL))

    assert (model.graph.nodes["d"].x, model.graph.nodes["d"].y) == (337, 139) and not model.live.carried
    model.document.undo()
    assert model.graph == xy_plus_z() and not model.document.history.can_undo


def test_a_wire_is_drawn_from_an_output_to_an_input_and_says_where_it_goes(model: CanvasModel) -> None:
    start, end = model.scene.anchor("x", "y", True), model.scene.anchor("f", "b", False)
    gesture = pressing.press(model, pointer(model, *start))
    assert isinstance(gesture, DrawWire)
    gesture.move(pointer(model, *end))
    assert gesture.tip() == ("→ f.b: checking …", True)
    gesture.finish(pointer(model, *end))

    edge = model.graph.edge_into("f", "b")
    assert edge is not None and edge.source == ("x", "y")  # one step: the wire from z has made room
    assert [e.id for e in model.graph.outputs_of("z")] == []
    model.document.undo()
    assert model.graph == xy_plus_z()


def test_a_box_selects_what_it_touches_and_is_taken_back(model: CanvasModel) -> None:
    model.select(["f"])
    gesture = pressing.press(model, pointer(model, -60, -60))
    assert isinstance(gesture, BoxSelect)
    gesture.move(pointer(model, 60, 260))  # over x and y, above z at 336; their wires lead out of the box
    assert model.selection == {"x", "y"}
    gesture.cancel()
    assert model.selection == {"f"}

    gesture = BoxSelect(model, pointer(model, -60, -60, SHIFT))
    gesture.finish(pointer(model, 460, 260, SHIFT))
    assert model.selection == {"f", "x", "y", "d", "e0", "e1"}


def test_a_stroke_cuts_the_wires_it_crosses_and_a_click_asks_for_the_menu(model: CanvasModel) -> None:
    menus: list[tuple[QPoint, str | None]] = []
    model.menu_requested.connect(lambda place, item: menus.append((place, item)))
    cut = CutWires(model, pointer(model, 250, -200))
    cut.move(pointer(model, 250, 300))
    cut.finish(pointer(model, 250, 300))
    assert set(model.graph.edges) == {"e2", "e3"}  # the wires into d; those into f lie further right or lower

    click = CutWires(model, pointer(model, 360, 94))
    click.finish(pointer(model, 360, 94))
    assert menus == [(QPoint(460, 194) + CORNER, "d")] and model.selection == {"d"}


def test_another_change_of_the_structure_ends_a_gesture(model: CanvasModel) -> None:
    router = InputRouter(model)
    gesture = pressing.press(model, pointer(model, 360, 94))
    assert gesture is not None
    router.begin(gesture)
    gesture.move(pointer(model, 400, 160))
    edit, _ = group(model.graph, ["x", "y"])
    model.document.do(edit)

    assert router.gesture is None and not model.live.carried and not model.scene.lifted
    assert (model.graph.nodes["d"].x, model.graph.nodes["d"].y) == (320, 80)


# keys


def none_begins(gesture: PointerGesture) -> None:
    raise AssertionError(f"{gesture} was not expected")


def test_delete_removes_what_is_selected(model: CanvasModel) -> None:
    model.select(["d"])
    assert keys.press(model, key(K.Key_Delete), none_begins)
    assert set(model.graph.nodes) == {"x", "y", "z", "f"} and set(model.graph.edges) == {"e3"}
    assert model.selection == frozenset()


def test_shift_and_arrows_nudge_by_eight_and_presses_in_a_row_are_one_step(model: CanvasModel) -> None:
    model.select(["z"])
    for _ in range(3):
        assert keys.press(model, key(K.Key_Right, SHIFT), none_begins)
    assert (model.graph.nodes["z"].x, model.graph.nodes["z"].y) == (24, 336)
    model.document.undo()
    assert model.graph == xy_plus_z()


def test_p_arrows_and_enter_draw_a_wire(model: CanvasModel) -> None:
    router = InputRouter(model)
    model.select(["z"])
    assert router.key(key(K.Key_P)) and isinstance(router.gesture, DrawWireByKeys)
    offered = []
    for _ in range(4):
        tip = router.gesture.tip()
        assert tip is not None and tip[1]
        offered.append(tip[0])
        router.key(key(K.Key_Right))
    assert sorted(offered) == [f"→ {port}: checking …" for port in ("d.a", "d.b", "f.a", "f.b")]
    while "d.b" not in str(router.gesture.tip()):
        router.key(key(K.Key_Right))
    assert router.key(key(K.Key_Return)) and router.gesture is None
    edge = model.graph.edge_into("d", "b")
    assert edge is not None and edge.source == ("z", "y")
    model.document.undo()
    assert model.graph == xy_plus_z()


def test_a_key_during_a_drag_edits_nothing_and_escape_puts_everything_back(model: CanvasModel) -> None:
    router = InputRouter(model)
    gesture = pressing.press(model, pointer(model, 360, 94))
    assert gesture is not None
    router.begin(gesture)
    gesture.move(pointer(model, 400, 160))
    assert router.key(key(K.Key_Delete)) and router.gesture is gesture
    assert router.key(key(K.Key_Escape)) and router.gesture is None
    assert model.graph == xy_plus_z() and not model.live.carried


def test_escape_leaves_a_group_then_deselects_then_is_free_for_others(model: CanvasModel) -> None:
    router = InputRouter(model)
    edit, group_id = group(model.graph, ["d", "f"])
    model.document.do(edit)
    model.navigation.enter(group_id)
    assert model.scene.ids == ["d", "f"]
    assert router.key(key(K.Key_Escape)) and model.navigation.inside is None and model.selection == {group_id}
    assert router.key(key(K.Key_Escape)) and model.selection == frozenset()
    assert not router.key(key(K.Key_Escape))


def test_a_refused_name_is_corrected_at_once_where_a_key_ended_it(shown: tuple[CanvasModel, FakeSurface]) -> None:
    model, surface = shown
    said: list[str] = []
    model.message.connect(said.append)
    remarks.edit(model, "d")
    assert surface.editing is not None and surface.editing[:2] == ("d", "Name")
    surface.editing[2]("x", True)  # taken
    assert len(said) == 1 and surface.editing[:2] == ("x", "Name")
    surface.editing[2]("x", False)  # a click elsewhere: no new editor
    assert len(said) == 2
    surface.editing[2]("product", True)
    assert model.graph.nodes["d"].name == "product"


# the view


def test_zooming_keeps_the_place_under_the_mouse(model: CanvasModel) -> None:
    at = QPointF(500, 300)
    before = model.camera.to_scene(at)
    model.viewport.zoom_by(1.6, at)
    after = model.camera.to_scene(at)
    assert model.camera.scale == pytest.approx(1.6)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))


def test_the_map_is_shown_when_something_is_out_of_view_and_leads_there(model: CanvasModel) -> None:
    assert not model.map.visible()
    model.viewport.pan_by(-600, 0)
    assert model.map.visible()
    corner = model.map.place().bottomRight()
    assert (corner.x(), corner.y()) == (1280 - 16, 800 - 16)
    gesture = pressing.press(model, pointer(model, *model.camera.to_scene(model.map.place().center()).toTuple()))
    assert gesture is not None and model.selection == frozenset()
    gesture.finish(gesture.start)
    assert model.viewport.seen().center().x() == pytest.approx(890)  # the map shows x from 0, the cards, to 500 + 1280, the view


# a screen reader


def test_the_accessible_tree_says_nodes_ports_and_wires(model: CanvasModel) -> None:
    model.set_trace(xy_plus_z_trace())
    tree = Tree(model)
    names = [child.text(Name) for i in range(tree.count()) if (child := tree.child(i)) is not None]
    assert names == [
        "x, Input", "y, Input", "z, Input", "d, Multiply", "f, Add",
        "wire from x to d, input a", "wire from y to d, input b", "wire from d to f, input a", "wire from z to f, input b",
    ]  # fmt: skip
    assert tree.node("d").text(Value) == "−10, gradient 1"  # 2 · (−5); f = d + z
    assert tree.wire("e0").text(Value) == "value 2, gradient −5"
    assert tree.node("f").text(Description) == "the objective. 2 wires in, 0 out"
    port = tree.node("d").child(1)
    assert port is not None and port.text(Value) == "from y: value −5, gradient 2"


def test_hidden_numbers_are_not_said(model: CanvasModel) -> None:
    model.set_trace(visible(xy_plus_z_trace(), None, addresses(model.graph, ["d"], ["e2"]), model.graph))
    tree = Tree(model)
    spoken = " ".join(tree.node("d").text(kind) for kind in (Name, Value, Description)) + tree.wire("e2").text(Value)
    assert "10" not in spoken and spoken.count("hidden until predicted") >= 3


def test_places_focus_and_what_is_gone(shown: tuple[CanvasModel, FakeSurface]) -> None:
    model, surface = shown
    tree = Tree(model)
    node = tree.node("d")
    assert node.rect().topLeft() == QPoint(320 + 100, 80 + 100) + CORNER  # scene (320, 80), origin at pixel (100, 100)
    assert tree.child_at(430 + CORNER.x(), 190 + CORNER.y()) is node
    model.select(["d"])
    assert tree.focused() is node and node.state().focused
    surface.focused = False
    assert not node.state().focused and node.state().selected
    keys.press(model, key(K.Key_Delete), none_begins)
    assert not node.isValid() and node.text(Name) == "" and node.state().invalid and node.childCount() == 0


def test_inside_a_group_the_names_of_its_inputs_are_in_view(model: CanvasModel) -> None:
    edit, group_id = group(model.graph, ["d", "f"])
    model.document.do(edit)
    model.navigation.enter(group_id)
    tags = model.scene.level.tags if model.scene.level is not None else None
    assert tags is not None and len(tags.outputs) == 3  # x, y and z come from outside
    assert all(model.viewport.seen().contains(tag_rect(spot)) for spot in tags.outputs)


def test_selecting_a_thousand_makes_no_card_and_repaints_everything_once(qapp: QApplication) -> None:
    """A selection of so many is moved, copied or deleted; nobody reads its cards one by one."""
    model, surface = model_of(graph_of(layered(1000)))
    surface.repaints.clear()

    model.select_all()
    assert len(model.selected_nodes()) == 1000 and not model.scene.cards.made
    assert surface.repaints == [None]

    model.select([])
    assert surface.repaints == [None, None]

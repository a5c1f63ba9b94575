"""Mouse and keys on the canvas change the document, and Esc in the middle of any gesture leaves it as it was."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from graph.model import edits
from tests.support.canvas_graphs import (
    ALT,
    CTRL,
    LEFT,
    MIDDLE,
    NONE,
    RIGHT,
    SHIFT,
    at,
    drag,
    graph_of,
    port,
    shown,
    title,
    xy_plus_z,
    xy_plus_z_trace,
)  # fmt: skip
from ui.canvas.input.gestures.slider import snapped
from ui.canvas.model.label_room import STUB
from ui.canvas.view import Canvas


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    return shown(qtbot, xy_plus_z())


def ends(canvas: Canvas) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    return {(edge.source, edge.target) for edge in canvas.document.graph.edges.values()}


def knob(canvas: Canvas, node: str, share: float) -> QPoint:
    card, (x, y) = canvas.scene.cards[node], canvas.scene.place(node)
    assert card.slider is not None
    return at(canvas, x + card.slider.left() + share * card.slider.width(), y + card.slider.center().y())


def test_dragging_a_title_moves_the_node_as_one_step(canvas: Canvas) -> None:
    start = title(canvas, "d")
    drag(canvas, start, start + QPoint(60, -32))
    assert (canvas.document.graph.nodes["d"].x, canvas.document.graph.nodes["d"].y) == (380, 48)
    canvas.document.undo()
    assert (canvas.document.graph.nodes["d"].x, canvas.document.graph.nodes["d"].y) == (320, 80)
    assert not canvas.document.history.can_undo


def test_dragging_one_of_several_selected_nodes_moves_all(canvas: Canvas) -> None:
    canvas.select(["x", "y"])
    start = title(canvas, "x")
    drag(canvas, start, start + QPoint(20, 48))
    nodes = canvas.document.graph.nodes
    assert (nodes["x"].x, nodes["x"].y, nodes["y"].x, nodes["y"].y) == (20, 48, 20, 224)
    assert nodes["z"].x == 0


def test_a_click_selects_and_shift_click_adds(canvas: Canvas) -> None:
    QTest.mouseClick(canvas, LEFT, NONE, title(canvas, "x"))
    QTest.mouseClick(canvas, LEFT, SHIFT, title(canvas, "d"))
    assert canvas.selection == {"x", "d"}
    QTest.mouseClick(canvas, LEFT, SHIFT, title(canvas, "x"))
    assert canvas.selection == {"d"}


def test_a_box_selects_what_it_touches_and_shift_adds(canvas: Canvas) -> None:
    drag(canvas, at(canvas, -40, -40), at(canvas, 60, 230))
    assert set(canvas.selected_nodes()) == {"x", "y"}
    drag(canvas, at(canvas, 590, 120), at(canvas, 640, 190), held=SHIFT)
    assert set(canvas.selected_nodes()) == {"x", "y", "f"}


def test_a_click_on_empty_ground_clears_the_selection(canvas: Canvas) -> None:
    canvas.select(["x"])
    QTest.mouseClick(canvas, LEFT, NONE, at(canvas, 300, 560))
    assert canvas.selection == frozenset()


def test_delete_removes_nodes_with_their_wires(canvas: Canvas) -> None:
    canvas.select(["d"])
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert "d" not in canvas.document.graph.nodes
    assert ends(canvas) == {(("z", "y"), ("f", "b"))}
    canvas.document.undo()
    assert canvas.document.graph == xy_plus_z()


def test_drawing_a_wire_from_an_output_connects(qtbot: QtBot) -> None:
    graph = xy_plus_z()
    edits.Disconnect("e3").apply(graph)
    canvas = shown(qtbot, graph)
    drag(canvas, port(canvas, "z", "y", True), port(canvas, "f", "b", False))
    assert (("z", "y"), ("f", "b")) in ends(canvas)


def test_drawing_a_wire_from_a_free_input_connects(qtbot: QtBot) -> None:
    graph = xy_plus_z()
    edits.Disconnect("e3").apply(graph)
    canvas = shown(qtbot, graph)
    drag(canvas, port(canvas, "f", "b", False), port(canvas, "z", "y", True))
    assert (("z", "y"), ("f", "b")) in ends(canvas)


def test_a_wire_dropped_on_an_occupied_input_replaces_the_old_one(canvas: Canvas) -> None:
    drag(canvas, port(canvas, "x", "y", True), port(canvas, "f", "b", False))
    assert (("x", "y"), ("f", "b")) in ends(canvas)
    assert (("z", "y"), ("f", "b")) not in ends(canvas)
    canvas.document.undo()
    assert canvas.document.graph == xy_plus_z()


def test_dragging_from_an_occupied_input_moves_that_end(canvas: Canvas) -> None:
    drag(canvas, port(canvas, "f", "b", False), port(canvas, "d", "b", False))
    assert (("z", "y"), ("d", "b")) in ends(canvas)
    assert (("z", "y"), ("f", "b")) not in ends(canvas)
    canvas.document.undo()
    assert canvas.document.graph == xy_plus_z()


def test_an_end_dropped_where_it_was_changes_nothing(canvas: Canvas) -> None:
    here = port(canvas, "f", "b", False)
    QTest.mousePress(canvas, LEFT, NONE, here)
    QTest.mouseMove(canvas, here + QPoint(-80, 30))
    QTest.mouseMove(canvas, here)
    QTest.mouseRelease(canvas, LEFT, NONE, here)
    assert canvas.document.graph == xy_plus_z()
    assert not canvas.document.history.can_undo


def test_an_end_dropped_on_empty_ground_removes_the_wire(canvas: Canvas) -> None:
    drag(canvas, port(canvas, "f", "b", False), at(canvas, 500, 480))
    assert "e3" not in canvas.document.graph.edges


def test_a_wire_that_would_close_a_cycle_is_refused_with_the_reason(qtbot: QtBot, canvas: Canvas) -> None:
    drag(canvas, port(canvas, "f", "y", True), port(canvas, "d", "a", False), drop=False)
    assert canvas.gesture is not None
    tip = canvas.gesture.tip()
    assert tip is not None and "cycle" in tip[0] and tip[1] is False
    with qtbot.waitSignal(canvas.message):
        QTest.mouseRelease(canvas, LEFT, NONE, port(canvas, "d", "a", False))
    assert canvas.document.graph == xy_plus_z()


def test_a_wire_dropped_on_a_card_takes_its_first_free_port(qtbot: QtBot) -> None:
    graph = xy_plus_z()
    edits.Disconnect("e1").apply(graph)
    canvas = shown(qtbot, graph)
    drag(canvas, port(canvas, "z", "y", True), title(canvas, "d"))
    assert (("z", "y"), ("d", "b")) in ends(canvas)


def test_a_wire_dropped_on_its_own_card_or_outside_the_window_changes_nothing(canvas: Canvas) -> None:
    drag(canvas, port(canvas, "d", "y", True), title(canvas, "d"))
    drag(canvas, port(canvas, "d", "y", True), QPoint(-50, 900))
    assert canvas.document.graph == xy_plus_z()


def test_a_wire_dropped_on_empty_ground_asks_for_a_node_that_fits(qtbot: QtBot, canvas: Canvas) -> None:
    with qtbot.waitSignal(canvas.add_requested) as asked:
        drag(canvas, port(canvas, "d", "y", True), at(canvas, 500, 480))
    place, _, from_port = asked.args
    assert (from_port.node, from_port.spot.port, from_port.spot.output) == ("d", "y", True)
    added = canvas.add_node("activation.tanh", place, from_port)
    assert (("d", "y"), (added, "x")) in ends(canvas)
    canvas.document.undo()
    assert canvas.document.graph == xy_plus_z()


def test_alt_click_deletes_a_wire(canvas: Canvas) -> None:
    middle = canvas.scene.wire_points("e3")[16]
    QTest.mouseClick(canvas, LEFT, ALT, at(canvas, *middle))
    assert "e3" not in canvas.document.graph.edges


def test_a_stroke_with_ctrl_and_the_right_button_cuts_wires(canvas: Canvas) -> None:
    drag(canvas, at(canvas, 230, 20), at(canvas, 230, 240), RIGHT, CTRL)
    assert set(canvas.document.graph.edges) == {"e2", "e3"}
    canvas.document.undo()
    assert canvas.document.graph == xy_plus_z()


def test_the_slider_sets_the_value_in_steps_and_is_one_undo(qtbot: QtBot, canvas: Canvas) -> None:
    ticks: list[float] = []
    canvas.value_dragged.connect(lambda: ticks.append(canvas.document.graph.setting("x", "value")))
    drag(canvas, knob(canvas, "x", 0.6), knob(canvas, "x", 0.75))
    value = canvas.document.graph.setting("x", "value")
    assert value == pytest.approx(5.0, abs=0.11)
    assert math.isclose(value * 10, round(value * 10))
    assert ticks[-1] == value and len(ticks) == len(set(ticks)) > 1  # heard at every tick, while the document holds it
    canvas.document.undo()
    assert canvas.document.graph == xy_plus_z()


def test_a_parameter_of_one_number_has_a_slider_and_others_have_none(qtbot: QtBot) -> None:
    graph = graph_of(
        [
            ("w", "parameter.parameter", 0, 0, {"value": 0.5, "minimum": -2.0, "maximum": 2.0, "step": 0.25}),
            ("v", "parameter.parameter", 0, 200, {"initialisation": "normal", "value": 0.5}),
            ("b", "parameter.parameter", 0, 400, {"value": [1.0, 2.0]}),
        ],
        [],
    )
    canvas = shown(qtbot, graph)
    before = graph.copy()
    assert canvas.scene.cards["v"].slider is None and canvas.scene.cards["b"].slider is None

    drag(canvas, knob(canvas, "w", 0.5), knob(canvas, "w", 0.75))

    assert canvas.document.graph.setting("w", "value") == 1.0  # −2 + ¾ · 4
    assert not canvas.document.graph.setting("w", "frozen")
    canvas.document.undo()
    assert canvas.document.graph == before and not canvas.document.history.can_undo


@pytest.mark.parametrize(
    ("share", "low", "high", "step", "value"),
    [(0.0, -10, 10, 0.1, -10), (1.0, -10, 10.05, 0.1, 10.05), (0.515, -10, 10, 0.1, 0.3), (0.5, 0, 1, 0.3, 0.6), (0.3, 2, 2, 1, 2)],
)
def test_slider_values_lie_on_multiples_of_the_step(share: float, low: float, high: float, step: float, value: float) -> None:
    assert snapped(share, low, high, step) == value


GESTURES = {
    "move": (lambda c: title(c, "d"), lambda c: title(c, "d") + QPoint(90, 60), LEFT, NONE),
    "box": (lambda c: at(c, -40, -40), lambda c: at(c, 400, 400), LEFT, NONE),
    "connect": (lambda c: port(c, "x", "y", True), lambda c: port(c, "f", "b", False), LEFT, NONE),
    "move end": (lambda c: port(c, "f", "b", False), lambda c: at(c, 500, 480), LEFT, NONE),
    "copy": (lambda c: title(c, "d"), lambda c: title(c, "d") + QPoint(90, 60), LEFT, ALT),
    "pan": (lambda c: at(c, 200, 300), lambda c: at(c, 320, 500), MIDDLE, NONE),
    "slider": (lambda c: knob(c, "x", 0.6), lambda c: knob(c, "x", 0.9), LEFT, NONE),
    "cut": (lambda c: at(c, 230, 20), lambda c: at(c, 230, 240), RIGHT, CTRL),
}


@pytest.mark.parametrize("name", GESTURES)
def test_escape_in_the_middle_of_a_gesture_leaves_no_trace(canvas: Canvas, name: str) -> None:
    start, end, button, held = GESTURES[name]
    canvas.select(["z"])
    before = canvas.view_state()
    stop = end(canvas)
    drag(canvas, start(canvas), stop, button, held, drop=False)
    assert canvas.gesture is not None
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.gesture is None
    QTest.mouseRelease(canvas, button, held, stop)
    assert canvas.document.graph == xy_plus_z()
    assert not canvas.document.history.can_undo and not canvas.document.history.can_redo and not canvas.document.modified
    assert canvas.view_state() == before
    assert not canvas.scene.hidden_edges and not canvas.scene.lifted and not canvas.model.live.carried
    if name == "box":
        assert canvas.selection == {"z"}
    if name == "copy":
        assert canvas.selection == {"d"}


def test_a_node_deleted_while_it_is_carried_is_let_go(canvas: Canvas) -> None:
    start = title(canvas, "d")
    drag(canvas, start, start + QPoint(90, 60), drop=False)
    canvas.document.do(edits.remove_nodes(canvas.document.graph, ["d"]))
    QTest.mouseRelease(canvas, LEFT, NONE, start + QPoint(90, 60))
    assert "d" not in canvas.document.graph.nodes
    assert canvas.gesture is None and not canvas.model.live.carried


def test_middle_drag_and_space_drag_pan_without_touching_the_document(canvas: Canvas) -> None:
    drag(canvas, QPoint(400, 400), QPoint(450, 380), MIDDLE)
    assert canvas.view_state() == (1.0, -150.0, -80.0)
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    drag(canvas, QPoint(400, 400), QPoint(410, 400))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.view_state() == (1.0, -160.0, -80.0)
    assert canvas.document.graph == xy_plus_z()


def test_double_click_and_tab_ask_for_a_node(qtbot: QtBot, canvas: Canvas) -> None:
    with qtbot.waitSignal(canvas.add_requested) as asked:
        QTest.mouseDClick(canvas, LEFT, NONE, at(canvas, 300, 520))
    assert (asked.args[0] - QPointF(300, 520)).manhattanLength() < 1
    with qtbot.waitSignal(canvas.add_requested):
        QTest.keyClick(canvas, Qt.Key.Key_Tab)
    assert canvas.hasFocus()


def test_a_double_click_on_the_objectives_number_asks_about_it(qtbot: QtBot, canvas: Canvas) -> None:
    canvas.set_trace(xy_plus_z_trace())
    canvas.grab()
    objective = canvas.content.objective()
    assert objective is not None
    for spot in canvas.model.labels.shown(STUB):
        assert spot is not None
        with qtbot.waitSignal(canvas.number_activated) as asked:
            QTest.mouseDClick(canvas, LEFT, NONE, canvas.camera.to_view(QPointF(spot.x, spot.y)).toPoint())
        assert asked.args == [objective[0]]


def test_copy_and_paste_add_equal_nodes_at_the_cursor(canvas: Canvas) -> None:
    canvas.select(["x", "y", "d"])
    QTest.keyClick(canvas, Qt.Key.Key_C, CTRL)
    QTest.mouseMove(canvas, at(canvas, 400, 450))
    QTest.keyClick(canvas, Qt.Key.Key_V, CTRL)
    graph = canvas.document.graph
    fresh = [n for n in graph.nodes if n not in xy_plus_z().nodes]
    assert sorted(graph.nodes[n].type for n in fresh) == ["math.multiply", "source.input", "source.input"]
    assert set(canvas.selected_nodes()) == set(fresh)
    assert (min(graph.nodes[n].x for n in fresh), min(graph.nodes[n].y for n in fresh)) == (400, 450)
    assert len(graph.edges) == 6


def test_cut_removes_and_paste_brings_back(canvas: Canvas) -> None:
    canvas.select(["z"])
    QTest.keyClick(canvas, Qt.Key.Key_X, CTRL)
    assert "z" not in {n.name for n in canvas.document.graph.nodes.values()}
    QTest.keyClick(canvas, Qt.Key.Key_V, CTRL)
    assert "z" in {n.name for n in canvas.document.graph.nodes.values()}


def test_duplicate_keeps_the_wires_that_enter(canvas: Canvas) -> None:
    canvas.select(["d"])
    QTest.keyClick(canvas, Qt.Key.Key_D, CTRL)
    (fresh,) = canvas.selected_nodes()
    assert fresh != "d"
    assert {edge.source[0] for edge in canvas.document.graph.inputs_of(fresh)} == {"x", "y"}


def test_alt_drag_carries_off_a_copy_as_one_step(canvas: Canvas) -> None:
    start = title(canvas, "d")
    drag(canvas, start, start + QPoint(0, 224), held=ALT)
    graph = canvas.document.graph
    (fresh,) = canvas.selected_nodes()
    assert (graph.nodes[fresh].x, graph.nodes[fresh].y, graph.nodes["d"].y) == (320, 304, 80)
    assert len(graph.inputs_of(fresh)) == 2
    canvas.document.undo()
    assert graph == xy_plus_z()
    QTest.mouseClick(canvas, LEFT, ALT, start)
    assert graph == xy_plus_z() and not canvas.document.history.can_undo


def test_arrows_walk_and_shift_arrows_nudge_in_one_step(canvas: Canvas) -> None:
    canvas.select(["x"])
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert canvas.selection == {"y"}
    QTest.keyClick(canvas, Qt.Key.Key_Right, CTRL)
    assert canvas.selection == {"d"}
    for _ in range(3):
        QTest.keyClick(canvas, Qt.Key.Key_Right, SHIFT)
    assert canvas.document.graph.nodes["d"].x == 344
    canvas.document.undo()
    assert canvas.document.graph.nodes["d"].x == 320


def test_control_delete_joins_what_the_node_was_between(qtbot: QtBot) -> None:
    canvas = shown(qtbot, graph_of(
        [("x", "source.input", 0, 0, {}), ("t", "activation.tanh", 250, 0, {}), ("e", "math.exp", 500, 0, {})],
        [("x", "y", "t", "x"), ("t", "y", "e", "x")],
    ))  # fmt: skip
    canvas.select(["t"])
    QTest.keyClick(canvas, Qt.Key.Key_Delete, CTRL)
    assert ends(canvas) == {(("x", "y"), ("e", "x"))}


def test_a_wire_is_drawn_with_keys_alone(qtbot: QtBot) -> None:
    graph = xy_plus_z()
    edits.Disconnect("e3").apply(graph)
    canvas = shown(qtbot, graph.copy())
    canvas.select(["z"])
    QTest.keyClick(canvas, Qt.Key.Key_P)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert (("z", "y"), ("f", "b")) in ends(canvas)
    QTest.keyClick(canvas, Qt.Key.Key_P)
    for _ in range(4):
        QTest.keyClick(canvas, Qt.Key.Key_Down)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.gesture is None
    canvas.document.undo()
    assert canvas.document.graph == graph and not canvas.document.history.can_undo


def test_keys_offer_no_wire_that_would_close_a_cycle(canvas: Canvas) -> None:
    canvas.select(["f"])
    QTest.keyClick(canvas, Qt.Key.Key_P)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert canvas.document.graph == xy_plus_z() and canvas.gesture is None


def test_undo_and_redo_never_move_the_view(canvas: Canvas) -> None:
    canvas.select(["d"])
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    canvas.restore_view((0.7, 12.0, 34.0))
    QTest.keyClick(canvas, Qt.Key.Key_Z, CTRL)
    QTest.keyClick(canvas, Qt.Key.Key_Z, CTRL | SHIFT)
    assert canvas.view_state() == (0.7, 12.0, 34.0)
    assert "d" not in canvas.document.graph.nodes


def test_a_read_only_document_is_looked_at_but_not_changed(canvas: Canvas) -> None:
    canvas.document.read_only = "This file was written by a newer version."
    start = title(canvas, "d")
    drag(canvas, start, start + QPoint(60, 0))
    drag(canvas, knob(canvas, "x", 0.6), knob(canvas, "x", 0.9))
    drag(canvas, port(canvas, "x", "y", True), port(canvas, "f", "b", False))
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert canvas.document.graph == xy_plus_z()


def test_a_port_that_takes_many_wires_grows_a_free_place_for_each(qtbot: QtBot) -> None:
    canvas = shown(qtbot, graph_of(
        [("a", "source.input", 0, 0, {}), ("b", "source.input", 0, 200, {}), ("all", "math.concatenate", 320, 60, {})], [],
    ))  # fmt: skip
    drag(canvas, port(canvas, "a", "y", True), port(canvas, "all", "xs", False, 0))
    drag(canvas, port(canvas, "b", "y", True), port(canvas, "all", "xs", False, 1))
    slots = {edge.slot: edge.source[0] for edge in canvas.document.graph.edges.values()}
    assert slots == {0: "a", 1: "b"}
    assert len(canvas.scene.cards["all"].inputs) == 3
    drag(canvas, port(canvas, "all", "xs", False, 0), at(canvas, 250, 480))
    assert {edge.slot: edge.source[0] for edge in canvas.document.graph.edges.values()} == {1: "b"}

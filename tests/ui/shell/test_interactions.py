"""Every row of the interaction table, by real mouse and key events; what counts is the document."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from graph.model import edits
from graph.model.elements import Frame, Node, Note
from graph.model.graph import Graph
from graph.storage.document import Document
from tests.support.canvas_graphs import (
    ALT,
    CTRL,
    LEFT,
    NONE,
    RIGHT,
    SHIFT,
    at,
    drag,
    graph_of,
    port,
    shown,
    title,
    view_of,
    xy_plus_z,
    xy_plus_z_trace,
)  # fmt: skip
from ui.canvas.inplace import LineEditor, TextEditor
from ui.canvas.model import tips, titles
from ui.canvas.model.find import matches
from ui.canvas.paint import wire_look
from ui.canvas.view import Canvas
from ui.look.theme import THEMES
from ui.shell.window import Window

K = Qt.Key


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    return shown(qtbot, xy_plus_z())


@pytest.fixture
def desk(make_window: Callable[..., Window]) -> Window:
    """A window on x·y + z whose canvas has the focus and stands at scale 1."""
    window = make_window(Document(xy_plus_z()))
    window.resize(1600, 1000)
    window.activateWindow()
    QApplication.processEvents()
    window.canvas.restore_view((1.0, -100.0, -60.0))
    window.canvas.setFocus()
    return window


def press(window: Window, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(window.canvas, key, held)


def undone(canvas: Canvas, to: Graph) -> bool:
    """Whether one step back leads to `to`, and nothing is left to take back."""
    canvas.document.undo()
    return canvas.document.graph == to and not canvas.document.history.can_undo


def ends(graph: Graph) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    return {(edge.source, edge.target) for edge in graph.edges.values()}


def middle(canvas: Canvas, edge: str, share: float = 0.5) -> QPoint:
    points = canvas.scene.wire_points(edge)
    return at(canvas, *points[round(share * (len(points) - 1))])


def with_items(*items: Frame | Note) -> Graph:
    graph = xy_plus_z()
    for item in items:
        edits.AddItem(item).apply(graph)
    return graph


# drag a wire to empty


def test_a_wire_let_fall_offers_what_fits_and_node_and_wire_are_one_step(desk: Window) -> None:
    canvas, before = desk.canvas, desk.document.graph.copy()
    drag(canvas, port(canvas, "z", "y", True), at(canvas, 240, 560))
    assert desk.search_box.isVisible()
    QTest.keyClicks(desk.search_box.query, "exp")
    QTest.keyClick(desk.search_box.query, K.Key_Return)
    fresh = next(n for n in desk.document.graph.nodes.values() if n.type == "math.exp")
    assert (("z", "y"), (fresh.id, "x")) in ends(desk.document.graph)
    assert undone(canvas, before)


def test_a_wire_pulled_out_of_a_free_input_offers_producers(desk: Window) -> None:
    canvas = desk.canvas
    canvas.document.do(edits.Disconnect("e3"))
    drag(canvas, port(canvas, "f", "b", False), at(canvas, 420, 520))
    QTest.keyClicks(desk.search_box.query, "input")
    QTest.keyClick(desk.search_box.query, K.Key_Return)
    (fresh,) = desk.document.graph.predecessors("f")[1:]
    assert desk.document.graph.nodes[fresh].type == "source.input"


def test_the_box_lists_each_port_that_fits_and_joins_the_one_picked(desk: Window) -> None:
    canvas = desk.canvas
    drag(canvas, port(canvas, "z", "y", True), at(canvas, 240, 560))
    QTest.keyClicks(desk.search_box.query, "subtract")
    QTest.keyClick(desk.search_box.query, K.Key_Down)
    QTest.keyClick(desk.search_box.query, K.Key_Return)
    fresh = next(n for n in desk.document.graph.nodes.values() if n.type == "math.subtract")
    assert (("z", "y"), (fresh.id, "b")) in ends(desk.document.graph)


# drop a node on a wire


def lone(canvas: Canvas, x: float = 500, y: float = 460) -> None:
    canvas.document.do(edits.AddNode(Node("e", "math.exp", "e", x=x, y=y)))


def carry_onto(canvas: Canvas, edge: str, held: Qt.KeyboardModifier = NONE) -> None:
    """The card of `e` by its title, until its middle lies on the middle of a wire."""
    grip, rect = title(canvas, "e"), canvas.scene.rect("e")
    away = middle(canvas, edge) - at(canvas, rect.center().x(), rect.center().y())
    QTest.mousePress(canvas, LEFT, NONE, grip)
    QTest.mouseMove(canvas, grip + away / 2)
    for way in (QPoint(1, 0), QPoint(0, 0)):
        event_at = grip + away + way
        canvas.router.gesture.move(canvas.router.pointer(QPointF(event_at), held)) if canvas.router.gesture is not None else None
    QTest.mouseRelease(canvas, LEFT, held, grip + away)


def test_a_node_dropped_on_a_wire_is_led_into_it_and_pushes_the_rest_right_in_one_step(canvas: Canvas) -> None:
    lone(canvas)
    before = canvas.document.graph.copy()
    carry_onto(canvas, "e2")
    graph = canvas.document.graph
    assert {(("d", "y"), ("e", "x")), (("e", "y"), ("f", "a"))} <= ends(graph)
    assert canvas.scene.rect("f").left() >= canvas.scene.rect("e").right() + 40
    assert graph.nodes["x"].x == 0
    canvas.document.undo()
    assert graph == before


def test_alt_keeps_a_dropped_node_beside_the_wire(canvas: Canvas) -> None:
    lone(canvas)
    carry_onto(canvas, "e2", ALT)
    assert (("d", "y"), ("f", "a")) in ends(canvas.document.graph)


def test_the_wire_glows_while_a_node_hovers_over_it(canvas: Canvas) -> None:
    lone(canvas)
    grip, rect = title(canvas, "e"), canvas.scene.rect("e")
    away = middle(canvas, "e2") - at(canvas, rect.center().x(), rect.center().y())
    drag(canvas, grip, grip + away, drop=False)
    tip = canvas.gesture.tip() if canvas.gesture is not None else None
    assert tip is not None and "Shift" in tip[0]
    QTest.keyClick(canvas, K.Key_Escape)
    assert (("d", "y"), ("f", "a")) in ends(canvas.document.graph) and canvas.document.graph.nodes["e"].x == 500


def test_a_node_that_is_wired_already_is_only_moved(canvas: Canvas) -> None:
    grip = title(canvas, "x")
    rect = canvas.scene.rect("x")
    drag(canvas, grip, grip + middle(canvas, "e3") - at(canvas, rect.center().x(), rect.center().y()))
    assert ends(canvas.document.graph) == ends(xy_plus_z()) and canvas.document.graph.nodes["x"].x > 0


# reroute points


def test_a_double_click_on_a_wire_adds_a_point_that_can_be_dragged_and_deleted(canvas: Canvas) -> None:
    place = middle(canvas, "e3", 0.4)
    QTest.mouseClick(canvas, LEFT, NONE, place)
    QTest.mouseDClick(canvas, LEFT, NONE, place)
    edge = canvas.document.graph.edges
    (point,) = edge["e3"].via
    assert at(canvas, *point) == place
    drag(canvas, place, place + QPoint(30, 64))
    assert edge["e3"].via == ((point[0] + 30, point[1] + 64),)
    QTest.mouseClick(canvas, LEFT, NONE, at(canvas, *edge["e3"].via[0]))
    QTest.keyClick(canvas, K.Key_Delete)
    assert edge["e3"].via == ()
    for _ in range(3):
        canvas.document.undo()
    assert canvas.document.graph == xy_plus_z()


def test_points_are_kept_in_the_order_of_the_wire(canvas: Canvas) -> None:
    for share in (0.7, 0.3):
        QTest.mouseDClick(canvas, LEFT, NONE, middle(canvas, "e3", share))
    first, second = canvas.document.graph.edges["e3"].via
    assert first[0] < second[0]


def test_alt_click_on_a_point_takes_it_out_and_leaves_the_wire(canvas: Canvas) -> None:
    canvas.document.do(edits.SetVia("e3", ((300.0, 400.0),)))
    QTest.mouseClick(canvas, LEFT, ALT, at(canvas, 300, 400))
    assert canvas.document.graph.edges["e3"].via == ()


def test_points_go_along_when_both_ends_are_moved(canvas: Canvas) -> None:
    canvas.document.do(edits.SetVia("e3", ((300.0, 400.0),)))
    canvas.select(["z", "f"])
    drag(canvas, title(canvas, "z"), title(canvas, "z") + QPoint(40, 100))
    assert canvas.document.graph.edges["e3"].via == ((340.0, 500.0),)
    canvas.document.undo()
    assert canvas.document.graph.edges["e3"].via == ((300.0, 400.0),)


def test_esc_puts_a_dragged_point_back(canvas: Canvas) -> None:
    canvas.document.do(edits.SetVia("e3", ((300.0, 400.0),)))
    drag(canvas, at(canvas, 300, 400), at(canvas, 350, 500), drop=False)
    QTest.keyClick(canvas, K.Key_Escape)
    assert canvas.document.graph.edges["e3"].via == ((300.0, 400.0),) and not canvas.scene.hidden_edges


# cutting


def test_ctrl_and_the_right_button_cut_and_alt_click_deletes(canvas: Canvas) -> None:
    drag(canvas, at(canvas, 240, 20), at(canvas, 240, 300), RIGHT, CTRL)
    assert "e0" not in canvas.document.graph.edges and "e1" not in canvas.document.graph.edges
    canvas.document.undo()
    QTest.mouseClick(canvas, LEFT, ALT, middle(canvas, "e2"))
    assert "e2" not in canvas.document.graph.edges


# frames and notes


def test_c_frames_the_selection_and_its_title_is_typed_in_place(desk: Window) -> None:
    canvas = desk.canvas
    canvas.select(["d", "f"])
    press(desk, K.Key_C)
    (frame,) = desk.document.graph.frames.values()
    area = canvas.scene.item_rect(frame.id)
    assert area.contains(canvas.scene.rect("d")) and area.contains(canvas.scene.rect("f"))
    assert isinstance(canvas.editor, LineEditor)
    QTest.keyClicks(canvas.editor, "Sum of it")
    QTest.keyClick(canvas.editor, K.Key_Return)
    assert desk.document.graph.frames[frame.id].title == "Sum of it" and canvas.editor is None


def test_a_frame_goes_through_the_colours_of_the_theme_and_back_to_none(desk: Window) -> None:
    from graph.model.edits import AddItem
    from graph.model.elements import Frame
    from graph.model.spec import CATEGORIES

    desk.document.do(AddItem(Frame("f1", "Inputs")))
    desk.canvas.select(["f1"])
    seen = []
    for _ in range(len(CATEGORIES) + 1):
        desk.actions_by_id["recolour"].trigger()
        seen.append(desk.document.graph.frames["f1"].color)

    assert seen == [*CATEGORIES, ""]
    desk.document.undo()
    assert desk.document.graph.frames["f1"].color == CATEGORIES[-1]


def test_a_frame_carries_what_lies_on_it(qtbot: QtBot) -> None:
    canvas = shown(qtbot, with_items(Frame("f1", "Both", -40, -60, 240, 380)))
    before = canvas.document.graph.copy()
    drag(canvas, at(canvas, 60, -40), at(canvas, 60, -140))
    nodes = canvas.document.graph.nodes
    assert (nodes["x"].y, nodes["y"].y, nodes["z"].y) == (-100, 76, 336)
    assert canvas.document.graph.frames["f1"].y == -160
    assert undone(canvas, before)


@pytest.mark.parametrize("corner", [(200, 320), (-40, -60)])
def test_a_frame_is_resized_by_its_corners(qtbot: QtBot, corner: tuple[int, int]) -> None:
    canvas = shown(qtbot, with_items(Frame("f1", "Both", -40, -60, 240, 380)))
    before = canvas.document.graph.copy()
    drag(canvas, at(canvas, *corner), at(canvas, corner[0] + 20, corner[1] + 30))
    frame = canvas.document.graph.frames["f1"]
    grown = 1 if corner == (200, 320) else -1
    assert (frame.width, frame.height) == (240 + 20 * grown, 380 + 30 * grown)
    assert undone(canvas, before)


def test_n_writes_a_note_and_its_keys_stay_in_it(desk: Window) -> None:
    canvas, before = desk.canvas, desk.document.graph.copy()
    QTest.mouseMove(canvas, at(canvas, 300, 500))
    press(desk, K.Key_N)
    assert isinstance(canvas.editor, TextEditor)
    QTest.keyClicks(canvas.editor, "# lcnhm $w_1$")
    QTest.keyClick(canvas.editor, K.Key_Escape)
    (note,) = desk.document.graph.notes.values()
    assert note.text == "# lcnhm $w_1$" and (note.x, note.y) == (300, 500)
    assert undone(canvas, before)


def test_a_note_left_empty_is_no_note(desk: Window) -> None:
    press(desk, K.Key_N)
    assert desk.canvas.editor is not None
    QTest.keyClick(desk.canvas.editor, K.Key_Escape)
    assert not desk.document.graph.notes and not desk.document.history.can_undo


def test_a_note_is_edited_by_a_double_click_moved_resized_copied_and_deleted(qtbot: QtBot) -> None:
    canvas = shown(qtbot, with_items(Note("t1", "one", 240, 440, 200, 80)))
    notes = canvas.document.graph.notes
    QTest.mouseDClick(canvas, LEFT, NONE, at(canvas, 340, 480))
    assert isinstance(canvas.editor, TextEditor)
    QTest.keyClicks(canvas.editor, "two")
    QTest.keyClick(canvas.editor, K.Key_Return, CTRL)
    assert notes["t1"].text == "two"
    drag(canvas, at(canvas, 340, 480), at(canvas, 384, 540))
    assert (notes["t1"].x, notes["t1"].y) == (284, 500)
    drag(canvas, at(canvas, 484, 540), at(canvas, 534, 540))
    assert notes["t1"].width == 250
    QTest.keyClick(canvas, K.Key_C, CTRL)
    QTest.keyClick(canvas, K.Key_V, CTRL)
    assert [n.text for n in notes.values()] == ["two", "two"]
    QTest.keyClick(canvas, K.Key_D, CTRL)
    assert len(notes) == 3
    QTest.keyClick(canvas, K.Key_Delete)
    assert len(notes) == 2


def test_a_note_is_set_as_markdown_with_formulas_and_fetches_nothing(qtbot: QtBot) -> None:
    from ui.canvas.paint.note_text import made

    text = made("**bold** $w_1^2$ ![p](file:///etc/hostname) <b>raw</b>", 300).toPlainText()
    assert "bold" in text and "**" not in text and "$" not in text and "<b>raw</b>" in text


# order


def test_shift_and_letters_align_the_selection(desk: Window) -> None:
    canvas, nodes = desk.canvas, desk.document.graph.nodes
    for key, same in ((K.Key_W, "y"), (K.Key_A, "x")):
        canvas.select(["d", "f"])
        press(desk, key, SHIFT)
        assert getattr(nodes["d"], same) == getattr(nodes["f"], same)
        desk.document.undo()
    canvas.select(["d", "f"])
    press(desk, K.Key_S, SHIFT)
    assert canvas.scene.rect("d").bottom() == canvas.scene.rect("f").bottom()
    desk.document.undo()
    press(desk, K.Key_D, SHIFT)
    assert canvas.scene.rect("d").right() == canvas.scene.rect("f").right()


def test_the_palette_spreads_the_selection_evenly_as_one_step(desk: Window) -> None:
    canvas, nodes, before = desk.canvas, desk.document.graph.nodes, desk.document.graph.copy()
    canvas.select(["x", "d"])
    assert not desk.actions_by_id["distribute_x"].isEnabled()  # there is one gap only
    canvas.select(["x", "d", "f"])
    wide = {item: canvas.scene.rect(item).width() for item in ("x", "d", "f")}
    press(desk, K.Key_P, CTRL | SHIFT)
    QTest.keyClicks(desk.search_box.query, "distribute horiz")
    QTest.keyClick(desk.search_box.query, K.Key_Return)
    gap = (616 - 0 - wide["x"] - wide["d"]) / 2  # x begins at 0, f at 616
    assert nodes["d"].x == pytest.approx(wide["x"] + gap) and (nodes["x"].x, nodes["f"].x) == (0, 616)
    assert nodes["d"].y == 80 and undone(canvas, before)


def test_the_menu_puts_centres_on_one_line_and_a_group_takes_its_content_along(desk: Window) -> None:
    canvas, graph = desk.canvas, desk.document.graph
    canvas.select(["d", "f"])
    desk.actions_by_id["align_middle"].trigger()
    assert canvas.scene.rect("d").center().y() == pytest.approx(canvas.scene.rect("f").center().y())
    desk.document.undo()
    desk.actions_by_id["align_center"].trigger()
    assert canvas.scene.rect("d").center().x() == pytest.approx(canvas.scene.rect("f").center().x())
    desk.document.undo()
    canvas.select(["d", "f"])
    press(desk, K.Key_G, CTRL)
    (group_id,) = canvas.selection
    canvas.do(edits.Move((("z", 0.0, 700.0),)))
    card, inner = graph.groups[group_id].y, graph.nodes["d"].y
    high = {item: canvas.scene.rect(item).height() for item in ("x", group_id)}
    canvas.select(["x", group_id, "z"])
    desk.actions_by_id["distribute_y"].trigger()
    assert graph.groups[group_id].y == pytest.approx(high["x"] + (700 - high["x"] - high[group_id]) / 2)  # x begins at 0, z at 700
    assert graph.nodes["d"].y - inner == pytest.approx(graph.groups[group_id].y - card) and graph.groups[group_id].y != card


def test_l_lays_out_from_left_to_right_as_one_step(desk: Window) -> None:
    before = desk.document.graph.copy()
    press(desk, K.Key_L)
    nodes = desk.document.graph.nodes
    assert nodes["x"].x < nodes["d"].x < nodes["f"].x and desk.document.graph != before
    assert undone(desk.canvas, before)


def test_a_carried_card_snaps_into_line_and_ctrl_lets_it_go(canvas: Canvas) -> None:
    lone(canvas, 480, 520)
    grip = title(canvas, "e")
    drag(canvas, grip, grip + QPoint(137, 60))
    assert canvas.document.graph.nodes["e"].x == 616  # flush with f
    canvas.document.undo()
    QTest.mousePress(canvas, LEFT, NONE, grip)
    QTest.mouseMove(canvas, grip + QPoint(50, 30))
    assert canvas.gesture is not None
    canvas.gesture.move(canvas.router.pointer(QPointF(grip + QPoint(137, 60)), CTRL))
    QTest.mouseRelease(canvas, LEFT, CTRL, grip + QPoint(137, 60))
    assert canvas.document.graph.nodes["e"].x == 617


# switches


def test_h_folds_a_card_and_opens_it_again(desk: Window) -> None:
    canvas = desk.canvas
    canvas.select(["d"])
    high = canvas.scene.rect("d").height()
    press(desk, K.Key_H)
    assert desk.document.graph.nodes["d"].collapsed and canvas.scene.rect("d").height() < high / 2
    press(desk, K.Key_H)
    assert not desk.document.graph.nodes["d"].collapsed and canvas.scene.rect("d").height() == high


def test_m_bypasses_and_refuses_with_the_reason(qtbot: QtBot, desk: Window) -> None:
    desk.document.do(edits.AddNode(Node("e", "math.exp", "e", x=900, y=300)))
    desk.document.do(edits.connect(desk.document.graph, ("f", "y"), ("e", "x")))
    desk.canvas.select(["e"])
    press(desk, K.Key_M)
    assert desk.document.graph.nodes["e"].bypassed
    press(desk, K.Key_M)
    assert not desk.document.graph.nodes["e"].bypassed
    desk.canvas.select(["f"])
    with qtbot.waitSignal(desk.canvas.message) as said:
        press(desk, K.Key_M)
    assert "wired inputs" in said.args[0] and not desk.document.graph.nodes["f"].bypassed


def test_freezing_sets_the_snowflake_as_one_step(desk: Window) -> None:
    desk.document.do(edits.AddNode(Node("p", "parameter.parameter", "p", x=300, y=500)))
    before = desk.document.graph.copy()
    desk.canvas.select(["p"])
    desk._settled()
    desk.actions_by_id["freeze"].trigger()
    assert desk.document.graph.setting("p", "frozen") is True and desk.canvas.scene.cards["p"].frozen
    desk.document.undo()
    assert desk.document.graph == before


# wires


def test_a_wire_says_its_shape_and_statistics_and_the_norm_of_its_gradient(canvas: Canvas) -> None:
    values = {(n, "y"): view_of(np.arange(8.0).reshape(4, 2)) for n in "xyzdf"}
    canvas.set_trace(xy_plus_z_trace(values=values, edge_gradients={"e0": view_of([[3.0, 4.0]])}))
    text = tips.wire_tip(canvas.content, canvas.document.graph.edges["e0"])
    for part in ("4 × 2", "mean 3.5", "std", "min 0", "max 7", "norm 5"):
        assert part in text


def test_a_click_on_the_pin_of_a_hovered_wire_asks_for_a_probe(qtbot: QtBot, canvas: Canvas) -> None:
    QTest.mouseMove(canvas, middle(canvas, "e3") + QPoint(0, 1))
    assert canvas.model.pointing.pin is not None
    pin = canvas.camera.to_view(canvas.model.pointing.pin).toPoint()
    QTest.mouseMove(canvas, pin)
    with qtbot.waitSignal(canvas.probe_requested) as asked:
        QTest.mouseClick(canvas, LEFT, NONE, pin)
    assert asked.args == ["e3"]


def test_roles_differ_in_colour_and_in_dashes() -> None:
    for theme in THEMES.values():
        assert len({wire_look.hue(theme, role) for role in wire_look.DASHES}) == 3
    assert len(set(wire_look.DASHES.values())) == 3


def test_the_role_of_a_wire_comes_from_what_it_joins(qtbot: QtBot) -> None:
    graph = graph_of(
        [
            ("data", "source.data", 0, 0, {}), ("w", "parameter.parameter", 0, 300, {}), ("m", "math.multiply", 300, 0, {}),
            ("l", "loss.squared_error", 600, 0, {}),
        ],
        [("data", "x", "m", "a"), ("w", "y", "m", "b"), ("m", "y", "l", "prediction"), ("data", "target", "l", "target")],
    )  # fmt: skip
    scene = shown(qtbot, graph).scene
    assert [wire_look.role(scene, f"e{i}") for i in range(4)] == ["signal", "parameter", "signal", "target"]


def test_a_wrong_wire_says_why_at_the_cursor(canvas: Canvas) -> None:
    canvas.document.do(edits.AddNode(Node("a", "math.add", "a", x=320, y=400)))
    canvas.document.do(edits.connect(canvas.document.graph, ("x", "y"), ("a", "a")))
    shapes = {("x", "y"): ((3,), True), ("z", "y"): ((4,), True)}
    drag(canvas, port(canvas, "z", "y", True), port(canvas, "a", "b", False), drop=False)
    assert canvas.gesture is not None and "checking" in (canvas.gesture.tip() or ("",))[0]
    QTest.keyClick(canvas, K.Key_Escape)
    canvas.set_trace(xy_plus_z_trace(shapes=shapes))
    drag(canvas, port(canvas, "z", "y", True), port(canvas, "a", "b", False), drop=False)
    assert canvas.gesture is not None
    tip = canvas.gesture.tip()
    assert tip is not None and "do not fit together" in tip[0] and not tip[1]


@pytest.mark.parametrize("where", ["own port", "same node", "outside"])
def test_a_wire_dropped_where_it_cannot_go_changes_nothing(canvas: Canvas, where: str) -> None:
    start = port(canvas, "d", "y", True)
    inside = canvas.scene.rect("d").center()
    places = {"own port": start, "same node": at(canvas, inside.x(), inside.y()), "outside": QPoint(-300, -200)}
    QTest.mousePress(canvas, LEFT, NONE, start)
    QTest.mouseMove(canvas, start + QPoint(30, 30))
    QTest.mouseMove(canvas, places[where])
    QTest.mouseRelease(canvas, LEFT, NONE, places[where])
    assert canvas.document.graph == xy_plus_z() and not canvas.document.history.can_undo and canvas.gesture is None


def test_a_wire_dropped_on_an_occupied_input_takes_its_place(canvas: Canvas) -> None:
    drag(canvas, port(canvas, "x", "y", True), port(canvas, "f", "b", False))
    assert (("x", "y"), ("f", "b")) in ends(canvas.document.graph) and len(canvas.document.graph.edges) == 4
    assert undone(canvas, xy_plus_z())


@pytest.mark.parametrize("start", ["title", "port", "bend"])
def test_a_node_deleted_while_something_of_it_is_dragged_ends_the_gesture(canvas: Canvas, start: str) -> None:
    canvas.document.do(edits.SetVia("e2", ((520.0, 300.0),)))
    places = {"title": title(canvas, "d"), "port": port(canvas, "d", "y", True), "bend": at(canvas, 520, 300)}
    drag(canvas, places[start], places[start] + QPoint(60, 60), drop=False)
    canvas.document.do(edits.remove_nodes(canvas.document.graph, ["d"]))
    QTest.mouseRelease(canvas, LEFT, NONE, places[start] + QPoint(60, 60))
    canvas.grab()
    assert "d" not in canvas.document.graph.nodes and canvas.gesture is None
    canvas.document.undo()
    assert "d" in canvas.document.graph.nodes


# keyboard only


def test_arrows_walk_ctrl_arrows_follow_wires_and_the_focus_is_seen(canvas: Canvas) -> None:
    canvas.activateWindow()
    canvas.select(["x"])
    QTest.keyClick(canvas, K.Key_Down)
    assert canvas.selected_nodes() == ["y"]
    QTest.keyClick(canvas, K.Key_Right, CTRL)
    assert canvas.selected_nodes() == ["d"]
    assert canvas.model.pointing.by_keys
    QTest.mouseClick(canvas, LEFT, NONE, title(canvas, "x"))
    assert not canvas.model.pointing.by_keys


@pytest.mark.parametrize(("reason", "framed"), [(Qt.FocusReason.TabFocusReason, True), (Qt.FocusReason.OtherFocusReason, False)])
def test_the_canvas_is_framed_where_the_focus_came_by_keys_until_something_is_done(
    canvas: Canvas, reason: Qt.FocusReason, framed: bool
) -> None:
    def corner() -> str:
        return canvas.grab().toImage().pixelColor(1, 200).name()

    canvas.activateWindow()
    canvas.select([])
    canvas.clearFocus()
    plain = corner()
    canvas.setFocus(reason)
    assert (corner() != plain) == framed
    QTest.keyClick(canvas, K.Key_Period)
    assert corner() == plain


def test_p_arrows_and_enter_connect(qtbot: QtBot) -> None:
    graph = xy_plus_z()
    edits.Disconnect("e3").apply(graph)
    canvas = shown(qtbot, graph)
    canvas.select(["z"])
    QTest.keyClick(canvas, K.Key_P)
    QTest.keyClick(canvas, K.Key_Return)
    assert (("z", "y"), ("f", "b")) in ends(canvas.document.graph)


def test_f2_renames_in_place_and_esc_does_not(desk: Window) -> None:
    canvas = desk.canvas
    canvas.select(["d"])
    press(desk, K.Key_F2)
    assert isinstance(canvas.editor, LineEditor)
    QTest.keyClicks(canvas.editor, "product")
    QTest.keyClick(canvas.editor, K.Key_Return)
    assert desk.document.graph.nodes["d"].name == "product"
    press(desk, K.Key_F2)
    assert canvas.editor is not None
    QTest.keyClicks(canvas.editor, "other")
    QTest.keyClick(canvas.editor, K.Key_Escape)
    assert desk.document.graph.nodes["d"].name == "product" and canvas.hasFocus()


def test_a_name_that_is_taken_is_refused_with_the_reason(qtbot: QtBot, desk: Window) -> None:
    desk.canvas.select(["d"])
    press(desk, K.Key_F2)
    assert desk.canvas.editor is not None
    QTest.keyClicks(desk.canvas.editor, "f")
    with qtbot.waitSignal(desk.canvas.message):
        QTest.keyClick(desk.canvas.editor, K.Key_Return)
    assert desk.document.graph.nodes["d"].name == "d"


def test_a_refused_name_is_there_to_be_corrected(qtbot: QtBot, desk: Window) -> None:
    desk.canvas.select(["d"])
    press(desk, K.Key_F2)
    first = desk.canvas.editor
    assert first is not None
    QTest.keyClicks(first, "2 x")
    QTest.keyClick(first, K.Key_Return)
    editor = desk.canvas.editor
    assert isinstance(editor, LineEditor) and editor is not first and editor.text() == "2 x"
    QTest.keyClicks(editor, "x2")
    QTest.keyClick(editor, K.Key_Return)
    assert desk.document.graph.nodes["d"].name == "x2" and desk.canvas.editor is None


def test_a_name_is_edited_in_its_title_bar_and_a_label_below_it(desk: Window) -> None:
    canvas, graph = desk.canvas, desk.document.graph

    def typed(words: str) -> None:
        assert isinstance(canvas.editor, LineEditor)
        canvas.editor.setText(words)
        QTest.keyClick(canvas.editor, K.Key_Return)

    at = canvas.camera.to_view(canvas.scene.rect("d").topLeft() + QPointF(30, 8)).toPoint()
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, NONE, at)
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, NONE, at)
    assert isinstance(canvas.editor, LineEditor) and canvas.editor.text() == "d"
    typed("y_hat")
    assert graph.nodes["d"].name == "y_hat" and canvas.scene.cards["d"].title.text == "ŷ"
    for words in ("Hidden layer 1", "größer", ""):
        press(desk, K.Key_F2, SHIFT)
        assert isinstance(canvas.editor, LineEditor) and canvas.editor.text() == graph.nodes["d"].label
        typed(words)
        assert graph.nodes["d"].label == words and graph.nodes["d"].name == "y_hat"
        assert canvas.scene.cards["d"].formula.width == titles.words(words, 1e6).width
    desk.document.undo()
    assert graph.nodes["d"].label == "größer"


def test_no_key_of_the_canvas_fires_while_a_name_is_typed(desk: Window) -> None:
    before = desk.document.graph.copy()
    desk.canvas.select(["d"])
    press(desk, K.Key_F2)
    editor = desk.canvas.editor
    assert editor is not None
    for key, held in ((K.Key_Delete, NONE), (K.Key_D, CTRL), (K.Key_L, NONE), (K.Key_Delete, CTRL), (K.Key_Home, NONE), (K.Key_W, SHIFT)):
        QTest.keyClick(editor, key, held)
    QTest.keyClick(editor, K.Key_Escape)
    assert desk.document.graph == before and not desk.document.history.can_undo


def test_ctrl_f_rings_what_matches_and_enter_goes_on(desk: Window) -> None:
    press(desk, K.Key_F, CTRL)
    bar = desk.canvas.find_bar
    assert bar is not None and bar.isVisible()
    QTest.keyClicks(bar.query, "input")
    assert list(desk.canvas.model.found) == ["x", "y", "z"] and desk.canvas.selected_nodes() == ["x"]
    QTest.keyClick(bar.query, K.Key_Return)
    assert desk.canvas.selected_nodes() == ["y"]
    QTest.keyClick(bar.query, K.Key_Escape)
    assert not bar.isVisible() and list(desk.canvas.model.found) == [] and desk.canvas.selected_nodes() == ["y"]


def test_the_strip_for_finding_stays_in_the_corner_when_a_panel_takes_room(desk: Window) -> None:
    press(desk, K.Key_F, CTRL)
    bar = desk.canvas.find_bar
    assert bar is not None
    desk.resize(1280, 800)
    QApplication.processEvents()

    assert bar.isVisible() and bar.geometry().right() < desk.canvas.width() and bar.x() >= 12


def test_finding_prefers_exact_names_and_sees_frames_and_notes(qtbot: QtBot) -> None:
    canvas = shown(qtbot, with_items(Frame("f1", "xor part"), Note("t1", "about x")))
    assert matches(canvas.document.graph, "x") == ["x", "f1", "t1"] and matches(canvas.document.graph, "") == []


# what else a hand or a screen may be


def test_a_theme_changes_while_something_is_carried(canvas: Canvas) -> None:
    drag(canvas, title(canvas, "d"), title(canvas, "d") + QPoint(40, 130), drop=False)
    canvas.set_theme(THEMES["dark"])
    canvas.grab()
    QTest.keyClick(canvas, K.Key_Escape)
    assert canvas.document.graph == xy_plus_z()


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
def test_frames_notes_and_points_are_painted_at_every_pixel_ratio(qtbot: QtBot, ratio: float) -> None:
    from PySide6.QtGui import QColor, QImage, QPainter

    from ui.canvas.model.content import Content
    from ui.canvas.model.labels import Labels
    from ui.canvas.paint import painting
    from ui.canvas.paint.painter import prepare

    canvas = shown(qtbot, with_items(Frame("f1", "Both", -40, -60, 240, 380, "layers"), Note("t1", "# One", 240, 440, 200, 80)))
    image = QImage(round(800 * ratio), round(700 * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor(canvas.theme.canvas))
    painter = QPainter(image)
    prepare(painter)
    painter.translate(100, 100)
    area = canvas.seen()
    painting.paint_static(painter, canvas.scene, area, canvas.theme, 1.0)
    painting.paint_live(painter, painting.InView(canvas.scene, area), Labels(), Content(canvas.document.graph), canvas.theme, 1.0)
    painter.end()

    def shade(x: float, y: float) -> str:
        return image.pixelColor(round((x + 100) * ratio), round((y + 100) * ratio)).name().upper()

    assert shade(420, 500) == canvas.theme.panel and shade(190, 310) != canvas.theme.canvas


def test_a_tool_tip_event_on_a_wire_is_answered(canvas: Canvas) -> None:
    place = middle(canvas, "e3")
    event = QHelpEvent(QHelpEvent.Type.ToolTip, place, canvas.mapToGlobal(place))
    assert QApplication.sendEvent(canvas, event)


def test_a_type_dropped_from_the_library_on_a_wire_is_led_into_it_unless_alt_is_held(canvas: Canvas) -> None:
    from PySide6.QtGui import QDragEnterEvent, QDropEvent

    from ui.library.library import mime_data

    place, data, copy = middle(canvas, "e2"), mime_data("math.exp"), Qt.DropAction.CopyAction
    over = QDragEnterEvent(place, copy, data, LEFT, NONE)
    canvas.dragEnterEvent(over)
    assert over.isAccepted() and canvas.model.pointing.drop_wire == "e2"
    canvas.dropEvent(QDropEvent(QPointF(place), copy, data, LEFT, NONE))
    (fresh,) = (n for n in canvas.document.graph.nodes.values() if n.type == "math.exp")
    assert {(("d", "y"), (fresh.id, "x")), ((fresh.id, "y"), ("f", "a"))} <= ends(canvas.document.graph)
    assert canvas.scene.rect("f").left() >= canvas.scene.rect(fresh.id).right() + 40
    assert undone(canvas, xy_plus_z())
    canvas.dragEnterEvent(QDragEnterEvent(place, copy, data, LEFT, ALT))
    assert canvas.model.pointing.drop_wire is None
    canvas.dropEvent(QDropEvent(QPointF(place), copy, data, LEFT, ALT))
    assert (("d", "y"), ("f", "a")) in ends(canvas.document.graph)


def test_a_type_that_takes_nothing_in_is_not_led_into_a_wire(canvas: Canvas) -> None:
    from PySide6.QtGui import QDragEnterEvent

    from ui.library.library import mime_data

    data = mime_data("source.input")
    canvas.dragEnterEvent(QDragEnterEvent(middle(canvas, "e2"), Qt.DropAction.CopyAction, data, LEFT, NONE))
    assert canvas.model.pointing.drop_wire is None


def test_two_fingers_pan_a_wheel_zooms_at_the_cursor(canvas: Canvas) -> None:
    from PySide6.QtGui import QInputDevice, QWheelEvent

    def turn(kind: QInputDevice.DeviceType) -> None:
        pointer = QPointingDevice(
            "device", 7, kind, QPointingDevice.PointerType.Finger, QInputDevice.Capability.Scroll, 2, 0
        )  # fmt: skip
        place = QPointF(400, 300)
        QApplication.sendEvent(
            canvas,
            QWheelEvent(
                place, canvas.mapToGlobal(place), QPoint(0, 40), QPoint(0, 120), Qt.MouseButton.NoButton, NONE,
                Qt.ScrollPhase.NoScrollPhase, False, Qt.MouseEventSource.MouseEventNotSynthesized, pointer,
            ),
        )  # fmt: skip

    before = canvas.view_state()
    turn(QInputDevice.DeviceType.TouchPad)
    assert canvas.view_state() == (before[0], before[1], before[2] - 40)
    fixed = canvas.camera.to_scene(QPointF(400, 300))
    turn(QInputDevice.DeviceType.Mouse)
    moved = canvas.camera.to_scene(QPointF(400, 300)) - fixed
    assert canvas.view_state()[0] > before[0] and moved.manhattanLength() < 1e-6

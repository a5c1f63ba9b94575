"""Groups on the canvas, by mouse and keys: a card for what is inside, a level to go into, and the document always flat and the same."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from engine.compile.views import TraceView
from engine.nodes.catalog import CATALOG
from graph.grouping.groups import members, set_open
from graph.model.edits import Move
from graph.model.lint import lint
from graph.model.problem import Problem
from graph.storage.document import Document
from graph.text.messages import Message
from tests.support.canvas_graphs import (  # fmt: skip
    CTRL,
    LEFT,
    NONE,
    SHIFT,
    at,
    drag,
    graph_of,
    port,
    shown,
    title,
    xy_plus_z,
    xy_plus_z_trace,
)
from ui.canvas.model.number_texts import texts
from ui.canvas.view import Canvas
from ui.look.theme import THEMES
from ui.shell.workspace.playback import Playhead

KEY = Qt.Key


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    return shown(qtbot, xy_plus_z())


def press(canvas: Canvas, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(canvas, key, held)


def grouped(canvas: Canvas, *ids: str) -> str:
    """Select these and press Ctrl+G; the group's id."""
    canvas.select(ids)
    press(canvas, KEY.Key_G, CTRL)
    (group_id,) = canvas.selection
    assert group_id in canvas.document.graph.groups and lint(canvas.document.graph) == []
    return group_id


def ends(canvas: Canvas) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    return {(edge.source, edge.target) for edge in canvas.document.graph.edges.values()}


def undo_all(canvas: Canvas) -> None:
    while canvas.document.history.can_undo:
        canvas.document.undo()


def test_ctrl_g_makes_one_card_of_the_selection_as_one_step(canvas: Canvas) -> None:
    before = canvas.document.graph.copy()
    group_id = grouped(canvas, "d", "f")
    assert canvas.scene.ids == ["x", "y", "z", group_id]
    assert [s.port for s in canvas.scene.cards[group_id].inputs] == ["d.a", "d.b", "f.b"] or canvas.scene.cards[group_id].inputs
    assert len(canvas.scene.cards[group_id].inputs) == 3 and len(canvas.scene.cards[group_id].outputs) == 1
    assert canvas.scene.edges == ["e0", "e1", "e3"]
    after = canvas.document.graph.copy()
    press(canvas, KEY.Key_Z, CTRL)
    assert canvas.document.graph == before and not canvas.document.history.can_undo
    assert canvas.scene.ids == ["x", "y", "z", "d", "f"] and not canvas.selection
    press(canvas, KEY.Key_Z, CTRL | SHIFT)
    assert canvas.document.graph == after and group_id in canvas.scene.row


def test_ctrl_shift_g_dissolves_it_and_selects_what_it_held(canvas: Canvas) -> None:
    before = canvas.document.graph.copy()
    group_id = grouped(canvas, "d", "f")
    canvas.select([group_id])
    press(canvas, KEY.Key_G, CTRL | SHIFT)
    assert not canvas.document.graph.groups and canvas.selection == {"d", "f"}
    assert canvas.document.graph == before


def test_grouping_nothing_says_so_and_changes_nothing(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.select(())
    with qtbot.waitSignal(canvas.message):
        press(canvas, KEY.Key_G, CTRL)
    assert not canvas.document.history.can_undo


def test_a_double_click_and_enter_go_in_and_esc_comes_out_with_the_group_selected(canvas: Canvas) -> None:
    group_id = grouped(canvas, "d", "f")
    QTest.mouseDClick(canvas, LEFT, NONE, title(canvas, group_id))
    assert canvas.navigation.inside == group_id and canvas.scene.ids == ["d", "f"]
    press(canvas, KEY.Key_Escape)
    assert canvas.navigation.inside is None and canvas.selection == {group_id}
    press(canvas, KEY.Key_Return)
    assert canvas.navigation.inside == group_id


def test_esc_ends_a_gesture_before_it_leaves_a_group(canvas: Canvas) -> None:
    group_id = grouped(canvas, "d", "f")
    canvas.navigation.enter(group_id)
    start = title(canvas, "d")
    drag(canvas, start, start + QPoint(80, 60), drop=False)
    press(canvas, KEY.Key_Escape)
    assert canvas.navigation.inside == group_id and canvas.document.graph.nodes["d"].x == 320
    QTest.mouseRelease(canvas, LEFT, NONE, start)
    press(canvas, KEY.Key_Escape)
    assert canvas.navigation.inside is None


def test_the_view_outside_is_where_it_was(canvas: Canvas) -> None:
    group_id = grouped(canvas, "d", "f")
    canvas.zoom_by(0.8)
    before = canvas.view_state()
    canvas.navigation.enter(group_id)
    assert canvas.view_state() != before
    press(canvas, KEY.Key_Escape)
    assert canvas.view_state() == pytest.approx(before)


def test_the_way_in_is_a_row_of_buttons(canvas: Canvas) -> None:
    inner = grouped(canvas, "d")
    outer = grouped(canvas, inner, "f")
    assert not canvas.breadcrumb.isVisible()
    canvas.navigation.enter(outer)
    canvas.navigation.enter(inner)
    assert canvas.breadcrumb.isVisible() and [b.text() for b in canvas.breadcrumb.buttons] == [
        "Graph",
        canvas.document.graph.groups[outer].name,
    ]
    QTest.mouseClick(canvas.breadcrumb.buttons[1], LEFT)
    assert canvas.navigation.inside == outer and canvas.scene.ids == ["f", inner]
    top = canvas.breadcrumb.buttons[0]
    assert isinstance(top, QPushButton)
    QTest.mouseClick(top, LEFT)
    assert canvas.navigation.inside is None and not canvas.breadcrumb.isVisible()


def test_f2_and_typing_rename_a_group(canvas: Canvas) -> None:
    from ui.canvas.input import remarks

    group_id = grouped(canvas, "d", "f")
    canvas.select([group_id])
    remarks.rename(canvas.model)
    assert canvas.editor is not None
    QTest.keyClick(canvas.editor, KEY.Key_A, CTRL)
    QTest.keyClicks(canvas.editor, "affine")
    QTest.keyClick(canvas.editor, KEY.Key_Return)
    assert canvas.document.graph.groups[group_id].name == "affine" and canvas.scene.cards[group_id].title.text == "affine"
    canvas.document.undo()
    assert canvas.document.graph.groups[group_id].name != "affine"


def test_moving_a_card_takes_its_content_along_and_back_in_one_step(canvas: Canvas) -> None:
    group_id = grouped(canvas, "d", "f")
    before = canvas.document.graph.copy()
    start = title(canvas, group_id)
    drag(canvas, start, start + QPoint(48, 200), held=NONE)
    moved, group = canvas.document.graph, canvas.document.graph.groups[group_id]
    step = group.x - before.groups[group_id].x, group.y - before.groups[group_id].y
    assert step[0] > 20 and step[1] > 150
    assert (moved.nodes["d"].x, moved.nodes["d"].y) == (320 + step[0], 80 + step[1])
    canvas.document.undo()
    assert canvas.document.graph == before


def test_a_wire_drawn_to_a_groups_port_goes_to_the_node_inside(canvas: Canvas) -> None:
    group_id = grouped(canvas, "d")
    inputs = [spot.port for spot in canvas.scene.cards[group_id].inputs]
    drag(canvas, port(canvas, "z", "y", True), port(canvas, group_id, inputs[0], False))
    assert (("z", "y"), ("d", "a")) in ends(canvas) and (("x", "y"), ("d", "a")) not in ends(canvas)
    canvas.document.undo()
    assert (("x", "y"), ("d", "a")) in ends(canvas)


def test_a_wire_drawn_from_a_groups_port_comes_from_the_node_inside(qtbot: QtBot) -> None:
    graph = graph_of(
        [("x", "source.input", 0, 0, {}), ("a", "math.exp", 300, 0, {}), ("b", "math.exp", 600, 0, {})], [("x", "y", "a", "x")]
    )
    canvas = shown(qtbot, graph)
    group_id = grouped(canvas, "a")
    (out,) = canvas.scene.cards[group_id].outputs
    drag(canvas, port(canvas, group_id, out.port, True), port(canvas, "b", "x", False))
    assert (("a", "y"), ("b", "x")) in ends(canvas)


def test_the_end_of_a_wire_is_dragged_off_a_groups_port(canvas: Canvas) -> None:
    group_id = grouped(canvas, "d")
    inputs = [spot.port for spot in canvas.scene.cards[group_id].inputs]
    drag(canvas, port(canvas, group_id, inputs[0], False), at(canvas, 200, 500))
    assert (("x", "y"), ("d", "a")) not in ends(canvas)
    canvas.document.undo()
    assert (("x", "y"), ("d", "a")) in ends(canvas)


def test_wires_inside_are_neither_hit_nor_selected_outside(canvas: Canvas) -> None:
    middle = canvas.scene.wire_points("e2").mean(axis=0)
    group_id = grouped(canvas, "d", "f")
    assert "e2" not in canvas.scene.edge_row and canvas.scene.wire_at(QPointF(*middle)) is None
    press(canvas, KEY.Key_A, CTRL)
    assert canvas.selection == {"x", "y", "z", group_id, "e0", "e1", "e3"}


def test_a_box_takes_a_card_with_the_wires_to_it(canvas: Canvas) -> None:
    group_id = grouped(canvas, "d", "f")
    canvas.fit_all()
    drag(canvas, QPoint(3, 60), QPoint(canvas.width() - 5, canvas.height() - 5))
    assert {group_id, "x", "y", "z", "e0"} <= canvas.selection


def test_delete_removes_a_group_with_all_it_holds(canvas: Canvas) -> None:
    before = canvas.document.graph.copy()
    grouped(canvas, "d", "f")
    press(canvas, KEY.Key_Delete)
    assert set(canvas.document.graph.nodes) == {"x", "y", "z"} and not canvas.document.graph.groups
    undo_all(canvas)
    assert canvas.document.graph == before


def test_copy_paste_and_duplicate_bring_whole_groups(canvas: Canvas) -> None:
    group_id = grouped(canvas, "d", "f")
    press(canvas, KEY.Key_C, CTRL)
    assert '"groups"' in QGuiApplication.clipboard().text()
    press(canvas, KEY.Key_V, CTRL)
    graph = canvas.document.graph
    assert len(graph.groups) == 2 and lint(graph) == []
    (pasted,) = (g for g in graph.groups if g != group_id)
    assert len(members(graph, pasted)) == 2 and pasted in canvas.scene.row
    canvas.select([group_id])
    press(canvas, KEY.Key_D, CTRL)
    assert len(graph.groups) == 3 and len(canvas.scene.ids) == 6 and all(canvas.navigation.seen(i) for i in canvas.selection)
    press(canvas, KEY.Key_X, CTRL)
    assert len(graph.groups) == 2


def test_what_is_added_or_pasted_inside_belongs_to_the_group(canvas: Canvas) -> None:
    canvas.select(["x"])
    canvas.copy()
    group_id = grouped(canvas, "d", "f")
    canvas.navigation.enter(group_id)
    new = canvas.add_node("math.exp")
    canvas.paste()
    graph = canvas.document.graph
    assert new is not None and graph.nodes[new].group == group_id
    assert len(graph.members(group_id)) == 4 and len(canvas.scene.ids) == 4


def test_undoing_the_group_one_is_inside_of_leads_out(canvas: Canvas) -> None:
    inner = grouped(canvas, "d")
    outer = grouped(canvas, inner, "f")
    canvas.navigation.enter(outer)
    canvas.navigation.enter(inner)
    press(canvas, KEY.Key_Z, CTRL)
    press(canvas, KEY.Key_Z, CTRL)
    assert canvas.navigation.inside is None and canvas.scene.ids == ["x", "y", "z", "d", "f"] and not canvas.breadcrumb.isVisible()

    other = grouped(canvas, "x")  # where some group is left, there is still a level to show
    canvas.navigation.enter(grouped(canvas, "d"))
    press(canvas, KEY.Key_Z, CTRL)
    assert canvas.navigation.inside is None and sorted(canvas.scene.ids) == ["d", "f", other, "y", "z"]


def test_reveal_goes_to_the_level_of_a_node(canvas: Canvas) -> None:
    inner = grouped(canvas, "d")
    grouped(canvas, inner, "f")
    canvas.select(["d"])
    canvas.reveal("d")
    assert canvas.navigation.inside == inner and canvas.selection == {"d"}
    canvas.reveal("x")
    assert canvas.navigation.inside is None


def test_inside_a_group_its_inputs_and_outputs_stand_beside_the_content(canvas: Canvas) -> None:
    group_id = grouped(canvas, "d")
    canvas.navigation.enter(group_id)
    assert canvas.scene.edges == ["e0", "e1", "e2"]
    left, right = canvas.scene.wire_points("e0")[0, 0], canvas.scene.wire_points("e2")[-1, 0]
    rect = canvas.scene.rect("d")
    assert left < rect.left() - 60 and right > rect.right() + 60
    assert canvas.seen().left() < left and canvas.seen().right() > right


def test_from_a_groups_own_input_a_wire_goes_on_to_another_node_inside(canvas: Canvas) -> None:
    group_id = grouped(canvas, "d", "f")
    canvas.navigation.enter(group_id)
    tags = canvas.scene.level.tags if canvas.scene.level is not None else None
    assert tags is not None
    spot = next(s for s in tags.outputs if canvas.scene.ends("e0")[0][1] == s.port)
    drag(canvas, at(canvas, spot.x, spot.y), port(canvas, "f", "b", False))
    assert (("x", "y"), ("f", "b")) in ends(canvas)


def test_a_card_lights_and_warns_for_what_it_holds(canvas: Canvas) -> None:
    group_id = grouped(canvas, "d", "f")
    canvas.set_trace(xy_plus_z_trace(problems=(Problem("error", Message("no", "no"), ("d",)),)))
    problem = canvas.content.problem(group_id)
    assert problem is not None and problem.severity == "error"
    assert canvas.scene.item_of("d") == group_id
    assert canvas.scene.output_of(("f", "y")) == (group_id, canvas.scene.cards[group_id].outputs[0].port)


@pytest.mark.parametrize("name", THEMES)
def test_every_level_paints_in_every_theme(canvas: Canvas, name: str) -> None:
    group_id = grouped(canvas, "d", "f")
    canvas.set_trace(xy_plus_z_trace())
    canvas.set_theme(THEMES[name])
    outside = canvas.grab().toImage()
    canvas.navigation.enter(group_id)
    inside = canvas.grab().toImage()
    assert not outside.isNull() and inside != outside


def test_groups_come_back_from_the_file(canvas: Canvas, qtbot: QtBot, tmp_path: Path) -> None:
    group_id = grouped(canvas, "d", "f")
    canvas.document.save(tmp_path / "groups.gradwire")
    again = Canvas(Document.load(tmp_path / "groups.gradwire", CATALOG), canvas.theme)
    qtbot.addWidget(again)
    assert again.scene.ids == canvas.scene.ids and again.scene.edges == canvas.scene.edges and group_id in again.scene.cards


def test_another_document_starts_at_its_outermost_level(canvas: Canvas) -> None:
    canvas.navigation.enter(grouped(canvas, "d", "f"))
    canvas.set_document(Document(xy_plus_z()))
    assert canvas.navigation.inside is None and not canvas.breadcrumb.isVisible() and len(canvas.scene.ids) == 5


def test_a_trace_without_numbers_shows_no_number_at_a_group(canvas: Canvas) -> None:
    group_id = grouped(canvas, "d", "f")
    canvas.set_trace(TraceView())
    canvas.grab()
    assert canvas.content.node_value(group_id, "y") is None
    for edge in (canvas.document.graph.edges[edge_id] for edge_id in canvas.scene.edges):
        assert [text.kind for text in texts(edge, canvas.content)] == ["empty", "empty"]  # dashed outlines, no digits


def test_l_arranges_the_cards_of_a_level_and_takes_their_content_along(canvas: Canvas) -> None:
    from ui.canvas.input import arranging

    group_id = grouped(canvas, "d", "f")
    canvas.do(Move(((group_id, -300.0, 500.0),)))
    before = canvas.document.graph.copy()
    arranging.layout_selection(canvas.model)
    graph = canvas.document.graph
    assert graph.groups[group_id].x > max(graph.nodes[n].x for n in "xyz")
    shift = graph.groups[group_id].x - before.groups[group_id].x
    assert graph.nodes["f"].x - before.nodes["f"].x == shift
    canvas.document.undo()
    assert canvas.document.graph == before


def test_arrows_go_from_card_to_card(canvas: Canvas) -> None:
    group_id = grouped(canvas, "d", "f")
    canvas.select(["y"])
    press(canvas, KEY.Key_Right, CTRL)
    assert canvas.selection == {group_id}
    press(canvas, KEY.Key_Left)
    assert len(canvas.selection) == 1 and canvas.selection <= {"x", "y", "z"}


def test_p_draws_a_wire_from_a_group(qtbot: QtBot) -> None:
    graph = graph_of(
        [("x", "source.input", 0, 0, {}), ("a", "math.exp", 300, 0, {}), ("b", "math.exp", 600, 0, {})], [("x", "y", "a", "x")]
    )
    canvas = shown(qtbot, graph)
    grouped(canvas, "a")
    press(canvas, KEY.Key_P)
    press(canvas, KEY.Key_Return)
    assert (("a", "y"), ("b", "x")) in ends(canvas)


@pytest.mark.parametrize("seed", range(6))
def test_anything_done_to_groups_by_keys_is_undone_to_the_start(qtbot: QtBot, seed: int) -> None:
    draw = random.Random(seed)
    canvas = shown(qtbot, xy_plus_z())
    start, flat = canvas.document.graph.copy(), canvas.document.graph.order()
    steps = (
        lambda: press(canvas, KEY.Key_G, CTRL), lambda: press(canvas, KEY.Key_G, CTRL | SHIFT), lambda: press(canvas, KEY.Key_Return),
        lambda: press(canvas, KEY.Key_Escape), lambda: press(canvas, KEY.Key_D, CTRL), lambda: press(canvas, KEY.Key_Z, CTRL),
        lambda: press(canvas, KEY.Key_Right, SHIFT), lambda: press(canvas, KEY.Key_A, CTRL), lambda: press(canvas, KEY.Key_Delete),
        lambda: canvas.select(draw.sample(canvas.scene.ids, min(2, len(canvas.scene.ids)))), lambda: press(canvas, KEY.Key_X, CTRL),
        lambda: press(canvas, KEY.Key_V, CTRL), lambda: press(canvas, KEY.Key_C, CTRL), lambda: canvas.add_node("math.exp"),
    )  # fmt: skip
    for _ in range(60):
        draw.choice(steps)()
        canvas.grab()
        assert lint(canvas.document.graph) == []
        assert set(canvas.scene.edges) <= set(canvas.document.graph.edges)
        assert all(canvas.navigation.seen(item) for item in canvas.selection)
    undo_all(canvas)
    assert canvas.document.graph == start and canvas.document.graph.order() == flat and canvas.navigation.inside is None


def test_an_open_group_shows_what_it_holds_where_it_lies(canvas: Canvas) -> None:
    group_id = grouped(canvas, "d", "f")
    canvas.do(set_open(canvas.document.graph, group_id, True))
    assert set(canvas.scene.ids) == {"x", "y", "z", "d", "f"} and len(canvas.scene.edges) == 4
    canvas.grab()
    canvas.do(set_open(canvas.document.graph, group_id, False))
    assert group_id in canvas.scene.row


def test_playback_lights_the_card_of_the_node_it_is_in(canvas: Canvas) -> None:
    group_id = grouped(canvas, "d", "f")
    canvas.set_trace(xy_plus_z_trace())
    head = Playhead()
    head.set_trace(canvas.content.trace)
    canvas.set_playhead(head)
    head.seek(3)
    head.step()
    assert head.active_node == "d" and canvas.scene.item_of(head.active_node) == group_id
    image, corner = canvas.grab().toImage(), canvas.scene.rect(group_id)
    edge = at(canvas, corner.right(), corner.center().y() + 20)
    colours = {image.pixelColor(edge.x() + step, edge.y()).name().upper() for step in range(-3, 4)}
    canvas.set_playhead(None)
    assert canvas.theme.highlight in colours

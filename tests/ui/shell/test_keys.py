"""Keys do what the table says and nothing else: no AltGr, no letters typed into nothing, and a word where there is nothing to do."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.storage.document import Document
from tests.support.canvas_graphs import title
from tests.support.window_support import names
from ui.shell.actions import ACTIONS, BY_ID
from ui.shell.shortcuts import refusal
from ui.shell.window import Window

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier,
)  # fmt: skip


def typed_with_alt_gr(sequence: QKeySequence) -> bool:
    """Windows sends AltGr as Ctrl and Alt: with a letter, digit or sign it types a character on European keyboards."""
    combinations = [sequence[i] for i in range(sequence.count())]  # type: ignore[index]  # the stubs leave __getitem__ out
    return any(
        c.keyboardModifiers() & (CTRL | ALT) == CTRL | ALT and c.key().value < Qt.Key.Key_Escape.value for c in combinations
    )  # fmt: skip


def test_no_shortcut_takes_a_character_typed_with_alt_gr(window: Window) -> None:
    assert typed_with_alt_gr(QKeySequence("Ctrl+Alt+L")) and typed_with_alt_gr(QKeySequence("Ctrl+Alt+,"))
    assert not typed_with_alt_gr(QKeySequence("Ctrl+Alt+F1"))

    assert [key for spec in ACTIONS for key in spec.shortcuts if typed_with_alt_gr(QKeySequence(key))] == []
    heard = [key for action in window.actions_by_id.values() for key in action.shortcuts()]
    heard += [shortcut.key() for shortcut in window.findChildren(QShortcut)]
    assert len(heard) > 80
    assert [key.toString() for key in heard if typed_with_alt_gr(key)] == []


@pytest.mark.parametrize(("key", "text"), [
    (Qt.Key.Key_L, "ł"), (Qt.Key.Key_0, "}"), (Qt.Key.Key_R, "®"), (Qt.Key.Key_Minus, "\\"), (Qt.Key.Key_Period, "…"),
])  # fmt: skip
def test_a_character_typed_with_alt_gr_arrives_in_a_field(window: Window, key: Qt.Key, text: str) -> None:
    window.canvas.select([names(window.document)["multiply"]])
    field = window.panel("library").query
    field.setFocus()
    spotlight, recording, size = window.presenter.light.on, window.lessons.recording, window.panels.sizes.of()

    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QApplication.sendEvent(field, QKeyEvent(kind, key.value, CTRL | ALT, text))

    assert isinstance(field, QLineEdit) and field.text() == text
    assert (window.presenter.light.on, window.lessons.recording, window.panels.sizes.of()) == (spotlight, recording, size)


def test_a_key_that_types_with_alt_gr_cannot_be_chosen() -> None:
    for key in ("Ctrl+Alt+L", "Ctrl+Alt+0", "Ctrl+Alt+Shift+Q", "Ctrl+Alt+,"):
        assert "AltGr" in refusal(BY_ID["layout"], key)
    for key in ("Ctrl+Alt+F7", "Ctrl+Shift+L", "Alt+Q"):
        assert refusal(BY_ID["layout"], key) == ""


def test_single_letters_are_heard_on_the_canvas_only_and_never_destroy() -> None:
    destructive = {"new", "cut", "delete", "dissolve", "train_reset", "lesson_leave", "pen_clear", "quit", "reveal_all", "remove_fault"}
    assert destructive <= set(BY_ID)
    for spec in ACTIONS:
        for key in spec.shortcuts:
            held = QKeySequence(key)[0].keyboardModifiers()  # type: ignore[index]
            if len(key.removeprefix("Shift+")) == 1 and not held & (CTRL | ALT):
                assert spec.scope == "canvas" and spec.id not in destructive, (spec.id, key)


def labels_and_gaps(window: Window) -> list[tuple[QWidget, QPoint]]:
    """Places in the panels and bars where there is nothing to type into."""
    page, bottom = window.panel("node").node_page, window.panel("bottom")
    return [
        (window.topbar.file, QPoint(3, 3)), (window.topbar, QPoint(2, 2)), (page, QPoint(3, page.height() - 3)),
        (bottom.status, QPoint(3, 3)), (window.statusBar(), QPoint(3, 3)), (window.status.precision, QPoint(2, 2)),
    ]  # fmt: skip


def test_letters_typed_into_nothing_do_nothing(window: Window, qtbot: QtBot) -> None:
    graph = window.document.graph.copy()
    for widget, at in labels_and_gaps(window):
        window.canvas.select([names(window.document)["multiply"]])
        window.canvas.setFocus()
        qtbot.mouseClick(widget, LEFT, NONE, at)
        assert not window.canvas.hasFocus(), widget
        focus = QApplication.focusWidget() or window
        for letter in "abcdefhlmnpquw":
            qtbot.keyClicks(focus, letter)
        QTest.keyClick(focus, Qt.Key.Key_Delete)
        QTest.keyClick(focus, Qt.Key.Key_Backspace)
        assert window.document.graph == graph and not window.document.history.can_undo, widget
        assert window.canvas.gesture is None and window.status.message.full == ""


def test_a_new_graph_has_the_focus_on_the_canvas_so_that_tab_adds_a_node(window: Window, qtbot: QtBot) -> None:
    for before in (window.panel("library").query, window.panel("node").node_page.name, window.panel("bottom").tabs):
        before.setFocus()
        qtbot.keyClick(before, Qt.Key.Key_N, CTRL)
        QApplication.processEvents()
        assert not window.document.graph.nodes and window.canvas.hasFocus()
        QTest.keyClick(window.canvas, Qt.Key.Key_Tab)
        assert window.search_box.isVisible()
        qtbot.keyClick(window.search_box.query, Qt.Key.Key_Escape)
        window.search_box.hide()


@pytest.mark.parametrize(("key", "held", "says"), [
    (Qt.Key.Key_F2, NONE, "Rename: select one node, frame or note first"),
    (Qt.Key.Key_F8, NONE, "Probe value: select a wire first"),
    (Qt.Key.Key_F8, SHIFT, "Probe gradient: select a wire first"),
    (Qt.Key.Key_G, CTRL, "Group: select the nodes to group first"),
    (Qt.Key.Key_F5, NONE, "Train: The engine is starting"),
    (Qt.Key.Key_Delete, NONE, "Delete: select a node, wire, frame or note first"),
    (Qt.Key.Key_Q, SHIFT, "Hide gradient: select a node or a wire first"),
    (Qt.Key.Key_B, NONE, "Breakpoint: select a node first"),
    (Qt.Key.Key_Z, CTRL, "Undo: there is nothing to undo"),
])  # fmt: skip
def test_a_key_with_nothing_to_do_says_so(window: Window, qtbot: QtBot, key: Qt.Key, held: Qt.KeyboardModifier, says: str) -> None:
    window.canvas.select(())
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, key, held)
    assert window.status.message.full.startswith(says)


def test_every_action_that_is_off_has_a_sentence(window: Window) -> None:
    from ui.shell.refused_keys import _why

    window.commands.run("new")
    window.refresh_actions()
    for spec in ACTIONS:
        if not window.actions_by_id[spec.id].isEnabled():
            said = _why(window, spec, window.commands.situation())
            assert len(said) > 12 and "…" not in said and "None" not in said, spec.id


def test_a_locked_graph_says_that_it_is_locked(window: Window, qtbot: QtBot) -> None:
    window.canvas.select([names(window.document)["multiply"]])
    window.document.lock("The graph is locked.", False)
    window.refresh_actions()
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_F2)
    assert window.status.message.full == "The graph is locked."
    window.document.lock("", False)


# gestures


def ask_for_menu(window: Window, at: QPoint, held: Qt.KeyboardModifier) -> None:
    """What X11 and macOS send with the press of the right button, and Windows with its release."""
    canvas = window.canvas
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, canvas.mapToGlobal(at), held)
    QApplication.sendEvent(canvas, event)


@pytest.fixture
def asked(window: Window) -> list[object]:
    """The menus the canvas asked for, in place of being shown."""
    targets: list[object] = []
    window.canvas.menu_requested.disconnect()
    window.canvas.menu_requested.connect(lambda at, target: targets.append(target))
    return targets


@pytest.mark.parametrize("when", ["press", "release"])
def test_ctrl_and_a_right_stroke_cut_though_the_system_asks_for_a_menu(window: Window, asked: list[object], when: str) -> None:
    canvas = window.canvas
    canvas.camera.restore((1.0, -40.0, -40.0))
    edge = next(e.id for e in window.document.graph.edges.values())
    place = canvas.camera.to_view(QPointF(*canvas.scene.wire_points(edge)[16])).toPoint()
    above, below = place - QPoint(0, 25), place + QPoint(0, 25)
    wires = len(window.document.graph.edges)

    QTest.mousePress(canvas, RIGHT, CTRL, above)
    if when == "press":
        ask_for_menu(window, above, CTRL)
    for step in range(1, 6):
        QTest.mouseMove(canvas, above + (below - above) * step / 5)
    QTest.mouseRelease(canvas, RIGHT, CTRL, below)
    if when == "release":
        ask_for_menu(window, below, CTRL)

    assert edge not in window.document.graph.edges and len(window.document.graph.edges) < wires
    assert asked == []


def test_a_click_with_ctrl_and_the_right_button_is_a_click(window: Window, asked: list[object]) -> None:
    QTest.mousePress(window.canvas, RIGHT, CTRL, QPoint(20, 20))
    ask_for_menu(window, QPoint(20, 20), CTRL)
    QTest.mouseRelease(window.canvas, RIGHT, CTRL, QPoint(20, 20))
    assert asked == [None]
    ask_for_menu(window, QPoint(20, 20), NONE)
    assert asked == [None, None]


@pytest.mark.parametrize("held", [ALT, CTRL | SHIFT])
def test_what_alt_does_can_be_done_without_alt(window: Window, held: Qt.KeyboardModifier) -> None:
    """Window managers take Alt and the mouse for themselves."""
    canvas, document = window.canvas, window.document
    canvas.camera.restore((1.0, -40.0, -40.0))
    node = names(document)["multiply"]
    edge = document.graph.inputs_of(node)[0].id
    before = document.graph.copy()

    start = title(canvas, node)
    QTest.mousePress(canvas, LEFT, held, start)
    QTest.mouseMove(canvas, start + QPoint(40, 90))
    QTest.mouseMove(canvas, start + QPoint(60, 180))
    QTest.mouseRelease(canvas, LEFT, held, start + QPoint(60, 180))
    assert len(document.graph.nodes) == len(before.nodes) + 1 and document.history.undo_text == "Duplicate"
    document.undo()
    QTest.mouseClick(canvas, LEFT, held, start)
    assert document.graph == before

    place = canvas.camera.to_view(QPointF(*canvas.scene.wire_points(edge)[16])).toPoint()
    QTest.mouseClick(canvas, LEFT, held, place)
    assert edge not in document.graph.edges
    document.undo()
    assert document.graph == before


@pytest.mark.parametrize("held", [NONE, ALT, SHIFT])
def test_shift_or_alt_keeps_a_node_beside_the_wire_it_is_dropped_on(window: Window, held: Qt.KeyboardModifier) -> None:
    canvas, document = window.canvas, window.document
    canvas.camera.restore((0.8, -60.0, -60.0))
    added = canvas.add_node("math.exp", QPointF(300, 420))
    assert added is not None
    edge = next(e for e in document.graph.edges.values() if document.graph.nodes[e.source[0]].name == "z")
    middle = canvas.camera.to_view(QPointF(*canvas.scene.wire_points(edge.id)[16])).toPoint()
    start = title(canvas, added)

    QTest.mousePress(canvas, LEFT, NONE, start)
    for step in range(1, 9):
        QTest.mouseMove(canvas, start + (middle - start) * step / 8)
        move = QMouseMove(canvas, start + (middle - start) * step / 8, held)
        QApplication.sendEvent(canvas, move)
    QTest.mouseRelease(canvas, LEFT, held, middle)

    assert bool(document.graph.inputs_of(added)) == (held == NONE)


def QMouseMove(canvas: QWidget, at: QPoint, held: Qt.KeyboardModifier) -> QEvent:  # noqa: N802
    from PySide6.QtGui import QMouseEvent

    return QMouseEvent(QEvent.Type.MouseMove, QPointF(at), QPointF(canvas.mapToGlobal(at)), Qt.MouseButton.NoButton, LEFT, held)


def test_the_help_names_the_gestures_without_alt() -> None:
    from ui.shell.shortcut_dialog import GESTURES

    for name, way in GESTURES:
        assert "Alt" not in way or "Ctrl + Shift" in way or "Shift or Alt" in way, name


# what the status line says


def test_a_message_ends_after_the_time_it_takes_to_read(window: Window) -> None:
    status = window.status
    window.say("No.")
    short = window.work.left("message read")
    window.say("x is one number per sample; Linear needs a vector, so put a Stack in between, or choose another layer.")
    assert 4000 <= short < window.work.left("message read") <= 15000
    status._fade()
    assert status.message.full == ""


def test_a_message_that_was_there_when_the_line_was_hidden_does_not_stay_for_good(window: Window) -> None:
    window.say("Saved mine.gradwire")
    window.presenter.enter()
    window.presenter.leave()
    assert window.status.isVisible() and window.status.message.full == "" and not window.work.pending("message read")


def test_the_next_action_ends_a_message_and_a_refusal_of_its_own_stays(window: Window, qtbot: QtBot) -> None:
    said = window.status.message
    window.say("Saved mine.gradwire")
    window.canvas.add_node("math.exp")
    assert said.full == ""
    window.say("Saved mine.gradwire")
    window.actions_by_id["fit_all"].trigger()
    assert said.full == ""
    window.actions_by_id["type_larger"].trigger()
    assert said.full.startswith("Type size")
    window.canvas.select(())
    qtbot.keyClick(window.canvas, Qt.Key.Key_F8)
    assert said.full == "Probe value: select a wire first"
    window.set_document(Document.new(CATALOG))
    assert said.full == ""


def test_that_the_engine_is_gone_stays_until_it_is_back(window: Window) -> None:
    window.status.show_kernel("dead", "The engine has stopped.")
    window.actions_by_id["fit_all"].trigger()
    assert window.status.message.full == "The engine has stopped."
    window.status.show_kernel("ready", "The engine is back.")
    assert window.work.pending("message read")

"""Presenter mode by real keys and mouse: what is hidden, what is locked, the pen, the spotlight, the black screen, and Esc."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPointingDevice, QTabletEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from graph.model.edits import AddNode, SetParam
from graph.model.elements import Node
from graph.model.graph import GraphError
from graph.storage import files as graph_files
from tests.support.random_actions import at_random
from tests.support.window_support import hand_trace, names
from ui.look.theme import LIGHT
from ui.presenter.feature import LOCKED
from ui.presenter.pen import paint_stroke
from ui.presenter.strip import Strip
from ui.presenter.strokes import PenStroke, StrokePages
from ui.shell.window import Window

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
NONE, CTRL, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def key(window: Window, qtbot: QtBot, which: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
    qtbot.keyClick(window.canvas, which, held)
    QApplication.processEvents()


def draw(window: Window, qtbot: QtBot, *places: tuple[int, int], button: Qt.MouseButton = LEFT) -> None:
    canvas = window.canvas
    qtbot.mousePress(canvas, button, NONE, QPoint(*places[0]))
    for place in places[1:]:
        qtbot.mouseMove(canvas, QPoint(*place))
    qtbot.mouseRelease(canvas, button, NONE, QPoint(*places[-1]))


def pixel(window: Window, x: int, y: int) -> tuple[int, int, int]:
    color = window.canvas.grab().toImage().pixelColor(x, y)
    return color.red(), color.green(), color.blue()


def on_card(window: Window, name: str) -> QPoint:
    """The middle of a card's title, in the view."""
    canvas = window.canvas
    rect = canvas.scene.rect(names(window.document)[name])
    return canvas.camera.to_view(QPointF(rect.center().x(), rect.top() + 8)).toPoint()


@pytest.fixture
def presenting(window: Window, qtbot: QtBot) -> Window:
    qtbot.waitActive(window)
    window.canvas.setFocus()
    QApplication.processEvents()
    key(window, qtbot, Qt.Key.Key_F5, CTRL)
    assert window.presenter.presenting
    return window


def test_the_screen_is_filled_with_the_graph_and_everything_comes_back(window: Window, qtbot: QtBot) -> None:
    docks = [window.panels.docks["library"], window.panels.docks["inspector"], window.panels.docks["bottom"]]
    before = [dock.isVisible() for dock in docks]
    key(window, qtbot, Qt.Key.Key_F5, CTRL)

    assert window.isFullScreen() and not any(dock.isVisible() for dock in docks)
    assert not window.topbar.isVisible() and not window.statusBar().isVisible() and window.actions_by_id["present"].isChecked()

    key(window, qtbot, Qt.Key.Key_Escape)
    assert not window.isFullScreen() and not window.presenter.presenting and not window.actions_by_id["present"].isChecked()
    assert [dock.isVisible() for dock in docks] == before and window.topbar.isVisible() and window.statusBar().isVisible()


def test_panels_and_freedom_stay_where_the_teacher_wants_them(window: Window, qtbot: QtBot) -> None:
    window.actions_by_id["present_hide"].trigger()
    window.actions_by_id["present_lock"].trigger()
    key(window, qtbot, Qt.Key.Key_F5, CTRL)

    assert window.panels.docks["inspector"].isVisible() and window.topbar.isVisible() and not window.document.read_only
    window.actions_by_id["present_lock"].trigger()
    assert window.document.read_only == LOCKED
    window.presenter.leave()


def test_a_locked_graph_refuses_edits_with_a_hint_and_saves_all_the_same(presenting: Window, qtbot: QtBot, tmp_path: object) -> None:
    document, before = presenting.document, presenting.document.graph.copy()
    with pytest.raises(GraphError, match="locked"):
        document.do(AddNode(Node("n99", "math.exp", "e")))
    presenting.canvas.select([names(document)["x"]])
    key(presenting, qtbot, Qt.Key.Key_Delete)
    assert presenting.presenter.hint_text == LOCKED and presenting.presenter.strip.hint.isVisible()
    presenting.presenter.hint_text = ""
    at = on_card(presenting, "multiply")
    qtbot.mousePress(presenting.canvas, LEFT, NONE, at)
    qtbot.mouseMove(presenting.canvas, at + QPoint(30, 20))
    qtbot.mouseMove(presenting.canvas, at + QPoint(60, 40))
    qtbot.mouseRelease(presenting.canvas, LEFT, NONE, at + QPoint(60, 40))
    assert presenting.presenter.hint_text == LOCKED

    assert document.graph == before and not document.history.can_undo
    document.save(f"{tmp_path}/locked.gradwire")
    presenting.presenter.leave()
    document.do(SetParam(names(document)["x"], "value", 3.0))


def test_sliders_may_stay_free_in_a_locked_graph(presenting: Window) -> None:
    document = presenting.document
    x = names(document)["x"]
    document.do(SetParam(x, "value", 3.0))
    assert document.graph.setting(x, "value") == 3.0

    presenting.actions_by_id["present_sliders"].trigger()
    with pytest.raises(GraphError):
        document.do(SetParam(x, "value", 4.0))
    presenting.presenter.leave()


def test_the_lock_follows_to_another_document_and_ends_with_the_mode(presenting: Window) -> None:
    presenting.commands.run("new")
    assert presenting.document.read_only == LOCKED

    presenting.presenter.leave()
    assert not presenting.document.read_only


def test_clicker_keys_step_nodes_and_black_the_screen(presenting: Window, qtbot: QtBot) -> None:
    presenting.showing.show_trace(hand_trace(presenting.document))
    key(presenting, qtbot, Qt.Key.Key_PageDown)
    assert presenting.playhead.playing == "step"
    presenting.playhead.reset()

    for which in (Qt.Key.Key_B, Qt.Key.Key_Period):
        key(presenting, qtbot, which)
        screen = presenting.presenter.black_screen
        assert screen is not None and screen.isVisible() and screen.size() == presenting.size()
        qtbot.keyClick(screen, Qt.Key.Key_PageDown)
        assert presenting.presenter.black_screen is None and presenting.playhead.at_rest and presenting.canvas.hasFocus()


def test_what_a_clicker_sends_to_start_a_show_does_not_reset_training(presenting: Window, qtbot: QtBot) -> None:
    reset = presenting.actions_by_id["train_reset"]
    reset.setEnabled(True)
    with qtbot.assertNotEmitted(reset.triggered):
        key(presenting, qtbot, Qt.Key.Key_F5, SHIFT)
    presenting.presenter.leave()
    reset.setEnabled(True)
    with qtbot.waitSignal(reset.triggered):
        key(presenting, qtbot, Qt.Key.Key_F5, SHIFT)


def test_esc_ends_one_thing_after_the_other(presenting: Window, qtbot: QtBot) -> None:
    presenter = presenting.presenter
    key(presenting, qtbot, Qt.Key.Key_K, CTRL | SHIFT)
    presenter.toggle_spotlight()
    qtbot.mousePress(presenting.canvas, LEFT, NONE, QPoint(50, 50))
    qtbot.mouseMove(presenting.canvas, QPoint(90, 90))

    key(presenting, qtbot, Qt.Key.Key_Escape)
    qtbot.mouseRelease(presenting.canvas, LEFT, NONE, QPoint(90, 90))
    assert presenter.pen.tool == "pen" and not presenter.pen.board.strokes
    key(presenting, qtbot, Qt.Key.Key_Escape)
    assert not presenter.pen.tool and presenter.light.on
    key(presenting, qtbot, Qt.Key.Key_Escape)
    assert not presenter.light.on and presenter.presenting
    key(presenting, qtbot, Qt.Key.Key_Escape)
    assert not presenter.presenting


def test_a_stroke_stays_on_what_it_was_drawn_on(window: Window, qtbot: QtBot) -> None:
    before, graph = pixel(window, 120, 100), window.document.graph.copy()
    key(window, qtbot, Qt.Key.Key_K, CTRL | SHIFT)
    draw(window, qtbot, (80, 100), (120, 100), (160, 100))
    red, green, _ = pixel(window, 120, 100)
    assert (red, green) != before[:2] and red > green

    window.canvas.pan_by(0, 150)
    assert pixel(window, 120, 100) == before and pixel(window, 120, 250)[0] > pixel(window, 120, 250)[1]
    window.canvas.zoom_by(2.0, QPointF(120, 250))
    assert pixel(window, 120, 250)[0] > pixel(window, 120, 250)[1]

    assert window.document.graph == graph and not window.document.history.can_undo


def test_ctrl_z_with_the_pen_takes_back_strokes_and_never_the_graph(window: Window, qtbot: QtBot) -> None:
    window.document.do(SetParam(names(window.document)["x"], "value", 3.0))
    graph = window.document.graph.copy()
    key(window, qtbot, Qt.Key.Key_K, CTRL | SHIFT)
    draw(window, qtbot, (80, 100), (160, 100))
    draw(window, qtbot, (80, 140), (160, 140))
    board = window.presenter.pen.board

    counts = []
    undo, redo = (Qt.Key.Key_Z, CTRL), (Qt.Key.Key_Z, CTRL | SHIFT)
    for which, held in (undo, undo, undo, redo, (Qt.Key.Key_Y, CTRL)):
        key(window, qtbot, which, held)
        counts.append(len(board.strokes))

    assert counts == [1, 0, 0, 1, 2] and window.document.graph == graph


def test_the_right_button_and_the_eraser_wipe_and_clear_wipes_all(window: Window, qtbot: QtBot) -> None:
    presenter = window.presenter
    key(window, qtbot, Qt.Key.Key_K, CTRL | SHIFT)
    for y in (100, 140, 180):
        draw(window, qtbot, (80, y), (160, y))
    board = presenter.pen.board

    draw(window, qtbot, (120, 95), (120, 105), button=RIGHT)
    assert len(board.strokes) == 2
    qtbot.mouseClick(presenter.strip.buttons["eraser"], LEFT)
    draw(window, qtbot, (120, 130), (120, 150))
    assert len(board.strokes) == 1
    qtbot.mouseClick(presenter.strip.buttons["clear"], LEFT)
    assert not board.strokes
    qtbot.mouseClick(presenter.strip.buttons["undo"], LEFT)
    assert len(board.strokes) == 1


def test_with_the_pen_the_middle_button_and_the_wheel_still_move_the_view(window: Window, qtbot: QtBot) -> None:
    key(window, qtbot, Qt.Key.Key_K, CTRL | SHIFT)
    view = window.canvas.view_state()

    draw(window, qtbot, (100, 100), (130, 120), (160, 140), button=MIDDLE)

    assert window.canvas.view_state() != view and not window.presenter.pen.board.strokes


def test_a_tablet_draws_as_thick_as_it_is_pressed_and_erases_with_its_other_end(window: Window, qtbot: QtBot) -> None:
    key(window, qtbot, Qt.Key.Key_K, CTRL | SHIFT)
    canvas, board = window.canvas, window.presenter.pen.board

    def tablet(kind: QTabletEvent.Type, x: float, pressure: float, end: QPointingDevice.PointerType) -> None:
        device = QPointingDevice("pen", 7, QPointingDevice.DeviceType.Stylus, end, QPointingDevice.Capability.Position, 1, 1)
        place = QPointF(x, 120)
        down = LEFT if kind != QTabletEvent.Type.TabletRelease else Qt.MouseButton.NoButton
        event = QTabletEvent(kind, device, place, place, pressure, 0, 0, 0, 0, 0, NONE, LEFT, down)
        QApplication.sendEvent(canvas, event)
        assert event.isAccepted()

    for end in (QPointingDevice.PointerType.Pen, QPointingDevice.PointerType.Eraser):
        tablet(QTabletEvent.Type.TabletPress, 100, 0.1, end)
        tablet(QTabletEvent.Type.TabletMove, 130, 0.9, end)
        tablet(QTabletEvent.Type.TabletRelease, 130, 0.0, end)
        if end == QPointingDevice.PointerType.Pen:
            assert board.strokes[0].widths[1] > 2 * board.strokes[0].widths[0]
            canvas.grab()
    assert not board.strokes


def test_the_spotlight_darkens_all_but_a_circle_that_the_wheel_sizes(window: Window, qtbot: QtBot) -> None:
    canvas, light = window.canvas, window.presenter.light
    empty = canvas.width() // 2, canvas.height() - 40
    plain = pixel(window, 30, 30)
    window.presenter.toggle_spotlight()
    qtbot.mouseMove(canvas, QPoint(*empty))

    assert pixel(window, *empty)[0] > 2 * pixel(window, 30, 30)[0]
    radius, scale = light.radius, canvas.camera.scale
    wheel = QWheelEvent(
        QPointF(*empty), QPointF(*empty), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False
    )
    QApplication.sendEvent(canvas, wheel)
    assert light.radius > radius and canvas.camera.scale == scale

    key(window, qtbot, Qt.Key.Key_Escape)
    assert pixel(window, 30, 30) == plain


def test_the_window_closes_in_the_middle_of_presenting_and_remembers_its_panels(make_window: Callable[..., Window]) -> None:
    first = make_window()
    first.presenter.toggle()
    first.presenter.toggle_pen()
    first.presenter.toggle_spotlight()
    first.presenter.black()
    first.close()

    again = make_window()
    assert again.panels.docks["library"].isVisible() and again.panels.docks["inspector"].isVisible() and not again.isFullScreen()


def test_strokes_belong_to_the_page_they_were_drawn_on() -> None:
    page = "one"
    board = StrokePages(lambda: page)
    stroke = PenStroke("red")
    stroke.add(QPointF(0, 0), 2.0)
    stroke.add(QPointF(10, 0), 2.0)
    board.put(stroke)

    page = "two"
    assert not board.strokes and not board.can_undo
    page = "one"
    assert board.strokes == (stroke,) and board.undo() and board.redo()


@pytest.mark.parametrize(("at", "hit"), [((5, 1), True), ((5, 9), False), ((14, 0), False), ((-3, 0), True)])
def test_a_line_is_touched_within_reach_of_it(at: tuple[float, float], hit: bool) -> None:
    stroke = PenStroke("red")
    for x in (0.0, 5.0, 10.0):
        stroke.add(QPointF(x, 0), 2.0)

    assert stroke.touched(QPointF(*at), 2.5) is hit


def test_a_stroke_is_drawn_to_where_the_pen_was_lifted() -> None:
    """Fast writing leaves points far apart: the last of them is joined to the line like the others."""
    stroke = PenStroke("red")
    for x in (0.0, 40.0, 80.0):
        stroke.add(QPointF(x, 20), 4.0)
    picture = QImage(100, 40, QImage.Format.Format_ARGB32)
    picture.fill(Qt.GlobalColor.white)
    painter = QPainter(picture)
    paint_stroke(painter, stroke, LIGHT)
    painter.end()

    empty = [x for x in range(81) if picture.pixelColor(x, 20) == QColor(Qt.GlobalColor.white)]
    assert not empty


def test_a_lesson_goes_on_in_a_locked_graph_and_strokes_stay_with_their_step(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    graph_files.save(window.document.graph, tmp_path / "g.gradwire")
    rows = {
        "format": "gradwire-lesson", "version": 1, "title": "T", "graph": "g",
        "steps": [{"title": "a"}, {"title": "b", "run": [{"do": "set", "node": "x", "value": 4.0}]}],
    }  # fmt: skip
    (tmp_path / "t.gwlesson").write_text(json.dumps(rows), encoding="utf-8")
    window.lessons.open(tmp_path / "t.gwlesson")
    window.presenter.toggle()
    x = names(window.document)["x"]
    key(window, qtbot, Qt.Key.Key_K, CTRL | SHIFT)
    draw(window, qtbot, (80, 100), (160, 100))

    key(window, qtbot, Qt.Key.Key_PageDown)
    assert window.document.graph.setting(x, "value") == 4.0 and window.document.read_only == LOCKED
    assert not window.presenter.pen.board.strokes and window.lessons.panel is not None and window.lessons.panel.isVisible()
    key(window, qtbot, Qt.Key.Key_PageUp)
    assert window.document.graph.setting(x, "value") == 2.0 and len(window.presenter.pen.board.strokes) == 1
    for _ in range(3):
        key(window, qtbot, Qt.Key.Key_Escape)
    assert not window.presenter.presenting and window.lessons.player is not None


@pytest.mark.parametrize("seed", range(2))
def test_random_actions_while_presenting_a_locked_graph_break_nothing(window: Window, qtbot: QtBot, seed: int) -> None:
    window.presenter.toggle()

    at_random(window, qtbot, seed + 50, 25)

    window.presenter.leave()
    window.presenter.take("")
    window.presenter.light.show(False)


def test_the_strip_leaves_the_small_map_its_place(window: Window, qtbot: QtBot) -> None:
    for wide in (1280, 1600):
        window.resize(wide, 800)
        window.presenter.toggle_pen()
        qtbot.wait(20)
        canvas = window.canvas
        strip = canvas.findChild(Strip)
        assert strip is not None and strip.isVisible() and strip.x() >= 8
        assert strip.geometry().right() < canvas.model.map.place().left()
        window.presenter.toggle_pen()


def test_drawings_end_with_the_presentation(presenting: Window, qtbot: QtBot) -> None:
    plain = pixel(presenting, 60, 60)
    key(presenting, qtbot, Qt.Key.Key_K, CTRL | SHIFT)
    draw(presenting, qtbot, (40, 60), (60, 60), (90, 60))
    assert presenting.presenter.pen.board.strokes and pixel(presenting, 60, 60) != plain
    assert not presenting.theme.frames and not presenting.canvas.theme.frames and not presenting.canvas.model.shows_focus
    presenting.presenter.leave()
    assert presenting.theme.frames and presenting.canvas.theme.frames and presenting.canvas.model.shows_focus
    assert not presenting.presenter.pen.board.strokes and not presenting.actions_by_id["pen_clear"].isEnabled()
    presenting.actions_by_id["pen_undo"].trigger()
    assert len(presenting.presenter.pen.board.strokes) == 1


def test_putting_the_pen_down_says_how_a_drawing_is_wiped(window: Window, qtbot: QtBot) -> None:
    window.canvas.setFocus()
    window.presenter.toggle_pen()
    draw(window, qtbot, (40, 60), (60, 60), (90, 60))
    key(window, qtbot, Qt.Key.Key_Escape)
    assert window.presenter.pen.board.strokes and "Ctrl+Shift+Del" in window.status.message.full
    key(window, qtbot, Qt.Key.Key_Delete, CTRL | SHIFT)
    assert not window.presenter.pen.board.strokes
    window.presenter.toggle_pen()
    key(window, qtbot, Qt.Key.Key_Escape)
    assert window.status.message.full == ""

"""The window as a whole: playback, themes, focus, panels."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.kernel.protocol import Progress
from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.run_record import RunRecord
from graph.storage.document import Document
from tests.support.window_support import hand_trace, names
from ui.canvas.model.scene import CanvasScene
from ui.look.theme import THEMES
from ui.shell import status
from ui.shell.window import Window


def test_the_transport_plays_forward_and_then_backward(window: Window, qtbot: QtBot) -> None:
    edge = next(iter(window.document.graph.edges))
    transport = window.controls.transport

    qtbot.mouseClick(transport.forward, Qt.MouseButton.LeftButton)
    assert window.playhead.playing == "forward" and not window.playhead.arrived_values(edge)
    assert transport.forward.text() == "Pause"
    window.playhead.advance(60_000)
    assert window.playhead.arrived_values(edge) and not window.playhead.arrived_gradients(edge)

    qtbot.mouseClick(transport.backward, Qt.MouseButton.LeftButton)
    window.playhead.advance(60_000)
    assert window.playhead.at_rest and window.playhead.arrived_gradients(edge)


def test_clicker_keys_step_on_the_canvas(window: Window, qtbot: QtBot) -> None:
    window.canvas.setFocus()

    qtbot.keyClick(window.canvas, Qt.Key.Key_PageDown)
    window.playhead.advance(60_000)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Period)
    window.playhead.advance(60_000)
    assert window.playhead.event_index == 2

    qtbot.keyClick(window.canvas, Qt.Key.Key_PageUp)
    assert window.playhead.event_index == 1


def test_no_canvas_key_acts_while_someone_types_a_name(window: Window, qtbot: QtBot) -> None:
    before = window.document.graph.copy()
    window.canvas.select([names(window.document)["multiply"]])
    name = window.panel("node").node_page.name
    name.setFocus()
    name.selectAll()

    for key in ("l", "f", ".", ","):
        qtbot.keyClicks(name, key)
    qtbot.keyClick(name, Qt.Key.Key_Backspace)
    qtbot.keyClick(name, Qt.Key.Key_Delete)

    assert window.document.graph == before and window.playhead.at_rest
    assert name.text() == "lf."


def test_a_click_on_the_transport_leaves_the_canvas_its_focus(window: Window, qtbot: QtBot) -> None:
    window.canvas.setFocus()

    qtbot.mouseClick(window.controls.transport.step, Qt.MouseButton.LeftButton)

    assert window.canvas.hasFocus()
    window.playhead.reset()


def test_new_numbers_keep_the_place_of_playback_and_a_new_document_ends_it(window: Window) -> None:
    window.playhead.seek(3)
    window.showing.show_trace(hand_trace(window.document))
    assert window.playhead.event_index == 3 and not window.playhead.at_rest

    window.commands.run("new")
    assert window.playhead.at_rest and not window.playhead.events


@pytest.mark.parametrize("name", THEMES)
def test_a_theme_reaches_every_part_and_is_remembered(window: Window, name: str) -> None:
    window.commands.run(f"theme_{name}")
    window.panels.show("training")
    QApplication.processEvents()
    picture = window.grab().toImage()

    assert window.settings.text("theme") == name and window.actions_by_id[f"theme_{name}"].isChecked()
    panel = window.panel("bottom").mapTo(window, window.panel("bottom").rect().bottomRight())
    assert picture.pixelColor(panel.x() - 3, panel.y() - 3) == QColor(THEMES[name].panel)
    canvas = window.canvas.mapTo(window, window.canvas.rect().bottomLeft())
    around = {picture.pixelColor(canvas.x() + dx, canvas.y() - dy).name().upper() for dx in range(3, 8) for dy in range(3, 8)}
    assert THEMES[name].canvas in around


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080)])
def test_no_button_in_the_top_bar_is_cut_off(window: Window, qtbot: QtBot, name: str, width: int, height: int) -> None:
    window.resize(width, height)
    window.commands.run(f"theme_{name}")
    qtbot.wait(30)
    bar, transport = window.topbar, window.controls.transport
    buttons = (*bar.modes.segments.values(), transport.back, transport.forward, transport.backward, transport.step, bar.train)

    for button in buttons:
        assert button.width() >= button.sizeHint().width(), button.text()
        right = button.mapTo(window, button.rect().topRight()).x()
        assert button.isVisible() and right <= window.width(), button.text()


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("width", [1280, 1366, 1920])
def test_chips_whose_text_grows_are_whole_or_left_out(window: Window, qtbot: QtBot, name: str, width: int) -> None:
    """Optimizer, device and the training button get their texts after the bar was first arranged."""
    window.resize(width, 700)
    window.commands.run(f"theme_{name}")
    qtbot.wait(20)
    bar = window.topbar
    bar.set_optimizer("SGD   η 0.001   momentum 0.9")
    bar.set_device("starting", "CPU", window.theme, "")
    for training in (True, False):
        bar.set_training(training, True, "")
        qtbot.wait(20)
        for widget in (bar.optimizer, bar.device, bar.train, *bar.modes.segments.values()):
            if widget.isVisible():
                assert widget.width() >= widget.sizeHint().width(), widget.text()
                assert widget.mapTo(window, widget.rect().topRight()).x() <= window.width(), widget.text()
        assert bar.train.isVisible()


def test_the_status_line_says_precision_device_samples_and_mode(window: Window) -> None:
    trace = replace(hand_trace(window.document), dtype="float32", batch="samples 1–8 of 150", mode="training", device="cpu")
    window.showing.show_trace(trace)

    status = window.status
    texts = (status.precision.text(), status.device.text(), status.batch.text(), status.mode.text())
    assert texts == ("float32", "CPU", "canvas: samples 1–8 of 150", "training mode")


def test_another_document_shows_nothing_of_the_numbers_of_the_last_one(window: Window) -> None:
    """Its own may take a minute to come."""
    window.showing.show_trace(replace(hand_trace(window.document), batch="samples 1–8 of 150", mode="training"))
    timeline = window.panel("training").timeline
    record = RunRecord(1, last=90)
    timeline.show_progress(Progress(step=90, record=record), ())
    assert not timeline.isHidden()

    window.set_document(Document(window.document.graph.copy()))
    status = window.status
    assert timeline.isHidden() and status.batch.isHidden() and status.mode.text() == ""


def test_without_an_engine_training_is_off_and_says_why(window: Window) -> None:
    assert not window.topbar.train.isEnabled()
    assert window.topbar.train.toolTip()


def test_f6_walks_through_the_panels_and_back(window: Window, qtbot: QtBot) -> None:
    window.canvas.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_F6)
    assert window.panel("inspector").tabs.tabBar().hasFocus()

    qtbot.keyClick(window, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert window.canvas.hasFocus()


def test_arrange_moves_nodes_in_one_step(window: Window, qtbot: QtBot) -> None:
    graph = window.document.graph
    window.canvas.add_node("math.exp")
    before = graph.copy()
    window.canvas.select(())
    window.canvas.setFocus()

    qtbot.keyClick(window.canvas, Qt.Key.Key_L)
    assert graph != before and window.document.history.undo_text == "Arrange"

    window.document.undo()
    assert graph == before


def test_differentiate_this_node_marks_the_objective(window: Window) -> None:
    node = names(window.document)["multiply"]
    window.canvas.select([node])

    window.actions_by_id["mark_objective"].trigger()

    assert window.document.graph.settings["objective"] == {"node": node, "port": "y"}


def test_progress_without_a_step_leaves_the_line_empty(window: Window) -> None:
    window.panel("bottom").set_progress(Progress())

    assert window.panel("bottom").status.full == ""


def test_nodes_placed_one_after_another_do_not_lie_on_each_other(window: Window) -> None:
    for key in ("math.exp", "math.sin", "layer.linear"):
        window.panel("library").place(key)

    rects = [window.canvas.scene.rect(n) for n in window.document.graph.nodes]
    assert not any(a.intersects(b) for i, a in enumerate(rects) for b in rects[:i])


def test_f1_explains_the_selected_node(window: Window, qtbot: QtBot) -> None:
    window.canvas.select([names(window.document)["multiply"]])

    qtbot.keyClick(window, Qt.Key.Key_F1)

    assert window.panel("inspector").tabs.tabText(window.panel("inspector").tabs.currentIndex()) == "Help"


def test_the_whole_graph_is_in_view_when_the_window_opens(window: Window) -> None:
    assert window.canvas.seen().contains(window.canvas.scene.bounds())


def test_another_document_may_come_in_the_middle_of_a_selection(window: Window, qtbot: QtBot) -> None:
    """Ctrl+N's question is answered while the mouse still draws a frame that changed the selection."""
    window.canvas.select([names(window.document)["multiply"]])
    corner = window.canvas.rect().bottomRight() - QPoint(20, 20)
    qtbot.mousePress(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, corner)
    for part in (2, 3):
        qtbot.mouseMove(window.canvas, corner / part)
    assert window.canvas.gesture is not None and window.canvas.selected_nodes() != [names(window.document)["multiply"]]

    window.set_document(Document.new(window.document.graph.catalog))
    qtbot.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, corner / 3)

    assert window.canvas.gesture is None and not window.canvas.selection


def test_the_scene_of_a_huge_document_is_made_beside_the_window(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "HUGE", 3)
    makers, said, document = list[str](), list[str](), Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0}))
    monkeypatch.setattr(window, "say", said.append)
    rebuild = CanvasScene.rebuild
    monkeypatch.setattr(CanvasScene, "rebuild", lambda scene: makers.append(threading.current_thread().name) or rebuild(scene))
    window.set_document(document)
    assert makers == ["aside"] and "Laying out 5 nodes …" in said
    assert window.canvas.scene.graph is document.graph and len(window.canvas.scene.ids) == 5
    window.status.expect(document)
    assert window.status.mode.text() == "computing 5 nodes …"
    window.showing.show_device()
    assert window.topbar.device.text().strip() == "preparing"
    window.showing.show_trace(hand_trace(document))
    assert window.status.mode.text() == "evaluation mode"

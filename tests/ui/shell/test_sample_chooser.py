"""The sample shown on the canvas is chosen by mouse and by keys, and choosing changes nothing but the view."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.compile.spot import Spot
from engine.compile.views import ArrayView
from engine.data import load
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.storage.document import Document
from tests.support.explain_support import Desk
from ui.shell.window import Window

EXAMPLE = Path(__file__).resolve().parents[3] / "resources" / "examples" / "tanh-mlp-2-4-2.gradwire"


def test_a_sample_is_chosen_by_menu_keys_and_wheel_and_nothing_is_edited(make_window: Callable[..., Window], qtbot: QtBot) -> None:
    window = make_window(Document.load(EXAMPLE, CATALOG))
    canvas, chooser, samples = window.canvas, window.canvas.sample_chooser, window.canvas.model.samples
    assert not chooser.isVisible() and not window.actions_by_id["sample_next"].isEnabled(), "there is no batch yet"
    window.showing.show_trace(Model(window.document.graph).trace_view())
    assert chooser.isVisible() and chooser.text().startswith("all 8 samples") and window.actions_by_id["sample_next"].isEnabled()

    qtbot.mouseClick(chooser, Qt.MouseButton.LeftButton)
    menu = chooser.samples_menu
    assert menu is not None and menu.isVisible()
    third = next(action for action in menu.actions() if action.text() == "sample 3 of 8")
    qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(third).center())
    assert samples.choice == 2 and chooser.text().startswith("sample 3 of 8")
    assert "1/8" in chooser.toolTip(), "gradients of one sample are its part of the mean over the batch"

    window.activateWindow()
    canvas.setFocus()
    QApplication.processEvents()
    qtbot.keyClick(canvas, Qt.Key.Key_BracketRight)
    assert samples.choice == 3
    qtbot.keyClick(canvas, Qt.Key.Key_BracketLeft)
    assert samples.choice == 2
    place = QPointF(chooser.rect().center())
    down = QPoint(0, -120)
    wheel = QWheelEvent(
        place, chooser.mapToGlobal(place), QPoint(), down, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(chooser, wheel)
    assert samples.choice == 3
    window.actions_by_id["sample_mean"].trigger()
    assert samples.choice == "mean"
    window.actions_by_id["sample_all"].trigger()
    assert samples.choice is None
    assert not window.document.history.can_undo and not window.document.modified


def test_a_sample_pointed_out_is_the_batch_until_another_is_chosen(make_window: Callable[..., Window], qtbot: QtBot) -> None:
    desk = Desk()
    window = make_window(Document.load(EXAMPLE, CATALOG), kernel=desk)
    chooser, samples, data = window.canvas.sample_chooser, window.canvas.model.samples, load(window.document.graph.settings_of("n1"))
    qtbot.waitUntil(lambda: chooser.isVisible())
    samples.choose("mean")
    last = len(data.test.x) - 1
    samples.point_out(Spot("test", last, last + 1))
    qtbot.waitUntil(lambda: chooser.text().startswith(f"test sample {last + 1} of"))
    shown = window.trace.values["n1", "x"]
    assert isinstance(shown, ArrayView) and shown.data is not None and shown.data.tolist() == data.test.x[[last]].tolist()
    window.actions_by_id["sample_next"].trigger()
    qtbot.waitUntil(lambda: chooser.text().startswith("test sample 1 of"))
    chooser.open_menu()
    assert chooser.samples_menu is not None
    chooser.samples_menu.actions()[0].trigger()
    assert samples.spot is None and samples.choice == "mean"
    qtbot.waitUntil(lambda: chooser.text().startswith("mean of 8"))
    samples.point_out(Spot("train", 20, 200))
    window.actions_by_id["sample_all"].trigger()
    assert samples.spot is None and samples.choice is None
    assert not window.document.history.can_undo and not window.document.modified
    window.close()

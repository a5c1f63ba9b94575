"""The main job, from the window: open a graph with data, press Train, watch the loss fall; survive the engine's death."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.model.edits import SetTraining
from ui.engine_link.link import Kernel
from ui.shell.files import example_document
from ui.shell.window import Window

PATIENCE = 60_000


@pytest.fixture
def window(make_window: Callable[..., Window]) -> Window:
    return make_window(example_document("xor", CATALOG), example="xor", kernel=Kernel(), unsaved="discard")


def test_a_pressed_train_button_makes_the_loss_fall_and_the_weights_change(window: Window, qtbot: QtBot) -> None:
    kernel, trace = window.kernel, window.trace
    assert kernel is not None and trace is not None
    before = {key: view.data.copy() for key, view in trace.parameters.items() if view.data is not None}
    document = window.document.graph.copy()

    qtbot.mouseClick(window.topbar.train, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: kernel.progress.phase == "finished", timeout=PATIENCE)
    qtbot.waitUntil(lambda: window.trace is not None and window.trace.mode == "paused", timeout=PATIENCE)

    assert window.panels.made("training") is not None, "the curves' rows of the action table need it"
    steps, losses = window.panel("training").curves.series("loss")
    assert len(steps) > 10 and losses[-1] < losses[0] / 2
    assert any((window.trace.parameters[key].data != old).any() for key, old in before.items())
    assert "loss" in window.panel("bottom").status.full
    assert window.document.graph == document and window.document.history.is_clean  # training edits nothing
    assert window.document.training_unsaved
    assert f"step {kernel.progress.step:,}" in window.files._at_stake()[1]


@pytest.mark.parametrize("key", [Qt.Key.Key_F9, Qt.Key.Key_F5, None], ids=["F9", "F5", "button"])
def test_training_uses_the_number_that_is_being_typed(window: Window, qtbot: QtBot, key: Qt.Key | None) -> None:
    kernel = window.kernel
    assert kernel is not None and window.panel("training").optimizer.hyper_form is not None
    window.document.do(SetTraining("epochs", 2), "Train briefly")
    window.panels.show("training")
    field = window.panel("training").optimizer.hyper_form.editors["lr"]
    field.setFocus(Qt.FocusReason.MouseFocusReason)
    qtbot.waitUntil(field.hasFocus, timeout=PATIENCE)
    qtbot.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(field, "1/8")

    if key is None:
        qtbot.mouseClick(window.topbar.train, Qt.MouseButton.LeftButton)
    else:
        qtbot.keyClick(field, key)
    qtbot.waitUntil(lambda: kernel.progress.step > 0 and not kernel.training, timeout=PATIENCE)

    assert window.document.graph.training["hyper"]["lr"] == 0.125
    badge = window.panel("training").optimizer.badge
    qtbot.waitUntil(lambda: badge.text() == "Equal to torch.optim.Adam in every digit.", timeout=PATIENCE)


def test_reset_returns_to_the_weights_of_the_document(window: Window, qtbot: QtBot) -> None:
    kernel, trace = window.kernel, window.trace
    assert kernel is not None and trace is not None
    before = {key: view.data.copy() for key, view in trace.parameters.items() if view.data is not None}
    qtbot.keyClick(window, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: kernel.progress.step == 1, timeout=PATIENCE)

    qtbot.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)

    def back() -> bool:
        shown = window.trace.parameters if window.trace is not None else {}
        return all((shown[key].data == old).all() for key, old in before.items())

    qtbot.waitUntil(back, timeout=PATIENCE)
    assert kernel.progress.step == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL there")
def test_when_the_engine_is_killed_the_window_stays_and_training_can_go_on(window: Window, qtbot: QtBot) -> None:
    kernel = window.kernel
    assert kernel is not None and kernel.pid is not None
    window.document.do(SetTraining("epochs", 10**6), "Train for long")
    document = window.document.graph.copy()
    qtbot.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: kernel.progress.step > 50, timeout=PATIENCE)
    killed = kernel.pid

    os.kill(killed, signal.SIGKILL)
    qtbot.waitUntil(lambda: kernel.pid not in (None, killed) and kernel.ready, timeout=PATIENCE)

    assert window.isVisible() and window.document.graph == document
    assert "engine" in window.status.message.full.lower()
    if not kernel.training:
        qtbot.keyClick(window, Qt.Key.Key_F5)
    step = kernel.progress.step
    qtbot.waitUntil(lambda: kernel.training and kernel.progress.step > step, timeout=PATIENCE)
    qtbot.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: not kernel.training, timeout=PATIENCE)

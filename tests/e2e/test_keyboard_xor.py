"""A network that learns XOR, from an empty document to a saved file, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.storage.document import Document
from tests.support.window_support import Answers
from ui.canvas.input.gestures import DrawWireByKeys
from ui.engine_link.link import Kernel
from ui.shell.window import Window
from ui.shell.workspace.settings import UserSettings

PATIENCE = 60_000
K, NONE = Qt.Key, Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Keyboard:
    """Presses keys on whatever has the focus, and looks at the screen as a person would."""

    def __init__(self, qtbot: QtBot, window: Window) -> None:
        self._qtbot, self.window = qtbot, window

    @property
    def focus(self) -> QWidget:
        return QApplication.focusWidget() or self.window

    def press(self, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
        self._qtbot.keyClick(self.focus, key, held)
        QApplication.processEvents()

    def write(self, text: str) -> None:
        self._qtbot.keyClicks(self.focus, text)
        QApplication.processEvents()

    def to(self, name: str) -> None:
        """Tab on until the field of that name has the focus."""
        for _ in range(60):
            if self.focus.accessibleName() == name:
                return
            self.press(K.Key_Tab)
        pytest.fail(f"Tab never reached {name}")

    def bottom(self) -> None:
        """F6 goes around: the inspector, the learned function where there is one, the bottom panel, Training first."""
        for _ in range(6):
            self.press(K.Key_F6)
            if self.window.panel("bottom").isAncestorOf(self.focus):
                return
        pytest.fail("F6 never reached the bottom panel")

    def enter(self, name: str, text: str) -> None:
        """Type into a field; in a list of choices, the first letters."""
        self.to(name)
        if not isinstance(self.focus, QComboBox):
            self.press(K.Key_A, CTRL)
        self.write(text)
        self.press(K.Key_Return)

    def canvas(self) -> None:
        """F6 until the canvas has the focus."""
        for _ in range(6):
            if self.focus is self.window.canvas:
                return
            self.press(K.Key_F6)
        pytest.fail("F6 never reached the canvas")

    def add(self, text: str, name: str) -> None:
        """Tab, a few letters, Enter; then a name of its own."""
        self.press(K.Key_Tab)
        self.write(text)
        self.press(K.Key_Return)
        self.press(K.Key_F2)
        self.write(name)
        self.press(K.Key_Return)
        self.canvas()

    def select(self, name: str) -> None:
        self.press(K.Key_F, CTRL)
        self.write(name)
        self.press(K.Key_Escape)
        assert self.focus is self.window.canvas

    def wire(self, source: str, port: str, target: str, into: str) -> None:
        """P takes an output, P again the next one; arrows go through the inputs, Enter connects."""
        canvas, graph = self.window.canvas, self.window.document.graph
        self.select(source)
        self.press(K.Key_P)
        for _ in range(len(graph.spec(canvas.selected_nodes()[0]).outputs)):
            gesture = canvas.gesture
            assert isinstance(gesture, DrawWireByKeys)
            if gesture._fixed.spot.port == port:
                break
            self.press(K.Key_P)
        for _ in range(40):
            gesture = canvas.gesture
            assert isinstance(gesture, DrawWireByKeys) and gesture._target is not None
            if (graph.nodes[gesture._target.node].name, gesture._target.spot.port) == (target, into):
                break
            self.press(K.Key_Right)
        self.press(K.Key_Return)


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[Window]:
    kernel = Kernel()
    window = Window(Document.new(CATALOG), UserSettings(tmp_path / "settings.ini"), kernel)
    window.dialogs = answers = Answers(unsaved="discard", saves=tmp_path / "xor.gradwire")  # type: ignore[assignment]
    answers.busy = "arrived"  # on a busy machine the engine takes longer than saving waits without a question
    qtbot.addWidget(window)
    window.show()
    window.canvas.setFocus()
    qtbot.waitUntil(lambda: kernel.ready, timeout=PATIENCE)
    yield window
    window.close()


def test_xor_from_nothing_with_the_keyboard_alone(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    kernel, keyboard = window.kernel, Keyboard(qtbot, window)
    assert kernel is not None

    keyboard.add("data", "data")
    keyboard.press(K.Key_Return)
    keyboard.enter("Data set", "table")
    keyboard.enter("Target coding", "zero")
    keyboard.canvas()
    keyboard.add("linear", "hidden")
    keyboard.add("tanh", "squash")
    keyboard.add("linear", "output")
    keyboard.press(K.Key_Return)
    keyboard.enter("Outputs", "1")
    keyboard.canvas()
    keyboard.add("bce with logits", "loss")
    keyboard.wire("data", "x", "hidden", "x")
    keyboard.wire("hidden", "y", "squash", "x")
    keyboard.wire("squash", "y", "output", "x")
    keyboard.wire("output", "y", "loss", "scores")
    keyboard.wire("data", "target", "loss", "target")
    keyboard.press(K.Key_L)

    keyboard.press(K.Key_P, CTRL | SHIFT)
    keyboard.write("training, data")
    keyboard.press(K.Key_Return)
    keyboard.canvas()
    keyboard.bottom()
    keyboard.enter("Optimizer", "adam")
    keyboard.enter("Learning rate η", "0.05")
    keyboard.enter("Epochs", "600")
    keyboard.canvas()
    qtbot.waitUntil(lambda: window.actions_by_id["train"].isEnabled(), timeout=PATIENCE)
    keyboard.press(K.Key_F5)
    qtbot.waitUntil(lambda: kernel.progress.phase == "finished", timeout=PATIENCE)
    keyboard.press(K.Key_P, CTRL | SHIFT)
    keyboard.write("keep trained")
    keyboard.press(K.Key_Return)
    qtbot.waitUntil(lambda: window.document.history.undo_text.startswith("Keep"), timeout=PATIENCE)
    keyboard.press(K.Key_S, CTRL)

    assert not window.document.modified
    assert accuracy(Document.load(tmp_path / "xor.gradwire", CATALOG)) == 1.0


def accuracy(document: Document) -> float:
    """The share of right answers of the saved network, worked out by numpy from what the file says."""
    graph = document.graph
    ids = {node.name: node.id for node in graph.nodes.values()}
    wires = {(graph.nodes[e.source[0]].name, graph.nodes[e.target[0]].name) for e in graph.edges.values()}
    assert wires == {("data", "hidden"), ("hidden", "squash"), ("squash", "output"), ("output", "loss"), ("data", "loss")}

    def held(name: str) -> tuple[np.ndarray, np.ndarray]:
        tensors = graph.nodes[ids[name]].params["tensors"]
        return np.array(tensors["W"]), np.array(tensors["b"])

    (w1, b1), (w2, b2) = held("hidden"), held("output")
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    score = np.tanh(x @ w1.T + b1) @ w2.T + b2
    return float(((score[:, 0] > 0) == np.array([0, 1, 1, 0])).mean())

"""Somebody who does anything at all in a window: actions, keys, clicks and drags at random, the same for a seed."""

from __future__ import annotations

import random

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from graph.model.lint import lint
from ui.shell.actions import ACTIONS
from ui.shell.window import Window

NONE, CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier,
)  # fmt: skip
ASKS_OR_LEAVES = {
    "quit", "full_screen", "lessons", "present", "examples", "open", "new", "save", "save_as", "export_code", "export_picture",
    "undo", "redo",
}  # fmt: skip
"""What opens a window of its own, leaves the document, or writes files; tested where it belongs."""
RANDOM = [spec for spec in ACTIONS if spec.id not in ASKS_OR_LEAVES - {"undo", "redo"}]


def settle(window: Window) -> None:
    """End what an action began: boxes, typing on the canvas, gestures, playback."""
    QApplication.processEvents()
    for _ in range(3):
        focus = QApplication.focusWidget()
        if focus is not None and focus is not window.canvas:
            QApplication.sendEvent(focus, _escape())
    window.search_box.dismiss()
    window.canvas.cancel_gesture()
    window.canvas.setFocus()
    window.playhead.reset()
    QApplication.processEvents()


def _escape() -> QKeyEvent:
    return QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Escape, NONE)


class Chaos:
    """Random actions, mouse gestures and Esc in their middle, from one seed."""

    def __init__(self, window: Window, qtbot: QtBot, seed: int) -> None:
        self.window, self._qtbot, self._draw = window, qtbot, random.Random(seed)
        self.log: list[str] = []

    def step(self) -> None:
        choice = self._draw.random()
        if choice < 0.15:
            self._select()
        elif choice < 0.4:
            self._gesture()
        elif choice < 0.5:
            self._type()
        else:
            self._action()
        QApplication.processEvents()

    def _select(self) -> None:
        graph = self.window.document.graph
        everything = [*graph.nodes, *graph.edges, *graph.groups, *graph.notes, *graph.frames]
        chosen = self._draw.sample(everything, min(len(everything), self._draw.randrange(4)))
        self.log.append(f"select {chosen}")
        self.window.canvas.select(chosen)

    def _action(self) -> None:
        spec = self._draw.choice(RANDOM)
        self.log.append(spec.id)
        if spec.id == "paste" and len(self.window.document.graph.nodes) > 60:
            return
        self.window.actions_by_id[spec.id].trigger()

    def _type(self) -> None:
        """A few keys into whatever has the focus, as someone does who does not look."""
        focus = QApplication.focusWidget() or self.window
        keys = self._draw.choice([
            (Qt.Key.Key_Escape,), (Qt.Key.Key_Return,), (Qt.Key.Key_Down, Qt.Key.Key_Return),
            (Qt.Key.Key_P, Qt.Key.Key_Right, Qt.Key.Key_Return),
            (Qt.Key.Key_P, Qt.Key.Key_Escape), (Qt.Key.Key_Tab, Qt.Key.Key_A, Qt.Key.Key_Return), (Qt.Key.Key_Right,), (Qt.Key.Key_F6,),
        ])  # fmt: skip
        self.log.append(f"keys {[key.name for key in keys]} at {type(focus).__name__}")
        for key in keys:
            focus = QApplication.focusWidget() or self.window
            if self.window.isAncestorOf(focus) or focus is self.window:
                self._qtbot.keyClick(focus, key)

    def _gesture(self) -> None:
        """Press, drag, and let go, or press Esc on the way; sometimes an action in between."""
        canvas, draw = self.window.canvas, self._draw
        start = self._place()
        held = draw.choice([NONE, NONE, SHIFT, CTRL, ALT])
        button = draw.choice([Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton])
        self.log.append(f"drag {button.name} {held} from {start}")
        self._qtbot.mousePress(canvas, button, held, start)
        for _ in range(draw.randrange(4)):
            self._qtbot.mouseMove(canvas, self._place())
            if draw.random() < 0.15:
                self._action()
        if draw.random() < 0.4:
            self.log.append("Esc")
            self._qtbot.keyClick(canvas, Qt.Key.Key_Escape)
        self._qtbot.mouseRelease(canvas, button, held, self._place())

    def _place(self) -> QPoint:
        canvas, draw, graph = self.window.canvas, self._draw, self.window.document.graph
        if graph.nodes and draw.random() < 0.7:
            node = draw.choice([*graph.nodes])
            if node in canvas.scene.row:
                rect = canvas.scene.rect(node)
                place = QPointF(draw.choice([rect.left(), rect.center().x(), rect.right()]), draw.uniform(rect.top(), rect.bottom()))
                return canvas.camera.to_view(place).toPoint()
        return QPoint(draw.randrange(canvas.width()), draw.randrange(canvas.height()))


def at_random(window: Window, qtbot: QtBot, seed: int, count: int) -> None:
    """Random actions; then undo leads back to the start, and redo to the end."""
    start, chaos = window.document.graph.copy(), Chaos(window, qtbot, seed)
    document = window.document
    try:
        for done in range(count):
            chaos.step()
            if done % 10 == 0:
                assert document.history.in_gesture or lint(document.graph) == []
        settle(window)
        assert not document.history.in_gesture
        end = document.graph.copy()
        steps = 0
        while document.history.can_undo:
            document.undo()
            steps += 1
        assert document.graph == start
        for _ in range(steps):
            document.redo()
        assert document.graph == end
    except BaseException:
        print("\n".join(chaos.log[-40:]))
        raise

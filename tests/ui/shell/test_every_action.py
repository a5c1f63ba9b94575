"""Every action of the table: undone it leaves the document as it was, redone as it had made it; and at random, nothing breaks."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.lint import lint
from graph.storage.document import Document
from tests.support.window_support import hand_trace
from ui.look.theme import THEMES
from ui.shell.actions import ACTIONS, MENUS
from ui.shell.files import example_document
from ui.shell.window import Window
from ui.shell.workspace.action_spec import ActionContext, ActionSpec

NONE, CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier,
)  # fmt: skip
ASKS_OR_LEAVES = {
    "quit", "full_screen", "lessons", "present", "examples", "open", "new", "save", "save_as", "export_code", "export_picture",
    "undo", "redo",
}  # fmt: skip
"""What opens a window of its own, leaves the document, or writes files; tested where it belongs."""
RANDOM = [spec for spec in ACTIONS if spec.id not in ASKS_OR_LEAVES - {"undo", "redo"}]
ALWAYS_POSSIBLE = ActionContext(
    nodes=9, selected_nodes=2, selected=3, movable=2, undo="x", redo="x", events=4, trained=True, trainable=True, kernel=True,
)  # fmt: skip


class EveryFact(frozenset[str]):
    """What is so when every teaching tool says all it could say."""

    def __contains__(self, fact: object) -> bool:
        return True


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


@pytest.mark.parametrize("selected", [1, 2, 9], ids=["one node", "two nodes", "everything"])
@pytest.mark.parametrize("menu", MENUS)
def test_what_an_action_does_is_undone_and_redone_exactly(window: Window, menu: str, selected: int) -> None:
    document, graph = window.document, window.document.graph
    for spec in (s for s in ACTIONS if s.menu.split("/")[0] == menu and s.id not in ASKS_OR_LEAVES):
        chosen = [*graph.nodes, *graph.edges]
        window.canvas.select(chosen if selected > 2 else chosen[:selected])
        window.canvas.copy()
        window.refresh_actions()
        before = graph.copy()

        window.actions_by_id[spec.id].trigger()
        settle(window)

        after, steps = graph.copy(), 0
        while document.history.can_undo:
            document.undo()
            steps += 1
        assert graph == before and (after == before) == (steps == 0) and steps <= 1, spec.id
        for _ in range(steps):
            document.redo()
        assert graph == after and not lint(graph), spec.id
        for _ in range(steps):
            document.undo()


@pytest.mark.parametrize("spec", [s for s in ACTIONS if s.enabled.__name__ != "always"], ids=lambda s: s.id)
def test_a_rule_that_disables_also_enables(spec: ActionSpec) -> None:
    known = [field.name for field in fields(ActionContext) if field.name != "facts"]
    told = [ActionContext(facts=frozenset()), replace(ALWAYS_POSSIBLE, facts=EveryFact())]
    values: list[dict[str, Any]] = [{name: value} for name in known for value in (0, 1, 3)]
    changed = [replace(base, **more) for base in (ALWAYS_POSSIBLE, ActionContext()) for more in values]

    assert {bool(spec.enabled(situation)) for situation in (ALWAYS_POSSIBLE, ActionContext(), *told, *changed)} == {True, False}


def test_no_key_of_the_canvas_is_heard_in_a_text_field(window: Window, qtbot: QtBot) -> None:
    window.canvas.select([*window.document.graph.nodes][:1])
    before, view = window.document.graph.copy(), window.canvas.view_state()
    name, fired = window.panel("node").node_page.name, []
    assert isinstance(name, QLineEdit)
    specs = [spec for spec in ACTIONS if spec.shortcuts and spec.scope == "canvas"]
    for spec in specs:
        window.actions_by_id[spec.id].triggered.connect(lambda _=False, spec=spec: fired.append(spec.id))

    for spec in specs:
        for key in window.actions_by_id[spec.id].shortcuts():
            name.setFocus()
            name.setText("x")
            name.setModified(False)
            stroke = key[0]  # type: ignore[index]  # PySide6's stubs leave out that a sequence has entries
            if stroke.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                qtbot.keyClick(name, stroke.key(), stroke.keyboardModifiers())
            name.setText("x")
            name.setModified(False)

    assert not fired and window.canvas.view_state() == view and window.document.graph == before


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


@pytest.fixture
def plain(make_window: Callable[..., Window]) -> Iterator[Window]:
    document = Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0}))
    made = make_window(document)
    made.showing.show_trace(hand_trace(document))
    yield made
    settle(made)


@pytest.mark.parametrize("seed", range(4))
def test_random_actions_break_nothing_and_undo_leads_back(plain: Window, qtbot: QtBot, seed: int) -> None:
    at_random(plain, qtbot, seed, 25)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 150))
def test_five_thousand_random_actions(plain: Window, qtbot: QtBot, seed: int) -> None:
    at_random(plain, qtbot, seed, 100)


@pytest.mark.parametrize("name", THEMES)
def test_the_theme_changes_while_a_gesture_and_a_playback_are_under_way(plain: Window, qtbot: QtBot, name: str) -> None:
    before = plain.document.graph.copy()
    plain.playhead.play_forward()
    node = next(iter(plain.document.graph.nodes))
    at = plain.canvas.camera.to_view(plain.canvas.scene.rect(node).center()).toPoint()
    qtbot.mousePress(plain.canvas, Qt.MouseButton.LeftButton, NONE, at)
    qtbot.mouseMove(plain.canvas, at + QPoint(40, 40))

    plain.commands.run(f"theme_{name}")
    qtbot.wait(30)
    qtbot.keyClick(plain.canvas, Qt.Key.Key_Escape)
    qtbot.mouseRelease(plain.canvas, Qt.MouseButton.LeftButton)

    assert plain.document.graph == before and plain.theme.name == name and plain.playhead.playing == "forward"


def test_an_example_survives_random_actions(make_window: Callable[..., Window], qtbot: QtBot) -> None:
    at_random(make_window(example_document("xor", CATALOG)), qtbot, 7, 25)

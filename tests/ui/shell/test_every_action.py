"""Every action of the table: undone it leaves the document as it was, redone as it had made it; and at random, nothing breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.lint import lint
from graph.storage.document import Document
from tests.support.random_actions import ASKS_OR_LEAVES, NONE, at_random, settle
from tests.support.window_support import hand_trace
from ui.look.theme import THEMES
from ui.shell.actions import ACTIONS, MENUS
from ui.shell.files import example_document
from ui.shell.window import Window
from ui.shell.workspace.action_spec import ActionContext, ActionSpec

ALWAYS_POSSIBLE = ActionContext(
    nodes=9, selected_nodes=2, selected=3, movable=2, undo="x", redo="x", events=4, trained=True, trainable=True, kernel=True,
)  # fmt: skip


class EveryFact(frozenset[str]):
    """What is so when every teaching tool says all it could say."""

    def __contains__(self, fact: object) -> bool:
        return True


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


@pytest.fixture
def plain(make_window: Callable[..., Window]) -> Iterator[Window]:
    document = Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0}))
    window = make_window(document)
    window.showing.show_trace(hand_trace(document))
    yield window
    settle(window)


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

"""Planting, guessing and revealing a fault in the window, on f = x·y + z."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model import faults
from graph.model.edits import AddNode, Move, SetTraining
from graph.model.elements import Node
from graph.model.faults import Fault
from graph.storage.document import Document
from tests.support.window_support import names
from ui.predict.fault_bar import GUESS
from ui.shell.window import Window


def click(qtbot: QtBot, widget: object) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def choose(window: Window, kind: str) -> None:
    box = window.predict.finding.bar.kind
    box.setCurrentIndex(box.findData(kind))


def planted(window: Window) -> Fault | None:
    return faults.planted(window.document.graph)


def settle(window: Window, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.work.pending("settle"))


def test_a_teacher_plants_a_fault_at_the_selection_and_nothing_tells_where(window: Window, qtbot: QtBot) -> None:
    node = names(window.document)["multiply"]
    window.canvas.select([node])
    window.refresh_actions()
    window.actions_by_id["plant_fault"].trigger()
    bar = window.predict.finding.bar
    choose(window, "sign")
    bar.place.setCurrentIndex(1)
    click(qtbot, bar.plant)
    settle(window, qtbot)

    assert planted(window) == Fault("sign", node)
    assert not bar.isVisible() and not window.canvas.selection
    assert window.predict.finding.badge.isVisible() and "multiply" not in window.predict.finding.badge.text()
    assert window.document.history.undo_text == "Plant a fault"
    window.document.undo()
    settle(window, qtbot)
    assert planted(window) is None and not window.predict.finding.badge.isVisible()


def test_a_kind_without_a_place_is_refused_in_words(window: Window, qtbot: QtBot) -> None:
    window.actions_by_id["plant_fault"].trigger()
    choose(window, "softmax")
    click(qtbot, window.predict.finding.bar.plant)
    assert planted(window) is None and "cannot be planted" in window.predict.finding.bar.text.text()


def test_a_random_fault_is_one_of_the_possible(window: Window) -> None:
    for _ in range(10):
        window.predict.plant_random_fault()
        assert planted(window) in window.predict.finding.possible()


@pytest.mark.parametrize(
    ("kind", "place", "words"),
    [
        ("sign", "multiply", "Found"),
        ("detached", "multiply", "place is right"),
        ("sign", "add", "somewhere else"),
        ("branch", "x", "not it"),
    ],
)
def test_a_guess_is_told_how_near_it_is(window: Window, qtbot: QtBot, kind: str, place: str, words: str) -> None:
    ids = names(window.document)
    window.document.do(faults.plant(Fault("sign", ids["multiply"])), "Plant a fault")
    settle(window, qtbot)
    assert window.actions_by_id["guess_fault"].isEnabled()
    window.actions_by_id["guess_fault"].trigger()
    window.canvas.select([ids[place]])
    choose(window, kind)
    click(qtbot, window.predict.finding.bar.guess)

    assert words in window.predict.finding.bar.text.text()
    assert bool(window.canvas.overlay.tags("fault")) == (words == "Found")
    assert window.predict.board.score.rows[-1].right == ("yes" if words == "Found" else "no")


@pytest.mark.parametrize("kind", ["sign", "branch"])
def test_what_was_said_about_a_guess_goes_with_the_graph_it_was_about(window: Window, qtbot: QtBot, kind: str) -> None:
    ids = names(window.document)
    window.document.do(faults.plant(Fault("sign", ids["multiply"])), "Plant a fault")
    settle(window, qtbot)
    window.predict.guess_fault()
    window.canvas.select([ids["multiply"]])
    choose(window, kind)
    bar = window.predict.finding.bar
    click(qtbot, bar.guess)
    said = bar.text.text()
    window.document.do(Move(((ids["x"], 5.0, 5.0),)), "Move x")
    settle(window, qtbot)
    assert bar.text.text() == said != GUESS  # still about this fault

    window.document.do(faults.plant(Fault("detached", ids["add"])), "Plant a fault")
    settle(window, qtbot)

    assert bar.isVisible() and bar.text.text() == GUESS and not window.canvas.overlay.tags("fault")


def test_a_guess_needs_one_place(window: Window, qtbot: QtBot) -> None:
    window.document.do(faults.plant(Fault("sign", names(window.document)["multiply"])), "Plant a fault")
    window.predict.guess_fault()
    window.canvas.select(())
    choose(window, "sign")
    click(qtbot, window.predict.finding.bar.guess)
    assert "Select the one wire or node" in window.predict.finding.bar.text.text() and not window.predict.board.score.rows


def test_revealing_rings_the_place_and_removing_ends_it(window: Window, qtbot: QtBot) -> None:
    node = names(window.document)["add"]
    window.document.do(faults.plant(Fault("detached", node)), "Plant a fault")
    settle(window, qtbot)
    window.actions_by_id["reveal_fault"].trigger()
    assert window.canvas.overlay.highlighted("fault")[0] == {node} and "add" in window.predict.finding.bar.text.text()

    click(qtbot, window.predict.finding.bar.remove)
    settle(window, qtbot)
    assert planted(window) is None and not window.canvas.overlay.highlighted("fault")[0] and not window.predict.finding.bar.isVisible()


def test_a_file_with_a_fault_says_so_when_it_is_opened(make_window: Callable[..., Window]) -> None:
    graph = build("x*y", CATALOG, {"x": 2.0, "y": 3.0})
    faults.plant(Fault("zero_grad")).apply(graph)
    window = make_window(Document(graph))
    assert window.predict.finding.badge.isVisible()


def test_without_a_fault_there_is_nothing_to_guess(window: Window) -> None:
    for action in ("guess_fault", "reveal_fault", "remove_fault"):
        assert not window.actions_by_id[action].isEnabled()
    window.predict.guess_fault()
    window.predict.reveal_fault()
    window.predict.remove_fault()
    assert planted(window) is None


def test_the_kinds_of_fault_can_be_read_in_a_small_window(window: Window, qtbot: QtBot) -> None:
    window.resize(1280, 800)
    window.panel("outline").toggle()
    window.predict.plant_random_fault()
    window.predict.guess_fault()
    qtbot.wait(30)

    kind = window.predict.finding.bar.kind
    assert kind.width() >= kind.fontMetrics().horizontalAdvance("A branch is dropped from the sum") + 40


def test_in_large_type_the_bar_makes_the_window_no_wider(window: Window, qtbot: QtBot) -> None:
    window.resize(1280, 800)
    for _ in range(5):
        window.commands.run("type_larger")
    qtbot.wait(30)
    before = window.minimumSizeHint().width()

    window.predict.plant_fault()
    qtbot.wait(30)

    assert window.minimumSizeHint().width() <= max(before, 1280)


def test_gradients_that_are_never_zeroed_are_no_fault_of_an_optimizer_that_zeroes_them_itself(window: Window) -> None:
    graph = window.document.graph
    window.document.do(AddNode(Node("p", "parameter.parameter", "p")))
    assert Fault("zero_grad") in window.predict.finding.possible()
    window.document.do(SetTraining("optimizer", "lbfgs"))
    assert graph.training["optimizer"] == "lbfgs" and Fault("zero_grad") not in window.predict.finding.possible()

"""The inside of an optimizer, with a real engine: it follows the user's run, changes it only when told to, and loses nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.model.edits import SetTraining
from graph.storage.document import Document
from tests.support.networks import network
from tests.support.window_support import Answers, after_event
from ui.engine_link.link import Kernel
from ui.inside.session import InsideSession
from ui.shell.window import Window

PATIENCE = 60_000
MakeWindow = Callable[..., Window]


def line() -> Document:
    """(w·x − 1)² with x = 2 and w = 0.25, trained by Adam: the gradient is 2·x·(w·x − 1) = −2."""
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "w": ("parameter.parameter", {"value": 0.25}), "x": ("source.input", {"value": 2.0}), "one": ("source.constant", {"value": 1.0}),
        "p": ("math.multiply", {}), "d": ("math.subtract", {}), "f": ("math.square", {}),
    }  # fmt: skip
    graph = network(nodes, "w -> p.a; x -> p.b; p -> d.a; one -> d.b; d -> f.x", optimizer="adam", hyper={"lr": 0.1})
    graph._settings["objective"] = {"node": "f", "port": "y"}
    return Document(graph)


@pytest.fixture
def window(make_window: MakeWindow) -> Window:
    return make_window(line(), kernel=Kernel(), unsaved="discard", size=(1280, 720))


def session(window: Window) -> InsideSession:
    current = window.features["inside"].session  # type: ignore[attr-defined]
    assert isinstance(current, InsideSession)
    return current


def shown(window: Window, node: str) -> float:
    """A number on the canvas."""
    trace = window.trace
    assert trace is not None
    value = trace.values[node, "y"].scalar
    assert value is not None
    return value


def opened(window: Window, qtbot: QtBot) -> InsideSession:
    fresh(window, qtbot)
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_I)
    qtbot.waitUntil(lambda: window.features["inside"].active, timeout=PATIENCE)  # type: ignore[attr-defined]
    fresh(window, qtbot)
    return session(window)


def fresh(window: Window, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.trace is not None and not window.stale, timeout=PATIENCE)


def stepped(window: Window, qtbot: QtBot, act: Callable[[], object], step: int) -> None:
    act()
    qtbot.waitUntil(lambda: session(window).guest.inside.iteration == step, timeout=PATIENCE)
    fresh(window, qtbot)


def click(qtbot: QtBot, widget: QPushButton) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def test_it_follows_the_run_and_gives_the_graph_back_as_it_was(window: Window, qtbot: QtBot) -> None:
    own, kernel = window.document, window.kernel
    assert kernel is not None
    window.canvas.select(["w"])
    window.canvas.pan_by(40, 10)
    view = window.canvas.view_state()
    inside = opened(window, qtbot)
    bar = inside.bar

    # Adam's first step is η·sign(g), but for ε: m̂ = g = −2, r̂ = g² = 4
    assert (shown(window, "gradient"), shown(window, "m_hat"), shown(window, "r_hat")) == pytest.approx((-2.0, -2.0, 4.0))
    assert shown(window, "next_theta") == pytest.approx(0.25 + 0.1 * 2 / (2 + 1e-8), abs=1e-12)
    assert bar.title.text() == "Inside of Adam" and bar.isVisible() and not bar.back.isEnabled()
    predicted = shown(window, "next_theta")
    stepped(window, qtbot, lambda: click(qtbot, bar.step), 1)
    assert shown(window, "theta") == predicted and shown(window, "t") == 2
    stepped(window, qtbot, lambda: qtbot.keyClick(window.canvas, Qt.Key.Key_F9), 2)
    stepped(window, qtbot, lambda: click(qtbot, bar.back), 1)
    assert shown(window, "theta") == predicted and not window.document.history.can_undo
    assert window.isWindowModified() and own.trained  # the training is the user's, and can be saved

    qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: kernel.progress.step == 1, timeout=PATIENCE)
    assert window.document is own and not bar.isVisible() and not own.history.can_undo
    assert window.canvas.selection == {"w"} and window.canvas.view_state() == pytest.approx(view)
    fresh(window, qtbot)
    assert shown(window, "w") == predicted and kernel.waiting is None


def test_another_optimizer_in_the_bar_is_one_change_of_the_settings_that_undo_takes_back(window: Window, qtbot: QtBot) -> None:
    own = window.document
    window.playhead.reduced_motion = True
    inside = opened(window, qtbot)
    box = inside.bar.optimizer
    box.setCurrentIndex(box.findData("rmsprop"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: inside.guest.key == "rmsprop", timeout=PATIENCE)
    assert own.graph.training["optimizer"] == "rmsprop" and own.graph.training["hyper"] == {"lr": 0.1}
    assert "RMSProp instead of Adam" in inside.bar.said.text() and "m_hat" not in window.document.graph.nodes

    window.actions_by_id["undo"].trigger()
    qtbot.waitUntil(lambda: inside.guest.key == "adam", timeout=PATIENCE)

    assert own.graph.training["optimizer"] == "adam" and not own.history.can_undo
    assert "m_hat" in window.document.graph.nodes and not inside.edited


def test_a_rewired_rule_trains_is_saved_and_outlives_the_engine(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    own, kernel = window.document, window.kernel
    assert kernel is not None
    inside = opened(window, qtbot)
    for hat in ("m_hat", "r_hat"):
        window.canvas.select([hat])
        qtbot.keyClick(window.canvas, Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier)
    after_event()
    assert "Adam without bias correction" in inside.bar.said.text() and inside.bar.train_with.isVisible()
    click(qtbot, inside.bar.train_with)
    qtbot.waitUntil(lambda: inside.guest.key == "custom", timeout=PATIENCE)
    assert own.graph.training["rule"]["title"] == "Adam without bias correction" and not inside.bar.train_with.isVisible()
    stepped(window, qtbot, lambda: click(qtbot, inside.bar.step), 1)
    # m⁺ = 0.1·(−2), r⁺ = 0.001·4
    assert shown(window, "theta") == pytest.approx(0.25 + 0.1 * 0.2 / (0.004**0.5 + 1e-8), abs=1e-12)

    path = tmp_path / "own.gradwire"
    window.dialogs = answers = Answers(saves=path)  # type: ignore[assignment]
    window.actions_by_id["save"].trigger()
    qtbot.waitUntil(path.exists, timeout=PATIENCE)
    saved = Document.load(path, CATALOG)
    assert own.path == path and saved.graph.training == own.graph.training and saved.state is not None and saved.state.step == 1
    assert set(saved.graph.nodes) == {"w", "x", "one", "p", "d", "f"} and not window.isWindowModified()

    died = kernel.pid
    assert died is not None
    os.kill(died, signal.SIGKILL)
    qtbot.waitUntil(lambda: kernel.pid not in (None, died), timeout=PATIENCE)
    stepped(window, qtbot, lambda: click(qtbot, inside.bar.step), 2)
    assert answers.asked == ["save"]


def test_a_rule_that_is_not_used_is_kept_when_left_and_asked_about_when_the_graph_goes(window: Window, qtbot: QtBot) -> None:
    own = window.document
    inside = opened(window, qtbot)
    window.canvas.select(["next_theta"])
    qtbot.keyClick(window.canvas, Qt.Key.Key_Delete)
    after_event()
    assert "θ" in inside.bar.said.text() and not inside.bar.train_with.isEnabled()
    window.canvas.select([])
    qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert window.document is own

    again = opened(window, qtbot)
    assert again is inside and again.standing.problems
    window.dialogs = answers = Answers()  # type: ignore[assignment]
    answers.agrees = False
    window.actions_by_id["new"].trigger()
    after_event()
    assert answers.asked == ["sure Discard your own rule?"] and window.document is inside.guest.document
    answers.agrees = True
    window.actions_by_id["new"].trigger()
    after_event()
    assert window.document is not own and not window.document.graph.nodes


def test_what_has_no_inside_says_why(window: Window, qtbot: QtBot) -> None:
    own = window.document
    own.do(SetTraining("optimizer", "bfgs"))
    fresh(window, qtbot)
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_I)

    qtbot.waitUntil(lambda: "BFGS" in window.status.message.full, timeout=PATIENCE)
    assert window.document is own

"""What training made is never dropped: the window asks, saves, opens, exports the values that are on its screen."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.model.edits import SetTraining
from graph.storage.document import Document
from graph.storage.files import load, read
from tests.support.window_support import Answers
from ui.engine_link.link import Kernel
from ui.shell.dialogs import Dialogs
from ui.shell.files import example_document
from ui.shell.window import Window
from ui.shell.workspace.settings import UserSettings

PATIENCE = 60_000


@pytest.fixture(scope="module")
def one_window(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """One window and one engine for all tests, since to start an engine takes longer than what they do with it."""
    window = Window(example_document("xor", CATALOG), UserSettings(tmp_path_factory.mktemp("home") / "settings.ini"), Kernel(), "xor")
    window.show()
    yield window
    answering(window, unsaved="discard")
    window.close()
    window.deleteLater()


@pytest.fixture
def window(one_window: Window, qtbot: QtBot) -> Iterator[Window]:
    """The window with an untrained xor."""
    kernel = one_window.kernel
    assert kernel is not None
    answering(one_window, unsaved="discard")
    one_window.files.open_example("xor")
    qtbot.waitUntil(lambda: kernel.ready and kernel.progress.step == 0, timeout=PATIENCE)
    shown_again(one_window, qtbot)
    answering(one_window)
    yield one_window
    one_window.status.clear()
    one_window.recovery.flush()


def answering(window: Window, **answers: object) -> Answers:
    window.dialogs = Answers(**answers)  # type: ignore[arg-type, assignment]
    return window.dialogs  # type: ignore[return-value]


def step(window: Window, qtbot: QtBot, count: int = 1) -> None:
    kernel = window.kernel
    assert kernel is not None
    for _ in range(count):
        before = kernel.progress.step
        qtbot.keyClick(window, Qt.Key.Key_F9)
        qtbot.waitUntil(lambda before=before: kernel.progress.step == before + 1, timeout=PATIENCE)
    qtbot.waitUntil(lambda: window.trace is not None and window.trace.step == kernel.progress.step, timeout=PATIENCE)


def weights(window: Window) -> dict[Any, np.ndarray]:
    assert window.trace is not None
    return {key: view.data.copy() for key, view in window.trace.parameters.items() if view.data is not None}


def equal(a: dict[Any, np.ndarray], b: dict[Any, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)


def shown_again(window: Window, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.trace is not None and not window.stale and not window.kernel.busy, timeout=PATIENCE)


def test_trained_values_are_asked_for_saved_opened_and_reset(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    """The whole way: train, a dot, a question on quitting, save, the dot goes; open it again: trained; Reset: the graph's own."""
    own, path = weights(window), tmp_path / "kept.gradwire"
    graph = window.document.graph.copy()
    assert not window.isWindowModified()
    step(window, qtbot, 3)
    trained = weights(window)
    qtbot.waitUntil(lambda: window.isWindowModified() and window.topbar.file.full.endswith("•"), timeout=PATIENCE)
    assert not equal(trained, own) and window.document.graph == graph

    asked = answering(window, unsaved="cancel")
    assert not window.close() and asked.asked == ["unsaved"]
    assert "trained values" in asked.question[0] and "step 3" in asked.question[1]

    answering(window, saves=path)
    qtbot.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "after step 3" in window.status.message.full, timeout=PATIENCE)
    assert not window.document.modified and not window.isWindowModified()
    assert load(path, CATALOG) == graph  # the document in the file is what it was

    asked = answering(window, opens=path)
    window.commands.run("new")
    window.commands.run("open")
    assert asked.asked == ["open"]  # nothing to ask: all of it is in the file
    shown_again(window, qtbot)
    assert window.kernel is not None
    qtbot.waitUntil(lambda: window.kernel.progress.step == 3, timeout=PATIENCE)
    qtbot.waitUntil(lambda: equal(weights(window), trained), timeout=PATIENCE)
    assert not window.document.modified and "step 3" in window.panel("training").message.text()

    qtbot.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: equal(weights(window), own), timeout=PATIENCE)
    qtbot.waitUntil(lambda: window.document.modified, timeout=PATIENCE)
    asked = answering(window, unsaved="cancel")
    window.commands.run("new")
    assert "Reset" in asked.question[0]
    qtbot.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not window.document.modified, timeout=PATIENCE)
    assert read(path, CATALOG).state is None
    assert "with its initial values instead of those after step 3" in window.status.message.full

    assert window.actions_by_id["train_unreset"].isEnabled()
    window.actions_by_id["train_unreset"].trigger()  # Reset was a slip: what training made is there again
    qtbot.waitUntil(lambda: equal(weights(window), trained), timeout=PATIENCE)
    qtbot.waitUntil(lambda: window.document.modified, timeout=PATIENCE)


def test_a_running_training_is_saved_as_one_step_of_it(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    """The file continues to exactly the numbers that an uninterrupted run has at a later step."""
    from engine.training.model import Model as EngineSession
    from engine.training.run import Run
    from engine.training.saved import put_back

    kernel, path = window.kernel, tmp_path / "running.gradwire"
    assert kernel is not None
    window.document.do(SetTraining("epochs", 10**6), "Train for long")
    qtbot.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: kernel.progress.step > 20, timeout=PATIENCE)
    answering(window, saves=path)
    qtbot.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(path.exists, timeout=PATIENCE)
    qtbot.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: not kernel.training, timeout=PATIENCE)
    assert window.document.modified  # it went on after it was saved

    loaded = read(path, CATALOG)
    assert loaded.state is not None
    resumed, whole = EngineSession(loaded.graph), EngineSession(loaded.graph)
    assert put_back(resumed, loaded.state) == ()
    Run(whole).train(max_steps=loaded.state.step + 5)
    Run(resumed).train(max_steps=5)
    assert resumed.state.diff(whole.state) == {}


def test_what_leaves_the_window_after_training_has_the_trained_values(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    code = tmp_path / "model.py"
    step(window, qtbot, 2)
    answering(window, saves=code)

    qtbot.keyClick(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(code.exists, timeout=PATIENCE)

    assert "after step 2" in window.status.message.full and "after step 2" in code.read_text()
    space: dict[str, Any] = {"__name__": "exported"}
    exec(code.read_text(), space)
    exported = {name: tensor.numpy() for name, tensor in space["values"]().items()}
    names = {node: window.document.graph.nodes[node].name for node, _ in weights(window)}
    for (node, name), value in weights(window).items():
        assert np.array_equal(exported[f"{names[node]}.{'weight' if name == 'W' else 'bias'}"], value)
    window.commands.run("copy_picture")
    assert "after step 2" in window.status.message.full


def test_a_graph_can_be_told_to_leave_trained_values_out(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    choice, path = window.actions_by_id["save_trained"], tmp_path / "plain.gradwire"
    assert choice.isCheckable() and choice.isChecked() and choice in window.actions_by_id["save"].associatedObjects()[0].actions()  # type: ignore[attr-defined]
    choice.trigger()
    assert not choice.isChecked()
    step(window, qtbot)
    answering(window, saves=path)
    window.commands.run("save")

    assert "without" in window.status.message.full
    assert read(path, CATALOG).state is None and not Document.load(path, CATALOG).saves_training
    step(window, qtbot)
    assert not window.document.modified


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGSTOP there")
def test_saving_while_a_step_takes_long_keeps_the_window_alive_and_loses_nothing(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    kernel, path = window.kernel, tmp_path / "patient.gradwire"
    assert kernel is not None and kernel.pid is not None
    step(window, qtbot, 3)
    os.kill(kernel.pid, signal.SIGSTOP)  # as if one step took for ever
    try:
        said = answering(window, saves=path)
        window.commands.run("save")
        assert said.asked == ["save", "engine busy"] and "step 3" in said.older
        assert not path.exists() and window.document.modified

        said.busy = "older"
        window.commands.run("save")
        state = read(path, CATALOG).state
        assert state is not None and state.step == 3

        window.document.do(SetTraining("epochs", 77))
        window.dialogs = dialogs = Dialogs(window, window.settings)
        painted: list[bool] = []
        window.canvas.painted.connect(lambda: painted.append(True))
        goes_on = QTimer()
        goes_on.setSingleShot(True)
        goes_on.timeout.connect(lambda: (window.canvas.repaint(), os.kill(kernel.pid, signal.SIGCONT)))
        goes_on.start(800)
        window.commands.run("save")  # its dialog waits, and closes when the engine has answered
        assert window.dialogs is dialogs and painted and not window.document.modified
        assert load(path, CATALOG).training["epochs"] == 77
    finally:
        os.kill(kernel.pid, signal.SIGCONT)
        window.activateWindow()  # as a window manager does when a dialog has closed


def test_all_runs_are_in_the_file_and_any_of_their_steps_can_be_gone_to_again(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    kernel, path = window.kernel, tmp_path / "runs.gradwire"
    assert kernel is not None
    step(window, qtbot, 2)
    second_step = weights(window)
    step(window, qtbot)
    first = kernel.progress.run
    window.commands.run("train_reset")
    qtbot.waitUntil(lambda: kernel.progress.step == 0 and kernel.progress.run != first, timeout=PATIENCE)
    window.document.do(SetTraining("hyper", {"lr": 0.01}))
    step(window, qtbot, 2)
    second, newest = kernel.progress.run, weights(window)
    answering(window, saves=path)
    window.commands.run("save")
    assert "and 2 runs (" in window.status.message.full and not window.document.modified
    records = kernel.runs
    assert {run: record.last for run, record in records.items()} == {first: 3, second: 2}
    curves = {run: [point.loss for point in kernel.curves[run]] for run in records}

    window.commands.run("new")
    qtbot.waitUntil(lambda: not kernel.runs, timeout=PATIENCE)
    assert window.files.open(path)
    qtbot.waitUntil(lambda: kernel.ready and kernel.progress.step == 2 and kernel.progress.run == second, timeout=PATIENCE)
    shown_again(window, qtbot)
    assert equal(weights(window), newest) and kernel.runs == records and not window.document.modified
    assert {run: [point.loss for point in kernel.curves[run]] for run in records} == curves
    step(window, qtbot)
    assert kernel.progress.run == second and kernel.runs[second].last == 3 and window.document.modified
    kernel.to_iteration(2, first)
    qtbot.waitUntil(lambda: (kernel.progress.run, kernel.progress.step) == (first, 2), timeout=PATIENCE)
    shown_again(window, qtbot)
    assert equal(weights(window), second_step)


def test_where_runs_are_saved_is_a_choice_and_undone_like_one(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    step(window, qtbot)
    choices = {place: window.actions_by_id[f"save_runs_{place}"] for place in ("file", "beside", "no")}
    assert choices["file"].isChecked() and not choices["beside"].isChecked()
    choices["beside"].trigger()
    answering(window, saves=tmp_path / "b.gradwire")
    window.commands.run("save")
    assert (tmp_path / "b.gradwire").read_bytes()[:1] == b"{" and len(read(tmp_path / "b.gradwire", CATALOG).runs) == 1
    choices["no"].trigger()
    answering(window, saves=tmp_path / "n.gradwire")
    window.commands.run("save_as")
    assert not (tmp_path / "n.runs").exists() and read(tmp_path / "n.gradwire", CATALOG).runs == ()
    (tmp_path / "o.runs").write_text("another document's")
    window.document.undo()
    qtbot.waitUntil(choices["beside"].isChecked, timeout=PATIENCE)
    asked = answering(window, saves=tmp_path / "o.gradwire")
    asked.agrees = False
    window.commands.run("save_as")
    assert asked.asked[-1] == "sure Replace other runs?" and (tmp_path / "o.runs").read_text() == "another document's"


def test_large_runs_are_saved_once_the_person_said_where(
    window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr("ui.shell.run_files.LARGE", 100)
    path = tmp_path / "l.gradwire"
    step(window, qtbot)
    asked = answering(window, saves=path)
    window.commands.run("save")
    assert asked.asked == ["save", "large runs 1"] and not path.exists()
    asked.place = "beside"
    window.commands.run("save")
    window.commands.run("save")
    assert asked.asked.count("large runs 1") == 2 and (tmp_path / "l.runs").exists()


def test_weights_are_saved_loaded_and_undo_returns_to_the_trained_ones(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    step(window, qtbot, 2)
    saved = weights(window)
    answering(window, saves=path, opens=path)
    window.commands.run("save_weights")
    qtbot.waitUntil(path.exists, timeout=PATIENCE)
    step(window, qtbot)
    later = weights(window)
    window.commands.run("load_weights")
    qtbot.waitUntil(lambda: "Loaded 4 tensors from w.safetensors, saved after step 2" in window.status.message.full, timeout=PATIENCE)
    shown_again(window, qtbot)
    assert equal(weights(window), saved)
    window.document.undo()
    shown_again(window, qtbot)
    assert equal(weights(window), later)
    path.write_bytes(b"nothing")
    asked = answering(window, opens=path)
    window.commands.run("load_weights")
    qtbot.waitUntil(lambda: "tell w.safetensors: this is not a whole safetensors file." in asked.asked, timeout=PATIENCE)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL there")
def test_trained_values_can_be_saved_although_the_engine_died(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    kernel, path = window.kernel, tmp_path / "rescued.gradwire"
    assert kernel is not None and kernel.pid is not None
    step(window, qtbot, 4)
    trained = weights(window)
    recovery = window.recovery
    assert recovery._journal is not None
    qtbot.waitUntil(lambda: not recovery._journal.pending, timeout=PATIENCE)
    session = next(recovery.folder.glob("session-*"))
    assert json.loads((session / "trained").read_bytes().partition(b"\n")[0])["step"] == 4  # a crash of the window costs nothing either

    os.kill(kernel.pid, signal.SIGKILL)
    answering(window, saves=path)

    window.commands.run("save")

    state = read(path, CATALOG).state
    assert state is not None and state.step == 4
    (key, *_) = trained
    assert np.array_equal(np.reshape(state.numbers[f"parameters/{key[0]}.{key[1]}"]["values"], trained[key].shape), trained[key])
    kernel.shutdown()  # which would start again, and outlive the test; this one is the last

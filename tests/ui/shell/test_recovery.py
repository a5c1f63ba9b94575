"""A window that is killed loses two seconds at most; one that is closed leaves nothing behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.storage.document import Document
from graph.storage.recovery import recover
from tests.support.crashes import die
from tests.support.editing_window import steps
from tests.support.window_support import Answers, after_event
from ui.shell import files, recovery
from ui.shell.window import Window
from ui.shell.workspace.settings import UserSettings

ROOT = Path(__file__).parents[3]


def kill_an_editing_window(folder: Path, seed: int) -> None:
    """Kill at a random moment, recover, and compare with the states the same seed passes through."""
    draw = random.Random(seed)
    folder.mkdir()
    file = folder / "mine.gradwire"
    untitled = draw.random() < 0.5
    Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0})).save(file)
    untouched = file.read_bytes()
    opened = "-" if untitled else str(file)
    command = [sys.executable, "-m", "tests.support.editing_window", str(folder / "settings.ini"), opened, str(seed)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(draw.uniform(0.0, 5.0))
        killed = time.monotonic()
        process.send_signal(signal.SIGKILL)
        lines = (first + process.stdout.read()).decode().splitlines()
    edits = [(int(done), float(when)) for done, when in (line.split() for line in lines if line.count(" ") == 1)]
    must = max((done for done, when in edits if when <= killed - 2.0), default=0)

    recovered = recover(folder / "recovery", CATALOG)
    document = Document.new(CATALOG) if untitled else Document.load(file, CATALOG)
    states = [document.graph.copy()]
    for done, _ in enumerate(steps(document, seed), 1):
        states.append(document.graph.copy())
        if done >= edits[-1][0] + 1:
            break
    if recovered:
        assert any(recovered[0].graph == state for state in states[must:])
        assert recovered[0].path == (None if untitled else file)
        recovered[0].discard()
    else:
        # Nothing had to be on the disk yet, or what was there equalled the file.
        assert must == 0 or states[0] in states[must:]
    assert file.read_bytes() == untouched


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL there")
@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 8))])
def test_a_killed_window_loses_two_seconds_at_most_and_leaves_the_file_alone(tmp_path: Path, seed: int) -> None:
    kill_an_editing_window(tmp_path / "run", seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 300))
def test_two_hundred_killed_windows(tmp_path: Path, seed: int) -> None:
    kill_an_editing_window(tmp_path / "run", seed)


def crashed(window: Window) -> None:
    """What the system does for a process that ends without a word."""
    window.recovery.flush()
    journal = window.recovery._journal
    assert journal is not None
    window.recovery._timer.stop()
    window.document.changed.disconnect(window.recovery._changed)
    window.document.changed.disconnect(journal._changed)
    die(journal)
    window.recovery._journal = window.recovery._document = None


@pytest.fixture
def after_a_crash(make_window: Callable[..., Window], tmp_path: Path) -> tuple[Window, Document]:
    """A fresh window with an offer, and the document that was lost."""
    first = make_window(own=UserSettings(tmp_path / "settings.ini"))
    first.canvas.add_node("math.exp")
    crashed(first)
    second = make_window(own=UserSettings(tmp_path / "settings.ini"))
    second.recovery.look()
    return second, first.document


def test_the_next_start_offers_an_untitled_document_and_brings_it_back(after_a_crash: tuple[Window, Document], qtbot: QtBot) -> None:
    window, lost = after_a_crash
    assert window.recovery.bar.isVisible() and "untitled" in window.recovery.bar.text.text()

    qtbot.mouseClick(window.recovery.bar.restore, Qt.MouseButton.LeftButton)
    after_event()

    assert window.document.graph == lost.graph and window.document.modified and not window.recovery.bar.isVisible()
    # It is safe again before the old journal goes.
    assert [*window.settings.recovery_folder.glob("session-*/*.journal")]


def test_a_restored_document_that_is_saved_is_not_offered_again(after_a_crash: tuple[Window, Document], tmp_path: Path) -> None:
    window, _ = after_a_crash
    window.recovery.restore()
    window.dialogs = Answers(saves=tmp_path / "kept.gradwire")  # type: ignore[assignment]

    assert window.files.save()
    crashed(window)

    assert recover(window.settings.recovery_folder, CATALOG) == []


def test_unsaved_changes_are_asked_about_before_something_is_restored(after_a_crash: tuple[Window, Document]) -> None:
    window, lost = after_a_crash
    window.canvas.add_node("math.sin")
    document = window.document
    window.dialogs = Answers(unsaved="cancel")  # type: ignore[assignment]

    window.recovery.restore()

    assert window.document is document and window.recovery.bar.isVisible() and window.recovery.offered[0].graph == lost.graph


def test_not_now_leaves_it_for_the_next_start(
    after_a_crash: tuple[Window, Document], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, lost = after_a_crash

    qtbot.mouseClick(window.recovery.bar.later, Qt.MouseButton.LeftButton)

    assert not window.recovery.bar.isVisible()
    (recovered,) = recover(window.settings.recovery_folder, CATALOG)
    assert recovered.graph == lost.graph
    recovered.release()

    said, readers = list[str](), list[str]()
    monkeypatch.setattr(files, "LARGE", 0)  # a large one is read beside the window
    monkeypatch.setattr(window, "say", said.append)
    monkeypatch.setattr(recovery, "recover", lambda *given: readers.append(threading.current_thread().name) or recover(*given))
    window.recovery.look()
    assert readers == ["aside"] and said == ["Reading unsaved changes from before a crash …"]
    assert [again.graph for again in window.recovery.offered] == [lost.graph]


def test_deleting_asks_once_more(after_a_crash: tuple[Window, Document]) -> None:
    window, _ = after_a_crash
    answers = Answers()
    answers.agrees = False
    window.dialogs = answers  # type: ignore[assignment]
    window.recovery.delete()
    assert window.recovery.offered

    answers.agrees = True
    window.recovery.delete()
    assert not window.recovery.offered and recover(window.settings.recovery_folder, CATALOG) == []


def test_a_window_that_is_closed_leaves_no_journal(make_window: Callable[..., Window], tmp_path: Path, qtbot: QtBot) -> None:
    window = make_window()
    window.canvas.add_node("math.exp")
    qtbot.waitUntil(lambda: bool([*window.settings.recovery_folder.glob("session-*/*.journal")]), timeout=4000)

    window.dialogs = Answers(unsaved="discard")  # type: ignore[assignment]
    assert window.close()

    assert [*window.settings.recovery_folder.iterdir()] == []


def test_a_disk_that_refuses_is_said_and_work_goes_on(make_window: Callable[..., Window], tmp_path: Path) -> None:
    window = make_window()
    window.settings.recovery_folder.write_text("a file where the folder should be")

    window.canvas.add_node("math.exp")
    window.recovery.flush()

    assert "journal" in window.status.message.full and len(window.document.graph.nodes) == 1

"""Lessons never ask to save, and the user's own document comes back as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from graph.model.edits import SetParam
from graph.storage.recovery import recover
from tests.support.crashes import die
from tests.support.window_support import Answers, names
from ui.shell.window import Window


def set_x(window: Window, value: float) -> None:
    window.document.do(SetParam(names(window.document)["x"], "value", value), "Set x")
    QApplication.processEvents()


@pytest.fixture
def answers(window: Window) -> Answers:
    window.dialogs = given = Answers()  # type: ignore[assignment]
    return given


def test_a_lesson_opens_over_unsaved_work_and_gives_it_back_with_its_undo(window: Window, answers: Answers, lesson: Path) -> None:
    before = window.document.graph.copy()
    own, title = window.document, window.files.title
    set_x(window, 4.0)
    window.canvas.select([names(own)["x"]])
    window.canvas.pan_by(30, 20)
    changed, view = own.graph.copy(), window.canvas.view_state()

    for _ in range(2):  # another lesson may follow the first
        assert window.files.open(lesson)
        set_x(window, 99.0)  # an edit made inside a lesson is the lesson's
        assert not window.isWindowModified()
    window.lessons.leave()

    assert window.document is own and own.graph == changed and own.modified and window.isWindowModified()
    assert window.files.title == title and window.canvas.view_state() == pytest.approx(view)
    assert window.canvas.selection == {names(own)["x"]}
    own.undo()
    assert own.graph == before and not answers.asked


@pytest.mark.parametrize("modified", [False, True])
def test_closing_the_window_in_a_lesson_asks_only_about_work_of_the_users_own(
    window: Window, answers: Answers, lesson: Path, modified: bool
) -> None:
    own = window.document
    if modified:
        set_x(window, 4.0)
    window.lessons.open(lesson)
    set_x(window, 99.0)

    closed = window.close()

    assert closed is not modified and answers.asked == (["unsaved"] if modified else [])
    assert window.document is own and window.lessons.player is None


def test_a_crash_in_a_lesson_loses_nothing_of_the_users_own(window: Window, lesson: Path, tmp_path: Path) -> None:
    set_x(window, 4.0)
    window.recovery.flush()
    window.lessons.open(lesson)
    set_x(window, 99.0)
    window.recovery.flush()
    die(window.recovery._journal)

    (lost,) = recover(window.recovery.folder, window.document.graph.catalog)

    assert lost.graph.setting(lost.graph.named("x").id, "value") == 4.0
    lost.release()


def test_editing_a_lesson_in_the_recorder_gives_the_document_back_too(window: Window, answers: Answers, lesson: Path, qtbot: QtBot) -> None:
    own = window.document
    set_x(window, 4.0)
    window.lessons.open(lesson)

    window.lessons.toggle_recorder()
    assert window.lessons.recording and window.document is not own
    window.lessons.toggle_recorder()

    assert window.document is own and not answers.asked

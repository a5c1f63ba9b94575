"""Answers in a lesson outlast a new theme and a way astray; and no way astray breaks a question."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.views import TraceView
from tests.ui.test_lessons_player import lesson, played, player  # noqa: F401
from tests.ui.window_support import names
from ui.lessons.questions import ChoiceBox, DiscussBox, NumberBox
from ui.window import Window


def boxes(window: Window) -> tuple[NumberBox, ChoiceBox, DiscussBox]:
    panel = window.lessons.panel
    assert panel is not None
    number, choice, discuss = panel.boxes
    assert isinstance(number, NumberBox) and isinstance(choice, ChoiceBox) and isinstance(discuss, DiscussBox)
    return number, choice, discuss


def answered(window: Window) -> None:
    """The second step, with its number found, a wrong choice made and something written."""
    window.lessons.next()
    QApplication.processEvents()
    number, choice, discuss = boxes(window)
    number.field.setText("-15")
    number.try_it()
    choice.choose(0)
    discuss.field.setPlainText("Because of y.")


def test_answers_are_kept_in_another_theme(played: Window, qtbot: QtBot) -> None:  # noqa: F811
    answered(played)

    played.commands.theme_projector()
    QApplication.processEvents()

    number, choice, discuss = boxes(played)
    assert number.done and number.field.text() == "-15" and number.field.isReadOnly() and "Right" in number.verdict.text()
    assert number.comment.text == "$3 \\cdot (-5)$"
    assert not choice.done and choice.options[0].property("answer") == "wrong" and choice.reveal.isVisibleTo(choice)
    assert "one factor is negative" in choice.comment.text and discuss.field.toPlainText() == "Because of y."
    assert names(played.document)["multiply"] not in played.canvas.overlay.hidden.values


def test_a_number_that_was_found_is_still_seen_after_a_return_to_the_step(played: Window, qtbot: QtBot) -> None:  # noqa: F811
    answered(played)
    multiply = names(played.document)["multiply"]
    played.canvas.select([names(played.document)["z"]])
    played.commands.delete()

    played.lessons.return_to_step()

    assert boxes(played)[0].done and multiply not in played.canvas.overlay.hidden.values


def test_what_a_question_is_about_may_be_deleted_before_it_is_answered(played: Window, qtbot: QtBot) -> None:  # noqa: F811
    played.lessons.next()
    played.canvas.select([names(played.document)["multiply"]])
    played.commands.delete()
    played.showing.show_trace(TraceView(structure=played.document.structure, revision=played.document.revision))

    played.commands.theme_dark()
    number, _, _ = boxes(played)
    number.field.setText("-15")
    number.try_it()

    assert number.done
    played.lessons.return_to_step()
    assert not player(played).wandered


def test_the_library_is_as_wide_after_a_lesson_as_before(window: Window, lesson: Path, qtbot: QtBot) -> None:  # noqa: F811
    window.resize(1280, 800)
    qtbot.wait(20)
    library = window.panels.docks["library"]
    before = library.width()
    window.lessons.open(lesson)
    qtbot.wait(20)

    window.lessons.leave()
    qtbot.wait(20)

    assert abs(library.width() - before) <= 2

"""Answers in a lesson outlast a new theme and a way astray; and no way astray breaks a question."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.compile.views import TraceView
from graph.model.edits import SetParam
from tests.support.window_support import hand_trace, names, player, scalar
from ui.lessons.questions import ChoiceBox, DiscussBox, NumberBox
from ui.shell.window import Window


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


def test_answers_are_kept_in_another_theme(played: Window, qtbot: QtBot) -> None:
    answered(played)

    played.commands.run("theme_projector")
    QApplication.processEvents()

    number, choice, discuss = boxes(played)
    assert number.done and number.field.text() == "-15" and number.field.isReadOnly() and "Right" in number.verdict.text()
    assert number.comment.text == "$3 \\cdot (-5)$"
    assert not choice.done and choice.options[0].accessibleDescription() == "wrong" and choice.reveal.isVisibleTo(choice)
    assert "one factor is negative" in choice.comment.text and discuss.field.toPlainText() == "Because of y."
    assert names(played.document)["multiply"] not in played.visibility.values


def test_a_number_that_was_found_is_still_seen_after_a_return_to_the_step(played: Window, qtbot: QtBot) -> None:
    answered(played)
    multiply = names(played.document)["multiply"]
    played.canvas.select([names(played.document)["z"]])
    played.commands.run("delete")

    played.lessons.return_to_step()

    assert boxes(played)[0].done and multiply not in played.visibility.values


def test_what_a_question_is_about_may_be_deleted_before_it_is_answered(played: Window, qtbot: QtBot) -> None:
    played.lessons.next()
    played.canvas.select([names(played.document)["multiply"]])
    played.commands.run("delete")
    played.showing.show_trace(TraceView(structure=played.document.structure, revision=played.document.revision))

    played.commands.run("theme_dark")
    number, _, _ = boxes(played)
    number.field.setText("-15")
    number.try_it()

    assert number.done
    played.lessons.return_to_step()
    assert not player(played).wandered


def numbers(window: Window, **values: float) -> None:
    """The engine's answer, with these values in place of those of f = 2·(−5) + 3."""
    trace, ids = hand_trace(window.document), names(window.document)
    new = {key: scalar(values[name]) for name, node in ids.items() if name in values for key in trace.values if key[0] == node}
    window.showing.show_trace(replace(trace, values={**trace.values, **new}))


def test_a_verdict_about_another_number_goes_and_a_right_one_returns_with_its_number(played: Window, qtbot: QtBot) -> None:
    """x·y is −15 in the step; with x = 4 it is −20."""
    played.lessons.next()
    numbers(played, multiply=-15.0)
    number, multiply = boxes(played)[0], names(played.document)["multiply"]
    number.field.setText("-14")
    number.try_it()
    assert "Not yet" in number.verdict.text() and not number.verdict.isHidden()

    played.document.do(SetParam(names(played.document)["x"], "value", 4.0), "x = 4")
    numbers(played, multiply=-20.0)
    assert number.verdict.isHidden() and number.comment.isHidden() and multiply in played.visibility.values

    played.document.undo()
    numbers(played, multiply=-15.0)
    number.field.setText("-15")
    number.try_it()
    assert not number.verdict.isHidden() and "Right" in number.verdict.text()
    played.document.do(SetParam(names(played.document)["x"], "value", 4.0), "x = 4")
    numbers(played, multiply=-20.0)
    assert number.done and number.verdict.isHidden() and multiply not in played.visibility.values
    played.document.undo()
    numbers(played, multiply=-15.0)
    assert number.done and not number.verdict.isHidden() and not number.comment.isHidden()


@pytest.mark.parametrize(("home", "how"), [("return", "typed"), ("undo", "typed"), ("undo", "revealed")])
def test_what_was_answered_about_a_changed_graph_is_asked_again_in_the_steps_own(played: Window, qtbot: QtBot, home: str, how: str) -> None:
    played.lessons.next()
    numbers(played, multiply=-15.0)
    played.document.do(SetParam(names(played.document)["x"], "value", 4.0), "x = 4")
    numbers(played, multiply=-20.0)
    number, multiply = boxes(played)[0], names(played.document)["multiply"]
    if how == "typed":
        number.field.setText("-20")
        number.try_it()
    else:
        number.give_up()
    assert number.done and multiply not in played.visibility.values

    played.lessons.return_to_step() if home == "return" else played.document.undo()
    numbers(played, multiply=-15.0)

    assert not number.done and number.verdict.isHidden() and not number.field.isReadOnly() and number.check.isEnabled()
    assert multiply in played.visibility.values
    number.field.setText("-15")
    number.try_it()
    assert number.done


def test_the_library_is_as_wide_after_a_lesson_as_before(window: Window, lesson: Path, qtbot: QtBot) -> None:
    window.resize(1280, 800)
    qtbot.wait(20)
    library = window.panels.docks["library"]
    before = library.width()
    window.lessons.open(lesson)
    qtbot.wait(20)

    window.lessons.leave()
    qtbot.wait(20)

    assert abs(library.width() - before) <= 2

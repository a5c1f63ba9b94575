"""A lesson recorded in the window by real keys and clicks, saved, and played: it shows the same documents again."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.lessons import lesson as lesson_files
from graph.lessons.lesson import LessonError
from graph.model.edits import SetParam
from graph.model.graph import Graph
from graph.storage import files as graph_files
from graph.storage.document import Document
from tests.support.editing_window import steps as random_edits
from tests.support.random_actions import at_random
from tests.support.window_support import Answers, after_event, hand_trace, names
from ui.lessons.player import LessonScript
from ui.lessons.recorder import Recorder
from ui.lessons.recorder_panel import RecorderPanel
from ui.lessons.recording import Recording
from ui.shell.actions import BY_ID
from ui.shell.window import Window

LEFT = Qt.MouseButton.LeftButton
CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def studio(window: Window, qtbot: QtBot) -> Window:
    qtbot.waitActive(window)
    window.canvas.setFocus()
    QApplication.processEvents()
    qtbot.keyClick(window.canvas, Qt.Key.Key_R, CTRL_SHIFT)
    assert window.lessons.recording
    return window


def recorder(window: Window) -> Recorder:
    recorder = window.lessons.studio.recorder
    assert recorder is not None
    return recorder


def panel(window: Window) -> RecorderPanel:
    return window.lessons.studio.panel


def new_step(window: Window, qtbot: QtBot) -> None:
    qtbot.mouseClick(panel(window).new, LEFT)


def set_value(window: Window, name: str, value: float) -> None:
    window.document.do(SetParam(names(window.document)[name], "value", value))


def save(window: Window, path: Path) -> Answers:
    answers = Answers(unsaved="discard", saves=path)
    window.dialogs = answers  # type: ignore[assignment]
    assert window.lessons.studio.save(), answers.asked
    return answers


def test_a_recorded_lesson_plays_the_same_documents(studio: Window, qtbot: QtBot, tmp_path: Path) -> None:
    states: list[Graph] = []
    for name, value in (("x", 2.0), ("x", 3.5), ("z", -1.0)):
        set_value(studio, name, value)
        new_step(studio, qtbot)
        states.append(studio.document.graph.copy())
    save(studio, tmp_path / "mine.gwlesson")

    script = LessonScript(tmp_path / "mine.gwlesson", CATALOG, BY_ID)
    assert [script.state(index) for index in range(3)] == states
    assert [path.name for path in tmp_path.glob("mine*")] == ["mine.gwlesson"]  # the graph is inside

    qtbot.mouseClick(panel(studio).play, LEFT)
    after_event()
    QApplication.processEvents()
    assert not studio.lessons.recording and studio.lessons.player is not None
    for state in states:
        assert studio.document.graph == state
        studio.lessons.next()


@pytest.mark.parametrize("seed", range(8))
def test_random_edits_recorded_are_replayed_exactly(window: Window, tmp_path: Path, seed: int) -> None:
    window.set_document(document := Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0})))
    window.lessons.toggle_recorder()
    draw, edits = random.Random(seed), random_edits(document, seed)
    states: list[Any] = []
    for _ in range(6):
        for _ in range(draw.randrange(25)):
            next(edits)
        if draw.random() < 0.3 and states:
            recorder(window).look(draw.randrange(len(states)))
            states.insert(recorder(window).index + 1, document.graph.copy())
        else:
            states.insert(recorder(window).index + 1, document.graph.copy())
        window.lessons.record_step()
    save(window, tmp_path / "random.gwlesson")

    script = LessonScript(tmp_path / "random.gwlesson", CATALOG, BY_ID)
    assert [script.state(index) for index in range(6)] == states


def test_a_step_takes_selection_hidden_numbers_view_and_playhead(studio: Window, qtbot: QtBot) -> None:
    studio.showing.show_trace(hand_trace(studio.document))
    ids, canvas = names(studio.document), studio.canvas
    wire = studio.document.graph.outputs_of(ids["multiply"])[0].id
    canvas.select([wire])
    studio.predict.hide_gradient()
    studio.predict.typing.callout.hide()
    canvas.select([ids["x"], wire])
    studio.playhead.seek(next(i for i, e in enumerate(studio.playhead.events) if e.node == ids["multiply"]) + 1)
    canvas.camera.fit(canvas.scene.rect(ids["x"]).united(canvas.scene.rect(ids["y"])), canvas.size().toSizeF(), 4.0)
    canvas.camera_moved()

    new_step(studio, qtbot)

    take = recorder(studio).take
    assert take is not None
    assert take.step.highlight == ("x", "multiply -> add.a") and take.step.hide_gradients
    assert [(q.kind, q.of, q.quantity) for q in take.step.ask] == [("predict", "multiply -> add.a", "gradient")]
    run = {action.do: action.args for action in take.step.run}
    assert run["to"] == {"phase": "forward", "node": "multiply"}
    assert {"x", "y"} <= set(run["view"]["fit"]) and "add" not in run["view"]["fit"]
    studio.predict.reveal_all()
    studio.playhead.reset()


def test_words_are_typed_into_the_panel_and_are_in_the_file(studio: Window, qtbot: QtBot, tmp_path: Path) -> None:
    new_step(studio, qtbot)
    there = panel(studio)
    for field, text in ((there.title, "My lesson"), (there.summary, "In short"), (there.step_title, "Look here")):
        field.clear()
        qtbot.keyClicks(field, text)
    there.text.setFocus()
    qtbot.keyClicks(there.text, "Here is $x$.")
    qtbot.keyClicks(there.notes, "Be slow.")
    for row in (1, 2, 3):
        there.kind.activated.emit(row)
    number, choice, talk = there.forms
    qtbot.keyClicks(number.text, "How many?")
    number.expected.clear()
    qtbot.keyClicks(number.expected, "3/2")
    qtbot.keyClicks(choice.text, "Which?")
    choice.options.setPlainText("no\n* yes\nperhaps")
    qtbot.keyClicks(talk.text, "Why?")
    qtbot.keyClicks(talk.answer, "So.")
    assert there.steps.item(0).text() == "1. Look here"
    save(studio, tmp_path / "words")

    lesson = lesson_files.load(tmp_path / "words.gwlesson")
    step = lesson.steps[0]
    assert (lesson.title, lesson.summary, lesson.graph) == ("My lesson", "In short", "")
    assert (step.title, step.text, step.notes) == ("Look here", "Here is $x$.", "Be slow.")
    assert step.ask[0].expected == 1.5
    assert [(o.text, o.right) for o in step.ask[1].options] == [("no", False), ("yes", True), ("perhaps", False)]
    assert step.ask[2].answer == "So."
    qtbot.mouseClick(talk.remove, LEFT)
    assert len(recorder(studio).take.step.ask) == 2


def test_steps_are_looked_at_taken_again_moved_and_deleted(studio: Window, qtbot: QtBot) -> None:
    for value in (1.0, 2.0, 3.0):
        set_value(studio, "x", value)
        new_step(studio, qtbot)
    there, x = panel(studio), names(studio.document)["x"]

    def values() -> list[object]:
        return [take.state.setting(x, "value") for take in recorder(studio).recording.takes]

    there.steps.setCurrentRow(0)
    assert studio.document.graph.setting(x, "value") == 1.0
    set_value(studio, "x", 9.0)
    qtbot.mouseClick(there.retake, LEFT)
    assert values() == [9.0, 2.0, 3.0]
    qtbot.mouseClick(there.down, LEFT)
    assert values() == [2.0, 9.0, 3.0]
    qtbot.mouseClick(there.remove, LEFT)
    assert values() == [2.0, 3.0]


def test_an_unsaved_recording_is_asked_about_and_a_saved_one_is_not(studio: Window, qtbot: QtBot, tmp_path: Path) -> None:
    new_step(studio, qtbot)
    refusing = Answers(unsaved="cancel")
    studio.dialogs = refusing  # type: ignore[assignment]
    studio.commands.run("new")
    assert refusing.asked == ["unsaved"] and studio.lessons.recording

    save(studio, tmp_path / "kept.gwlesson")
    fine = Answers()
    studio.dialogs = fine  # type: ignore[assignment]
    qtbot.mouseClick(panel(studio).close_button, LEFT)
    assert not fine.asked and not studio.lessons.recording and studio.panels.docks["library"].isVisible()


def test_no_file_beside_the_lesson_is_written_over(studio: Window, qtbot: QtBot, tmp_path: Path) -> None:
    other = tmp_path / "mine.gradwire"
    graph_files.save(build("a + b", CATALOG, {"a": 1.0, "b": 2.0}), other)
    before = other.read_bytes()
    new_step(studio, qtbot)
    save(studio, tmp_path / "mine.gwlesson")
    set_value(studio, "x", 7.0)
    new_step(studio, qtbot)
    assert studio.lessons.studio.save()

    assert other.read_bytes() == before
    assert sorted(p.name for p in tmp_path.glob("mine*")) == ["mine.gradwire", "mine.gwlesson"]
    assert LessonScript(tmp_path / "mine.gwlesson", CATALOG, BY_ID).state(1) == studio.document.graph


def test_a_lesson_that_is_open_can_be_changed(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    graph_files.save(window.document.graph, tmp_path / "g.gradwire")
    rows = {
        "format": "gradwire-lesson", "version": 1, "title": "Old", "graph": "g", "topics": ["chain rule"], "order": 2.5,
        "steps": [
            {
                "title": "a", "text": "t", "highlight": ["x"],
                "run": [{"do": "set", "node": "x", "value": 4.0}, {"do": "play", "phase": "forward"}],
            },
            {"title": "b", "notes": "n", "ask": [{"kind": "text", "text": "Why?", "answer": "So"}]},
        ],
    }  # fmt: skip
    (tmp_path / "old.gwlesson").write_text(json.dumps(rows), encoding="utf-8")
    window.lessons.open(tmp_path / "old.gwlesson")
    window.lessons.next()

    window.lessons.toggle_recorder()

    assert window.lessons.player is None and recorder(window).index == 1
    panel(window).step_title.clear()
    qtbot.keyClicks(panel(window).step_title, "c")
    save(window, tmp_path / "new.gwlesson")
    old, new = LessonScript(tmp_path / "old.gwlesson", CATALOG, BY_ID), LessonScript(tmp_path / "new.gwlesson", CATALOG, BY_ID)
    assert [old.state(0), old.state(1)] == [new.state(0), new.state(1)]
    assert [step.title for step in new.lesson.steps] == ["a", "c"] and new.lesson.steps[1].ask == old.lesson.steps[1].ask
    assert new.lesson.steps[0].run[-1].do == "play" and (new.lesson.topics, new.lesson.order) == (("chain rule",), 2.5)


def test_a_question_that_lacks_something_is_named_and_nothing_is_written(window: Window, tmp_path: Path) -> None:
    recording = Recording()
    window.lessons.studio.start(recording)
    window.lessons.record_step()
    panel(window).kind.activated.emit(2)
    panel(window).forms[0].options.setPlainText("only one")

    with pytest.raises(LessonError, match="choice needs at least two"):
        recording.save(tmp_path / "wrong.gwlesson")
    assert not list(tmp_path.glob("wrong*"))


def test_random_actions_while_recording_break_nothing(studio: Window, qtbot: QtBot) -> None:
    at_random(studio, qtbot, 82, 25)

    studio.dialogs = Answers(unsaved="discard")  # type: ignore[assignment]
    if studio.lessons.recording:
        studio.lessons.toggle_recorder()


def test_a_lesson_that_another_program_changed_is_not_replaced_unasked(studio: Window, qtbot: QtBot, tmp_path: Path) -> None:
    new_step(studio, qtbot)
    save(studio, tmp_path / "mine.gwlesson")
    path = tmp_path / "mine.gwlesson"
    path.write_text("someone else's")
    set_value(studio, "x", 8.0)
    new_step(studio, qtbot)
    studio.dialogs = asked = Answers()  # type: ignore[assignment]
    assert not studio.lessons.studio.save() and asked.asked == ["changed outside"]
    assert path.read_text() == "someone else's"
    asked.outside = "replace"
    assert studio.lessons.studio.save() and path.read_text() != "someone else's"


def test_passes_played_and_panels_opened_come_back_in_playback(studio: Window, qtbot: QtBot, tmp_path: Path) -> None:
    studio.showing.show_trace(hand_trace(studio.document))
    studio.panels.show("explain")
    studio.playhead.play_forward()
    studio.playhead.advance(1e6)
    new_step(studio, qtbot)
    studio.panels.hide("explain")
    studio.playhead.reset()
    new_step(studio, qtbot)
    save(studio, tmp_path / "played.gwlesson")

    first, second = lesson_files.load(tmp_path / "played.gwlesson").steps
    did = [(action.do, dict(action.args)) for action in first.run]
    assert ("play", {"phase": "forward"}) in did and any("explain" in (do, args.get("name")) for do, args in did)
    assert not {action.do for action in second.run} & {"play", "panel", "explain"}

"""Every lesson played in a window with a real engine: each step runs to its end, without a word of complaint."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from graph.lessons import lesson as lesson_files
from graph.lessons.lesson import LessonStep
from tests.support.playing import SHIPPED, run_out
from tests.support.window_support import Answers
from ui.lessons.questions import NumberBox
from ui.shell.window import Window

PATIENCE = 60.0


def trained_steps(step: LessonStep) -> int:
    """How many steps of training a step of a lesson leaves behind."""
    count = 0
    for action in step.run:
        count = count + action.args["steps"] if action.do == "train" else 0 if action.do == "reset" else count
    return count


def test_every_step_of_every_lesson_runs_to_its_end(window: Window) -> None:
    answers = Answers()
    window.dialogs = answers  # type: ignore[assignment]
    for path in SHIPPED:
        assert window.lessons.open(path), path
        play(window)
        assert not answers.asked and not window.document.modified, path


def play(window: Window) -> None:
    lessons, player, kernel = window.lessons, window.lessons.player, window.kernel
    assert player is not None and lessons.panel is not None and kernel is not None
    for index, step in enumerate(player.lesson.steps):
        run_out(window)
        where = f"{player.lesson.title}, {step.title}"
        assert player.index == index and window.trace is not None and not window.stale, where
        assert window.document.graph == player.script.state(index), where
        assert kernel.progress.step == trained_steps(step) and not kernel.training, where
        asked = [box for box in lessons.panel.boxes if isinstance(box, NumberBox) and box.asks is not None]
        assert len(asked) == len([question for question in step.ask if question.kind == "predict"]), where
        lessons.next()


def test_a_training_step_that_is_left_is_paused_and_the_next_begins_untrained(window: Window, tmp_path: Path, qtbot: QtBot) -> None:
    kernel = window.kernel
    assert kernel is not None
    text = """{"format": "gradwire-lesson", "version": 1, "title": "T", "graph": "xor", "steps": [
        {"title": "long", "run": [{"do": "training", "name": "epochs", "value": 1000000}, {"do": "train", "steps": 1000000}]},
        {"title": "next"}]}"""
    path = tmp_path / "long.gwlesson"
    lesson_files.save(lesson_files.loads(text), path)
    window.lessons.open(path)
    qtbot.waitUntil(lambda: kernel.training and kernel.progress.step > 20, timeout=int(PATIENCE * 1000))
    assert window.lessons.panel is not None and "1,000,000 steps" in window.lessons.panel.waiting.text()

    window.lessons.next()
    run_out(window)

    assert not kernel.training and kernel.progress.step == 0 and not window.lessons.panel.waiting.isVisible()


def test_whoever_trains_on_has_left_the_step_and_comes_back_to_its_weights(window: Window, qtbot: QtBot) -> None:
    kernel = window.kernel
    assert kernel is not None and window.lessons.open(next(path for path in SHIPPED if path.stem == "tanh-2-4-2"))
    run_out(window)
    panel = window.lessons.panel
    assert panel is not None and not panel.home.isVisible()

    window.commands.run("train_step")
    qtbot.waitUntil(panel.home.isVisible, timeout=20_000)
    panel.home.click()
    run_out(window)

    assert kernel.progress.step == 0 and not panel.home.isVisible()


def test_trained_values_of_the_users_own_come_back_after_a_lesson(window: Window, qtbot: QtBot) -> None:
    assert window.files.open_example("xor")
    kernel, own = window.kernel, window.document
    assert kernel is not None
    qtbot.waitUntil(lambda: window.trace is not None and not window.stale, timeout=20_000)
    kernel.start(7)
    qtbot.waitUntil(lambda: kernel.progress.step == 7 and kernel.progress.phase != "training", timeout=20_000)
    kernel.wait_state(kernel.request_state(), 20.0)
    before = kernel.known_values

    assert window.lessons.open(next(path for path in SHIPPED if path.stem == "several-paths"))
    run_out(window)
    assert kernel.progress.step == 0
    window.lessons.leave()
    qtbot.waitUntil(lambda: kernel.progress.step == 7 and window.trace is not None and not window.stale, timeout=20_000)

    kernel.wait_state(kernel.request_state(), 20.0)
    assert before is not None and kernel.known_values is not None and kernel.known_values.packed == before.packed
    assert window.document is own and own.training_unsaved


def test_a_prediction_typed_beside_the_canvas_is_judged_with_hints(window: Window, qtbot: QtBot) -> None:
    assert window.lessons.open(next(path for path in SHIPPED if path.stem == "several-paths"))
    window.lessons.go(2)
    run_out(window)
    panel = window.lessons.panel
    assert panel is not None
    box = panel.boxes[0]
    assert isinstance(box, NumberBox)
    edge = window.document.graph.outputs_of(window.document.graph.named("y2").id)[0].id

    box.field.setText("6")
    box.try_it()
    qtbot.waitUntil(lambda: "Not yet" in box.verdict.text(), timeout=20_000)
    assert "y2" in box.comment.text and edge in window.visibility.gradients
    box.field.setText("4")
    box.try_it()
    qtbot.waitUntil(lambda: box.done, timeout=20_000)

    assert edge not in window.visibility.gradients
    window.lessons.next()
    assert not window.predict.board.answered


def test_a_prediction_on_the_canvas_is_judged_by_the_tolerance_of_its_question(window: Window, qtbot: QtBot) -> None:
    """f was −7; with x = 2.001 it is −7.005, within 0.0002."""
    assert window.lessons.open(next(path for path in SHIPPED if path.stem == "xy-plus-z"))
    window.lessons.go(6)
    run_out(window)
    panel, board = window.lessons.panel, window.predict.board
    assert panel is not None
    (box,) = (box for box in panel.boxes if isinstance(box, NumberBox))
    (item,) = board.asked
    for text, right, said in (("-7", False, "! Correct so far"), ("-7.00", False, "! Correct so far"), ("-7.005", True, "✓ Right")):
        with qtbot.waitSignal(board.judged, timeout=20_000):
            board.answer(item, text)
        assert box.done is right and box.verdict.text().replace("  ", " ").startswith(said)


def test_a_lesson_is_opened_from_the_command_line(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ui.shell.app import run

    monkeypatch.setenv("GRADWIRE_SETTINGS", str(tmp_path / "settings.ini"))
    seen: list[str] = []
    timer = QTimer()
    timer.setInterval(50)

    def drive(window: Window) -> None:
        end = time.monotonic() + PATIENCE

        def look() -> None:
            if (window.furnished and window.lessons.player is not None) or time.monotonic() > end:
                seen.append(window.files.title)
                timer.stop()
                window.close()

        timer.timeout.connect(look)
        timer.start()

    assert run(SHIPPED[0], drive) == 0
    assert seen == [lesson_files.load(SHIPPED[0]).title]

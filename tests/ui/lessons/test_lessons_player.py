"""Lessons in the window: opened, walked to the end and back, wandered off from and returned to, answered; without an engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.explain.misconceptions.match import readings
from graph.lessons.lesson import load as load_lesson
from graph.model.edits import SetParam
from tests.support.lesson_steps import STEPS
from tests.support.random_actions import at_random
from tests.support.window_support import Answers, drop, hand_trace, names, player
from ui.lessons.questions import ChoiceBox, DiscussBox, NumberBox
from ui.lessons.shelf import LESSONS, LessonProgress, Standing, entries
from ui.lessons.text import laid_out, pieces
from ui.look.theme import THEMES
from ui.maths.formula import loader
from ui.shell.window import Window
from ui.shell.workspace.settings import UserSettings

SHIPPED = [entry.path for entry in entries()]


def value(window: Window, name: str) -> object:
    return window.document.graph.setting(names(window.document)[name], "value")


def press(window: Window, qtbot: QtBot, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, key, held)
    QApplication.processEvents()


def test_a_lesson_opens_as_an_unnamed_copy_and_hides_what_gives_way(played: Window, lesson: Path) -> None:
    panel = played.lessons.panel

    assert panel is not None and panel.isVisible() and not played.panels.docks["library"].isVisible()
    assert played.document.path is None and not played.document.modified and played.files.title == "Small"
    assert panel.title.text() == "The graph" and panel.count.text() == "Step 1 of 4"
    assert played.canvas.overlay.highlighted("lesson")[0] == {names(played.document)["x"]}


def test_clicker_keys_walk_the_steps_while_a_lesson_is_open_and_the_nodes_otherwise(played: Window, qtbot: QtBot) -> None:
    press(played, qtbot, Qt.Key.Key_PageDown)
    assert player(played).index == 1 and value(played, "x") == 3.0
    press(played, qtbot, Qt.Key.Key_PageUp)
    assert player(played).index == 0 and value(played, "x") == 2.0

    played.lessons.leave()
    played.showing.show_trace(hand_trace(played.document))
    press(played, qtbot, Qt.Key.Key_PageDown)

    assert played.playhead.playing == "step" and played.panels.docks["library"].isVisible()
    played.playhead.reset()


def test_full_stop_and_comma_keep_stepping_nodes_in_a_lesson(played: Window, qtbot: QtBot) -> None:
    played.showing.show_trace(hand_trace(played.document))

    press(played, qtbot, Qt.Key.Key_Period)

    assert played.playhead.playing == "step" and player(played).index == 0
    played.playhead.reset()


def test_every_step_reached_by_jumping_has_the_document_of_walking(played: Window) -> None:
    walked = []
    for _ in STEPS:
        walked.append(played.document.graph.copy())
        played.lessons.next()

    for index in (3, 0, 2, 1, 3, 1, 0):
        played.lessons.go(index)
        assert played.document.graph == walked[index]


def test_walking_on_and_back_leaves_nothing_to_save_and_undo_still_works(played: Window) -> None:
    start = played.document.graph.copy()
    for _ in range(3):
        played.lessons.next()
    for _ in range(3):
        played.lessons.back()
    assert played.document.graph == start and not played.document.modified

    while played.document.history.can_undo:
        played.document.undo()
    assert played.document.graph == start


def test_whoever_wandered_off_returns_by_one_click_and_undo_brings_their_work_back(played: Window, qtbot: QtBot) -> None:
    panel, document = played.lessons.panel, played.document
    assert panel is not None and not panel.home.isVisible()
    start = document.graph.copy()
    document.do(SetParam(names(document)["x"], "value", 9.0), "Set x")
    document.do(SetParam(names(document)["z"], "value", 8.0), "Set z")
    QApplication.processEvents()
    mine = document.graph.copy()
    qtbot.waitUntil(panel.home.isVisible)

    qtbot.mouseClick(panel.home, Qt.MouseButton.LeftButton)
    QApplication.processEvents()

    assert document.graph == start and not panel.home.isVisible()
    played.commands.run("undo")
    QApplication.processEvents()
    assert document.graph == mine
    qtbot.waitUntil(panel.home.isVisible)


def test_a_moved_view_counts_as_wandering_and_is_brought_back(played: Window, qtbot: QtBot) -> None:
    panel = played.lessons.panel
    assert panel is not None
    played.lessons.next()
    qtbot.waitUntil(lambda: not player(played).runner.running)
    QApplication.processEvents()
    view = played.canvas.view_state()

    played.canvas.pan_by(120, 40)
    qtbot.waitUntil(panel.home.isVisible)
    qtbot.mouseClick(panel.home, Qt.MouseButton.LeftButton)

    assert played.canvas.view_state() == pytest.approx(view)


def test_going_on_from_elsewhere_keeps_what_was_done_one_undo_away(played: Window) -> None:
    played.document.do(SetParam(names(played.document)["y"], "value", 77.0), "Set y")
    mine = played.document.graph.copy()

    played.lessons.next()
    assert value(played, "y") == -5.0
    played.document.undo()

    assert played.document.graph == mine and played.document.modified


def test_a_step_rings_dims_covers_selects_and_looks(played: Window, qtbot: QtBot) -> None:
    played.lessons.next()
    qtbot.waitUntil(lambda: not player(played).runner.running)
    ids, overlay = names(played.document), played.canvas.overlay
    wire = next(edge.id for edge in played.document.graph.edges.values() if edge.target[0] == ids["multiply"] and edge.target[1] == "a")
    after = played.document.graph.outputs_of(ids["multiply"])[0].id

    assert overlay.highlighted("lesson") == (frozenset(), frozenset({wire}))
    assert {ids["multiply"], after} <= played.visibility.values
    assert played.canvas.selection == {ids["y"]}
    seen = played.canvas.seen()
    assert seen.contains(played.canvas.scene.rect(ids["x"])) and seen.contains(played.canvas.scene.rect(ids["multiply"]))


def test_a_right_prediction_uncovers_the_number_and_counts(played: Window, qtbot: QtBot) -> None:
    played.lessons.next()
    panel = played.lessons.panel
    assert panel is not None
    box = panel.boxes[0]
    assert isinstance(box, NumberBox)
    multiply = names(played.document)["multiply"]
    QApplication.processEvents()
    assert not box.reveal.isVisible() and box.hint.isVisible()

    qtbot.mouseClick(box.field, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(box.field, "12")
    qtbot.keyClick(box.field, Qt.Key.Key_Return)
    assert "Not yet" in box.verdict.text() and multiply in played.visibility.values and box.reveal.isVisible()
    box.field.clear()
    qtbot.keyClicks(box.field, "-15,0")
    qtbot.mouseClick(box.check, Qt.MouseButton.LeftButton)

    assert "Right" in box.verdict.text() and multiply not in played.visibility.values
    assert box.comment.text == "$3 \\cdot (-5)$"
    assert played.lessons.standing is not None and played.lessons.standing.answers == {"1.0": "later"}  # not at the first try


def test_choices_and_discussions_answer_too(played: Window, qtbot: QtBot) -> None:
    played.lessons.next()
    panel = played.lessons.panel
    assert panel is not None
    _, choice, discussion = panel.boxes
    assert isinstance(choice, ChoiceBox) and isinstance(discussion, DiscussBox)

    qtbot.mouseClick(choice.options[0], Qt.MouseButton.LeftButton)
    assert choice.comment.text == "No: one factor is negative." and not choice.done
    qtbot.mouseClick(choice.options[1], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(discussion.reveal, Qt.MouseButton.LeftButton)

    assert choice.done and discussion.comment.text == "Because."


def test_esc_anywhere_in_the_lesson_keeps_it_open(played: Window, qtbot: QtBot) -> None:
    played.lessons.next()
    panel = played.lessons.panel
    assert panel is not None
    box = panel.boxes[0]
    assert isinstance(box, NumberBox)
    box.field.setFocus()

    for widget in (box.field, panel, played.canvas, played.canvas):
        qtbot.keyClick(widget, Qt.Key.Key_Escape)
        QApplication.processEvents()

    assert player(played).index == 1 and panel.isVisible() and played.canvas.hasFocus()


def test_leaving_in_the_middle_takes_everything_of_the_lesson_off_the_canvas(played: Window) -> None:
    played.lessons.next()
    graph = played.document.graph

    played.lessons.leave()

    assert played.lessons.player is None and played.document.graph is not graph
    assert not played.visibility.values and played.canvas.overlay.highlighted("lesson") == (frozenset(), frozenset())
    assert played.panels.docks["library"].isVisible() and not played.actions_by_id["lesson_next"].isEnabled()


def test_another_document_ends_the_lesson(played: Window) -> None:
    played.commands.run("new")

    assert played.lessons.player is None and played.panels.docks["library"].isVisible() and played.files.title == "Untitled"


def test_a_dropped_lesson_opens(window: Window, lesson: Path) -> None:
    assert drop(window, lesson)

    assert window.lessons.title == "Small"


HOMELESS = '{"format": "gradwire-lesson", "version": 1, "title": "T", "graph": "nowhere", "steps": [{"title": "a"}]}'


@pytest.mark.parametrize("wrong", ["{}", "no json", HOMELESS])
def test_a_lesson_that_cannot_be_read_says_so_and_leaves_everything(window: Window, tmp_path: Path, wrong: str) -> None:
    path, before = tmp_path / "bad.gwlesson", window.document
    path.write_text(wrong, encoding="utf-8")
    answers = Answers()
    window.dialogs = answers  # type: ignore[assignment]

    assert not window.files.open(path)
    assert window.document is before and answers.asked[0].startswith("tell bad.gwlesson")


def test_how_far_one_came_is_remembered_and_taken_up_again(make_window: Callable[..., Window], lesson: Path, session: UserSettings) -> None:
    first = make_window()
    first.lessons.open(lesson)
    first.lessons.next()
    first.lessons.next()
    first.close()

    assert LessonProgress(session).of(lesson).seen == {0, 1, 2}
    again = make_window()
    again.lessons.open(lesson, resume=True)
    assert player(again).index == 2


def test_nonsense_in_the_settings_is_no_progress(session: UserSettings, lesson: Path) -> None:
    for text in ("[]", "{", '{"x": 3}', json.dumps({str(lesson.resolve()): {"seen": 3}})):
        session.set("lessons", text)
        assert LessonProgress(session).of(lesson) == Standing()


def test_speaker_notes_follow_move_the_lesson_and_close_with_it(played: Window, qtbot: QtBot) -> None:
    played.lessons.toggle_notes()
    notes = played.lessons.notes
    assert notes is not None and notes.isVisible() and notes.text.text == "Say hello."
    assert notes.coming.text() == "Next: A product"

    qtbot.keyClick(notes, Qt.Key.Key_PageDown)
    assert player(played).index == 1 and notes.title.text() == "A product"
    qtbot.keyClick(notes, Qt.Key.Key_PageUp)
    assert player(played).index == 0
    item = notes.steps.visualItemRect(notes.steps.item(3)).center()
    qtbot.mouseClick(notes.steps.viewport(), Qt.MouseButton.LeftButton, pos=item)
    assert player(played).index == 3 and notes.coming.text() == "This is the last step."

    played.lessons.leave()
    assert played.lessons.notes is None and not notes.isVisible()


def test_dots_lead_to_their_steps(played: Window, qtbot: QtBot) -> None:
    panel = played.lessons.panel
    assert panel is not None
    at = panel.dots.place(2)

    qtbot.mouseClick(panel.dots, Qt.MouseButton.LeftButton, pos=QPoint(round(at.x()), round(at.y())))

    assert player(played).index == 2 and panel.title.text() == "Another z"


def test_the_theme_changes_in_a_lesson(played: Window) -> None:
    played.lessons.next()
    for name in ("dark", "projector", "light"):
        played.commands.run(f"theme_{name}")
        QApplication.processEvents()
        assert player(played).index == 1 and len(played.lessons.panel.boxes) == 3


def kinds(path: Path) -> set[str]:
    """What the steps of a lesson ask, do, hide and point at."""
    steps = load_lesson(path).steps
    asked = {f"asks {question.kind}" for step in steps for question in step.ask}
    done = {f"does {action.do}" for step in steps for action in step.run}
    return asked | done | {name for name in ("hide_values", "hide_gradients", "highlight", "notes") if any(getattr(s, name) for s in steps)}


def of_every_kind() -> list[Path]:
    """Few lessons in which all there is occurs, the one with most that is new first."""
    of, chosen = {path: kinds(path) for path in SHIPPED}, list[Path]()
    left = set().union(*of.values())
    while left:
        chosen.append(max(SHIPPED, key=lambda path: len(of[path] & left)))
        left -= of[chosen[-1]]
    return chosen


FEW = of_every_kind()
BACK = [path if path in FEW else pytest.param(path, marks=pytest.mark.long) for path in SHIPPED]
"""All are played forwards with a real engine (tests/e2e/test_playing_lessons.py); the way back depends on what steps consist of."""


@pytest.mark.parametrize("path", BACK, ids=lambda path: path.stem)
def test_every_lesson_is_walked_to_its_end_and_back_without_a_word(window: Window, qtbot: QtBot, path: Path) -> None:
    answers = Answers()
    window.dialogs = answers  # type: ignore[assignment]
    assert window.lessons.open(path) and not answers.asked
    count = len(player(window).lesson.steps)
    graphs = []
    for index in range(count):
        QApplication.processEvents()
        assert player(window).index == index and window.lessons.panel is not None
        assert window.document.graph == player(window).script.state(index)
        graphs.append(window.document.graph.copy())
        while player(window).index == index and not window.lessons.finished:
            press(window, qtbot, Qt.Key.Key_PageDown)  # first through what is below the edge of the sheet
    assert window.lessons.finished and window.lessons.panel.finish.isVisible()
    press(window, qtbot, Qt.Key.Key_PageUp)
    for index in reversed(range(count)):
        assert player(window).index == index and window.document.graph == graphs[index]
        press(window, qtbot, Qt.Key.Key_PageUp)
    for index in (count - 1, 0, count // 2):
        window.lessons.go(index)
        assert window.document.graph == graphs[index]
    assert not window.document.modified and not answers.asked


def test_there_are_lessons_on_the_shelf() -> None:
    assert SHIPPED and all(path.parent == LESSONS for path in SHIPPED)


@pytest.mark.parametrize(
    ("text", "number"),
    [("−15,0", -15.0), (" 3/8 ", 0.375), ("1.5e-3", 0.0015), ("1 000", 1000.0), ("abc", None), ("1/0", None), ("inf", None), ("", None)],
)
def test_numbers_are_understood_as_people_write_them(text: str, number: float | None) -> None:
    assert [reading.value for reading in readings(text)] == ([] if number is None else [number])


@pytest.mark.parametrize("seed", range(4))
def test_random_actions_in_a_lesson_break_nothing_and_it_can_be_returned_to(played: Window, qtbot: QtBot, seed: int) -> None:
    played.showing.show_trace(hand_trace(played.document))
    at_random(played, qtbot, seed, 25)

    lessons = played.lessons
    if lessons.player is not None:
        lessons.return_to_step()
        assert played.document.graph == lessons.player.script.state(lessons.player.index)
    lessons.leave()
    played.presenter.take("")
    if lessons.recording:
        played.dialogs = Answers(unsaved="discard")  # type: ignore[assignment]
        lessons.toggle_recorder()


@pytest.mark.parametrize(
    ("latex", "cut"),
    [
        ("x + y", ["x + y"]),
        (r"a = b \qquad c = d", ["a = b ", r"\qquad c = d"]),
        (r"a = \frac{b = c}{2} = d", ["a ", r"= \frac{b = c}{2} ", "= d"]),
        (r"f(x = 1) \to 2", ["f(x = 1) ", r"\to 2"]),
        (r"\{a = b\} \leq c", [r"\{a = b\} ", r"\leq c"]),
    ],
)
def test_a_long_formula_is_cut_where_a_line_may_end_and_never_inside_braces(latex: str, cut: list[str]) -> None:
    assert pieces(latex) == cut


def test_formulas_of_a_text_are_pictures_no_wider_than_it(qtbot: QtBot) -> None:
    loader().start()
    qtbot.waitUntil(lambda: loader().ready, timeout=20_000)
    long = r"$$\delta = \frac{\partial \ell}{\partial s} = (0.7809, 0.2191) - (0, 1) = (1, 2)$$"
    text = f"A line with $w_0$ and $\\frac{{1}}{{2}}$, then\n\n{long}"

    document = laid_out(text, 260, THEMES["light"])

    wide, block, pictures = document.idealWidth(), document.begin(), 0
    while block.isValid():
        pictures += block.text().count("\ufffc")
        block = block.next()
    assert wide <= 260 and pictures >= 4 and "$" not in document.toPlainText()


def test_the_map_does_not_lie_over_what_a_step_has_framed(played: Window, qtbot: QtBot) -> None:
    """It comes back as soon as the user looks elsewhere."""
    played.lessons.next()
    qtbot.waitUntil(lambda: not player(played).runner.running)
    canvas = played.canvas
    assert canvas.model.map.unneeded() and not canvas.model.map.visible()

    canvas.pan_by(4000, 0)

    assert canvas.model.map.visible()
    played.lessons.leave()
    assert not canvas.model.map.unneeded()

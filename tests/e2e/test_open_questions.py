"""While a question of a lesson is open, its answer stands nowhere in the window.

Which numbers count: of an item that is asked for, every source that shows it must say "hidden until predicted" instead. An answer with
three digits or more, such as −0.5344, must not stand anywhere; small whole numbers stand everywhere with good reason, so of them only
what shows the item itself counts, and of curvatures and counts of paths what tools say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from graph.lessons import lesson as lesson_files
from graph.lessons.lesson import MEASURED, LessonQuestion
from graph.lessons.lesson_graph import find
from tests.support.playing import SHIPPED, run_out
from tests.support.screen_texts import exported, of_canvas, of_widgets, tells
from ui.maths.sheet import Sheet
from ui.shell.window import Window

GIVEN = {
    ("mlp-modules", 4, "z2"): "p = (0.8162, 0.1838) is given; p − y is asked for",
    ("tanh-2-4-2", 4, "s"): "ŷ = (0.7809, 0.2191) is given; ŷ − y is asked for",
}
"""Answers that stand on the screen with good reason, by lesson, step and item."""
_ALONE = re.compile(r"\s*\(?[−-]?\d[\d.,]*(?:×10[⁻⁰¹²³⁴-⁹]+)?\)?\s*")


def telling(question: LessonQuestion) -> bool:
    """Whether a number gives itself away wherever it stands."""
    digits = f"{abs(question.expected or 0.0):.6g}".replace(".", "").replace("e-", "").strip("0")
    return question.expected is not None and question.expected != int(question.expected) and len(digits) >= 3


def leaks(window: Window, question: LessonQuestion, everything: list[tuple[str, str]]) -> Iterator[str]:
    assert question.expected is not None
    if telling(question):
        yield from (f"{where}: {text}" for where, text in everything if tells(text, question.expected))
    if question.quantity in MEASURED:
        tool = window.explain.tools.current
        if tool is not None and tool.isVisible():
            texts = (text for where, text in of_widgets(tool) if where != "painted" or len(text) > 1)  # the 2 of ∂² stands alone
            yield from (f"tool: {text}" for text in texts if tells(text, question.expected))
    if question.kind == "predict":
        yield from of_item(window, question)


def of_item(window: Window, question: LessonQuestion) -> Iterator[str]:
    """What tips, inspector and explanations say of the item itself."""
    graph, item = window.document.graph, find(window.document.graph, question.of)
    assert item is not None and question.expected is not None
    name = question.of.replace(".", " ").split(" ")[0] if item.kind != "edge" else " -> ".join(
        graph.nodes[end[0]].name for end in (graph.edges[item.id].source, graph.edges[item.id].target))  # fmt: skip
    for where, text in of_canvas(window):
        if where == name and item.kind != "parameter":
            rows = [line for line in text.splitlines() if line.startswith(question.quantity) and "hidden" not in line]  # the shape is not
            yield from (f"tip of {where}: {line}" for line in rows if tells(line, question.expected))
    window.canvas.select([item.id])
    QApplication.processEvents()
    for sheet in (
        shown for shown in window.panel("inspector").findChildren(Sheet) if shown.isVisible() and question.quantity == "gradient"
    ):
        for line in sheet.accessibleName().splitlines():
            left, _, right = line.rpartition("=")
            if "∂" in left and _ALONE.fullmatch(right) and tells(right, question.expected):
                yield f"explanation: {line}"
    trace = window.panel("inspector")._trace
    if trace is not None and item.kind == "output" and question.quantity == "value":
        assert all(view.covered for key, view in trace.values.items() if key[0] == item.id), question.text
    window.canvas.select(())


LESSONS = {path: lesson_files.load(path) for path in SHIPPED}
Where = tuple[Path, int]
"""A step of a lesson, counted from 0."""


def open_questions(path: Path, step: int) -> list[LessonQuestion]:
    return [question for question in LESSONS[path].steps[step].ask if question.kind in ("number", "predict")]


def sorts(where: Where) -> set[tuple[str, str, bool]]:
    """The kinds of questions that a step asks, as this file tells them apart."""
    return {(question.kind, question.quantity, telling(question)) for question in open_questions(*where)}


def share(steps: list[Where]) -> list[Where]:
    """A step of every third lesson, one with a telling answer where there is one, and one for every kind of question."""
    chosen: list[Where] = []
    seen: set[tuple[str, str, bool]] = set()

    def worth(where: Where) -> tuple[bool, int]:
        return any(map(telling, open_questions(*where))), len(sorts(where) - seen)

    for path in SHIPPED[::3]:
        chosen.append(max((where for where in steps if where[0] == path), key=worth))
        seen |= sorts(chosen[-1])
    for where in steps:
        if sorts(where) - seen:
            chosen.append(where)
            seen |= sorts(where)
    return sorted(chosen)


STEPS = [(path, step) for path in SHIPPED for step in range(len(LESSONS[path].steps)) if open_questions(path, step)]
SHARE = share(STEPS)
REST = [where for where in STEPS if where not in SHARE]


def test_the_share_has_every_third_lesson_and_every_kind_of_question() -> None:
    assert {path for path, _ in SHARE} >= set(SHIPPED[::3])
    assert set().union(*map(sorts, SHARE)) == set().union(*map(sorts, STEPS)) and len(STEPS) > 100


@pytest.mark.parametrize("steps", [pytest.param(SHARE, id="share"), pytest.param(REST, marks=pytest.mark.long, id="rest")])
def test_the_answer_of_an_open_question_is_nowhere_on_the_screen(window: Window, qtbot: QtBot, tmp_path: Path, steps: list[Where]) -> None:
    window.resize(1280, 720)
    leaked: list[str] = []
    for path, group in groupby(steps, key=itemgetter(0)):
        assert window.lessons.open(path)
        for _, step in group:
            window.lessons.go(step)
            run_out(window)
            qtbot.wait(40)
            asked = open_questions(path, step)
            everything = all_texts(window, tmp_path) if any(map(telling, asked)) else []
            for question in asked:
                where = (path.stem, step + 1, question.of)
                leaked += [f"{where} {question.expected}: {leak}" for leak in leaks(window, question, everything) if where not in GIVEN]
    assert not leaked, "\n".join(dict.fromkeys(leaked))


def all_texts(window: Window, folder: Path) -> list[tuple[str, str]]:
    return [*of_widgets(window), *of_canvas(window), *(("picture", text) for text in exported(window, folder))]

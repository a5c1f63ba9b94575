"""Which moments are compared, and when an answer may be shown: never while training, hidden, or of another document."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.explain.question import Refusal
from engine.learned.comparison import CompareMoments, Comparison, Moment
from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.edits import SetParam
from graph.model.run_record import RunRecord, SettingsChange
from graph.storage.document import Document
from tests.support.fake_workspace import FakeWorkspace
from tests.support.window_support import hand_trace, names
from ui.compare.choice import SHOWN, Choice, settings_of
from ui.compare.feature import CompareFeature
from ui.engine_link.messages import Progress

RUNS = {1: RunRecord(1, last=30), 2: RunRecord(2, parent=1, start=10, last=25, training={"optimizer": "adam"})}


class FakeKernel:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.runs, self.training = dict(RUNS), False
        self.progress = Progress("paused", 2, 25, record=RUNS[2])
        self.asked: list[tuple[CompareMoments, Callable[[Any], None]]] = []

    def ask(self, question: CompareMoments, callback: Callable[[Any], None]) -> None:
        self.asked.append((question, callback))

    def answer(self, reply: Any = None) -> CompareMoments:
        question, callback = self.asked.pop()
        callback(Comparison(question.first, question.second, (), (), None, ({}, {})) if reply is None else reply)
        return question


@pytest.fixture
def bench(make_workspace: Callable[..., FakeWorkspace], qtbot: QtBot) -> SimpleNamespace:
    document = Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0}))
    workspace = make_workspace(document)
    kernel: Any = FakeKernel()
    workspace.kernel = workspace.work.kernel = kernel
    trace = hand_trace(document)
    workspace.visibility.set_truth(trace)
    workspace.canvas.set_trace(trace)
    feature = CompareFeature(workspace)
    feature.install()

    def asked() -> bool:
        return bool(kernel.asked)

    def answered(reply: Any = None) -> CompareMoments:
        qtbot.waitUntil(asked)
        question: CompareMoments = kernel.answer(reply)
        return question

    return SimpleNamespace(workspace=workspace, kernel=kernel, feature=feature, answered=answered, canvas=workspace.canvas)


def test_a_branch_is_compared_with_its_parent_and_the_shown_step_is_followed(bench: SimpleNamespace) -> None:
    feature = bench.feature
    feature.compare_runs()
    question = bench.answered()
    assert (question.first, question.second) == (Moment(1, 30), Moment(2, 25)) and bench.canvas.content.comparing
    bench.kernel.progress = Progress("paused", 2, 12, record=RUNS[2])
    feature.set_progress(bench.kernel.progress)
    assert bench.answered().second == Moment(2, 12)
    feature.swap()
    question = bench.answered()
    assert (question.first, question.second) == (Moment(2, 12), Moment(1, 30))
    feature.choose(Choice(1, 999), Choice(2, 3))  # as far as the run goes
    assert bench.answered().first == Moment(1, 30)
    feature.set_progress(bench.kernel.progress)
    assert not bench.kernel.asked  # the answer is known


def test_this_step_stays_while_the_next_one_is_gone_to_and_escape_ends_it(bench: SimpleNamespace, qtbot: QtBot) -> None:
    feature = bench.feature
    feature.compare_step()
    assert bench.answered().first == Moment(2, 25) == feature.answer.second
    bench.canvas.select(list(names(bench.workspace.document).values())[:1])
    qtbot.keyClick(bench.canvas, Qt.Key.Key_Escape)
    assert feature.comparing  # Esc first selects nothing
    bench.canvas.select([])
    qtbot.keyClick(bench.canvas, Qt.Key.Key_Escape)
    assert not feature.comparing and not bench.canvas.content.comparing and bench.canvas.model.compared is None


def test_differences_go_where_they_would_be_wrong_and_come_back(bench: SimpleNamespace) -> None:
    feature, workspace, kernel = bench.feature, bench.workspace, bench.kernel
    feature.compare_runs()
    bench.answered()
    kernel.training = True
    feature.set_progress(kernel.progress)
    assert feature.answer is None and "training" in feature.reason and not bench.canvas.content.comparing
    kernel.training = False
    feature.set_progress(kernel.progress)
    bench.answered()
    assert bench.canvas.content.comparing
    workspace.visibility.hide("question", values=[names(workspace.document)["add"]])
    assert feature.answer is None and not bench.canvas.content.comparing
    workspace.visibility.hide("question")
    bench.answered()
    assert bench.canvas.content.comparing
    workspace.document.do(SetParam(names(workspace.document)["x"], "value", 7.0))
    feature.document_changed()
    assert bench.answered().revision == workspace.document.revision
    kernel.runs.pop(1)
    feature.set_progress(kernel.progress)
    assert feature.answer is None and "no longer there" in feature.reason
    feature.set_document(workspace.document)
    assert not feature.comparing


def test_why_there_is_no_answer_is_said_and_an_old_answer_is_not_shown(bench: SimpleNamespace) -> None:
    feature = bench.feature
    feature.compare_runs()
    bench.answered(Refusal("Step 30 of that run is no longer stored."))
    assert "no longer stored" in feature.reason and not bench.kernel.asked
    feature.choose(Choice(1, 2), SHOWN)
    old = bench.kernel
    feature.close()
    if old.asked:
        old.answer()
    assert feature.answer is None and not bench.canvas.content.comparing


def test_the_settings_of_a_moment_are_those_its_step_was_made_with() -> None:
    parent = RunRecord(1, last=30, training={"lr": 1}, changes=(SettingsChange(5, {"lr": 2}),))
    records = {1: parent, 2: RunRecord(2, parent=1, start=10, last=25, training={"lr": 3})}
    found = [settings_of(records, Moment(2, step))["lr"] for step in (0, 5, 6, 10, 11)]
    assert found == [1, 1, 2, 2, 3]

"""An experiment in a lesson: begun, told about, cancelled and run again, kept, and marked where the graph is another one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.compile.views import TraceView
from engine.explain.figures import Figure, Line, Row
from engine.learned.experiment import Experiment
from engine.numerics.job import Job, JobEnd, JobReport
from graph.lessons.lesson import Choice
from graph.model.address import output
from graph.model.edits import Move, SetTraining
from graph.storage.document import Document
from tests.support.fake_workspace import FakeWorkspace
from tests.support.lesson_support import open_lesson, step_of
from tests.support.window_support import after_event
from ui.engine_link.work import JobHandle
from ui.lessons.experiment_view import ExperimentView
from ui.lessons.figures import Figures
from ui.look.theme import LIGHT


class _Kernel:
    """Ends a job that is cancelled, as the kernel's client does."""

    training = False

    def __init__(self) -> None:
        self.handles: dict[int, JobHandle] = {}

    def cancel_job(self, number: int) -> None:
        self.handles[number].finish(JobEnd("cancelled"))


class _Desk:
    """A lesson's experiment with an engine that answers when the test says so."""

    def __init__(self, folder: Path) -> None:
        lesson, graph = open_lesson("depth-width")
        self.document = Document(graph)
        self.workspace = FakeWorkspace(self.document, folder)
        self.workspace.visibility.set_truth(TraceView())
        self.kernel = _Kernel()
        self.jobs: list[Experiment] = []
        self.workspace.work.job = self._job  # type: ignore[method-assign]
        self.action = next(action for action in lesson.steps[step_of(lesson, "Run and measure")].run if action.do == "figure")
        self.figures = Figures(self.workspace)
        self.view = self.open()

    def open(self) -> ExperimentView:
        view = self.view = ExperimentView(LIGHT, predicted=Choice("The deep one", True))
        self.figures.draw([(self.action, view)])
        return view

    def _job(self, job: Job, progress: Any, done: Any, background: bool = False) -> JobHandle:
        assert isinstance(job, Experiment) and not background, "Esc ends it"
        self.jobs.append(job)
        handle = self.kernel.handles[len(self.jobs)] = JobHandle(self.kernel, progress, done)  # type: ignore[arg-type]
        handle.start(len(self.jobs))
        return handle

    @property
    def handle(self) -> JobHandle:
        return self.kernel.handles[len(self.jobs)]

    def redraw(self) -> None:
        self.figures.draw([(self.action, self.view)])


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[_Desk]:
    desk = _Desk(tmp_path)
    qtbot.addWidget(desk.view)
    yield desk
    desk.workspace.close()


def result() -> Figure:
    return Figure("experiment", output("n1", "y"), "width", "loss", (Line((0.0, 1.0), (2.0, 1.0), "<deep>", "value"),),
                  ticks=("46", "97"), columns=("46", "97"), rows=(Row("<deep>", "value", (0.1591, None)),))  # fmt: skip


def test_it_says_what_is_trained_and_how_long_it_takes_and_esc_ends_it(desk: _Desk, qtbot: QtBot) -> None:
    view = desk.view
    assert view.plan.text.startswith("30 networks are trained") and "6 variants, 5 seeds each" in view.plan.text
    desk.handle.report(JobReport(10, 30), ())
    assert view.bar.text.full.startswith("Run 11 of 30, about ") and view.bar.text.full.endswith(" s left")

    QTest.keyClick(view.bar, Qt.Key.Key_Escape)
    assert not desk.handle.running and view.figure is None and view.bar.cancel.text() == "Run again"

    view.bar.show()
    qtbot.mouseClick(view.bar.cancel, Qt.MouseButton.LeftButton)
    assert len(desk.jobs) == 2 and desk.handle.running and view.bar.cancel.text() == "Cancel"
    desk.open()
    assert not desk.kernel.handles[2].running, "the step is left: nothing goes on"
    desk.figures.draw(())
    assert len(desk.jobs) == 3 and not desk.handle.running, "the lesson is over"


def test_a_result_is_kept_for_the_same_graph_and_marked_for_another(desk: _Desk) -> None:
    desk.handle.finish(JobEnd("done", result()))
    assert desk.view.figure == result() and desk.view.plan.text == ""
    assert "The deep one" in desk.view.predicted.text and "The runs agree" in desk.view.predicted.text
    assert "&lt;deep&gt;" in desk.view.view.key.text() and "0.1591" in desk.view.view.key.text()

    assert desk.open().figure == result() and len(desk.jobs) == 1, "turned back to"
    node = next(iter(desk.document.graph.nodes))
    desk.document.do(Move(((node, 5.0, 5.0),)))
    desk.redraw()
    assert desk.view.bar.isHidden(), "a card was moved: the same runs"
    desk.document.do(SetTraining("steps", 7))
    desk.redraw()
    assert desk.view.bar.text.full == "The graph has changed since these runs." and len(desk.jobs) == 1
    desk.view.bar.again.emit()
    assert len(desk.jobs) == 2 and desk.handle.running


def test_the_table_lies_beside_a_plot_that_would_be_too_low_above_it(desk: _Desk) -> None:
    desk.handle.finish(JobEnd("done", result()))
    figure = desk.view.view
    desk.view.show()
    for width, height, beside in ((700, 500, False), (700, 190, True), (700, 500, False)):
        desk.view.resize(width, height)
        after_event()
        plot, table = figure.plot.geometry(), figure.key.geometry()
        assert (table.left() >= plot.right()) == beside and (table.top() >= plot.bottom()) != beside, (width, height)
        assert figure.rect().contains(table)

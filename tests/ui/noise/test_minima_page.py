"""The page of sharp and flat minima shows what the engine found, for the runs and for α, and nothing that is hidden."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.explain.context import ExplainContext
from engine.learned.minima import EndsJob, LineJob, RescaleJob
from engine.learned.minima.answer import ends, line
from engine.learned.minima.rescaling import rescale
from engine.nodes.catalog import CATALOG
from engine.numerics.job import JobEnd, finished
from engine.training.model import Model
from engine.training.run import Run
from tests.support.fake_workspace import FakeWorkspace
from tests.ui.noise.test_noise_page import Kernel
from ui.engine_link.messages import Progress
from ui.look.numerals import number
from ui.look.theme import DARK, LIGHT, PROJECTOR
from ui.noise.minima_page import HIDDEN, MinimaPage
from ui.shell.files import example_document

WORK: dict[type, Callable[..., Any]] = {EndsJob: ends, LineJob: line, RescaleJob: rescale}


class Bench:
    """(1 − w₂w₁)², trained at 0.03 and, from a reset, at 0.06."""

    def __init__(self, make_workspace: Callable[..., FakeWorkspace], qtbot: QtBot) -> None:
        document = example_document("saddle", CATALOG)
        self.workspace, self.kernel, self.answered = make_workspace(document), Kernel(), 0
        self.workspace.kernel = self.workspace.work.kernel = self.kernel  # type: ignore[assignment]
        self.run = Run(Model(document.graph), id=1).prepare()
        self.run.configure({**self.run.training, "hyper": {"lr": 0.03}})
        self.train()
        self.run.history.start_over(2)
        self.run.model.reset()
        self.run.configure({**self.run.training, "hyper": {"lr": 0.06}})
        self.train()
        self.kernel.progress = Progress("paused", run=2, step=self.run.state.step)
        self.page = MinimaPage(self.workspace)
        qtbot.addWidget(self.page)
        self.page.resize(1000, 500)
        self.page.set_theme(LIGHT)
        self.page.show()
        self.page.ask()

    def train(self) -> None:
        self.run.keep(begins=True)
        self.run.train(max_steps=400)
        self.run.history.settle()

    def answer(self) -> None:
        """Answer all requests."""
        while True:
            for refresh in (self.page.ends._refresh, self.page.ends._lining, self.page.rescaling._refresh):
                refresh._start()
            if not (waiting := self.kernel.jobs[self.answered :]):
                return
            for job, end in waiting:
                self.answered += 1
                end(JobEnd("done", finished(WORK[type(job)](ExplainContext(self.run.model, self.run), job))))


@pytest.fixture
def bench(make_workspace: Any, qtbot: QtBot) -> Bench:
    return Bench(make_workspace, qtbot)


def test_a_sharp_and_a_flat_minimum_with_a_barrier_between_them(bench: Bench) -> None:
    """w₁² + w₂² is 25.140 and 2.56 there, and λmax twice as large."""
    bench.answer()
    view = bench.page.ends
    assert view.seen is not None and [end.run for end in view.seen.ends] == [2, 1]
    assert [end.largest for end in view.seen.ends] == pytest.approx([2 * 2.5615, 2 * 25.140], rel=1e-3)
    assert all(number(end.largest) in view.table.text() for end in view.seen.ends)
    assert view.line is not None and (view.line.first, view.line.second) == ((1, 400), (2, 400))
    assert number(view.line.barrier) in view.between.text() and "a barrier" in view.between.text()
    view.first.setCurrentIndex(0)
    view._picked()
    bench.answer()
    assert view.line is None, "there is no line from a run to itself"
    bench.kernel.progress = Progress("paused", run=2, step=1)
    bench.page.follow_progress()
    assert "has changed since" in view.words.text()
    for theme in (DARK, PROJECTOR):
        bench.page.set_theme(theme)
    bench.workspace.visibility.hide("a question", measures=["loss"])
    assert view.seen is None and view.words.text() == HIDDEN and not view.table.text()


def test_the_slider_changes_the_sharpness_and_not_the_function(bench: Bench, qtbot: QtBot) -> None:
    page, view = bench.page, bench.page.rescaling
    qtbot.mouseClick(page.views["rescaling"], Qt.MouseButton.LeftButton)
    bench.answer()
    assert view.seen is not None and view.seen.alpha == 1 and view.seen.difference == 0
    view.slider.setFocus()
    qtbot.keyClick(view.slider, Qt.Key.Key_PageUp)
    bench.answer()
    assert view.seen.alpha == pytest.approx(10**0.25) and view.seen.difference < 1e-15
    assert view.seen.largest[1] != pytest.approx(view.seen.largest[0], rel=0.1)
    assert all(number(value) in view.table.text() for value in (*view.seen.largest, *view.seen.traces))
    assert number(view.seen.difference, 2) in view.same.text()
    qtbot.mouseClick(view.back, Qt.MouseButton.LeftButton)
    bench.answer()
    assert view.seen.alpha == 1
    bench.workspace.visibility.hide("a question", gradients=["w1"])
    assert view.seen is None and not view.table.text() and not view.same.text()

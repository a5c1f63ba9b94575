"""The page of gradient noise: it shows what the engine found, leaves samples out by mouse and keys, and shows nothing that is hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from engine.explain.context import ExplainContext
from engine.learned.instruments.noise import BatchSizes, SampleGradients, SamplesJob
from engine.learned.instruments.noise.answer import samples
from engine.learned.instruments.noise.sizes import sizes
from engine.numerics.job import JobEnd, finished
from engine.sweep.answer import sweep
from engine.sweep.results import SweepJob
from engine.training.model import Model
from engine.training.run import Run
from graph.model.edits import SetTraining
from graph.storage.document import Document
from tests.support.fake_workspace import FakeWorkspace
from tests.support.networks import tanh_net
from ui.engine_link.messages import Progress
from ui.look.numerals import number
from ui.look.theme import DARK, LIGHT, PROJECTOR
from ui.noise.page import HIDDEN, NoisePage
from ui.noise.scaling import by_epoch, scaling


class Kernel:
    """Notes the jobs; the test answers them from a run."""

    def __init__(self) -> None:
        self.training, self.progress = False, Progress()
        self.jobs: list[tuple[Any, Callable[[JobEnd], None]]] = []

    def job(self, job: Any, progress: Any, end: Callable[[JobEnd], None]) -> int:
        self.jobs.append((job, end))
        return len(self.jobs)

    def cancel_job(self, number: int) -> None: ...


class Bench:
    def __init__(self, make_workspace: Callable[[Document], FakeWorkspace], qtbot: QtBot) -> None:
        graph, self.answered = tanh_net(), 0
        self.workspace, self.kernel = make_workspace(Document(graph)), Kernel()
        self.workspace.kernel = self.workspace.work.kernel = self.kernel  # type: ignore[assignment]
        self.run = Run(Model(graph)).prepare()
        self.workspace.visibility.set_truth(self.run.model.trace_view())
        self.page = NoisePage(self.workspace)
        qtbot.addWidget(self.page)
        self.page.resize(1000, 500)
        self.page.set_theme(LIGHT)
        self.page.show()
        self.page.ask()

    def answer(self) -> Any:
        """Answer all requests; the newest answer."""
        answer = None
        while True:
            for view in (self.page.samples, self.page.sizes):
                view._refresh._start()  # without the rest between two requests
            if not (waiting := self.kernel.jobs[self.answered :]):
                return answer
            for job, end in waiting:
                self.answered += 1
                work = samples if isinstance(job, SamplesJob) else sizes
                answer = finished(work(ExplainContext(self.run.model, self.run), job))
                end(JobEnd("done", answer))


@pytest.fixture
def bench(make_workspace: Any, qtbot: QtBot) -> Iterator[Bench]:
    yield Bench(make_workspace, qtbot)


def test_samples_are_left_out_and_put_back_by_mouse_and_keys(bench: Bench, qtbot: QtBot) -> None:
    page, view = bench.page, bench.page.samples
    now = bench.answer()
    assert isinstance(now, SampleGradients) and view.seen is now and now.names == ("hidden.W[0, 0]", "hidden.W[0, 1]")
    for value in (*now.mean, *now.deviations, *now.error, *now.full, *now.here, *now.after):
        assert number(float(value)) in view.table.text()
    assert "16 samples" in view.words.text() and not view.back.isEnabled()
    picture = view.picture
    apart = int(np.argmax(np.linalg.norm(now.gradients - now.gradients.mean(0), axis=1)))
    at = picture.pixels()[apart]
    qtbot.mouseClick(picture, Qt.MouseButton.LeftButton, pos=QPoint(round(at[0]), round(at[1])))
    assert view.removed == [int(now.rows[apart])] and f"Sample {now.rows[apart]}:" in view.pointed.text()
    without = bench.answer()
    assert without.count == 15 and "1 left out" in view.words.text() and picture.at == apart
    assert number(float(without.after[0])) in view.table.text() and number(float(without.after_all[0])) in view.table.text()
    picture.setFocus()
    qtbot.keyClick(picture, Qt.Key.Key_Right)
    qtbot.keyClick(picture, Qt.Key.Key_Delete)
    assert len(view.removed) == 2
    qtbot.keyClick(picture, Qt.Key.Key_Delete)
    assert len(view.removed) == 1
    qtbot.mouseClick(view.back, Qt.MouseButton.LeftButton)
    assert not view.removed and bench.answer().count == 16
    for theme in (DARK, PROJECTOR, LIGHT):
        page.set_theme(theme)


def test_one_weight_is_a_fan_and_two_that_are_equal_change_places(bench: Bench) -> None:
    page = bench.page
    bench.answer()
    first, second = page._chosen
    page.second.setCurrentIndex(page.second.findText(page.first.currentText()))
    page._picked(page.second)
    assert page._chosen == [second, first]
    page.second.setCurrentIndex(0)
    page._picked(page.second)
    now = bench.answer()
    assert now.places == (second,) and page.samples.seen is now
    bench.workspace.canvas.select(["out"])
    page.selection_changed()
    assert page.first.itemText(0) == "out.W[0, 0]" and page.first.currentText() == now.names[0]
    page.samples.of.setCurrentIndex(1)
    page.ask()
    assert len(bench.answer().rows) == 75


def test_batch_sizes_are_measured_when_they_are_looked_at(bench: Bench) -> None:
    bench.answer()
    bench.page.show_view("sizes")
    now = bench.answer()
    assert isinstance(now, BatchSizes) and not now.replacement
    assert all(f"σ = {number(float(sigma))}" in bench.page.sizes.notes.text() for sigma in now.sigma)
    bench.page.sizes.again.click()
    assert bench.answer().replacement and "√((N − B)" not in bench.page.sizes.key.text()


def test_what_is_hidden_is_neither_asked_for_nor_shown_and_old_numbers_say_so(bench: Bench) -> None:
    page = bench.page
    bench.answer()
    bench.kernel.progress = Progress("paused", run=0, step=1)
    page.set_progress(bench.kernel.progress)
    assert "has changed since" in page.samples.words.text()
    bench.workspace.visibility.hide("a question", gradients=["hidden"])
    assert page.samples.seen is None and page.samples.words.text() == HIDDEN and not page.samples.table.text()
    asked = len(bench.kernel.jobs)
    page.ask()
    assert len(bench.kernel.jobs) == asked
    bench.workspace.visibility.clear()
    page.samples._refresh._start()
    bench.kernel.jobs[-1][1](JobEnd("failed", None, "It cannot be."))
    assert page.samples.words.text() == "It cannot be." and page.samples.seen is None
    page.ask()
    page.samples._refresh._start()
    assert len(bench.kernel.jobs) == asked + 1, "what failed is not asked for again and again"


def test_four_runs_scale_batch_and_rate_together_over_equally_many_epochs(bench: Bench, qtbot: QtBot) -> None:
    page, view = bench.page, bench.page.scaling
    bench.answer()
    qtbot.mouseClick(page.views["scaling"], Qt.MouseButton.LeftButton)
    assert page.first.isHidden() and [(run.batch, run.rate) for run in scaling(bench.workspace.document.graph, 4).runs] == [
        (16, 0.5), (64, 0.5), (64, 1.0), (64, 2.0)]  # fmt: skip
    qtbot.mouseClick(view.start, Qt.MouseButton.LeftButton)
    job, end = bench.kernel.jobs[-1]
    assert isinstance(job, SweepJob) and view.busy and not view.start.isEnabled()
    parts: list[Any] = []
    steps = sweep(ExplainContext(bench.run.model, bench.run), job)
    while True:
        try:
            report = next(steps)
        except StopIteration as over:
            answer = over.value
            break
        parts += [report.part] if report.part else []
    view._progressed(report, parts)
    end(JobEnd("done", answer))
    assert [view.rows[i].step for i in range(4)] == [100, 40, 40, 40] and not view.busy, "20 epochs each of 75 samples"
    assert all(number(view.rows[i].loss or 0) in view.table.text() for i in range(4))
    epochs, means = by_epoch(view.rows[0])
    assert epochs == list(range(1, 21)) and means[0] == pytest.approx(np.mean([loss for _step, loss in view.rows[0].curve[:5]]))
    bench.workspace.visibility.hide("a question", gradients=["hidden"])
    assert not view.table.text().count(number(view.rows[0].loss or 0)) and not view.start.isEnabled()
    bench.workspace.visibility.clear()
    bench.workspace.document.do(SetTraining("batch_size", None), "All samples")
    page.document_changed()
    assert "Set a mini-batch size" in view.words.text() or "before the document was changed" in view.words.text()
    assert "Set a mini-batch size" in scaling(bench.workspace.document.graph, 4).why and not view.start.isEnabled()
    bench.workspace.document.do(SetTraining("batch_size", 8), "Eight")
    bench.workspace.document.do(SetTraining("epochs", None), "No epochs")
    bench.workspace.document.do(SetTraining("steps", 64), "Steps")
    assert scaling(bench.workspace.document.graph, 2).plan.members() == (
        (8, 0.5, 64), (16, 0.5, 32), (16, 0.5 * 2**0.5, 32), (16, 1.0, 32))  # fmt: skip

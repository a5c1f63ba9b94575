"""The page asks only while it is seen, shows what was observed in words, and says nothing that is hidden or of other weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.explain.context import ExplainContext
from engine.learned.instruments import Noise, Observe, Observed, Parabola
from engine.learned.instruments.observing import observe
from engine.numerics.job import JobEnd, finished
from engine.training.model import Model
from engine.training.run import Run
from graph.storage.document import Document
from tests.support.fake_workspace import FakeWorkspace
from tests.support.networks import tanh_net
from ui.engine_link.messages import Progress
from ui.instruments.panel import EMPTY, HIDDEN, InstrumentsPage
from ui.instruments.readings import landing, norm_test, signal
from ui.look.theme import DARK, LIGHT, PROJECTOR


class Kernel:
    """Notes the jobs; the test answers them from a run."""

    def __init__(self) -> None:
        self.training, self.progress = False, Progress()
        self.jobs: list[tuple[Observe, Callable[[JobEnd], None]]] = []
        self.cancelled = 0

    def job(self, job: Any, progress: Any, end: Callable[[JobEnd], None]) -> int:
        self.jobs.append((job, end))
        return len(self.jobs)

    def cancel_job(self, number: int) -> None:
        self.cancelled += 1


class Bench:
    """A page with a fake kernel and a real run of the same graph."""

    def __init__(self, make_workspace: Callable[[Document], FakeWorkspace], qtbot: QtBot) -> None:
        graph = tanh_net()
        self.document = Document(graph)
        self.workspace = make_workspace(self.document)
        self.kernel = Kernel()
        self.workspace.kernel = self.workspace.work.kernel = self.kernel  # type: ignore[assignment]
        self.run = Run(Model(graph)).prepare()
        self.workspace.visibility.set_truth(self.run.model.trace_view())
        self.page = InstrumentsPage(self.workspace)
        qtbot.addWidget(self.page)
        self.page.resize(760, 180)
        self.page.set_theme(LIGHT)
        self.page.show()
        self.kernel.jobs.pop()[1](JobEnd("cancelled"))

    def train(self, steps: int) -> None:
        self.run.train(max_steps=steps)
        self.kernel.progress = Progress("paused", run=1, step=self.run.model.state.step)
        self.page.set_progress(self.kernel.progress)
        self.page._refresh._start()  # without the rest between two observations

    def answer(self) -> Observed:
        job, end = self.kernel.jobs[-1]
        answer = finished(observe(ExplainContext(self.run.model, self.run), job))
        end(JobEnd("done", answer))
        return answer


@pytest.fixture
def bench(make_workspace: Any, qtbot: QtBot) -> Iterator[Bench]:
    yield Bench(make_workspace, qtbot)


def test_it_asks_while_it_is_seen_and_says_what_it_found(bench: Bench) -> None:
    page = bench.page
    assert page._stack.currentIndex() == 0 and page.hint.text() == EMPTY
    bench.train(5)
    job = bench.kernel.jobs[-1][0]
    assert job.layers == ("hidden", "tanh", "out", "loss") and job.run == 1
    found = bench.answer()
    assert page._stack.currentIndex() == 1 and not page.stale and "the coming step" in page.status.full
    assert found.noise is not None and page.gauges["gsnr"].number.text() == f"{found.noise.gsnr:.3g}"
    assert page.gauges["alpha"].reading.full and "Cockpit" in page.gauges["alpha"].toolTip()
    assert [page.table.sentence(row, "norm") for row in range(2)][0].startswith("hidden: the gradient")
    page.hide()
    asked = len(bench.kernel.jobs)
    bench.run.train(max_steps=5)
    bench.kernel.progress = Progress("paused", run=1, step=10)
    page.set_progress(bench.kernel.progress)
    assert len(bench.kernel.jobs) == asked  # hidden, it costs nothing
    page.show()
    assert page.stale
    page._refresh._start()
    assert len(bench.kernel.jobs) == asked + 1
    bench.answer()
    assert not page.stale and [o.step for o in page.history.all] == [5, 10]


def test_hidden_numbers_are_neither_asked_for_nor_shown(bench: Bench) -> None:
    bench.train(3)
    bench.answer()
    bench.workspace.visibility.hide("predict", values=["hidden"])
    bench.page.set_seen(None, False)
    assert bench.page.hint.text() == HIDDEN and bench.page._stack.currentIndex() == 0
    asked = len(bench.kernel.jobs)
    bench.train(1)
    assert len(bench.kernel.jobs) == asked


def test_cells_are_read_by_keys_enlarged_by_enter_and_left_by_esc(bench: Bench, qtbot: QtBot) -> None:
    bench.train(3)
    bench.answer()
    page, table = bench.page, bench.page.table
    table.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right):
        qtbot.keyClick(table, key)
    assert table.accessibleDescription().startswith("hidden, gradients of its weights: 12 numbers from")
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert page._right.currentIndex() == 1 and page.detail.title.full == "hidden · gradients"
    qtbot.keyClick(page.detail.chart, Qt.Key.Key_Up)
    assert "step 3" in page.detail.chart.accessibleDescription()
    qtbot.keyClick(page.detail.chart, Qt.Key.Key_Escape)
    assert page._right.currentIndex() == 0
    qtbot.mouseClick(table, Qt.MouseButton.LeftButton, pos=table.cell(1, "ratio").center().toPoint())
    assert page._right.currentIndex() == 1
    page.detail.back.click()
    qtbot.mouseClick(table, Qt.MouseButton.LeftButton, pos=QPoint(10, round(table.cell(1, "weights").center().y())))
    assert bench.workspace.canvas.selected_nodes() == ["tanh"]


@pytest.mark.parametrize("theme", [LIGHT, DARK, PROJECTOR], ids=lambda theme: theme.name)
def test_every_cell_fits_on_a_small_screen(bench: Bench, theme: Any) -> None:
    bench.train(3)
    bench.answer()
    bench.page.set_theme(theme)
    QApplication.processEvents()
    table = bench.page.table
    bench.page.grab()
    assert table.cell(3, "ratio").bottom() <= table.height() + 1
    assert table.minimumSizeHint().width() >= table.cell(0, "ratio").right() - 1 or table.width() >= table.cell(0, "ratio").right()


def test_readings_say_in_plain_words_what_the_numbers_mean() -> None:
    at = Parabola((1.0, 0.9), (-1.0, -0.5), (1.0, -1.0, 0.25), -0.5)
    assert "before the minimum" in landing(at).line and landing(at).number == "−0.5"
    assert "ends in the minimum" in landing(replace(at, alpha=0.02)).line
    assert "beyond" in landing(replace(at, alpha=0.6)).line and "too far" in landing(replace(at, alpha=1.4)).line
    assert "uphill" in landing(replace(at, slopes=(0.2, 0.1))).line
    assert "does not move" in landing(replace(at, alpha=None)).line and landing(None).number == "–"
    noise = Noise(32, 32, 0.01, 0.8, 1.0)
    assert "noise" in signal(noise, "").line and "signal" in signal(replace(noise, gsnr=0.1), "").line
    assert "too small" in signal(replace(noise, variance=1e-9), "").line  # 10⁻⁵ would hide what there is
    assert norm_test(noise, "").number == "80%" and "82" in norm_test(noise, "").line  # 32 (0.8 / 0.5)²
    assert "large enough" in norm_test(replace(noise, error=0.3), "").line
    assert signal(None, "why").line == norm_test(None, "why").line == "why"
    assert "From 32 of the 1,000 samples" in norm_test(Noise(32, 1000, 0.1, 0.1, 1.0), "").more

"""The page of sweeps: what is described, started, shown, chosen and used; nothing that is hidden or of another document."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from engine.explain.context import ExplainContext
from engine.nodes.catalog import CATALOG
from engine.numerics.job import JobEnd, JobReport, Steps
from engine.sweep.answer import estimate, sweep
from engine.sweep.keeping import keep
from engine.sweep.plan import RATE, SEED, Swept
from engine.sweep.results import EstimateJob, KeepRun, MemberResult, SweepJob
from engine.training.model import Model
from engine.training.run import Run
from engine.training.saved import unpack_state
from graph.model.edits import SetParam
from graph.storage.document import Document
from graph.storage.files import loads
from tests.support.fake_workspace import FakeWorkspace
from tests.support.networks import tanh_net
from tests.support.window_support import after_event
from ui.look.theme import DARK, LIGHT, PROJECTOR
from ui.maths.axes import Axis, axis_for
from ui.sweep.feature import SweepFeature
from ui.sweep.page import EMPTY, HIDDEN, SweepPage
from ui.sweep.state import duration


class Kernel:
    """Notes the jobs; the test carries them out."""

    def __init__(self) -> None:
        self.training = False
        self.jobs: list[tuple[Any, Callable[..., None], Callable[[JobEnd], None]]] = []

    def job(self, job: Any, progress: Callable[..., None], end: Callable[[JobEnd], None]) -> int:
        self.jobs.append((job, progress, end))
        return len(self.jobs)

    def new_run(self) -> int:
        return 7

    def adopt(self, saved: Any) -> None:
        self.adopted = saved

    def cancel_job(self, number: int) -> None:
        self.jobs[number - 1][2](JobEnd("cancelled"))


class Bench:
    """A page and its feature with a fake kernel."""

    def __init__(self, make_workspace: Callable[[Document], FakeWorkspace], qtbot: QtBot) -> None:
        self.document = Document(tanh_net(epochs=2))
        self.workspace = make_workspace(self.document)
        self.kernel = Kernel()
        self.workspace.kernel = self.workspace.work.kernel = self.kernel  # type: ignore[assignment]
        self.feature = SweepFeature(self.workspace)
        self.page = SweepPage(self.workspace)
        self.workspace.pages.given["sweep"] = self.page
        qtbot.addWidget(self.page)
        self.page.resize(1100, 300)
        self.page.set_theme(LIGHT)
        self.page.show()

    def describe(self, *rows: tuple[Swept, str]) -> None:
        self.page.form.describe(rows)

    def carry_out(self, most: int | None = None) -> None:
        """The job that was started last, or its first reports."""
        job, progress, end = self.kernel.jobs[-1]
        run = Run(Model(self.document.graph))
        answers: dict[type, Callable[..., Steps]] = {SweepJob: sweep, EstimateJob: estimate, KeepRun: keep}
        steps = answers[type(job)](ExplainContext(run.model, run), job)
        reports = 0
        while most is None or reports < most:
            try:
                report = next(steps)
            except StopIteration as done:
                end(JobEnd("done", done.value))
                return
            reports += 1
            progress(JobReport(report.done, report.total), (report.part,) if report.part is not None else ())

    def swept(self, *rows: tuple[Swept, str]) -> None:
        self.describe(*rows)
        self.page.start()
        self.carry_out()


@pytest.fixture
def bench(make_workspace: Any, qtbot: QtBot) -> Bench:
    return Bench(make_workspace, qtbot)


RATES = ((RATE, "0.1 … 1 log, 3 values"), (SEED, "0, 1"))


def test_the_number_of_runs_and_their_time_are_said_before_the_start(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    refreshed: list[bool] = []
    monkeypatch.setattr(bench.workspace, "refresh_actions", lambda: refreshed.append("sweep ready" in bench.feature.facts()))
    assert bench.page.hint.text() == EMPTY
    bench.describe(*RATES)
    assert bench.page.box.estimate.text() == "6 runs" and bench.page.box.begin.isEnabled()
    bench.page.box.ask()
    assert isinstance(bench.kernel.jobs[-1][0], EstimateJob)
    bench.carry_out()
    assert bench.page.box.estimate.text().startswith("6 runs, 60 steps, ") and "All are trained together" in bench.page.box.estimate.text()
    bench.page.form.rows[0].values.setText("fast")
    bench.page.form.rows[0].values.textEdited.emit("fast")
    assert "not a number" in bench.page.form.rows[0].complaint.text() and not bench.page.box.begin.isEnabled()
    after_event()
    bench.describe(*RATES)
    after_event()
    assert refreshed[-2:] == [False, True]  # the menu's "Start the sweep" follows


def test_rows_come_are_chosen_and_their_settings_used(bench: Bench) -> None:
    bench.describe(*RATES)
    bench.page.start()
    assert "sweep running" in bench.feature.facts() and not bench.page.form.rows[0].isEnabled()
    bench.carry_out()
    state, table = bench.page.state, bench.page.table
    assert state.ended == 6 and "6 runs in" in bench.page.status.text()
    assert bench.page.minimumSizeHint().height() <= 170  # a low panel shows the button that starts it
    assert state.took(state.plan, bench.document.graph) == state.seconds  # which the next estimate says
    column = len(state.plan.axes) + state.measures.index("train_loss")
    table.horizontalHeader().setSortIndicator(column, Qt.SortOrder.AscendingOrder)
    losses = [state.rows[index].metrics["train_loss"] for index in table.rows.order]
    assert losses == sorted(losses)
    table.selectRow(0)
    best = table.rows.order[0]
    assert state.selected == best == table.rows.best("train_loss")
    rate, seed = state.values(best)
    bench.feature.use()
    training = bench.document.graph.training
    assert (training["hyper"]["lr"], training["seed"]) == (rate, seed)
    assert not state.outdated(bench.document.graph)  # the sweep sets these itself
    bench.document.undo()
    assert (bench.document.graph.training["hyper"]["lr"], bench.document.graph.training["seed"]) == (0.5, 0)
    bench.document.do(SetParam("hidden", "out_features", 5), "Wider")
    bench.page.state.select(None)
    bench.page.document_changed()
    assert "as it was" in bench.page.status.text() and state.took(state.plan, bench.document.graph) is None


def test_a_run_is_kept_as_a_run_of_the_document(bench: Bench) -> None:
    """It is made once more alone, so its states are bit for bit those of training with these settings."""
    bench.swept((Swept("out_features", "hidden"), "2, 3"), (SEED, "0, 5"))
    bench.page.state.select(3)
    bench.feature.keep()
    bench.carry_out()
    saved = bench.kernel.adopted
    graph = loads(saved.document, CATALOG)
    assert (graph.setting("hidden", "out_features"), saved.record.id, saved.record.last) == (3, 7, 10)
    run = Run(Model(graph))
    run.prepare().train()
    assert run.model.seed == 5
    assert not unpack_state(saved.states[-1]).diff(run.capture())
    assert bench.document.graph.settings["runs"] == {"7": {"name": "hidden: Outputs 3, Seed 5"}}
    bench.document.undo()
    assert "runs" not in bench.document.graph.settings


def test_cancel_keeps_what_has_ended(bench: Bench) -> None:
    bench.describe((Swept("out_features", "hidden"), "2, 3, 4"))
    bench.page.start()
    bench.carry_out(most=1)
    bench.page.state.rows |= {0: MemberResult(0, "done", 10, 2, 0.5, {"train_loss": 0.5}, ((5.0, 0.6), (10.0, 0.5)))}
    assert not bench.feature.may_close() and bench.workspace.dialogs.asked == ["sure End the sweep?"] and bench.page.state.running
    bench.page.box.cancel.click()
    assert bench.feature.may_close() and len(bench.workspace.dialogs.asked) == 1
    assert not bench.page.state.running and "1 of 3 runs ended" in bench.page.status.text()
    assert bench.page.box.begin.isVisibleTo(bench.page) and bench.page.form.rows[0].isEnabled()


def test_hidden_numbers_cover_the_results(bench: Bench) -> None:
    bench.swept(*RATES)
    bench.workspace.visibility.hide("test", ["loss"])
    bench.page.set_seen(None, False)
    assert bench.page.hint.text() == HIDDEN and bench.page.hint.isVisibleTo(bench.page) and not bench.page.status.text()
    assert "sweep" not in bench.feature.facts()
    bench.workspace.visibility.hide("test")
    bench.page.set_seen(None, False)
    assert not bench.page.hint.isVisibleTo(bench.page)


def test_copies_and_pictures(bench: Bench, tmp_path: Any) -> None:
    bench.swept(*RATES)
    bench.feature.copy()
    rows = list(csv.DictReader(QGuiApplication.clipboard().text().splitlines()))
    assert [float(row["train_loss"]) for row in rows] == [bench.page.state.rows[i].metrics["train_loss"] for i in range(6)]
    assert b"<svg" in bench.page.svg()
    bench.workspace.dialogs.saves = tmp_path / "s.png"
    bench.feature.save_png()
    assert not QImage(str(tmp_path / "s.png")).isNull()


@pytest.mark.parametrize(
    "rows",
    [
        RATES, ((RATE, "0.1, 1"), (Swept("batch_size"), "8, 16"), (SEED, "0, 1")), ((Swept("optimizer"), "sgd, adam"), (RATE, "0.1, 1")),
        ((SEED, "0, 1, 2"),), ((Swept("initialisation", "hidden"), "zeros, default"),),
    ],
)  # fmt: skip
def test_every_run_has_its_place_in_both_charts(bench: Bench, rows: Any) -> None:
    """Also a run that diverged: it is marked at the edge."""
    bench.swept(*rows)
    state = bench.page.state
    last = max(state.rows)
    state.rows[last] = MemberResult(last, "diverged", 3, 1, 1e300, {"train_loss": 1e300}, ((1.0, 0.5), (3.0, 1e300)), text="∞ at step 4")
    for theme in (LIGHT, DARK, PROJECTOR):
        bench.page.set_theme(theme)
        for view in ("values", "curves"):
            bench.page.show_view(view)
            bench.page.chart.grab()
            picture = bench.page.chart._picture
            found = {index for index, _at in picture.points} | {index for members, _rect in picture.cells for index in members}
            assert found == set(state.rows), (theme.name, view)
    index = next(iter(state.rows))
    assert state.title(state.plan.axes[0].of) in bench.page.chart.described(index)
    bench.page.chart.setFocus()
    bench.page.chart.keyPressEvent(_key(Qt.Key.Key_Right))
    assert state.selected == index


def _key(key: Qt.Key) -> Any:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QKeyEvent

    return QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier)


def test_axes() -> None:
    assert [text for _at, text in axis_for([0.001, 1.0], True).ticks()] == ["0.001", "0.01", "0.1", "1"]
    assert axis_for([0.001, 1.0], True, 0.0).share(10**-1.5) == pytest.approx(0.5)
    assert [at for at, _text in Axis(0.0, 1.0).ticks(5)] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert [at for at, _text in axis_for([0.3, 0.3], False).ticks()]
    assert [duration(s) for s in (0.2, 30, 600, 7200)] == ["less than 1 s", "about 30 s", "about 10 min", "about 2.0 h"]

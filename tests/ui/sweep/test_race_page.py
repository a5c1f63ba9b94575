"""The page of a race: who takes part, what is trained, what the charts and the table show, and the paths of two trained numbers."""

from __future__ import annotations

from pathlib import Path as File
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.explain.context import ExplainContext
from engine.learned.surface import SurfaceJob
from engine.learned.surface.answer import surface
from engine.nodes.catalog import CATALOG
from engine.numerics.job import JobEnd, JobReport
from engine.sweep.answer import estimate, sweep
from engine.sweep.competitor import Competitor
from engine.sweep.keeping import keep
from engine.sweep.paths import PathsJob
from engine.sweep.results import EstimateJob, KeepRun, SweepJob
from engine.sweep.walking import walk
from engine.training.model import Model
from engine.training.run import Run
from graph.model.edits import SetTraining
from graph.storage.document import Document
from graph.storage.files import load
from tests.support.networks import tanh_net
from tests.ui.sweep.test_sweep_page import Kernel
from ui.look.theme import DARK, LIGHT, PROJECTOR
from ui.shell.workspace.action_spec import ActionContext
from ui.sweep.feature import SweepFeature
from ui.sweep.race_page import EMPTY, HIDDEN, RacePage
from ui.sweep.rows import ROWS

EXAMPLES = File(__file__).resolve().parents[3] / "resources" / "examples"
ANSWERS: dict[type, Any] = {SweepJob: sweep, EstimateJob: estimate, PathsJob: walk, SurfaceJob: surface, KeepRun: keep}


class Race:
    """A race page with a fake kernel; jobs are carried out by the test."""

    def __init__(self, make_workspace: Any, qtbot: QtBot, document: Document) -> None:
        self.document, self.kernel = document, Kernel()
        self.workspace = make_workspace(document)
        self.workspace.kernel = self.workspace.work.kernel = self.kernel
        self.feature = SweepFeature(self.workspace)
        qtbot.addWidget(self.workspace.widget)
        self.workspace.widget.resize(1280, 700)
        self.workspace.widget.show()
        self.feature.toggle_race()
        assert self.feature.race is not None
        self.page: RacePage = self.feature.race

    def carry_out(self) -> None:
        job, progress, end = self.kernel.jobs[-1]
        run = Run(Model(self.document.graph))
        steps = ANSWERS[type(job)](ExplainContext(run.model, run), job)
        while True:
            try:
                report = next(steps)
            except StopIteration as done:
                end(JobEnd("done", done.value))
                return
            progress(JobReport(report.done, report.total), (report.part,) if report.part is not None else ())

    def run(self) -> None:
        self.page.box.begin.click()
        self.carry_out()


@pytest.fixture
def race(make_workspace: Any, qtbot: QtBot) -> Race:
    return Race(make_workspace, qtbot, Document(tanh_net(epochs=3)))


def test_who_takes_part_is_one_value_each(race: Race) -> None:
    page, form = race.page, race.page.form
    assert page.hint.text() == EMPTY and {row.key for row in form.rows if row.box.isChecked()} == {"sgd", "momentum", "adam"}
    assert [row.rate.text() for row in form.rows if row.key == "sgd" and row.rate is not None] == ["0.5"]  # the document's
    form.choose({"sgd": 0.3, "lbfgs": None}, seeds="0, 4")
    form.more.setText("adam:lr=0.02:schedule=cosine")
    plan = form.plan()
    who = plan.axes[0].values
    assert who[:2] == (Competitor("sgd", (("lr", 0.3),)), Competitor("lbfgs", (("lr", 1.0),)))
    assert dict(who[2].training)["lr_schedule"] == "cosine" and plan.axes[-1].values == (0, 4)
    form.choose(dict.fromkeys(("sgd", "adam")), grid="0.1, 1")
    form.more.clear()
    assert [axis.of.name for axis in form.plan().axes] == ["optimizer", "lr", "seed"] and form.plan().axes[0].values == ("sgd", "adam")
    assert not any(row.rate.isEnabled() for row in form.rows if row.rate is not None)
    form.more.setText("adm")
    form.more.textEdited.emit("adm")
    assert "adam" in form.complaint.text() and not page.box.begin.isEnabled()


def test_a_race_over_a_grid_of_rates_in_every_view_and_theme(race: Race) -> None:
    page, state = race.page, race.page.state
    page.form.choose(dict.fromkeys(("sgd", "adam")), grid="0.05, 0.5", seeds="0 … 2")
    race.run()
    assert state.ended == 12 and page.fair.text() == "Same start, same batches: checked."
    assert page.views["multiples"].isChecked()  # a small plot for each rate
    page.only.setCurrentIndex(0)  # all rates together
    for theme in (LIGHT, DARK, PROJECTOR):
        race.workspace.theme = theme
        race.feature.set_theme(theme)
        for view in ("curves", "multiples", "values"):
            page.show_view(view)
            page.chart.grab()
            assert {index for index, _at in page.chart._picture.points} == set(state.rows), (theme.name, view)
    page.counted.setCurrentIndex(page.counted.findData("epochs"))
    page.show_view("curves")
    assert page.chart.counted == "epochs" and page.only.isVisibleTo(page)
    page.only.setCurrentIndex(page.only.findText("η 0.5"))
    page.only.activated.emit(page.only.currentIndex())
    page.chart.grab()
    assert {state.values(index)[1] for index, _at in page.chart._picture.points} == {0.5}
    page.show_view("places")
    page.places.target.setText("1e9")
    page.places.target.textEdited.emit("1e9")
    assert [place.steps for place in page.places.places] == [5.0] * 4  # the first epoch's end
    page.places.table.selectRow(0)
    assert state.selected is not None and page.use.isVisibleTo(page)
    race.feature.use()
    assert race.document.graph.training["hyper"]["lr"] == state.values(state.selected)[1]


def test_the_best_run_of_each_competitor_goes_into_the_tree(race: Race) -> None:
    page, state = race.page, race.page.state
    page.form.choose({"sgd": 0.5, "adam": 0.02}, seeds="0, 1")
    race.run()
    best = [min((index for index in state.rows if state.values(index)[0] == who), key=lambda index: state.rows[index].loss or 0.0)
            for who in state.plan.axes[0].values]  # fmt: skip
    race.feature.keep_each()
    for index in best:
        race.carry_out()
        record, (who, seed) = race.kernel.adopted.record, state.values(index)
        used = record.settings["optimizer"], record.settings["hyper"]["lr"], record.settings["seed"]
        assert used == (who.optimizer, who.hyper[0][1], seed)
        assert record.last == state.rows[index].step
    assert race.document.graph.settings["runs"]["7"]["name"].startswith("Optimizer Adam η 0.02")


def test_escape_ends_a_race_first_and_then_leaves(race: Race) -> None:
    page = race.page
    page.box.begin.click()
    assert page.state.running and not page.form.isEnabled()
    QTest.keyClick(page, Qt.Key.Key_Escape)
    assert not page.state.running and race.feature.racing and "0 of" in page.status.text()
    QTest.keyClick(page, Qt.Key.Key_Escape)
    assert not race.feature.racing


def test_numbers_that_are_hidden_hide_the_race(race: Race) -> None:
    race.run()
    race.workspace.visibility.hide("test", ["loss"])
    race.feature.set_seen(None, False)
    assert race.page.hint.text() == HIDDEN and race.page.hint.isVisibleTo(race.page) and not race.page.status.text()


def test_paths_over_contours(make_workspace: Any, qtbot: QtBot) -> None:
    graph = load(EXAMPLES / "saddle.gradwire", CATALOG)
    SetTraining("steps", 40).apply(graph)
    race = Race(make_workspace, qtbot, Document(graph))
    page = race.page
    page.form.choose({"sgd": 0.06, "adam": 0.2})
    page.form.more.setText("sgd:lr=0.1")
    page.form.more.textEdited.emit("")
    race.run()
    assert page.fair.text() == "Same start: checked." and page.form.seeds.text() == "0"
    page.show_view("ways")
    race.carry_out()  # the paths
    race.carry_out()  # the contours
    ways = page.ways
    plot = ways.plot
    assert [each.name for each in plot.drawn] == ["SGD η 0.06", "Adam η 0.2", "SGD η 0.1"] and plot.names == ("w1", "w2")
    found = plot.heights
    assert found is not None
    w1, w2 = found.xs[3], found.ys[7]
    assert found.f[7, 3] == pytest.approx((1 - w2 * w1) ** 2, rel=1e-12)
    low, high, bottom, top = plot.box
    for each in plot.drawn[:2]:
        for x, y in (each.path.at[0], each.path.at[-1]):
            assert low < x < high and bottom < y < top  # starts and ends are in sight
    assert plot.drawn[2].path.diverged
    before = plot.grab().toImage()
    ways.slider.setValue(3)
    assert ways.at.text() == "step 3" and plot.grab().toImage() != before
    ways.toggle()
    ways._tick()
    assert ways.slider.value() > 3
    ways.toggle()
    assert b"<svg" in page.svg()


def test_the_inside_of_an_optimizer_is_no_graph_to_race_on() -> None:
    rules = {spec.id: spec.enabled for spec in ROWS if spec.id in ("race", "sweep")}
    assert len(rules) == 2
    for rule in rules.values():
        assert rule(ActionContext(nodes=3))
        assert not rule(ActionContext(nodes=3, facts=frozenset({"inside"}))) and not rule(ActionContext())

"""The stability gauge of the training page: what it asks for, what it shows, and the rate on its scale."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from engine.curvature.gauge import Edge, Forecast, Gauge, GaugeReading
from engine.kernel.protocol import Progress
from engine.learned.sharpening import Sharpened, Sharpening
from engine.numerics.job import JobEnd
from engine.training.curve import Point
from graph.storage.document import Document
from tests.support.fake_workspace import FakeWorkspace
from tests.support.networks import tanh_net
from ui.look.theme import LIGHT
from ui.training.stability import HIDDEN, StabilityPart, edge_text, marks_of, warning_text


class Kernel:
    """Notes the jobs; the test answers them."""

    def __init__(self) -> None:
        self.training, self.progress = False, Progress("paused", run=1)
        self.jobs: list[tuple[Any, Callable[[JobEnd], None]]] = []

    def job(self, job: Any, progress: Any, end: Callable[[JobEnd], None]) -> int:
        self.jobs.append((job, end))
        return len(self.jobs)

    def cancel_job(self, number: int) -> None: ...

    def progress_soon(self) -> None: ...


class Bench:
    def __init__(self, make_workspace: Callable[[Document], FakeWorkspace], qtbot: QtBot) -> None:
        self.document, self.kernel = Document(tanh_net()), Kernel()
        self.workspace = make_workspace(self.document)
        self.workspace.kernel = self.workspace.work.kernel = self.kernel  # type: ignore[assignment]
        self.part = StabilityPart(self.workspace)
        qtbot.addWidget(self.part)
        self.part.set_theme(LIGHT)
        self.part.resize(260, 300)
        self.part.show()

    def answer(self, step: int, **changes: Any) -> GaugeReading:
        """The newest job is done; the run is at this step."""
        self.kernel.progress = Progress("paused", run=1, step=step)
        self.part.look()
        self.part._refresh._start()  # without the rest between two readings
        job, end = self.kernel.jobs[-1]
        answer = replace(reading(step), structure=job.structure, revision=job.revision, run=job.run, **changes)
        end(JobEnd("done", answer))
        return answer


def reading(step: int = 0) -> GaugeReading:
    forecast = Forecast(2.0, -0.5, 0.125, 0.25, 1.0, -0.375)
    return GaugeReading(0, 0, 1, step, 4.0, 1e-9, 75, 75, 0.25, True, Edge(4.0, 8.0, 0.5, "2/η", False), "", forecast, None, 12, 0.01)


@pytest.fixture
def bench(make_workspace: Any, qtbot: QtBot) -> Bench:
    return Bench(make_workspace, qtbot)


def test_it_measures_only_while_it_is_open_and_seen(bench: Bench) -> None:
    assert not bench.kernel.jobs
    bench.part.header.click()
    assert [job for job, _end in bench.kernel.jobs] == [Gauge(bench.document.structure, bench.document.revision, 1)]
    bench.answer(0)
    asked = len(bench.kernel.jobs)
    bench.part.hide()
    bench.kernel.progress = Progress("paused", run=1, step=5)
    bench.part.look()
    assert len(bench.kernel.jobs) == asked
    bench.part.show()
    bench.part._refresh._start()  # without the rest between two readings
    assert len(bench.kernel.jobs) == asked + 1
    assert StabilityPart(bench.workspace).is_open  # what was chosen is remembered


def test_the_step_that_was_made_is_the_one_it_foretold(bench: Bench) -> None:
    bench.part.open()
    bench.answer(0)
    assert bench.part.made.isHidden()  # no step was made yet
    bench.answer(1)
    assert "Step 1" in bench.part.made.text()
    for number in ("−0.375", "−0.25"):
        assert number in bench.part.made.text()
    assert "1/λmax = 0.25 · 2/λmax = 0.5" in bench.part.curvature.text()
    bench.kernel.progress = Progress("paused", run=1, step=3)
    bench.part.look()
    assert bench.part.made.isHidden()  # nothing is known of step 3
    assert not bench.part.curvature.isEnabled()  # of other weights by now
    bench.answer(0)  # back: what followed is forgotten
    assert bench.part.made.isHidden()


def test_it_warns_before_a_step_that_the_model_says_will_raise_the_loss(bench: Bench) -> None:
    bench.part.open()
    bench.answer(0)
    assert bench.part.warning.isHidden()
    longer = Forecast(2.0, -0.5, 0.75, 1.0, 2.0, 0.25)
    bench.answer(1, forecast=longer)
    assert bench.part.warning.isVisible()
    assert "0.25" in bench.part.warning.text()
    bench.kernel.training = True
    bench.part.look()
    assert bench.part.warning.isHidden()  # not while steps are made one after the other
    assert warning_text(replace(reading(), forecast=replace(longer, slope=-0.75))) == ""
    assert warning_text(replace(reading(), forecast=replace(longer, slope=0.01))) == ""  # its length is not what makes it rise


def test_what_is_hidden_is_neither_measured_nor_shown(bench: Bench) -> None:
    bench.part.open()
    bench.answer(0)
    asked = len(bench.kernel.jobs)
    bench.workspace.visibility.hide("predict", values=["hidden"])
    bench.part.look()
    assert len(bench.kernel.jobs) == asked
    assert bench.part.curvature.text() == HIDDEN
    assert bench.part.scale.marks == ()
    point = Point(3, 0.5, sharpness=4.0, stability_limit=8.0)
    assert bench.workspace.visibility.curve([point]) == [Point(3, 0.5)], "a curve of λmax would give away what the gauge hides"


def test_marks_are_rates_that_mean_something() -> None:
    assert [(m.rate, m.name, m.here) for m in marks_of(reading())] == [(0.25, "1/λ", False), (0.5, "2/λ", True)]
    heavy = replace(reading(), edge=Edge(4.0, 15.2, 0.95, "(2 + 2ρ)/η", False))
    assert [(m.rate, m.here) for m in marks_of(heavy)] == [(0.25, False), (0.5, False), (0.95, True)]
    adam = replace(reading(), edge=Edge(40.0, 152.0, 0.95, "(2 + 2β₁)/(η(1 − β₁))", True))
    assert [(m.rate, m.here) for m in marks_of(adam)] == [(0.95, True)]
    assert marks_of(replace(reading(), sharpness=-3.0, edge=Edge(-3.0, 8.0, None, "2/η", False))) == ()
    assert [m.here for m in marks_of(replace(reading(), edge=None))] == [False, False]


def test_the_rate_is_set_by_mouse_and_keys(bench: Bench, qtbot: QtBot) -> None:
    bench.part.open()
    bench.answer(0)
    scale, chosen = bench.part.scale, list[float]()
    bench.part.rate_chosen.connect(chosen.append)
    at = QPoint(round(scale.place(0.25)), round(scale._line.center().y()))
    qtbot.mouseClick(scale, Qt.MouseButton.LeftButton, pos=at)
    qtbot.keyClick(scale, Qt.Key.Key_Right)
    assert chosen == [0.25, pytest.approx(0.5 * 10**0.05, rel=1e-2)]  # the document keeps its own rate here: 0.5


def test_of_a_curvature_that_is_not_finite_nothing_is_said_about_rates() -> None:
    edge = Edge(math.nan, 20.0, None, "2/η", False)
    assert edge_text(replace(reading(), sharpness=math.nan, edge=edge)) == ""
    assert "limits no learning rate" in edge_text(replace(reading(), sharpness=-1.0, edge=replace(edge, curvature=-1.0)))


def test_at_rest_what_is_missing_along_the_run_is_measured_once_and_gives_way_to_training(bench: Bench) -> None:
    along, jobs = bench.part.along, bench.kernel.jobs

    def asked() -> int:
        return sum(isinstance(job, Sharpening) for job, _end in jobs)

    bench.part.open()
    bench.answer(0)
    assert asked() == 0  # no step was made yet
    bench.answer(300)
    assert asked() == 1
    assert jobs[-1][0] == Sharpening(bench.document.structure, bench.document.revision, 1)
    assert along.running
    bench.part.look()
    assert asked() == 1
    bench.kernel.training = True
    bench.part.look()
    assert not along.running  # before a step of the training is made
    bench.kernel.training = False
    bench.part.look()
    assert asked() == 2
    jobs[-1][1](JobEnd("done", Sharpened(1, 300, 12, 52, 40)))
    assert "12 of 52" in along.said.text()
    assert along.said.isVisible() and along.bar.isVisible()
    bench.part.look()
    assert asked() == 2  # it ended for lack of time: more only on request
    along.bar.cancel.click()
    assert asked() == 3
    jobs[-1][1](JobEnd("done", Sharpened(1, 300, 52, 52, 0)))
    assert along.said.isHidden() and along.bar.isHidden()


def test_what_was_cancelled_or_cannot_be_made_again_is_said_and_not_tried_again(bench: Bench) -> None:
    along, jobs = bench.part.along, bench.kernel.jobs
    bench.part.open()
    bench.answer(300)
    jobs[-1][1](JobEnd("cancelled"))
    count = len(jobs)
    bench.part.look()
    assert len(jobs) == count
    assert "Stopped" in along.said.text() and along.bar.isVisible()
    bench.answer(400)
    jobs[-1][1](JobEnd("failed", text="The steps before this one are not kept."))
    assert "not kept" in along.said.text()
    assert along.bar.isHidden()
    bench.workspace.visibility.hide("predict", values=["hidden"])
    bench.part.look()
    assert along.said.isHidden()

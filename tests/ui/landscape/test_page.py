"""The page of the landscape: which plane it asks for, and what it says and shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.explain.context import ExplainContext
from engine.learned.surface import MarksJob, Numbers, StationaryJob, SurfaceJob
from engine.learned.surface.answer import surface
from engine.learned.surface.marks import marks
from engine.learned.surface.stationary import find
from engine.nodes.catalog import CATALOG
from engine.numerics.job import JobEnd, finished
from engine.training.model import Model
from graph.model.address import output
from graph.model.edits import SetParam
from graph.storage.document import Document
from graph.storage.files import load
from tests.support.networks import network, product, tanh_net
from tests.ui.sweep.test_sweep_page import Kernel
from ui.landscape.feature import LandscapeFeature
from ui.landscape.page import FEW, HIDDEN
from ui.look.numerals import number

EXAMPLES = Path(__file__).resolve().parents[3] / "resources" / "examples"

ANSWERS: dict[type, Any] = {SurfaceJob: surface, MarksJob: marks, StationaryJob: find}


class Bench:
    """The feature with a fake kernel; `carry_out` does the newest job."""

    def __init__(self, make_workspace: Any, qtbot: QtBot, document: Document) -> None:
        self.document, self.kernel = document, Kernel()
        self.kernel.progress = SimpleNamespace(run=0, step=0)  # type: ignore[attr-defined]
        self.workspace = make_workspace(document)
        self.workspace.kernel = self.workspace.work.kernel = self.kernel
        self.model = Model(document.graph)
        self.workspace.visibility.set_truth(self.model.trace_view())
        qtbot.addWidget(self.workspace.widget)
        self.workspace.widget.resize(1280, 700)
        self.workspace.widget.show()
        self.feature = LandscapeFeature(self.workspace)
        self.feature.toggle()
        assert self.feature.page is not None
        self.page = self.feature.page

    @property
    def job(self) -> Any:
        """The newest one about heights."""
        return next(job for job, _progress, _end in reversed(self.kernel.jobs) if isinstance(job, SurfaceJob))

    def carry_out(self, kind: type = SurfaceJob) -> Any:
        """Do the newest job of a kind."""
        job, _progress, end = next(each for each in reversed(self.kernel.jobs) if isinstance(each[0], kind))
        answer = finished(ANSWERS[kind](ExplainContext(self.model, None), job))
        end(JobEnd("done", answer))
        return answer


@pytest.fixture
def bench(make_workspace: Any, qtbot: QtBot) -> Bench:
    return Bench(make_workspace, qtbot, Document(product()))


def test_two_inputs_of_a_graph_that_trains_nothing(bench: Bench, qtbot: QtBot) -> None:
    """f = x·y + z at (2, −5, 3)."""
    page, x, y, z = bench.page, *(output(node, "y", ()) for node in "xyz")
    assert bench.job.plane == Numbers(x, y)
    seen = bench.carry_out()
    assert page.readout.text() == "Now: x = 2, y = −5, objective −7" and page.plane_view.box == seen.box
    assert seen.f[0, 0] == seen.xs[0] * seen.ys[0] + 3
    QTest.keyClick(page.plane_view, Qt.Key.Key_Right)
    assert page.readout.text().startswith("At the cross: x = ")
    page.planes.x_box.setCurrentText("z")
    page.planes.x_box.activated.emit(page.planes.x_box.currentIndex())
    qtbot.waitUntil(lambda: bench.job.plane == Numbers(z, y))
    assert page.surface is None and page.readout.text() == ""
    page.planes.y_box.setCurrentText("z")
    page.planes.y_box.activated.emit(page.planes.y_box.currentIndex())
    assert page.plane == Numbers(y, z)  # they changed places


def test_a_slider_moves_and_the_plane_is_asked_for_again_where_it_was(bench: Bench, qtbot: QtBot) -> None:
    page, seen = bench.page, bench.carry_out()
    bench.document.do(SetParam("z", "value", 10.0), "z")
    bench.model.update(bench.document.graph)
    bench.feature.document_changed()
    assert page.plane_view.faint and "has changed since" in page.words.text()
    qtbot.waitUntil(lambda: bench.job.revision == bench.document.revision)
    assert bench.job.box == seen.box
    assert bench.carry_out().here == (2.0, -5.0, 0.0) and not page.plane_view.faint
    bench.document.do(SetParam("x", "value", 100.0), "x")  # beyond the plane, which follows
    bench.model.update(bench.document.graph)
    bench.feature.document_changed()
    qtbot.waitUntil(lambda: bench.job.revision == bench.document.revision)
    bench.carry_out()
    qtbot.waitUntil(lambda: bench.job.box is None)


def test_hidden_numbers_and_graphs_without_two_numbers_are_said_and_nothing_is_shown(
    bench: Bench, make_workspace: Any, qtbot: QtBot
) -> None:  # fmt: skip
    page = bench.page
    bench.carry_out()
    bench.workspace.visibility.hide("question", values=("x",))
    assert page.surface is None and page.why.text() == HIDDEN and page.body.currentWidget() is page.why and page.readout.text() == ""
    asked = bench.job
    bench.workspace.visibility.clear()
    qtbot.waitUntil(lambda: bench.job is not asked)  # planes are not asked for more often than every 50 ms
    assert page.why.text() == ""
    bench.carry_out()
    assert page.body.currentWidget() is page.plane_view
    one = network({"x": ("source.input", {"value": 1.0}), "f": ("math.square", {})}, "x -> f.x")
    assert Bench(make_workspace, qtbot, Document(one)).page.why.text() == FEW


def test_esc_leaves_the_page_and_a_network_has_its_weights(make_workspace: Any, qtbot: QtBot) -> None:
    bench = Bench(make_workspace, qtbot, Document(tanh_net()))
    seen = bench.carry_out()
    assert seen.rows == 75 and seen.names == ("hidden.W[0, 0]", "hidden.W[0, 1]") and "all 75 training samples" in bench.page.words.text()
    QTest.keyClick(bench.page.plane_view, Qt.Key.Key_Escape)
    assert not bench.feature.shown
    jobs = len(bench.kernel.jobs)
    bench.feature.document_changed()
    assert len(bench.kernel.jobs) == jobs


def test_the_same_answer_is_shown_as_a_surface_with_fewer_points(bench: Bench, qtbot: QtBot) -> None:
    page, seen = bench.page, bench.carry_out()
    page.solid.switch.click()
    view = page.solid.view
    qtbot.waitUntil(lambda: bench.job.points == 51)
    assert page.body.currentWidget() is view and bench.job.box == seen.box
    fewer = bench.carry_out()
    assert view.relief is not None and view.relief.f is fewer.f and view.relief.names == ("x", "y", "objective")
    assert view.point is not None and (view.point.x, view.point.y, view.point.text) == (2.0, -5.0, "−7")
    page.plane_view.zoom(0.5)
    qtbot.waitUntil(lambda: bench.job.box == page.plane_view.box)
    bench.carry_out()
    page.solid.switch.click()
    qtbot.waitUntil(lambda: bench.job.points == 81)
    bench.carry_out()
    assert page.body.currentWidget() is page.plane_view
    page.solid.switch.click()
    bench.workspace.visibility.hide("question", values=("x",))
    assert view.relief is None and view.point is None and page.body.currentWidget() is page.why


def test_on_equal_scales_a_unit_is_as_long_upwards_as_across(bench: Bench, qtbot: QtBot) -> None:
    page = bench.page
    bench.carry_out()
    page.equal_box.click()
    qtbot.waitUntil(lambda: bench.job.box == page.plane_view.box)
    bench.carry_out()
    first = page.plane_view.box
    for size in ((700, 900), (1280, 700)):
        bench.workspace.widget.resize(*size)
        page.plane_view.repaint()
        frame = page.plane_view.frame
        assert frame is not None
        origin, across, up = frame.at(0.0, 0.0), frame.at(1.0, 0.0), frame.at(0.0, 1.0)
        assert across.x() - origin.x() == pytest.approx(origin.y() - up.y(), rel=0.03)
    assert page.plane_view.box == pytest.approx(first, rel=0.03)
    page.equal_box.click()
    bench.carry_out()
    assert page.surface is not None
    assert page.plane_view.box == page.surface.box


def test_marks_at_the_point_and_stationary_points_are_told_with_their_reasons(make_workspace: Any, qtbot: QtBot) -> None:
    """f = (1 − w₂w₁)² at (0.2, 5.01): ∇f = −2 (1 − w₁w₂) (w₂, w₁), and saddle at 0 with eigenvalues ±2."""
    bench = Bench(make_workspace, qtbot, Document(load(EXAMPLES / "saddle.gradwire", CATALOG)))
    page = bench.page
    seen = bench.carry_out()
    told = bench.carry_out(MarksJob)
    slope = -2 * (1 - 0.2 * 5.01) * np.array([5.01, 0.2])
    assert told.gradient == pytest.approx(slope) and told.descent == pytest.approx(-slope) and told.norm == pytest.approx(np.hypot(*slope))
    curved = np.array([[2 * 5.01**2, 4 * 0.2 * 5.01 - 2], [4 * 0.2 * 5.01 - 2, 2 * 0.2**2]])
    assert told.hessian == pytest.approx(curved) and f"‖∇f‖ = {number(told.norm)}" in page.words.text()
    page.shown.model_box.setCurrentIndex(2)
    page.shown.model_box.activated.emit(2)
    model = page.marks.model(seen)
    assert model is not None and "within 10 %" in page.words.text()
    u, v = seen.xs[60] - 0.2, seen.ys[20] - 5.01
    assert model.f[20, 60] == pytest.approx(told.value + slope @ [u, v] + (u, v) @ curved @ (u, v) / 2)
    inside = np.isfinite(model.excess) & (model.excess <= 0)
    assert inside.any() and (np.abs(model.f - seen.f)[inside] <= 0.1 * seen.f[inside]).all()
    page.shown.stationary_box.setChecked(True)
    found = bench.carry_out(StationaryJob)
    assert found.points[0].kind == "saddle" and found.points[0].at == pytest.approx((0, 0)) and found.points[0].eigenvalues == (2, -2)
    for point in found.points[1:]:
        assert point.at[0] * point.at[1] == pytest.approx(1) and point.kind == "inconclusive"
        assert point.eigenvalues == pytest.approx((2 * (point.at[0] ** 2 + point.at[1] ** 2), 0), abs=1e-9)
    assert "✕ saddle: 1" in page.words.text()
    QApplication.processEvents()  # the words below the plane take more lines now
    page.plane_view.grab()
    frame = page.plane_view.frame
    assert frame is not None
    QTest.mouseMove(page.plane_view, frame.at(0, 0).toPoint())
    assert page.readout.text().endswith("saddle: eigenvalues −2 and 2")


def test_what_is_shown_is_saved_as_picture_and_for_latex(bench: Bench, tmp_path: Path, qtbot: QtBot) -> None:
    feature, page, dialogs = bench.feature, bench.page, bench.workspace.dialogs
    assert "landscape" not in feature.facts()
    bench.carry_out()
    assert "landscape" in feature.facts()
    for save, ending in ((feature.save_svg, "svg"), (feature.save_png, "png"), (feature.save_latex, "tex")):
        dialogs.saves = tmp_path / f"level.{ending}"
        save()
    feature.turn()
    qtbot.waitUntil(lambda: bench.job.points == 51)
    seen = bench.carry_out()
    for save, ending in ((feature.save_svg, "svg"), (feature.save_png, "png"), (feature.save_latex, "tex")):
        dialogs.saves = tmp_path / f"surface.{ending}"
        save()
    lines, surface = ((tmp_path / f"{name}.svg").read_text() for name in ("level", "surface"))
    assert "objective" in surface and lines.count("<polyline") > 100 and surface.count("<polygon") >= 2500
    size = page.picture_view.size()
    assert QImage(str(tmp_path / "surface.png")).size() == size * 2
    text = (tmp_path / "surface.tex").read_text()
    assert r"\addplot3[surf" in text and text.count("\n") > 2601 and repr(float(seen.f[-1, -1])) in text
    assert r"\addplot[no marks" in (tmp_path / "level.tex").read_text()


def test_the_graph_is_seen_beside_the_landscape(bench: Bench) -> None:
    feature, page, canvas = bench.feature, bench.page, bench.workspace.canvas
    bench.carry_out()
    feature.beside()
    stage = page.parentWidget()
    assert stage.x() == pytest.approx(0.48 * 1280, abs=1) and stage.geometry().right() == 1279 and not page._side.isVisible()
    canvas.resize(1280, 600)
    bench.workspace.widget.resize(1281, 700)
    assert canvas.viewport.covers["landscape"].left() > 0.4 * 1280
    page.beside.click()
    assert stage.x() == 0 and page._side.isVisible() and "landscape" not in canvas.viewport.covers
    feature.beside()
    feature.toggle()
    assert "landscape" not in canvas.viewport.covers


def test_while_training_the_path_goes_on_with_the_places_that_are_known(make_workspace: Any, qtbot: QtBot) -> None:
    bench = Bench(make_workspace, qtbot, Document(load(EXAMPLES / "saddle.gradwire", CATALOG)))
    ways, seen = bench.page.ways, bench.carry_out()
    bench.kernel.training = True
    for step, at in ((0, 0.2), (3, 0.3), (3, 0.3), (9, 0.5)):
        ways.note(replace(seen, stamp=replace(seen.stamp, step=step), here=(at, 2.0, 1.0)))
    own = ways.own
    assert own is not None and own.steps == (0, 3, 9) and own.at[:, 0].tolist() == [0.2, 0.3, 0.5] and not own.whole
    bench.page.plane_view.grab()
    frame = bench.page.plane_view.frame
    assert frame is not None and "is shown when training stops" in ways.read(frame.at(0.5, 2.0), frame, bench.page.theme)
    assert bench.page.plane is not None
    ways.follow(bench.page.plane, seen.frame)  # another plane: these places are not in it
    assert ways.own is None


def test_while_training_the_point_comes_without_a_new_plane(make_workspace: Any, qtbot: QtBot) -> None:
    bench = Bench(make_workspace, qtbot, Document(load(EXAMPLES / "saddle.gradwire", CATALOG)))
    page, seen = bench.page, bench.carry_out()
    bench.kernel.training = True
    page.ask()
    qtbot.waitUntil(lambda: {2, 31} <= {getattr(job, "points", 0) for job in map(plain, bench.kernel.jobs)})
    job = next(job for job in map(plain, bench.kernel.jobs) if getattr(job, "points", 0) == 2)
    stamp = replace(seen.stamp, step=7)
    page._located(job, JobEnd("done", replace(seen, stamp=stamp, f=np.zeros((2, 2)), here=(0.5, 0.25, 9.0))))
    assert page.surface is not None and page.surface.f is seen.f and page.surface.here == (0.5, 0.25, 9.0)
    assert page.surface.stamp == seen.stamp  # the heights say themselves of which step they are
    page._located(replace(job, plane=replace(job.plane, x=job.plane.y)), JobEnd("done", replace(seen, here=(0.0, 0.0, 0.0))))
    assert page.surface.here == (0.5, 0.25, 9.0)  # of another plane


def plain(each: Any) -> Any:
    """A job of the fake kernel, without that it is repeated."""
    return getattr(each[0], "job", each[0])

"""Curves are zoomed, read, smoothed, copied and saved by mouse and by keys; what is read is what was computed at that step."""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Iterator
from csv import DictReader, writer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QMouseEvent, QTextDocument, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.numerics.job import JobError
from engine.training.curve import Point
from engine.training.losses import Losses
from engine.training.saved_numbers import Numbers, SaveNumbers, save_numbers
from tests.support.fake_workspace import FakeWorkspace
from tests.support.importing import done_at_once
from ui.maths.span import Span
from ui.training import curve_feature
from ui.training.curve_export import image, numbers, svg
from ui.training.curve_feature import CurveFeature
from ui.training.curves import Curves

VALUES = 2.0 + np.random.default_rng(0).normal(size=5000)
POINTS = [Point(step, VALUES[step - 1], 0.5, 1.5, 0.25) for step in (1000, 2500, 5000)]


@pytest.fixture
def curves(qtbot: QtBot) -> Iterator[Curves]:
    widget = Curves()
    qtbot.addWidget(widget)
    widget.resize(900, 220)
    widget.show()
    losses = Losses()
    losses.add(1, VALUES)
    widget.show_points(POINTS, 1, "mini-batch", losses)
    widget._draw()
    QApplication.processEvents()
    yield widget


def place(curves: Curves, step: float) -> QPointF:
    plot = curves.plots["loss"].plot
    return QPointF(plot.mapFromScene(plot.getViewBox().mapViewToScene(QPointF(step, 2.0))))


def mouse(curves: Curves, kind: QEvent.Type, step: float, held: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
    at, viewport = place(curves, step), curves.plots["loss"].plot.viewport()
    cause = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    QApplication.sendEvent(viewport, QMouseEvent(kind, at, viewport.mapToGlobal(at), cause, held, Qt.KeyboardModifier.NoModifier))


def wheel(curves: Curves, step: float, notches: int) -> None:
    at, viewport = place(curves, step), curves.plots["loss"].plot.viewport()
    QApplication.sendEvent(viewport, QWheelEvent(
        at, viewport.mapToGlobal(at), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False))  # fmt: skip


def read(curves: Curves) -> str:
    return str(curves.plots["loss"].plot.accessibleDescription())


def test_the_cursor_reads_the_loss_of_its_very_step_and_the_last_measurement_before_it(curves: Curves) -> None:
    mouse(curves, QEvent.Type.MouseMove, 3210)
    step = curves.step_read
    assert step is not None and abs(step - 3210) <= 8
    said = curves.plots["loss"].legend.text()
    assert f"{VALUES[step - 1]:.6g}" in read(curves) and "test set 1.5 (step 2,500)" in read(curves) and f"{step:,}" in said
    assert "25.00%" in curves.plots["accuracy"].legend.text() or "25.00%" in curves.plots["accuracy"].plot.accessibleDescription()
    curves.set_smoothing(100)
    assert f"mean of 100 steps {np.mean(VALUES[step - 100 : step]):.6g}" in read(curves)
    QApplication.sendEvent(curves.plots["loss"].plot.viewport(), QEvent(QEvent.Type.Leave))
    assert curves.step_read is None and "mini-batch" in curves.plots["loss"].legend.text() and not read(curves)


def test_wheel_and_drag_zoom_into_steps_and_a_double_click_shows_all(curves: Curves) -> None:
    for _ in range(9):
        wheel(curves, 1234, 1)
    assert curves.span is not None and curves.span.width < 700 and curves.span.first < 1234 < curves.span.last
    near = curves.plots["loss"].lines["loss"].getData()
    first = int(near[0][0])
    assert np.array_equal(near[1], VALUES[first - 1 : first - 1 + len(near[1])]) and not curves.tools.all.isHidden()
    wheel(curves, 1234, -9)
    wheel(curves, 1234, -9)
    assert curves.span is None and curves.tools.all.isHidden()
    mouse(curves, QEvent.Type.MouseButtonPress, 1000, Qt.MouseButton.LeftButton)
    mouse(curves, QEvent.Type.MouseMove, 2000, Qt.MouseButton.LeftButton)
    mouse(curves, QEvent.Type.MouseButtonRelease, 2000)
    assert curves.span is not None and abs(curves.span.first - 1000) < 10 and abs(curves.span.last - 2000) < 10
    low, high = curves.plots["loss"].plot.viewRange()[1]
    assert low <= VALUES[1010:1990].min() and high >= VALUES[1010:1990].max() and high - low < 1.2 * np.ptp(VALUES[990:2010])
    mouse(curves, QEvent.Type.MouseButtonDblClick, 1500)
    assert curves.span is None


def test_everything_is_done_by_keys_as_well(curves: Curves, qtbot: QtBot) -> None:
    plot = curves.plots["loss"].plot
    qtbot.keyClick(plot, Qt.Key.Key_End)
    assert curves.step_read == 5000
    qtbot.keyClick(plot, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert curves.step_read == 4999 and f"{VALUES[4998]:.6g}" in read(curves)
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert curves.step_read is not None and curves.step_read < 4998
    qtbot.keyClick(plot, Qt.Key.Key_Plus)
    assert curves.span is not None
    before = curves.span
    qtbot.keyClick(plot, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert curves.span.first < before.first
    qtbot.keyClick(plot, Qt.Key.Key_0)
    assert curves.span is None
    qtbot.keyClick(plot, Qt.Key.Key_Home)
    assert curves.step_read == 1
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert curves.step_read is None


def test_a_piece_that_ends_at_the_newest_step_follows_the_run_and_another_one_stays(curves: Curves) -> None:
    from ui.maths.span import Span

    curves._follow()
    for last, moves in ((5000.0, True), (3000.0, False)):
        curves.show_span(Span(last - 500, last))
        assert curves._losses is not None
        newest = curves._losses.last + 100
        curves._losses.add(curves._losses.last + 1, np.ones(100))
        curves.show_points([*curves._points, Point(newest, 1.0)], 1, "mini-batch", curves._losses)
        curves._follow()
        assert curves.span is not None and curves.span.last == (newest if moves else last) and curves.span.width == 500


def test_what_is_smoothed_lies_over_the_raw_curve_and_spikes_stay_visible(curves: Curves) -> None:
    assert curves._losses is not None
    curves._losses.add(5001, [99.0, *VALUES[:200]])
    curves.show_points([*POINTS, Point(5201, 1.0)], 1, "mini-batch", curves._losses)
    curves.set_smoothing(1000)
    raw, smooth = (curves.plots["loss"].lines["loss"].getData(), curves.plots["loss"].smooths["loss"].getData())
    assert raw[1].max() == 99.0 and smooth[1].max() < 3 and curves.plots["loss"].lines["loss"].opacity() < 1
    curves.set_smoothing(0)
    assert curves.plots["loss"].smooths["loss"].getData()[0] is None and curves.plots["loss"].lines["loss"].opacity() == 1


def test_losses_that_cross_0_are_all_drawn_on_the_logarithmic_scale_and_zoomed_there(curves: Curves) -> None:
    """(w − 1)² − 5 from w = 4 on, by gradient descent: from 4 through 0 to −5."""
    w, losses = 4.0, Losses()
    for step in range(1, 400):
        losses.add(step, [(w - 1) ** 2 - 5])
        w -= 0.02 * (w - 1)
    curves.tools.logarithmic.setChecked(True)
    curves.tools.others.setChecked(False)
    curves.show_points([Point(399, -4.9)], 2, "", losses)
    curves._draw()
    drawn = curves.plots["loss"].lines["loss"].getData()[1]
    assert np.isfinite(drawn).all() and (np.diff(drawn) < 0).all() and drawn[0] > 0 > drawn[-1] and "linear within" in curves.note.text()
    wheel(curves, 350, 20)
    assert curves.span is not None and "never positive" in curves.note.text()


def test_the_csv_has_every_digit_of_the_steps_that_are_shown(curves: Curves) -> None:
    def table() -> list[dict[str, str]]:
        found = numbers(curves)
        assert found is not None
        return list(DictReader(io.StringIO(found.text())))

    rows = table()
    assert [float(row["loss"]) for row in rows] == VALUES.tolist() and [int(row["step"]) for row in rows] == list(range(1, 5001))
    assert list(rows[0]) == ["step", "loss", "test_loss", "train_accuracy", "test_accuracy"]
    assert [(row["step"], row["test_accuracy"]) for row in rows if row["test_accuracy"]] == [(str(p.step), "0.25") for p in POINTS]
    for _ in range(5):
        wheel(curves, 2000, 1)
    shown = table()
    assert 0 < len(shown) < 3000 and all(float(row["loss"]) == VALUES[int(row["step"]) - 1] for row in shown)


def test_a_measured_step_without_a_loss_has_a_row_of_its_own(curves: Curves) -> None:
    losses = Losses()
    losses.add(5, [0.1, math.nan, 3.0])
    curves.tools.others.setChecked(False)
    curves.show_points([Point(0, 4.0, test_loss=2.0), Point(6, math.nan, test_loss=0.3), Point(7, 3.0)], 7, "", losses)
    found = numbers(curves)
    assert found is not None and found.text() == "step,loss,test_loss\n0,,2.0\n5,0.1,\n6,nan,0.3\n7,3.0,\n"


def test_a_long_run_is_written_by_the_engine_with_every_digit(tmp_path: Path) -> None:
    """The rows of `csv`, written here by Python's own writer."""
    values = np.random.default_rng(0).normal(size=12_345)
    where = np.arange(3, 12_345, 1000)
    table = Numbers(("step", "loss", "test_loss"), (np.arange(12_345), values), np.array([], dtype=int), ((where, values[where] / 3),))
    reports = list(save_numbers(None, SaveNumbers(str(tmp_path / "c.csv"), pickle.loads(pickle.dumps(table)))))
    expected = io.StringIO()
    out = writer(expected, lineterminator="\n")
    out.writerow(["step", "loss", "test_loss"])
    out.writerows([n, repr(float(v)), repr(float(v / 3)) if n in set(where.tolist()) else ""] for n, v in enumerate(values))
    assert (tmp_path / "c.csv").read_text() == expected.getvalue()
    assert len(reports) > 3 and reports[-1].done == reports[-1].total == 12_345
    (tmp_path / "c.csv").write_text("kept")
    left = save_numbers(None, SaveNumbers(str(tmp_path / "c.csv"), table))
    next(left)
    left.close()
    assert (tmp_path / "c.csv").read_text() == "kept"
    with pytest.raises(JobError):
        list(save_numbers(None, SaveNumbers(str(tmp_path / "none" / "c.csv"), table)))


def test_pictures_show_what_is_seen(curves: Curves) -> None:
    drawing = svg(curves).decode()
    assert drawing.count("<path") + drawing.count("<polyline") > 2 and "mini-batch" in drawing
    assert drawing.count("<image") <= 9  # the marks of the few measured points
    picture = image(curves)
    colours = {picture.pixelColor(x, y).rgb() for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)}
    assert picture.width() > 1000 and len(colours) > 20


def test_choices_are_remembered_and_files_are_written_by_the_rows_of_the_table(
    make_workspace: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    from ui.training.training import TrainingPage

    workspace: FakeWorkspace = make_workspace()
    page = TrainingPage(workspace)
    qtbot.addWidget(page)
    page.resize(900, 260)
    workspace.pages.given["training"] = page
    feature = CurveFeature(workspace)
    feature.install()
    page.install()
    assert list(feature.facts()) == []
    feature.focus()  # nothing is drawn yet
    page.curves.show_points(POINTS, 1, "whole")
    page.curves._draw()
    assert "curves" in feature.facts()
    feature.toggle_log()
    feature.mean_100()
    assert workspace.settings.flag("curves_log") and workspace.settings.real("curves_smoothing", 0) == 100
    feature.copy()
    assert QGuiApplication.clipboard().text().startswith("step,loss")
    monkeypatch.setattr(workspace.work, "job", done_at_once)
    monkeypatch.setattr(curve_feature, "MANY", 2)  # the run is a long one
    feature.copy()
    assert "too many for the clipboard" in workspace.said[-1]
    workspace.dialogs.saves = workspace.files.suggested("long.csv")
    feature.save_csv()
    assert workspace.files.suggested("long.csv").read_text() == QGuiApplication.clipboard().text()
    assert workspace.said[-1] == "The curves are saved as long.csv." and not feature.curves.saving.begun
    monkeypatch.setattr(curve_feature, "MANY", 100_000)
    feature.copy_picture()
    assert QGuiApplication.clipboard().image().width() > 1000
    for save, ending in ((feature.save_csv, ".csv"), (feature.save_svg, ".svg"), (feature.save_png, ".png")):
        path = workspace.files.suggested("curves" + ending)
        workspace.dialogs.saves = path
        save()
        assert path.exists()
    assert not QImage(str(workspace.files.suggested("curves.png"))).isNull()


def test_the_legend_is_whole_in_a_narrow_plot_and_the_buttons_stand_beside_the_curve(curves: Curves) -> None:
    shown = set()
    for width in (460, 760, 1400):
        curves.resize(width, 160)
        QApplication.processEvents()
        curves.show_span(None)
        QApplication.processEvents()
        loss = curves.plots["loss"]
        for plot in curves.plots.values():
            words = QTextDocument()
            words.setDefaultFont(plot.legend.font())
            words.setDocumentMargin(0)
            words.setHtml(plot.legend.text())
            assert words.idealWidth() <= plot.legend.width() and "test" in plot.legend.text()
        assert not curves.tools.geometry().intersects(loss.plot.geometry()) and not curves.tools.menu.isHidden()
        shown.add(curves.tools.logarithmic.isHidden())
    assert shown == {True, False}  # the menu has it where there is no room


def test_readings_of_the_curvature_that_are_far_apart_are_points_and_not_joined(curves: Curves) -> None:
    curves.show_curvature(True)
    near = [Point(step, sharpness=1.0 + step / 100, stability_limit=4.0) for step in range(1000, 1401, 20)]
    curves.show_points([*near, Point(4500, sharpness=4.0, stability_limit=4.0)], 1)
    curves._draw()
    plot = curves.plots["curvature"]
    line, limit = plot.lines["sharpness"], plot.lines["stability_limit"]
    assert list(line.opts["connect"]) == [1] * 20 + [0, 0]  # the last number has none after it
    assert line.opts["symbol"] == "o"
    assert isinstance(limit.opts["connect"], str)  # what it is between two readings is known
    curves.show_points(near, 1)
    curves.show_span(Span(1000, 1400))
    assert line.opts["connect"][:20].all()
    assert line.opts["symbol"] is None  # dense: a line


class Told(list[Point]):
    """A curve's points, which count how many of them are taken at a time."""

    def __init__(self, points: list[Point]) -> None:
        super().__init__(points)
        self.taken: list[int] = []

    def __getitem__(self, at: Any) -> Any:
        part = super().__getitem__(at)
        if isinstance(at, slice):
            self.taken.append(len(part))
        return part


def test_of_a_curve_that_grows_only_the_replaced_end_is_taken_again(curves: Curves) -> None:
    points = Told([Point(step, 1.0 / step, test_loss=2.0 / step if step % 2 else None) for step in range(1, 1001)])
    curves.show_points(points, 2, "mini-batch", None)
    assert curves.series("loss")[0] == [point.step for point in points]
    points.taken.clear()
    for step in range(1001, 1005):  # as an answer brings them: the newest point once more, then the next ones
        del points[len(points) - 1 :]
        points.extend([Point(step - 1, 0.5), Point(step, 0.25, test_loss=0.75)])
        curves.show_points(points, 2, "mini-batch", None)
        assert curves.series("loss") == ([point.step for point in points], [point.loss for point in points])
        measured = [point for point in points if point.test_loss is not None]
        assert curves.series("test_loss") == ([point.step for point in measured], [point.test_loss for point in measured])
    assert max(points.taken) == 2
    thinned = [Point(step, 3.0) for step in range(2, 1000, 2)]
    curves.show_points(thinned, 2, "mini-batch", None)
    assert curves.series("loss") == ([point.step for point in thinned], [3.0] * len(thinned)) and curves.series("test_loss") == ([], [])


def test_what_comes_while_nobody_sees_the_curves_is_drawn_once_when_they_are_seen_or_copied(curves: Curves) -> None:
    def drawn() -> float:
        return float(curves.plots["loss"].lines["loss"].getData()[0][-1])

    count: list[str] = []
    draw = curves._draw_plot
    curves._draw_plot = lambda name: (count.append(name), draw(name))[1]  # type: ignore[method-assign]
    for see, newest in ((curves.show, 6000), (lambda: image(curves), 6003)):
        curves.hide()
        count.clear()
        for step in range(newest, newest + 3):
            assert curves._losses is not None
            curves._losses.add(step, [2.0])
            curves.show_points([*POINTS, Point(step, 2.0)], 1, "mini-batch", curves._losses)
        QApplication.processEvents()
        assert not count
        see()
        assert drawn() == newest + 2 and count == list(curves.plots)


def test_a_plot_is_painted_once_for_new_points(curves: Curves, qtbot: QtBot) -> None:
    """Where pyqtgraph takes note of another range only while it paints, it asks to paint a second time."""
    painted: list[str] = []

    class Paints(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                painted.append(next(name for name, plot in curves.plots.items() if plot.plot.viewport() is watched))
            return False

    curves._work.end()  # the test draws
    paints = Paints()
    for plot in curves.plots.values():
        plot.plot.viewport().installEventFilter(paints)
    for step in range(5001, 5004):
        assert curves._losses is not None
        curves._losses.add(step, [2.0 + step])  # both axes become longer
        curves.show_points([*POINTS, Point(step, 2.0 + step, 0.75)], 1, "mini-batch", curves._losses)
        painted.clear()
        curves._draw()
        for _ in range(5):
            QApplication.processEvents()
        assert painted and sorted(painted) == sorted(set(painted))

"""The Data page says what it shows: how many samples of how many, in which order, their classes by name, circles as circles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from engine.compile.spot import Spot
from engine.data import load, load_together
from engine.learned.table import sample_of
from engine.nodes.catalog import CATALOG
from graph.model.edits import AddNode, SetParam
from graph.model.elements import Node
from graph.model.graph import Graph
from graph.storage.document import Document
from tests.support.explain_support import Desk
from ui.data.data_page import DataPage
from ui.data.scatter import Placing, same_scale
from ui.shell.window import Window


def data_graph(*settings: dict[str, Any]) -> Graph:
    graph = Graph(CATALOG)
    for number, params in enumerate(settings):
        AddNode(Node(f"d{number}", "source.data", f"data{number}", params=params)).apply(graph)
    return graph


@pytest.fixture
def show(make_window: Callable[..., Window], qtbot: QtBot) -> Callable[..., DataPage]:
    def make(*settings: dict[str, Any], selected: str | None = None) -> DataPage:
        window = make_window(Document(data_graph(*settings)), kernel=Desk())
        page = window.panel("data")
        window.panels.show("data")
        page.show_document(window.document, selected)
        wait(page, qtbot)
        return page

    return make


def wait(page: DataPage, qtbot: QtBot) -> None:
    """Until all cells in view are there."""
    model = page.samples.model
    qtbot.waitUntil(lambda: model.rowCount() > 0 and not model.unknown(range(min(8, model.rowCount()))), timeout=10_000)


def column(page: DataPage, name: str, lines: int = 8) -> list[str]:
    model = page.samples.model
    at = [column.name for column in model.columns].index(name)
    return [model.data(model.index(line, at)) for line in range(min(lines, model.rowCount()))]


def test_all_samples_are_listed_with_their_parts_and_classes(show: Callable[..., DataPage]) -> None:
    page = show({"dataset": "iris", "validation_fraction": 0.2})
    data = load({"dataset": "iris", "validation_fraction": 0.2})
    model = page.samples.model
    assert [column.name for column in model.columns][:4] == ["row", "part", "species", "sepal length (cm)"]
    assert column(page, "species") == [data.description.classes[label] for label in data.train.y[:8]]
    assert column(page, "row") == [str(row + 1) for row in data.train.rows[:8]] and set(column(page, "part")) == {"training"}
    assert model.rowCount() == 150 and page.samples.status.text().startswith("150 samples · no predictions: ")
    assert page.text.text().startswith("150 samples: 82 training, 30 validation, 38 test.")


def test_a_table_of_whole_numbers_has_no_decimals(show: Callable[..., DataPage]) -> None:
    page = show({"dataset": "table", "features": [[1, 0.5], [20, 2]], "targets": [3, 4]})
    assert [column(page, name) for name in ("row", "x1", "x2", "y")] == [["1", "2"], ["1", "20"], ["0.5", "2"], ["3", "4"]]


def test_what_was_recognised_in_a_file_is_said(show: Callable[..., DataPage], tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("4.1,oak\n3.9,\n5.0,elm\n6.0,oak\n")
    page = show({"dataset": "csv", "path": str(tmp_path / "t.csv")})
    assert "line 1 holds numbers above numbers" in page.text.text()
    assert "1 row has no value in column 2 (line 2)" in page.text.text()


def test_a_node_beside_another_is_shown_in_the_order_that_holds_for_both(
    show: Callable[..., DataPage], tmp_path: Path
) -> None:  # fmt: skip
    lines = [f"{i},{i},{'uv'[i % 3 == 0]},{i / 2}" for i in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,kind,z", *lines]))
    read = {"dataset": "csv", "path": str(tmp_path / "t.csv"), "feature_columns": "a"}
    settings = [{**read, "target_columns": target} for target in ("kind", "z")]
    page = show(*settings, selected="d1")
    first, _ = load_together(settings)
    assert not isinstance(first, Exception)
    assert column(page, "row") == [str(row + 1) for row in first.train.rows[:8]]


def test_an_edit_of_a_node_is_followed(show: Callable[..., DataPage], qtbot: QtBot) -> None:
    page = show({"dataset": "iris"})
    assert page._document is not None
    page._document.do(SetParam("d0", "samples", 1))
    page._document.do(SetParam("d0", "dataset", "wine"))
    qtbot.waitUntil(lambda: page.samples.model.rowCount() == 178, timeout=10_000)
    wait(page, qtbot)
    data = load({"dataset": "wine"})
    assert column(page, "row") == [str(row + 1) for row in data.train.rows[:8]]
    assert [page.survey.across.itemText(at) for at in range(2)] == list(data.description.feature_names[:2])


def test_samples_are_sorted_filtered_and_chosen_with_the_keyboard(show: Callable[..., DataPage], qtbot: QtBot) -> None:
    page = show({"dataset": "iris", "test_fraction": 0.2})
    data, table = load({"dataset": "iris", "test_fraction": 0.2}), page.samples
    everything = np.concatenate([data.train.x, data.test.x])
    QTest.keyClicks(table.filter, "petal l > 4 and not test")
    QTest.keyClick(table.filter, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: table.model.rowCount() < 150)
    kept = [i for i in range(len(data.train)) if data.train.x[i, 2] > 4]
    assert [table.model.sample(line) for line in range(table.model.rowCount())] == kept
    at = [column.name for column in table.model.columns].index("sepal width (cm)")
    header = table.view.horizontalHeader()
    for descending in (False, True):
        place = header.sectionViewportPosition(at) + 20
        table.view.horizontalScrollBar().setValue(at)
        place = header.sectionViewportPosition(at) + 20
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place, 8))
        qtbot.waitUntil(lambda wanted=descending: table._job is None and table.model.sorting[1] == wanted)
    by = sorted(kept, key=lambda i: -everything[i, 1])
    assert [table.model.sample(line) for line in range(len(kept))] == by
    QTest.keyClicks(table.jump, str(data.train.rows[by[3]] + 1))
    QTest.keyClick(table.jump, Qt.Key.Key_Return)
    samples = page.workspace.canvas.model.samples
    assert samples.spot == Spot("train", by[3], len(data.train))
    QTest.keyClick(table.view, Qt.Key.Key_Down)
    assert samples.spot == Spot("train", by[4], len(data.train))
    samples.point_out(Spot("train", by[0], len(data.train)))  # as another panel does
    assert table.view.currentIndex().row() == 0
    QTest.keyClicks(table.filter, " and")
    QTest.keyClick(table.filter, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "missing" in table.status.text())


def test_a_point_of_the_scatter_plot_is_chosen_by_mouse_and_by_key(show: Callable[..., DataPage], qtbot: QtBot) -> None:
    page = show({"dataset": "moons", "samples": 40})
    plot, samples = page.survey.scatter, page.workspace.canvas.model.samples
    assert not plot.grab().isNull() and plot._spots is not None
    right = int(plot._spots[:, 0].argmax())
    QTest.mouseClick(plot, Qt.MouseButton.LeftButton, pos=QPoint(*(round(v) for v in plot._spots[right])))
    assert samples.spot is not None and page.survey.survey is not None
    assert sample_of(samples.spot.part, samples.spot.place, {"train": 30, "validation": 0, "test": 10}) == right
    QTest.keyClick(plot, Qt.Key.Key_Left)
    here = sample_of(samples.spot.part, samples.spot.place, {"train": 30, "validation": 0, "test": 10})
    assert here != right and plot._spots[here, 0] < plot._spots[right, 0]


def test_a_bar_of_a_histogram_chooses_its_samples(show: Callable[..., DataPage], qtbot: QtBot) -> None:
    page = show({"dataset": "iris"})
    page.survey.look.setCurrentIndex(page.survey.look.findData("histograms"))
    plot = page.survey.histograms
    assert plot.survey is not None
    _name, edges, counts = plot.survey.histograms[0]
    box = plot._boxes()[0]
    at = int(counts.sum(axis=0).argmax())
    place = QPoint(round(box.left() + (at + 0.5) * box.width() / counts.shape[1]), round(box.bottom() - 4))
    assert f"setosa: {counts[0, at]}" in plot.told(0, at)
    QTest.mouseClick(plot, Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: page.samples.model.rowCount() == counts[:, at].sum(), timeout=5000)


def test_a_circle_is_drawn_as_a_circle() -> None:
    angle = np.linspace(0, 2 * np.pi, 100)
    across, up = np.cos(angle) + 3, np.sin(angle) - 2
    assert same_scale(across, up)
    spots = Placing(across, up, QRectF(0, 0, 400, 120), True)(across, up)
    radius = np.hypot(*(spots - spots.mean(0)).T)
    assert radius.max() - radius.min() < 0.05 * radius.max() and spots[:, 1].max() - spots[:, 1].min() > 100
    income = up * 30_000
    assert not same_scale(across, income)
    wide = np.ptp(Placing(across, income, QRectF(0, 0, 400, 120), False)(across, income), axis=0)
    assert wide == pytest.approx([384, 104])
    assert np.isfinite(Placing(np.ones(3), np.ones(3), QRectF(0, 0, 400, 120), True)(np.ones(3), np.ones(3))).all()


def test_only_what_is_known_to_be_a_picture_is_drawn_as_one(show: Callable[..., DataPage], tmp_path: Path, qtbot: QtBot) -> None:
    names = ",".join(f"c{i}" for i in range(65))
    np.savetxt(tmp_path / "t.csv", np.arange(650.0).reshape(10, 65), delimiter=",", header=names, comments="")
    page = show({"dataset": "csv", "path": str(tmp_path / "t.csv")})
    assert page.survey.survey is not None and page.survey.survey.pictures is None
    assert page._document is not None
    page._document.do(SetParam("d0", "dataset", "digits"))
    qtbot.waitUntil(lambda: page.survey.survey is not None and page.survey.survey.pictures is not None, timeout=10_000)
    first = load({"dataset": "digits"}).train.x[0].reshape(8, 8)
    shown = page.survey.survey.pictures
    assert shown is not None and np.array_equal(shown[0], np.round(first / first.max() * 255).astype(np.uint8))
    assert page.survey.look.currentData() == "pictures" and not page.survey.pictures.grab().isNull()
    page.survey.pictures.setFocus()
    QTest.keyClick(page.survey.pictures, Qt.Key.Key_Right)
    assert page.workspace.canvas.model.samples.spot == Spot("train", 0, 1348)


def test_the_samples_shown_are_counted_from_one_and_the_field_says_which_they_are(make_window: Callable[..., Window]) -> None:
    window = make_window(Document(data_graph({"dataset": "iris"})), kernel=Desk())
    page = window.panel("node").document_page
    field = page.form.editors["demo"]
    assert isinstance(field, QLineEdit) and field.placeholderText() == "the first 8" and field.isVisibleTo(page)
    field.setFocus()
    QTest.keyClicks(field, "1, 2, 5")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert window.document.graph.settings["demo"] == [0, 1, 4] and field.text() == "1, 2, 5"
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(field, "0")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert window.document.graph.settings["demo"] == [0, 1, 4]  # refused: there is no sample 0


def test_without_data_no_samples_can_be_chosen(window: Window) -> None:
    page = window.panel("node").document_page
    assert not page.form.editors["demo"].isVisibleTo(page)

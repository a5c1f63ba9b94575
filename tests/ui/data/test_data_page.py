"""The Data page says what it shows: how many samples of how many, in which order, their classes by name, circles as circles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from engine.data import load, load_together
from engine.nodes.catalog import CATALOG
from graph.model.edits import AddNode, SetParam
from graph.model.elements import Node
from graph.model.graph import Graph
from graph.storage.document import Document
from tests.support.explain_support import Desk
from ui.data.data_page import DataPage, pictures, placed, same_scale
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
        qtbot.waitUntil(lambda: page.model.rowCount() > 0, timeout=10_000)
        return page

    return make


def column(page: DataPage, at: int) -> list[str]:
    return [page.model.data(page.model.index(row, at)) for row in range(page.model.rowCount())]


def heading(page: DataPage, at: int) -> str:
    return str(page.model.headerData(at, Qt.Orientation.Horizontal))


def test_classes_are_named_and_what_is_shown_is_said(show: Callable[..., DataPage]) -> None:
    page = show({"dataset": "iris"})
    data = load({"dataset": "iris"})
    assert [heading(page, at) for at in (0, 1, 5)] == ["row", "sepal length (cm)", "species"]
    assert column(page, 5) == [("setosa", "versicolor", "virginica")[label] for label in data.train.y]
    assert column(page, 0) == [str(row + 1) for row in data.train.rows]
    assert page.shown.text().startswith(f"All {len(data.train.x)} training samples, in training order")
    assert page.model.headerData(0, Qt.Orientation.Vertical) == "1"


def test_of_a_large_set_it_says_how_many_are_shown(show: Callable[..., DataPage]) -> None:
    page = show({"dataset": "moons", "samples": 2000, "coding": "plus_minus"})
    assert page.model.rowCount() == 200
    assert page.shown.text().startswith("The first 200 of 1,500 training samples")
    assert set(column(page, 3)) == {"1", "−1"}  # whole numbers, not 1.000


def test_a_table_of_whole_numbers_has_no_decimals(show: Callable[..., DataPage]) -> None:
    page = show({"dataset": "table", "features": [[1, 0.5], [20, 2]], "targets": [3, 4]})
    assert [column(page, at) for at in range(4)] == [["1", "2"], ["1", "20"], ["0.5", "2"], ["3", "4"]]


def test_what_was_recognised_in_a_file_is_said(show: Callable[..., DataPage], tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("4.1,oak\n3.9,\n5.0,elm\n6.0,oak\n")
    page = show({"dataset": "csv", "path": str(tmp_path / "t.csv")})
    assert "line 1 holds numbers above numbers" in page.text.text()
    assert "1 row has no value in column 2 (line 2)" in page.text.text()


def test_a_node_beside_another_is_shown_in_the_order_that_holds_for_both(show: Callable[..., DataPage], tmp_path: Path) -> None:
    lines = [f"{i},{i},{'uv'[i % 3 == 0]},{i / 2}" for i in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,kind,z", *lines]))
    read = {"dataset": "csv", "path": str(tmp_path / "t.csv"), "feature_columns": "a"}
    settings = [{**read, "target_columns": target} for target in ("kind", "z")]
    page = show(*settings, selected="d1")
    first, _ = load_together(settings)
    assert not isinstance(first, Exception)
    assert column(page, 0) == [str(row + 1) for row in first.train.rows]


def test_an_edit_of_a_node_is_followed(show: Callable[..., DataPage], qtbot: QtBot) -> None:
    page = show({"dataset": "iris"})
    assert page._document is not None
    page._document.do(SetParam("d0", "coding", "one_hot"))
    page.show_document(page._document)
    qtbot.waitUntil(lambda: page.model.columnCount() == 8, timeout=10_000)
    assert [heading(page, at) for at in (5, 6, 7)] == ["setosa", "versicolor", "virginica"]


def test_a_circle_is_drawn_as_a_circle() -> None:
    angle = np.linspace(0, 2 * np.pi, 100)
    across, up = np.cos(angle) + 3, np.sin(angle) - 2
    assert same_scale(across, up)
    spots = placed(across, up, QRectF(0, 0, 400, 120), True)
    radius = np.hypot(*(spots - spots.mean(0)).T)
    assert radius.max() - radius.min() < 0.05 * radius.max() and spots[:, 1].max() - spots[:, 1].min() > 100
    income = up * 30_000
    assert not same_scale(across, income)
    wide = np.ptp(placed(across, income, QRectF(0, 0, 400, 120), False), axis=0)
    assert wide == pytest.approx([384, 104])
    assert np.isfinite(placed(np.ones(3), np.ones(3), QRectF(0, 0, 400, 120), True)).all()


def test_only_what_is_known_to_be_a_picture_is_drawn_as_one(show: Callable[..., DataPage], tmp_path: Path) -> None:
    names = ",".join(f"c{i}" for i in range(65))
    np.savetxt(tmp_path / "t.csv", np.arange(650.0).reshape(10, 65), delimiter=",", header=names, comments="")
    page = show({"dataset": "csv", "path": str(tmp_path / "t.csv")})
    assert pictures(load({"dataset": "csv", "path": str(tmp_path / "t.csv")})) is None
    assert pictures(load({"dataset": "digits"})).shape == (1348, 8, 8)
    assert pictures(load({"dataset": "digits", "image": True})).shape == (1348, 8, 8)
    assert pictures(load({"dataset": "table", "features": [[[1, 2], [3, 4]]] * 4})).shape == (4, 2, 2)
    assert not page.scatter.grab().isNull()


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

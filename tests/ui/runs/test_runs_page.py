"""The panel of runs by mouse and keys: arrows, F2, Delete, Space, Enter, the note, collapsing, sorting, and room for the columns."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from engine.training.curve import Point
from graph.formula.to_graph import build
from graph.storage.document import Document
from tests.support.fake_workspace import FakeWorkspace
from tests.ui.runs.test_runs_feature import Engine
from ui.look.theme import DARK, LIGHT
from ui.runs.feature import RunsFeature
from ui.runs.page import RunsPage
from ui.runs.run_rows import DIFFERS, LOSS, NAME

KEY = Qt.Key


@pytest.fixture
def page(qtbot: QtBot, make_workspace: Callable[..., FakeWorkspace]) -> RunsPage:
    workspace = make_workspace(Document(build("w*x", CATALOG, {"x": 2.0}, {"w": 0.5})))
    workspace.kernel = Engine(workspace.document)  # type: ignore[assignment]
    page = RunsPage(workspace)
    qtbot.addWidget(page)
    page.set_theme(LIGHT)
    page.resize(1200, 260)
    page.attach(RunsFeature(workspace))
    page.show()
    qtbot.waitExposed(page)
    page.tree.setFocus()
    page.tree.setCurrentIndex(page.model.index_of(1))
    return page


def names(page: RunsPage) -> list[str]:
    index, texts = page.model.index(0, NAME), []
    while index.isValid():
        texts.append(str(index.data()))
        index = page.tree.indexBelow(index)
    return texts


def test_keys_walk_rename_delete_show_and_go_to_runs(page: RunsPage, qtbot: QtBot) -> None:
    document, tree, engine = page.workspace.document, page.tree, page.workspace.kernel
    qtbot.keyClick(tree, KEY.Key_Down)
    assert tree.chosen() == [3]
    qtbot.keyClick(tree, KEY.Key_F2)
    field = next(field for field in tree.findChildren(QLineEdit) if field.isVisible())
    qtbot.keyClicks(field, "fast")
    qtbot.keyClick(field, KEY.Key_Return)
    qtbot.waitUntil(lambda: "runs" in document.graph.settings)  # Qt takes the text after the event
    page.refresh()
    assert names(page) == ["SGD η 0.1", "fast", "Adam η 0.01"]
    qtbot.keyClick(tree, KEY.Key_Space)
    page.refresh()
    assert document.graph.settings["runs"] == {"3": {"name": "fast", "shown": True}}
    qtbot.keyClick(tree, KEY.Key_Return)
    assert engine.went == [(3, 60)]
    qtbot.keyClick(tree, KEY.Key_Delete)
    page.refresh()
    assert names(page) == ["SGD η 0.1", "Adam η 0.01"]
    document.undo()
    page.refresh()
    assert names(page) == ["SGD η 0.1", "fast", "Adam η 0.01"]


def test_the_note_is_of_the_chosen_run_and_an_edit(page: RunsPage, qtbot: QtBot) -> None:
    qtbot.keyClicks(page.note, "diverges")
    qtbot.keyClick(page.note, KEY.Key_Return)
    assert page.workspace.document.graph.settings["runs"] == {"1": {"note": "diverges"}}
    page.tree.setFocus()
    page.refresh()
    page.tree.setCurrentIndex(page.model.index_of(2))
    assert page.note.text() == ""
    page.tree.setCurrentIndex(page.model.index_of(1))
    assert page.note.text() == "diverges"


def test_a_click_on_the_box_draws_the_curve_and_pointing_at_a_row_makes_it_strong(page: RunsPage, qtbot: QtBot) -> None:
    engine = page.workspace.kernel
    engine.curves[3] = [Point(41, 0.6), Point(60, 0.3)]
    tree, viewport = page.tree, page.tree.viewport()
    row = tree.visualRect(page.model.index_of(1))
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=QPoint(row.left() + 10, row.center().y()))
    page.refresh()
    assert page.workspace.document.graph.settings["runs"] == {"1": {"shown": True}} and list(page.plot.items) == [1]
    qtbot.mouseMove(viewport, tree.visualRect(page.model.index_of(3)).center())
    assert list(page.plot.items) == [1, 3] and "<b>η&nbsp;1&nbsp;from&nbsp;step&nbsp;40</b>" in page.plot.legend.text()


def test_branches_fold_and_stay_folded_and_columns_sort(page: RunsPage, qtbot: QtBot) -> None:
    qtbot.keyClick(page.tree, KEY.Key_Left)
    assert names(page) == ["SGD η 0.1", "Adam η 0.01"]
    page.tree.header().setSortIndicator(NAME, Qt.SortOrder.AscendingOrder)
    assert names(page) == ["Adam η 0.01", "SGD η 0.1"] and page.tree.chosen() == [1]


def test_the_tab_counts_runs_while_the_panel_is_hidden(page: RunsPage) -> None:
    said: list[str] = []
    page.titled.connect(said.append)
    page.hide()
    page.workspace.kernel.runs.pop(3)
    page.set_progress(page.workspace.kernel.progress)
    page.workspace.kernel.runs.clear()
    page.set_document(page.workspace.document)
    assert said == ["Runs 2", "Runs"]


def test_where_room_is_short_names_and_results_stay(page: RunsPage) -> None:
    assert not page.tree.isColumnHidden(DIFFERS)
    page.resize(560, 220)
    page.refresh()
    assert page.tree.isColumnHidden(DIFFERS) and not page.tree.isColumnHidden(LOSS) and page.plot.isHidden()
    assert "What differs: η 1" in page.model.index_of(3).data(Qt.ItemDataRole.ToolTipRole)
    page.set_theme(DARK)

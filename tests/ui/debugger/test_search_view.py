"""The line search of a step in the update's view: every trial has its row, and a button leads there and back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.explain.answer import answer
from engine.explain.context import ExplainContext
from engine.explain.update import UpdateOf, UpdateTable
from engine.training.model import Model
from engine.training.run import Run
from tests.engine.explain.test_line_search import logarithm
from ui.debugger.update_view import UpdateView
from ui.look.theme import THEMES


def update_of(key: str, **hyper: object) -> UpdateTable:
    run = Run(Model(logarithm(key, **hyper)))
    update = answer(ExplainContext(run.model, run), UpdateOf())
    assert isinstance(update, UpdateTable)
    return update


def cells(view: UpdateView) -> list[list[str]]:
    table = view.search.table
    return [[item.text() if (item := table.item(row, at)) else "" for at in range(table.columnCount())] for row in range(table.rowCount())]


@pytest.mark.parametrize("theme", THEMES)
def test_the_search_is_a_button_away_and_its_numbers_are_read(qtbot: QtBot, theme: str) -> None:
    view = UpdateView()
    qtbot.addWidget(view)
    view.set_theme(THEMES[theme])
    view.resize(900, 240)
    view.show()
    view.show_update(update_of("cg", line_search="backtracking", lr=40.0))
    assert not view.search.isVisible() and view.table.isVisible()
    qtbot.mouseClick(view.to_search, Qt.MouseButton.LeftButton)
    assert view.search.isVisible() and not view.table.isVisible()
    assert cells(view) == [
        ["", "0", "3.391", "−0.64", "start"], ["1", "40", "NaN", "−0.8296", "not finite"], ["2", "20", "NaN", "−0.8727", "not finite"],
        ["3", "10", "NaN", "−1.067", "not finite"], ["4", "5", "1", cells(view)[4][3], "taken"],
    ]  # fmt: skip
    assert "low enough" in view.search.why.text() and "low enough below this line" in view.search.key.text()
    qtbot.mouseClick(view.search.close_up, Qt.MouseButton.LeftButton)
    low, high = view.search._plot.getViewBox().viewRange()[0]
    assert (low, high) == pytest.approx((-2.5, 11.0))
    qtbot.keyClick(view.to_equations, Qt.Key.Key_Space)
    assert view.table.isVisible() and not view.search.isVisible()


def test_a_search_that_is_asked_for_is_shown_with_the_next_update(qtbot: QtBot) -> None:
    view = UpdateView()
    qtbot.addWidget(view)
    view.show()
    view.show_search()
    view.show_update(update_of("bfgs"))
    assert view.search.isVisible() and not view.table.isVisible()


def test_without_a_search_there_is_no_button(qtbot: QtBot) -> None:
    view = UpdateView()
    qtbot.addWidget(view)
    view.show()
    view.show_update(update_of("bfgs"))
    qtbot.mouseClick(view.to_search, Qt.MouseButton.LeftButton)
    view.show_update(update_of("sgd"))
    assert view.table.isVisible() and not view.to_search.isVisible() and not view.search.isVisible()
    view.show_update(None)
    assert view.message.isVisible() and not view.table.isVisible()

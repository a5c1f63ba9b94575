"""The list of breakpoints: the keyboard keeps its place in it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.support.window_support import names
from ui.debugger.breakpoints import Breakpoints
from ui.debugger.points_view import PointsView
from ui.shell.window import Window


@pytest.fixture
def points(qtbot: QtBot) -> Breakpoints:
    points = Breakpoints()
    for text in ("loss < 0.3", "loss < 0.2", "loss < 0.1"):
        points.add(text)
    return points


@pytest.fixture
def view(points: Breakpoints, qtbot: QtBot) -> PointsView:
    view = PointsView(points, lambda node: None, lambda: "")
    qtbot.addWidget(view)
    view.show()
    qtbot.waitUntil(view.isActiveWindow)
    return view


def part(view: PointsView, kind: type[QWidget], row: int) -> QWidget:
    return view.findChildren(kind)[row]


def test_switching_a_breakpoint_off_by_the_keyboard_leaves_the_focus_on_its_box(
    points: Breakpoints, view: PointsView, qtbot: QtBot
) -> None:
    part(view, QCheckBox, 1).setFocus()

    qtbot.keyClick(part(view, QCheckBox, 1), Qt.Key.Key_Space)

    qtbot.waitUntil(lambda: isinstance(QApplication.focusWidget(), QCheckBox))
    assert QApplication.focusWidget() is part(view, QCheckBox, 1)
    assert [point.on for point in points.all] == [True, False, True]


def test_breakpoints_can_be_removed_one_after_the_other_by_the_keyboard(points: Breakpoints, view: PointsView, qtbot: QtBot) -> None:
    part(view, QPushButton, 2).setFocus()

    for _ in range(3):
        qtbot.waitUntil(lambda: isinstance(QApplication.focusWidget(), QPushButton))
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)

    assert points.all == [] and view.entry.hasFocus()


def test_a_condition_names_its_node_as_the_hint_does(window: Window, qtbot: QtBot) -> None:
    ids = names(window.document)
    window.canvas.select([ids["multiply"]])
    control = window.debugger.control
    control.show_page(ask=True)
    page = control.page
    assert page is not None
    hint, entry = page.points.entry.placeholderText(), page.points.entry

    window.canvas.select([ids["x"]])
    for text in (hint, "value > 3 at nowhere"):
        entry.setText(text)
        qtbot.keyClick(entry, Qt.Key.Key_Return)

    assert [point.node for point in control.breakpoints.all] == [ids["multiply"]]
    assert "nowhere" in page.points.complaint.text()

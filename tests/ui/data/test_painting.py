"""Painted points: strokes of the brush by mouse and keyboard, one step to undo each, stored in the document."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.model.edits import AddNode
from graph.model.elements import Node
from graph.model.graph import Graph
from graph.storage.document import Document
from graph.storage.files import dumps, loads
from tests.support.explain_support import Desk
from ui.data.data_page import DataPage
from ui.data.paint_plane import PaintPlane
from ui.data.strokes import AT_ONCE, MOST, Brush, Stroke
from ui.shell.window import Window

PIXEL = 0.01
KEY = Qt.Key
BEFORE = [(0.0, 0.0, 0), (1.0, 0.0, 1), (1.02, 0.0, 0)]


def stroke(brush: Brush, *places: tuple[float, float], before: Any = BEFORE) -> Stroke:
    made = Stroke(before, brush, *places[0], PIXEL, random.Random(1))
    for place in places[1:]:
        made.to(*place)
    return made


def test_a_brush_without_spread_paints_where_it_is_and_along_its_way() -> None:
    assert stroke(Brush("paint", 2), (0.5, -0.25)).points == [*BEFORE, (0.5, -0.25, 2)]
    along = stroke(Brush("paint", 2), (0, 1), (0.5, 1), (1, 1), before=()).points  # a point every 14 pixels, corners or not
    assert np.allclose([x for x, _y, _label in along], np.arange(8) * 0.14) and {y for _x, y, _label in along} == {1.0}


def test_a_brush_with_spread_paints_normally_distributed_points() -> None:
    made = stroke(Brush("paint", 0, 0.2), (0, 0), *[(0, 0.2 * step) for step in range(1, 500)], before=())
    points = np.array(made.points)
    assert len(points) == 500 * AT_ONCE
    assert abs(points[:, 0].mean()) < 0.02 and points[:, 0].std() == pytest.approx(0.2, rel=0.05)


def test_erasing_takes_what_the_circle_touches_on_its_way_and_moving_takes_it_along() -> None:
    erased = stroke(Brush("erase"), (0.5, -0.05), (1.5, -0.05))  # eight pixels, the points are five away from the line
    assert erased.points == BEFORE[:1] and erased.text == "Erase 2 points"
    moved = stroke(Brush("move"), (1.01, 0), (1.5, 0.5), (1.01, 1))
    assert moved.points == [BEFORE[0], (1.0, 1.0, 1), (1.02, 1.0, 0)] and moved.text == "Move 2 points"
    assert not stroke(Brush("move"), (0.5, 0.5), (2, 2)).changed and not stroke(Brush("erase"), (0.5, 0.5)).changed


def test_there_is_room_for_so_many_points() -> None:
    full = stroke(Brush("paint"), (0, 0), (1, 1), before=[(0.0, 0.0, 0)] * MOST)
    assert full.full and not full.changed


@pytest.fixture
def page(make_window: Callable[..., Window], qtbot: QtBot) -> tuple[DataPage, Document]:
    graph = Graph(CATALOG)
    AddNode(Node("d", "source.data", "data", params={"dataset": "points", "points": [[0, 0, 0], [1, 1, 1]]})).apply(graph)
    window = make_window(Document(graph), kernel=Desk())
    window.panels.show("data")
    page = window.panel("data")
    qtbot.waitUntil(lambda: page.painting.isVisible() and page.samples.model.rowCount() > 0, timeout=10_000)
    return page, window.document


def points(document: Document) -> list[list[float]]:
    return list(document.graph.setting("d", "points"))


def at(plane: PaintPlane, x: float, y: float) -> QPoint:
    return plane.to_widget(x, y).toPoint()


def test_points_are_painted_moved_and_erased_with_the_mouse_one_step_each(page: tuple[DataPage, Document], qtbot: QtBot) -> None:
    data, document = page
    plane, box = data.painting.plane, data.painting
    step = 2 / plane._scale()
    QTest.keyClick(plane, KEY.Key_2)  # a class that is new
    QTest.mousePress(plane, Qt.MouseButton.LeftButton, pos=at(plane, -1, -1))
    QTest.mouseMove(plane, at(plane, -1, 1))
    assert len(points(document)) == 2, "a stroke is one edit, at its end"
    QTest.mouseRelease(plane, Qt.MouseButton.LeftButton, pos=at(plane, -1, 1))
    painted = points(document)
    assert len(painted) > 5 and all(label == 2 and abs(x + 1) < step for x, _y, label in painted[2:])
    assert painted[2][1] == pytest.approx(-1, abs=step) and math.dist(painted[2][:2], painted[3][:2]) == pytest.approx(7 * step, rel=0.02)
    assert dumps(document.graph) == dumps(loads(dumps(document.graph), CATALOG)), "the file holds them"
    box.moving.click()
    QTest.mousePress(plane, Qt.MouseButton.LeftButton, pos=at(plane, 1, 1))
    QTest.mouseMove(plane, at(plane, 1.5, 0))
    QTest.keyClick(plane, KEY.Key_Escape)
    QTest.mouseRelease(plane, Qt.MouseButton.LeftButton, pos=at(plane, 1.5, 0))
    assert points(document) == painted, "Esc takes back a stroke in progress"
    box.erasing.click()
    QTest.mouseClick(plane, Qt.MouseButton.LeftButton, pos=at(plane, 1, 1))
    assert [1, 1, 1] not in points(document)
    document.undo()
    document.undo()
    assert points(document) == [[0, 0, 0], [1, 1, 1]] and not document.history.undo_text
    qtbot.waitUntil(lambda: plane.points == [(0.0, 0.0, 0), (1.0, 1.0, 1)], timeout=5000)


def test_points_are_painted_and_moved_with_the_keyboard(page: tuple[DataPage, Document]) -> None:
    data, document = page
    plane = data.painting.plane
    for key in (KEY.Key_Up, KEY.Key_Up, KEY.Key_Space):
        QTest.keyClick(plane, key)
    assert points(document)[2] == [0, pytest.approx(0.4), 0]
    for key in (KEY.Key_M, KEY.Key_Space, KEY.Key_Right, KEY.Key_Space):  # pick up, carry, put down
        QTest.keyClick(plane, key)
    assert points(document)[2] == [pytest.approx(0.2), pytest.approx(0.4), 0]
    QTest.keyClicks(plane, "b]]")
    assert plane.brush.spread == 0.1 and data.painting.spread.value() == 2
    QTest.keyClick(plane, KEY.Key_Delete)
    assert len(points(document)) == 2
    data.painting.clear_all.click()
    QTest.mouseClick(plane, Qt.MouseButton.LeftButton, pos=at(plane, -1, 0))
    assert [label for _x, _y, label in points(document)] == [0] * AT_ONCE, "the next stroke is on the empty plane"
    document.undo()
    data.document_changed()
    assert points(document) == [] and data.painting.isVisible(), "an empty plane can be painted on"
    document.read_only = "This example cannot be changed."
    data.document_changed()
    QTest.mouseClick(plane, Qt.MouseButton.LeftButton, pos=at(plane, 1, 1))
    assert points(document) == []

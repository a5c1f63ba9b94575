"""Heights as colours and lines, and a plane to look around in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ui.maths.heights import spaced_levels
from ui.maths.plane_view import PlaneView


@dataclass
class Grid:
    xs: np.ndarray[Any, Any]
    ys: np.ndarray[Any, Any]
    f: np.ndarray[Any, Any]


def bowl() -> Grid:
    xs, ys = np.linspace(-2, 2, 9), np.linspace(-1, 1, 5)
    return Grid(xs, ys, xs**2 + ys[:, None] ** 2)


def view(qtbot: Any) -> PlaneView:
    plane = PlaneView("plane")
    plane.heights, plane.box = bowl(), (-2.0, 2.0, -1.0, 1.0)
    plane.resize(600, 400)
    qtbot.addWidget(plane)
    plane.show()
    plane.grab()
    return plane


def test_levels_are_short_numbers_within_the_heights_however_they_are_spaced() -> None:
    f = bowl().f
    even, log = spaced_levels(f, "even", 4), spaced_levels(f, "log", 5)
    assert even == [1.0, 2.0, 3.0, 4.0]
    assert min(log) < 0.5 and max(log) > 1  # 0 is among the heights: the scale is linear around it
    ratios = np.diff(np.log10(spaced_levels(10.0 ** np.linspace(-6, 0, 50), "log", 5)))
    assert ratios == pytest.approx(np.ones(5 - 1), abs=0.35)
    for levels in (even, log, spaced_levels(f, "areas", 6)):
        assert levels == sorted(levels) and all(0 < level < 5 and len(f"{level:.12g}") <= 6 for level in levels)
    assert spaced_levels(np.full((3, 3), 2.0), "log") == [] and spaced_levels(np.full((2, 2), np.nan), "even") == []
    assert spaced_levels(np.array([[-3.0, -1.0], [np.inf, -2.0]]), "log", 2)  # never positive: spaced evenly


def test_reading_gives_the_computed_value_of_a_point_of_the_grid(qtbot: Any) -> None:
    plane = view(qtbot)
    QTest.keyClick(plane, Qt.Key.Key_Right)
    assert plane.reading == (0.5, 0.0, 0.25)
    QTest.keyClick(plane, Qt.Key.Key_Up)
    assert plane.reading == (0.5, 0.5, 0.5)
    frame = plane._frame
    assert frame is not None
    QTest.mouseMove(plane, frame.at(-1.4, -0.9).toPoint())
    assert plane.reading == (-1.5, -1.0, 3.25)


def test_the_plane_is_dragged_zoomed_about_the_mouse_and_moved_by_keys(qtbot: Any) -> None:
    plane = view(qtbot)
    frame = plane._frame
    assert frame is not None
    start = frame.at(1.0, 0.5).toPoint()
    here = plane.numbers_at(QPointF(start), frame)
    wheel = QWheelEvent(QPointF(start), QPointF(start), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
                        Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    QApplication.sendEvent(plane, wheel)
    low, high, *_rest = plane.box
    assert high - low == pytest.approx(0.8 * 4) and (here[0] - low) / (high - low) == pytest.approx((here[0] + 2) / 4)
    plane.show_box((-2.0, 2.0, -1.0, 1.0))
    with qtbot.waitSignal(plane.moved):
        QTest.mousePress(plane, Qt.MouseButton.LeftButton, pos=start)
        QTest.mouseMove(plane, start + QPoint(round(frame.area.width() / 4), 0))
    QTest.mouseRelease(plane, Qt.MouseButton.LeftButton, pos=start)
    assert plane.box == pytest.approx((-3, 1, -1, 1), abs=0.02)
    QTest.keyClick(plane, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert plane.box == pytest.approx((-2.6, 1.4, -1, 1), abs=0.02)
    QTest.keyClick(plane, Qt.Key.Key_Minus)
    assert plane.box[1] - plane.box[0] == pytest.approx(5)
    with qtbot.waitSignal(plane.home):
        QTest.keyClick(plane, Qt.Key.Key_0)


def test_a_wide_plane_cannot_be_zoomed_into_nothing(qtbot: Any) -> None:
    plane = view(qtbot)
    for _ in range(300):
        plane.zoom(0.5)
    assert plane.box[0] < plane.box[1] and plane.box[2] < plane.box[3]
    plane.grab()

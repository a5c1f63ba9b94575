"""A surface of 51 × 51 points painted by QPainter: at rest, while it is turned, and while only its point moves."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

TIMES = 15


def run() -> dict[str, Any]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    import numpy as np
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtWidgets import QApplication

    from ui.look.theme import THEMES, load_fonts
    from ui.maths.relief import STANDING, Relief
    from ui.maths.relief_painting import Spot, Trail, paint_ground, paint_marks

    app = QApplication.instance() or QApplication([])
    load_fonts()
    grid = np.linspace(-2.0, 2.0, 51)
    x, y = np.meshgrid(grid, grid)
    relief = Relief(grid, grid, (1 - x * y) ** 2, ("w1", "w2", "objective"))
    theme, whole, image = THEMES["light"], QRectF(0, 0, 900, 560), QImage(900, 560, QImage.Format.Format_RGB32)
    t = np.linspace(0, 1, 200)
    trail, spot = Trail(np.stack([1.5 - t, np.sin(6 * t)], axis=1), theme.text), Spot(0.5, 0.5, theme.highlight, "0.5625")

    def painted(fine: bool, marks_only: bool = False) -> Callable[[], None]:
        stand = paint_ground_once()

        def paint() -> None:
            painter = QPainter(image)
            here = stand if marks_only else paint_ground(painter, whole, relief, STANDING, theme, fine=fine)
            paint_marks(painter, whole, here, relief, theme, [trail], [spot])
            painter.end()

        return paint

    def paint_ground_once() -> Any:
        painter = QPainter(image)
        stand = paint_ground(painter, whole, relief, STANDING, theme)
        painter.end()
        return stand

    result = {
        "at rest, ms": _median(painted(True)), "while turned, ms": _median(painted(False)),
        "while the point moves, ms": _median(painted(True, True)), "2500 quads of Qt alone, ms": _median(lambda: _bare(image)),
    }  # fmt: skip
    del app
    return result


def _bare(image: Any) -> None:
    """The same number of convex polygons with nothing else around them: what QPainter itself costs here."""
    from PySide6.QtCore import QPointF, Qt
    from PySide6.QtGui import QPainter

    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.GlobalColor.gray)
    for row in range(50):
        for column in range(50):
            a, b = 16.0 * column, 10.0 * row
            painter.drawConvexPolygon((QPointF(a, b), QPointF(a + 15, b + 1), QPointF(a + 16, b + 9), QPointF(a + 1, b + 8)))
    painter.end()


def _median(act: Callable[[], None]) -> float:
    act()
    times = []
    for _time in range(TIMES):
        began = time.perf_counter()
        act()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)

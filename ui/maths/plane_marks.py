"""What is marked on a plane over painted heights: paths, points and arrows. All places are in the numbers of the axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from ui.look.theme import Theme, color
from ui.maths.axes import Axis, Frame, cross

FAR = 50.0
"""So many times the plane's width beyond its edge, places are brought nearer: a painter cannot paint at any distance."""
FEW = 80
"""Of so many places at most each is marked."""
Floats = np.ndarray[Any, np.dtype[np.float64]]
Point = tuple[float, float]


def place(frame: Frame, x: float, y: float) -> QPointF:
    """Where a place is painted, also far outside the plane."""
    return frame.at(_near(x, frame.x), _near(y, frame.y))


def _near(value: float, axis: Axis) -> float:
    span = axis.high - axis.low
    return min(max(value, axis.low - FAR * span), axis.high + FAR * span)


def paint_path(
    painter: QPainter, frame: Frame, theme: Theme, at: Sequence[Point] | Floats, ink: str, dash: Qt.PenStyle = Qt.PenStyle.SolidLine,
    width: float = 2.4, ended: bool = False, near: Sequence[float] | Floats | None = None,
) -> None:  # fmt: skip
    """A path: a ring where it began, a dot where it is now; a cross where it ended because its numbers were no longer finite.

    `near` (0 to 1) says of each place how strongly it is drawn: 1 where it lies in the plane.
    """
    points = np.asarray(at, float)
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return
    line = [place(frame, x, y) for x, y in points.tolist()]
    if near is None or len(near) != len(line):
        near = [1.0] * len(line)
    painter.setPen(QPen(color(theme.panel), (width + 2.2) * theme.scale))
    if min(near) >= 1:
        painter.drawPolyline(QPolygonF(line))
    painter.setPen(QPen(color(ink), width * theme.scale, dash))
    if min(near) >= 1:
        painter.drawPolyline(QPolygonF(line))
    else:
        for i, (start, end) in enumerate(zip(line, line[1:], strict=False)):
            painter.setOpacity(float(max(near[i], near[i + 1])))
            painter.drawLine(start, end)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color(ink))
    for i, spot in enumerate(line if len(line) <= FEW else ()):
        painter.setOpacity(float(near[i]))
        painter.drawEllipse(spot, 2.6 * theme.scale, 2.6 * theme.scale)
    painter.setOpacity(float(near[0]))
    paint_dot(painter, line[0], theme.panel, theme.text, 5, theme)
    painter.setOpacity(float(near[-1]))
    paint_dot(painter, line[-1], ink, theme.panel, 6, theme)
    painter.setOpacity(1.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if ended:
        area = frame.area.adjusted(8, 8, -8, -8)
        cross(painter, QPointF(min(max(line[-1].x(), area.left()), area.right()), min(max(line[-1].y(), area.top()), area.bottom())), theme)


def paint_line(painter: QPainter, frame: Frame, at: Floats, ink: str, width: float) -> None:
    """Places (N, 2) joined by a line, `width` in pixels; one that is not finite is left out."""
    points = at[np.isfinite(at).all(axis=1)]
    painter.setPen(QPen(color(ink), width))
    painter.drawPolyline(QPolygonF([place(frame, x, y) for x, y in points.tolist()]))


def paint_dot(painter: QPainter, at: QPointF, fill: str, edge: str, radius: float, theme: Theme) -> None:
    """A dot with an edge; `radius` in pixels for type at 100 %."""
    painter.setBrush(color(fill))
    painter.setPen(QPen(color(edge), 1.6 * theme.scale))
    painter.drawEllipse(at, radius * theme.scale, radius * theme.scale)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def paint_arrow(painter: QPainter, frame: Frame, theme: Theme, start: Point, end: Point, ink: str, width: float) -> None:
    """An arrow between two places; none where it would have no length, or a number is not finite."""
    if not all(map(math.isfinite, (*start, *end))):
        return
    base, tip = place(frame, *start), place(frame, *end)
    across, up = tip.x() - base.x(), tip.y() - base.y()
    length = math.hypot(across, up)
    if length < 1:
        return
    head = min(2.6 * width * theme.scale + 6, 0.8 * length)
    back = QPointF(tip.x() - across / length * head, tip.y() - up / length * head)
    side = QPointF(-up / length * head * 0.45, across / length * head * 0.45)
    painter.setPen(QPen(color(theme.panel), (width + 2) * theme.scale))
    painter.drawLine(base, back)
    painter.setPen(QPen(color(ink), width * theme.scale))
    painter.drawLine(base, back)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color(ink))
    painter.drawPolygon(QPolygonF([tip, back + side, back - side]))
    painter.setBrush(Qt.BrushStyle.NoBrush)

"""Pulses: numbers on their way along the wires of the event that playback is in."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from engine.views import ArrayView
from ui.canvas import wires
from ui.canvas.content import Content, size, thickness
from ui.canvas.paint_wires import paint_lit
from ui.canvas.scene import Scene
from ui.theme import Theme, color, faded

TAIL = (0.0, 0.035, 0.065)
"""How far the fading copies lag behind, in shares of the way."""


def paint_pulses(painter: QPainter, scene: Scene, content: Content, theme: Theme) -> None:
    """The active wires in the colour of their pass, each with a disc; backward ones run from the input to the output."""
    head = content.playhead
    if head is None or not head.phase:
        return
    forward = head.phase == "forward"
    hue = theme.forward if forward else theme.backward
    for edge_id in head.active_edges:
        if edge_id not in scene.edge_row or edge_id in scene.hidden_edges:
            continue
        magnitude, sign = _carried(edge_id, content, forward)
        rest = theme.wire_width / theme.scale
        paint_lit(painter, scene, edge_id, hue, max(thickness(magnitude, rest), rest * 1.3))
        points = scene.wire_points(edge_id)
        if head.progress <= 0.0:
            continue  # nothing has set out yet; with reduced motion nothing ever does
        _paint_one(painter, points if forward else points[::-1], head.progress, magnitude, sign, hue, theme)


def _carried(edge_id: str, content: Content, forward: bool) -> tuple[float | None, str]:
    """Size and sign of what is on its way, though it has not arrived."""
    trace = content.trace
    if trace is None:
        return None, ""
    shown = trace.values.get(content.graph.edges[edge_id].source) if forward else trace.edge_gradients.get(edge_id)
    if not isinstance(shown, ArrayView):
        return None, ""
    if shown.scalar is None or shown.scalar == 0:
        return size(shown), ""
    return abs(shown.scalar), "+" if shown.scalar > 0 else "−"


def _paint_one(
    painter: QPainter, points: np.ndarray, progress: float, magnitude: float | None, sign: str, hue: str, theme: Theme
) -> None:
    radius = min(5.0 + 1.6 * thickness(magnitude, 1.6), 10.5) if magnitude is not None else 6.0
    radius = max(radius, 7.5) if sign else radius
    painter.setPen(Qt.PenStyle.NoPen)
    for step, lag in enumerate(reversed(TAIL)):
        if progress - lag < 0:
            continue
        x, y = wires.along(points, progress - lag)
        last = step == len(TAIL) - 1
        painter.setBrush(color(hue) if last else faded(hue, 0.25 + 0.2 * step))
        painter.drawEllipse(QPointF(x, y), radius * (1.0 if last else 0.55 + 0.2 * step), radius * (1.0 if last else 0.55 + 0.2 * step))
        if last and sign:
            _paint_sign(painter, x, y, radius * 0.48, sign, theme)


def _paint_sign(painter: QPainter, x: float, y: float, arm: float, sign: str, theme: Theme) -> None:
    painter.setPen(QPen(color(theme.on_accent), 1.8))
    painter.drawLine(QPointF(x - arm, y), QPointF(x + arm, y))
    if sign == "+":
        painter.drawLine(QPointF(x, y - arm), QPointF(x, y + arm))
    painter.setPen(Qt.PenStyle.NoPen)


def reach(scene: Scene, content: Content) -> QRectF:
    """The part of the scene that the active event paints."""
    found = QRectF()
    for edge_id in content.playhead.active_edges if content.playhead is not None else ():
        if edge_id in scene.edge_row:
            found = found.united(scene.wire_rect(edge_id, 14.0))
    return found

"""What a wire carries, seen before any number is read: its role by colour and dashes, its rank by strokes across it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from PySide6.QtGui import QPainter, QPen

from ui.canvas.model.content import Content
from ui.canvas.model.scene import CanvasScene
from ui.canvas.model.stacking import under_cards
from ui.canvas.paint import batch
from ui.look.theme import Theme, color

Role = Literal["signal", "parameter", "target"]
DASHES: dict[Role, tuple[float, ...]] = {"signal": (), "parameter": (5.0, 2.5), "target": (0.1, 2.4)}
"""In widths of the wire; the caps are round, so that nearly nothing is a dot."""
_FIRST, _NEXT, _HALF, _LEAN = 15.0, 5.0, 5.0, 2.0


def role(scene: CanvasScene, edge_id: str) -> Role:
    """`parameter` comes from a Parameter or goes where a weight belongs, `target` is what a loss compares with."""
    known = scene.roles.get(edge_id)
    if known is None:
        known = scene.roles[edge_id] = _found(scene, edge_id)
    return known  # type: ignore[return-value]


def _found(scene: CanvasScene, edge_id: str) -> Role:
    graph, edge = scene.graph, scene.graph.edges[edge_id]
    giver, taker = graph.spec(edge.source[0]), graph.spec(edge.target[0])
    output, port = giver.output(edge.source[1]), taker.input(edge.target[1])
    if giver.role == "parameter" or (port is not None and port.parameter):
        return "parameter"
    index = output is not None and output.dtype == "index"
    return "target" if index or edge.source[1] == "target" or (taker.category == "losses" and edge.target[1] == "target") else "signal"


def hue(theme: Theme, which: Role) -> str:
    return theme.wire if which == "signal" else theme.swatch["parameters" if which == "parameter" else "losses"]


def dress(pen: QPen, theme: Theme, which: Role, dashed: bool = True) -> QPen:
    """The pen of a wire of this role."""
    pen.setColor(color(hue(theme, which)))
    if dashed and DASHES[which]:
        pen.setDashPattern(list(DASHES[which]))
    return pen


def paint_ranks(painter: QPainter, scene: CanvasScene, ids: Sequence[str], content: Content, theme: Theme) -> None:
    """As many strokes across a wire's beginning as what it carries for one sample has dimensions: none for a number."""
    shapes = content.trace.shapes if content.trace is not None else {}
    rows: list[tuple[float, float, float, float]] = []
    for edge_id in ids:
        known = shapes.get(scene.graph.edges[edge_id].source)
        if known is None or not known[0]:
            continue
        points = scene.wire_points(edge_id)
        for i in range(min(len(known[0]), 4)):
            far = _FIRST + _NEXT * i
            at = int(np.searchsorted(np.hypot(*(points - points[0]).T), far))
            if at >= len(points):
                break
            before, after = points[max(at - 1, 0)], points[at]
            length = max(float(np.hypot(*(after - before))), 1e-9)
            share = (far - float(np.hypot(*(before - points[0])))) / length
            x, y = before + (after - before) * min(max(share, 0.0), 1.0)
            dx, dy = (after - before) / length
            across, along = _LEAN * dx + _HALF * dy, _LEAN * dy - _HALF * dx
            rows.append((x - across, y - along, x + across, y + along))
    if rows:
        strokes = np.asarray(rows, dtype=np.float64)
        strokes = np.ascontiguousarray(strokes[~under_cards(scene, (strokes[:, :2] + strokes[:, 2:]) / 2)])
        painter.setPen(QPen(color(theme.wire), 1.4 * max(theme.wire_width / theme.scale / 2.0, 1.0)))
        batch.lines(painter, strokes)

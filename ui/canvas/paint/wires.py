"""Wires: all of them at once while nothing moves, the ones that carry something in colour and weight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from ui.canvas.model import wires
from ui.canvas.model.content import Content, thickness
from ui.canvas.model.legibility import FULL
from ui.canvas.model.scene import CanvasScene
from ui.canvas.paint import batch
from ui.canvas.paint.nodes import MEDIUM
from ui.canvas.paint.wire_look import Role, dress, role
from ui.look.theme import Theme, color

BUSY = 250
"""From this many visible wires on they are drawn as one batch of straight segments."""


def rest_pen(theme: Theme, hue: str | None = None, width: float | None = None) -> QPen:
    pen = QPen(color(hue or theme.wire), width if width is not None else theme.wire_width / theme.scale)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def paint_wires(painter: QPainter, scene: CanvasScene, rows: np.ndarray, theme: Theme, scale: float) -> None:
    """The wires of these rows at rest."""
    if not len(rows):
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    groups = _by_role(scene, scene.wire_rows.named(rows)) if scale >= MEDIUM else {}
    if scale < MEDIUM or len(rows) > BUSY:
        batches: dict[Role, np.ndarray] = {which: scene.wire_rows.of(some) for which, some in groups.items()} or {"signal": rows}
        for which, some in batches.items():
            painter.setPen(dress(rest_pen(theme, width=max(theme.wire_width / theme.scale, 0.9 / scale)), theme, which, dashed=False))
            batch.lines(painter, wires.segments(scene.points_of(some, 4 if scale < MEDIUM else 2)))
        return
    for which, ids in groups.items():
        width = max(theme.wire_width / theme.scale, 1.1 / scale) if scale < FULL else None
        painter.setPen(dress(rest_pen(theme, width=width), theme, which))
        for edge_id in ids:  # one path of all would be rasterised as one tangle, many times slower
            painter.drawPath(wires.path(scene.pieces(edge_id)))


def _by_role(scene: CanvasScene, ids: Sequence[str]) -> dict[Role, list[str]]:
    edges: dict[Role, list[str]] = {}
    for edge_id in ids:
        edges.setdefault(role(scene, edge_id), []).append(edge_id)
    return edges


def paint_weighted(painter: QPainter, scene: CanvasScene, ids: Iterable[str], content: Content, theme: Theme) -> None:
    """Wires as thick as what they carry, over their thin selves; batched by thickness."""
    rest = theme.wire_width / theme.scale
    rows: dict[float, list[int]] = {}
    for edge_id in ids:
        magnitude = content.magnitude(scene.graph.edges[edge_id])
        if magnitude is not None:
            wide = round(thickness(magnitude, rest) * 2) / 2
            if wide > rest:
                rows.setdefault(wide, []).append(scene.edge_row[edge_id])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for wide, numbers in rows.items():
        painter.setPen(rest_pen(theme, width=wide))
        batch.lines(painter, wires.segments(scene.points_of(np.array(numbers))))


def paint_lit(painter: QPainter, scene: CanvasScene, edge_id: str, hue: str, width: float) -> None:
    """One wire in a colour of its own: active, hovered, selected."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    pen = QPen(color(hue), width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawPath(wires.path(scene.pieces(edge_id)))


def paint_bends(painter: QPainter, scene: CanvasScene, ids: Iterable[str], theme: Theme) -> None:
    """The points that these wires are led through, while one of them is chosen or under the mouse."""
    for edge_id in scene.bent.keys() & set(ids):
        for x, y in scene.bends.get(edge_id, scene.graph.edges[edge_id].via):
            paint_bend(painter, QPointF(x, y), theme, theme.wire)


def paint_bend(painter: QPainter, at: QPointF, theme: Theme, hue: str) -> None:
    """A point of a wire: small enough to be overlooked, large enough to be taken hold of."""
    painter.setPen(QPen(color(theme.canvas), 1.5))
    painter.setBrush(color(hue))
    painter.drawEllipse(at, 4.5, 4.5)


def paint_lit_batch(painter: QPainter, scene: CanvasScene, ids: Sequence[str], hue: str, theme: Theme, scale: float) -> None:
    """Many wires in one colour."""
    painter.setPen(rest_pen(theme, hue, max(theme.wire_width / theme.scale * 1.3, 0.9 / scale)))
    batch.lines(painter, wires.segments(scene.points_of(scene.wire_rows.of(ids), 4 if scale < MEDIUM else 2)))


def paint_loose(painter: QPainter, start: wires.Point, end: wires.Point, theme: Theme, hue: str, dashed: bool = False) -> None:
    """The wire that hangs on the cursor."""
    pen = rest_pen(theme, hue, theme.wire_width / theme.scale + 0.5)
    if dashed:
        pen.setDashPattern([4, 3])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(wires.path(wires.cubics(start, end)))
    painter.setBrush(color(hue))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(QPointF(*end), 4.5, 4.5)


def paint_dots(painter: QPainter, left: float, top: float, right: float, bottom: float, theme: Theme, scale: float) -> None:
    """The grid of dots: every 24 units, thinner grids when far away so that they never become a texture."""
    if theme.dots == theme.canvas:
        return
    step = 24.0
    while step * scale < 14:
        step *= 2
    xs = np.arange(np.floor(left / step) * step, right + step, step)
    ys = np.arange(np.floor(top / step) * step, bottom + step, step)
    view = painter.worldTransform()
    side = max(2.0, round(1.7 * scale))
    across, down = (np.round(axis) - side / 2 for axis in (xs * view.m11() + view.dx(), ys * view.m22() + view.dy()))
    rects = np.empty((len(ys), len(xs), 4))
    rects[..., 0], rects[..., 1], rects[..., 2:] = across[None, :], down[:, None], side
    painter.save()
    painter.resetTransform()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color(theme.dots))
    batch.rectangles(painter, rects.reshape(-1, 4))
    painter.restore()

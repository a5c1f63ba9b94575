"""A scene of tens of thousands of cards, seen from so far away that a card is a few pixels: rectangles and straight wires, as they lie in
the scene's arrays. No card and no wire is looked at by itself.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from ui.canvas.model.camera import SMALLEST
from ui.canvas.model.scene import KINDS, CanvasScene
from ui.canvas.paint import batch
from ui.look.theme import Theme, color, mixed

FAR = SMALLEST
"""Only what does not fit in a view otherwise is shown at scales below: a card is at most a few pixels wide there."""
LEAST_PIXELS = 1.5
"""A card is at least so large: no card is lost between two pixels."""
DENSE = 40_000
"""From this many wires in view on, those are left out that begin and end in nearly the same pixel, below the cards they join."""


def paint_afar(
    painter: QPainter, scene: CanvasScene, area: QRectF, theme: Theme, scale: float, without: Collection[str], hidden: Collection[str]
) -> None:  # fmt: skip
    """The wires and cards in `area`, without those that are being carried."""
    painter.save()
    view = painter.worldTransform()
    painter.resetTransform()  # numpy does to all corners at once what Qt would do to one after the other
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    wires = scene.wire_rows.without(scene.edge_rows_in(area.adjusted(-6, -6, 6, 6)), hidden)
    cards = scene.node_rows.without(scene.rows_in(area.adjusted(-24, -24, 24, 24)), without)
    corner, by = np.array([view.dx(), view.dy()]), np.array([view.m11(), view.m22()])
    _paint_wires(painter, scene.routes.cubics[wires, ::3].reshape(-1, 4), corner, by, theme)
    _paint_cards(painter, scene, cards, corner, by, theme)
    painter.restore()


def _paint_wires(painter: QPainter, ends: np.ndarray, corner: np.ndarray, by: np.ndarray, theme: Theme) -> None:
    lines = ends * np.concatenate([by, by]) + np.concatenate([corner, corner])
    if len(lines) > DENSE:
        lines = lines[(np.abs(lines[:, 2:] - lines[:, :2]) > LEAST_PIXELS).any(axis=1)]
    pen = QPen(color(mixed(theme.wire, theme.canvas, 0.55)), 0)
    painter.setPen(pen)
    batch.lines(painter, np.ascontiguousarray(lines))


def _paint_cards(painter: QPainter, scene: CanvasScene, rows: np.ndarray, corner: np.ndarray, by: np.ndarray, theme: Theme) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    rects, kinds = scene.rects[rows], scene.kinds[rows]
    seen = np.empty((len(rows), 4))
    seen[:, :2] = rects[:, :2] * by + corner
    seen[:, 2:] = np.maximum(rects[:, 2:] * by, LEAST_PIXELS)
    for kind in np.unique(kinds).tolist():
        painter.setBrush(color(theme.bar[KINDS[kind]]))
        batch.rectangles(painter, np.ascontiguousarray(seen[kinds == kind]))

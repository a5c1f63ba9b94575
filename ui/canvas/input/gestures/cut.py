"""Cutting wires with a stroke across them."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from graph.model import edits
from graph.text.messages import _
from ui.canvas.input.context_menu import ask_for_menu
from ui.canvas.input.gestures.base import Pointer, PointerGesture
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.paint.wires import paint_lit
from ui.look.theme import color


def crosses(wire: np.ndarray, a: QPointF, b: QPointF) -> bool:
    """Whether the segment from a to b crosses a sampled curve (n, 2)."""
    start, end = wire[:-1], wire[1:]
    p, q = np.array((a.x(), a.y())), np.array((b.x(), b.y()))

    def side(u: np.ndarray, v: np.ndarray, w: np.ndarray) -> np.ndarray:
        return np.asarray((v[..., 0] - u[..., 0]) * (w[..., 1] - u[..., 1]) - (v[..., 1] - u[..., 1]) * (w[..., 0] - u[..., 0]))

    apart = (side(start, end, p) > 0) != (side(start, end, q) > 0)
    return bool((apart & ((side(p, q, start) > 0) != (side(p, q, end) > 0))).any())  # a sample right on the stroke counts once


class CutWires(PointerGesture):
    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, model: CanvasModel, start: Pointer) -> None:
        super().__init__(model, start)
        self._line = [start.scene]
        self._cut: dict[str, None] = {}

    def move(self, at: Pointer) -> None:
        scene, before = self.model.scene, self._line[-1]
        self._line.append(at.scene)
        for edge_id in scene.edges_in(QRectF(before, at.scene).normalized().adjusted(-1, -1, 1, 1)):
            if crosses(scene.wire_points(edge_id), before, at.scene):
                self._cut[edge_id] = None
        self.model.surface.repaint_scene()

    def finish(self, at: Pointer) -> None:
        if not self.moved(at):
            ask_for_menu(self.model, at.view, self.model.surface.to_global(at.view))  # a click, not a stroke
            return
        self.move(at)
        present = [edits.Disconnect(e) for e in self._cut if e in self.model.document.graph.edges]
        if present:
            self.model.do(edits.Compound(tuple(present), _("Cut wires")), _("Cut wires") if len(present) > 1 else _("Cut wire"))

    def paint(self, painter: QPainter) -> None:
        theme = self.model.theme
        for edge_id in self._cut:
            if edge_id in self.model.scene.edge_row:
                paint_lit(painter, self.model.scene, edge_id, theme.error, 3.0)
        pen = QPen(color(theme.error), 1.5 / self.model.camera.scale)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(self._line))

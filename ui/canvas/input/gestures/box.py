"""Selecting by a box; Shift adds to what is selected."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from ui.canvas.input.gestures.base import Pointer, PointerGesture
from ui.canvas.model import items
from ui.canvas.model.canvas_model import CanvasModel
from ui.look.theme import color, faded


class BoxSelect(PointerGesture):
    def __init__(self, model: CanvasModel, start: Pointer) -> None:
        super().__init__(model, start)
        self._before = model.selection
        self._kept = self._before if start.modifiers & Qt.KeyboardModifier.ShiftModifier else frozenset[str]()
        self._box = QRectF(start.scene, start.scene)

    def move(self, at: Pointer) -> None:
        if not self.moved(at) and self._box.isEmpty():
            return
        self._box = QRectF(self.start.scene, at.scene).normalized()
        scene = self.model.scene
        rows = scene.rows_in(self._box)
        inside, wires = scene.node_rows.named(rows), scene.edges_between(rows)
        self.model.select({*self._kept, *inside, *wires, *items.items_in(scene, self._box)})
        self.model.surface.repaint_scene()

    def finish(self, at: Pointer) -> None:
        self.move(at)
        if self._box.isEmpty():
            self.model.select(self._kept)

    def cancel(self) -> None:
        self.model.select(self._before)

    def paint(self, painter: QPainter) -> None:
        theme, scale = self.model.theme, self.model.camera.scale
        painter.setPen(QPen(color(theme.selection), 1 / scale))
        painter.setBrush(faded(theme.selection, 0.08))
        painter.drawRect(self._box)

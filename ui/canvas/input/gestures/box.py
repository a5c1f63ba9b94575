"""Selecting by a box; Shift adds to what is selected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from ui.canvas.input.gestures.base import Gesture, Pointer
from ui.canvas.model import items
from ui.look.theme import color, faded

if TYPE_CHECKING:
    from ui.canvas.view import Canvas


class BoxSelect(Gesture):
    def __init__(self, canvas: Canvas, start: Pointer) -> None:
        super().__init__(canvas, start)
        self._before = canvas.selection
        self._kept = self._before if start.modifiers & Qt.KeyboardModifier.ShiftModifier else frozenset[str]()
        self._box = QRectF(start.scene, start.scene)

    def move(self, at: Pointer) -> None:
        if not self.moved(at) and self._box.isEmpty():
            return
        self._box = QRectF(self.start.scene, at.scene).normalized()
        scene = self.canvas.scene
        inside = set(scene.nodes_in(self._box))
        drawn = ((edge, *scene.ends(edge)) for edge in scene.edges)
        wires = [edge for edge, source, target, _ in drawn if source[0] in inside and target[0] in inside]
        self.canvas.select({*self._kept, *inside, *wires, *items.items_in(scene, self._box)})
        self.canvas.update()

    def finish(self, at: Pointer) -> None:
        self.move(at)
        if self._box.isEmpty():
            self.canvas.select(self._kept)

    def cancel(self) -> None:
        self.canvas.select(self._before)

    def paint(self, painter: QPainter) -> None:
        theme, scale = self.canvas.theme, self.canvas.camera.scale
        painter.setPen(QPen(color(theme.selection), 1 / scale))
        painter.setBrush(faded(theme.selection, 0.08))
        painter.drawRect(self._box)

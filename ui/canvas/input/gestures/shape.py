"""Changing the shape of a frame or note, and leading a wire through points."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from graph.model import edits
from graph.text.messages import _
from ui.canvas.input.gestures.base import Pointer, PointerGesture
from ui.canvas.model import items, wires
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.wires import Point
from ui.canvas.paint.wires import paint_bend, rest_pen


class Resize(PointerGesture):
    """An edge or corner of a frame or note follows the pointer; the opposite one stays."""

    def __init__(self, model: CanvasModel, start: Pointer, hit: items.ItemHit) -> None:
        super().__init__(model, start)
        self._hit = hit
        self._before = model.scene.item_rect(hit.id)
        self._rect = self._before
        self.cursor = cursor(hit.sides)

    def move(self, at: Pointer) -> None:
        if self._rect == self._before and not self.moved(at):
            return
        if self._rect == self._before:
            self.model.live.lift([self._hit.id])
        step = at.scene - self.start.scene
        item = items.item_of(self.model.document.graph, self._hit.id)
        assert item is not None
        low = items.SMALLEST[type(item)]
        left, right = _stretched(self._before.left(), self._before.right(), step.x(), self._hit.sides[0], low[0])
        top, bottom = _stretched(self._before.top(), self._before.bottom(), step.y(), self._hit.sides[1], low[1])
        self._rect = QRectF(left, top, right - left, bottom - top)
        self.model.live.shape(self._hit.id, self._rect)

    def finish(self, at: Pointer) -> None:
        self.move(at)
        item = items.item_of(self.model.document.graph, self._hit.id)
        rect = self._rect
        self.model.live.let_go()
        if rect == self._before or item is None:
            self.clicked(self._hit.id)
            return
        shaped = replace(item, x=rect.left(), y=rect.top(), width=rect.width(), height=rect.height())
        self.model.do(edits.SetItem(shaped), _("Resize"))

    def cancel(self) -> None:
        self.model.live.let_go()


def _stretched(low: float, high: float, step: float, side: int, smallest: float) -> Point:
    if side < 0:
        return float(round(min(low + step, high - smallest))), high
    if side > 0:
        return low, float(round(max(high + step, low + smallest)))
    return low, high


def cursor(sides: tuple[int, int]) -> Qt.CursorShape:
    """The arrow that says which way an edge goes."""
    if not sides[1]:
        return Qt.CursorShape.SizeHorCursor
    if not sides[0]:
        return Qt.CursorShape.SizeVerCursor
    return Qt.CursorShape.SizeFDiagCursor if sides[0] == sides[1] else Qt.CursorShape.SizeBDiagCursor


class MoveBend(PointerGesture):
    """A bend of a wire follows the pointer."""

    cursor = Qt.CursorShape.SizeAllCursor

    def __init__(self, model: CanvasModel, start: Pointer, edge: str, index: int) -> None:
        super().__init__(model, start)
        self._edge, self._index = edge, index
        self._via = self._before = model.document.graph.edges[edge].via

    def move(self, at: Pointer) -> None:
        if self._via is self._before and (self.model.document.read_only or not self.moved(at)):
            return
        if self._via is self._before:
            self.model.live.hide_edge(self._edge)
        x, y = self._before[self._index]
        step = at.scene - self.start.scene
        there = (float(round(x + step.x())), float(round(y + step.y())))
        self._via = (*self._before[: self._index], there, *self._before[self._index + 1 :])
        self.model.surface.repaint_scene()

    def finish(self, at: Pointer) -> None:
        self.move(at)
        via = self._via
        self.cancel()
        if via != self._before:
            self.model.do(edits.SetVia(self._edge, via), _("Move point"))

    def cancel(self) -> None:
        if self._via is not self._before:
            self.model.live.show_edge(self._edge)

    def paint(self, painter: QPainter) -> None:
        if self._via is self._before:
            return
        model, edge = self.model, self.model.document.graph.edges[self._edge]
        start = model.scene.anchor(edge.source[0], edge.source[1], True)
        end = model.scene.anchor(edge.target[0], edge.target[1], False, edge.slot)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(rest_pen(model.theme, model.theme.selection))
        painter.drawPath(wires.path(wires.cubics(start, end, self._via)))
        for x, y in self._via:
            paint_bend(painter, QPointF(x, y), model.theme, model.theme.selection)

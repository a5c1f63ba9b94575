"""What answers a hand at once: the selection, what is under the pointer, and the gesture under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from ui.canvas.input.gestures import MoveBend
from ui.canvas.paint.nodes import paint_outline
from ui.canvas.paint.wires import paint_bend, paint_lit
from ui.look.theme import Theme, color

if TYPE_CHECKING:
    from ui.canvas.input.router import InputRouter
    from ui.canvas.view import Canvas


def paint(painter: QPainter, canvas: Canvas, router: InputRouter) -> None:
    """The painter is in scene coordinates."""
    scene, theme = canvas.scene, canvas.theme
    wide = max(1.0, 1 / canvas.camera.scale)
    rest = theme.wire_width / theme.scale
    for edge in canvas.selected_edges():
        if edge in scene.edge_row and edge not in scene.hidden_edges:  # another level's wire may be selected from the outline
            paint_lit(painter, scene, edge, theme.selection, (rest + 1.5) * wide)
    if router.hover_wire in scene.edge_row and router.hover_wire is not None and router.hover_wire not in canvas.selection:
        paint_lit(painter, scene, router.hover_wire, theme.text, (rest + 0.4) * wide)
    if router.pin is not None and router.hover_wire in scene.edge_row and router.gesture is None:
        _paint_pin(painter, router.pin, theme, 1 / canvas.camera.scale)
    if router.drop_wire in scene.edge_row and router.drop_wire is not None:
        paint_lit(painter, scene, router.drop_wire, theme.selection, rest + 3)
    for node in canvas.movable():
        rect = scene.rect(node) if node in scene.row else scene.item_rect(node)
        if not rect.isNull():
            paint_outline(painter, rect, theme.selection, 2.0 * wide, 3.5)
    _paint_rings(painter, canvas, router, wide)
    if router.hover_port is not None and router.gesture is None and router.hover_port.node in scene.row:
        x, y = scene.place(router.hover_port.node)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(theme.selection))
        painter.drawEllipse(QPointF(x + router.hover_port.spot.x, y + router.hover_port.spot.y), 6.5, 6.5)
    if router.gesture is not None:
        router.gesture.paint(painter)


def _paint_rings(painter: QPainter, canvas: Canvas, router: InputRouter, wide: float) -> None:
    """The focus, the chosen point of a wire, and what was looked for."""
    scene, theme = canvas.scene, canvas.theme
    focus = canvas.focused_item()
    if focus is not None:
        paint_outline(painter, scene.rect(focus) if focus in scene.row else scene.item_rect(focus), theme.focus, 2.0 * wide, 8.0)
    if router.bend is not None and router.bend[0] in scene.bent and not isinstance(router.gesture, MoveBend):
        via = canvas.document.graph.edges[router.bend[0]].via
        if router.bend[1] < len(via):
            paint_bend(painter, QPointF(*via[router.bend[1]]), theme, theme.selection)
    if canvas.find_bar is not None and canvas.find_bar.found:
        for each in canvas.find_bar.found:
            rect = scene.rect(each) if each in scene.row else scene.item_rect(each)
            if not rect.isNull():
                paint_outline(painter, rect, theme.warning, 2.5 * wide, 7)


def _paint_pin(painter: QPainter, at: QPointF, theme: Theme, unit: float) -> None:
    """A probe's mark: a click on it follows the wire."""
    painter.setPen(QPen(color(theme.swatch["probes"]), 2.0 * unit))
    painter.setBrush(color(theme.panel))
    painter.drawEllipse(at, 8.0 * unit, 8.0 * unit)
    painter.setBrush(color(theme.swatch["probes"]))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(at, 3.2 * unit, 3.2 * unit)

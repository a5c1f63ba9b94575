"""Immediate feedback: the selection, what is under the mouse, the focus and search results."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.legibility import FULL
from ui.canvas.paint.nodes import paint_outline
from ui.canvas.paint.wires import paint_bend, paint_bends, paint_lit
from ui.look.theme import Theme, color


def paint(painter: QPainter, model: CanvasModel, idle: bool, ring_bend: bool) -> None:
    """The painter is in scene coordinates. `idle`: no gesture is under way; `ring_bend`: the chosen point of a wire is shown."""
    scene, theme, pointing = model.scene, model.theme, model.pointing
    wide = max(1.0, 1 / model.camera.scale)
    rest = theme.wire_width / theme.scale
    for edge in model.selected_edges():
        if edge in scene.edge_row and edge not in scene.hidden_edges:  # another level's wire may be selected from the outline
            paint_lit(painter, scene, edge, theme.selection, (rest + 1.5) * wide)
    if pointing.wire is not None and pointing.wire in scene.edge_row:
        if pointing.wire not in model.selection:
            paint_lit(painter, scene, pointing.wire, theme.text, (rest + 0.4) * wide)
        if pointing.pin is not None and idle:
            _paint_pin(painter, pointing.pin, theme, 1 / model.camera.scale)
    if model.camera.scale >= FULL and scene.bent:
        paint_bends(painter, scene, [edge for edge in (*model.selected_edges(), pointing.wire) if edge is not None], theme)
    if pointing.drop_wire is not None and pointing.drop_wire in scene.edge_row:
        paint_lit(painter, scene, pointing.drop_wire, theme.selection, rest + 3)
    for item in model.movable():
        rect = model.item_rect(item)
        if not rect.isNull():
            paint_outline(painter, rect, theme.selection, 2.0 * wide, 3.5)
    _paint_rings(painter, model, wide, ring_bend)
    if pointing.port is not None and idle and pointing.port.node in scene.row:
        x, y = scene.place(pointing.port.node)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(theme.selection))
        painter.drawEllipse(QPointF(x + pointing.port.spot.x, y + pointing.port.spot.y), 6.5, 6.5)


def _paint_rings(painter: QPainter, model: CanvasModel, wide: float, ring_bend: bool) -> None:
    """The focus, the chosen point of a wire, and what was looked for."""
    theme, bend = model.theme, model.pointing.bend
    focus = model.focused_item()
    if focus is not None and model.shows_focus:
        paint_outline(painter, model.item_rect(focus), theme.focus, 2.0 * wide, 8.0)
    if bend is not None and ring_bend and bend[0] in model.scene.bent:
        via = model.document.graph.edges[bend[0]].via
        if bend[1] < len(via):
            paint_bend(painter, QPointF(*via[bend[1]]), theme, theme.selection)
    for item in model.found:
        rect = model.item_rect(item)
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

"""The mouse over the canvas between gestures: what is under it lights up, and the cursor shows what a press would do."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt

from ui.canvas.input import hits
from ui.canvas.input.gestures import Pointer
from ui.canvas.input.gestures.shape import cursor as resize_cursor
from ui.canvas.model import tips
from ui.canvas.model.canvas_model import CanvasModel

_PIN_AWAY = 30.0
"""Distance between the mouse and the pin along the wire, in pixels."""


def hover(model: CanvasModel, at: Pointer, space: bool) -> None:
    """`space` is held: a press would move the view."""
    pointing, scene = model.pointing, model.scene
    on_map = model.map.covers(at.view)
    port = hits.port_at(model, at.scene) if not on_map else None
    node = scene.node_at(at.scene) if not on_map else None
    wire = hits.wire_at(model, at.scene) if port is None and node is None and not on_map else None
    offer = hits.offer_at(model, at.view)
    if (port, wire, offer) != (pointing.port, pointing.wire, pointing.offer):
        repaint(model)
        if wire != pointing.wire:
            pointing.pin = _pin_place(model, wire, at.scene) if wire is not None else None
        pointing.port, pointing.wire = port, wire
        if offer != pointing.offer:
            pointing.offer = offer
            model.surface.repaint_scene()
        repaint(model)
    model.surface.show_cursor(_cursor(model, at.scene, space, port is not None, bool(offer) or on_map, node))


def _cursor(model: CanvasModel, at: QPointF, space: bool, on_port: bool, on_button: bool, node: str | None) -> Qt.CursorShape | None:
    if space:
        return Qt.CursorShape.OpenHandCursor
    if on_port:
        return Qt.CursorShape.CrossCursor
    if on_button or hits.on_pin(model, at):
        return Qt.CursorShape.PointingHandCursor
    if node is not None and hits.on_slider(model, node, at):
        return Qt.CursorShape.SizeHorCursor
    item = hits.note_at(model, at) or (hits.frame_at(model, at) if node is None else None)
    return resize_cursor(item.sides) if item is not None and item.part == "edge" else None


def leave(model: CanvasModel) -> None:
    """Nothing is under the mouse."""
    repaint(model)
    model.pointing.leave()


def repaint(model: CanvasModel) -> None:
    """Repaint what lights up under the mouse."""
    scene, pointing = model.scene, model.pointing
    if pointing.wire is not None and pointing.wire in scene.edge_row:
        model.surface.repaint_scene(scene.wire_rect(pointing.wire, 12 + 12 / model.camera.scale))
    if pointing.port is not None and pointing.port.node in scene.row:
        model.surface.repaint_scene(scene.rect(pointing.port.node).adjusted(-14, -4, 14, 4))


def _pin_place(model: CanvasModel, wire: str, at: QPointF) -> QPointF:
    """A little further along the wire, so that the pointer does not cover it."""
    points = model.scene.wire_points(wire)
    away = np.hypot(points[:, 0] - at.x(), points[:, 1] - at.y())
    nearest, far = int(away.argmin()), _PIN_AWAY / model.camera.scale
    ahead = [i for i in range(nearest, len(points)) if away[i] >= far] or [i for i in range(nearest, -1, -1) if away[i] >= far]
    return QPointF(*points[ahead[0] if ahead else nearest])


def tip_at(model: CanvasModel, view: QPointF) -> str:
    """What a tool tip says at a place in the view; empty for nothing."""
    if model.map.covers(view):
        return ""
    at, scene = model.camera.to_scene(view), model.scene
    port, node = hits.port_at(model, at), scene.node_at(at)
    if port is not None:
        return tips.port_tip(model.document.graph, model.content, scene.real(port))
    if node is not None:
        place = scene.place_at(node, at)
        return tips.place_tip(model.content, node, place) if place is not None else tips.node_tip(model.content, node)
    wire = model.number_at(at) or hits.wire_at(model, at, hits.TIP_REACH)
    return tips.wire_tip(model.content, model.document.graph.edges[wire]) if wire is not None else ""

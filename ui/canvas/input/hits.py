"""What lies under a point of the view: distances are screen pixels, and things too small to aim at are ignored."""

from __future__ import annotations

from PySide6.QtCore import QPointF

from ui.canvas.model import items
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.legibility import FULL
from ui.canvas.model.scene import PortHit
from ui.canvas.paint.messages import offer_places

WIRE_REACH, TIP_REACH, BEND_REACH, PORT_REACH, PIN_REACH = 7.0, 9.0, 9.0, 11.0, 12.0


def wire_at(model: CanvasModel, at: QPointF, reach: float = WIRE_REACH) -> str | None:
    return model.scene.wire_at(at, reach / model.camera.scale)


def bend_at(model: CanvasModel, at: QPointF) -> tuple[str, int] | None:
    """A point that a wire is led through."""
    return model.scene.bend_at(at, BEND_REACH / model.camera.scale)


def port_at(model: CanvasModel, at: QPointF) -> PortHit | None:
    """Ports are too small to be meant when seen from afar."""
    return model.scene.port_at(at, PORT_REACH) if model.camera.scale >= FULL / 2 else None


def note_at(model: CanvasModel, at: QPointF) -> items.ItemHit | None:
    return items.note_at(model.scene, at, items.GRIP / model.camera.scale)


def frame_at(model: CanvasModel, at: QPointF) -> items.ItemHit | None:
    return items.frame_at(model.scene, at, items.GRIP / model.camera.scale)


def on_slider(model: CanvasModel, node: str, at: QPointF) -> bool:
    slider = model.scene.cards[node].slider
    if slider is None or model.camera.scale < FULL:
        return False
    return slider.adjusted(-10, -7, 10, 8).contains(at - model.scene.rect(node).topLeft())


def on_pin(model: CanvasModel, at: QPointF) -> bool:
    """Whether this is the mark by which the wire under the mouse is followed."""
    pointing = model.pointing
    if pointing.pin is None or pointing.wire not in model.scene.edge_row:
        return False
    return (at - pointing.pin).manhattanLength() <= PIN_REACH / model.camera.scale


def offer_at(model: CanvasModel, view: QPointF) -> str:
    """Which offer of an empty canvas is at a place in the view; empty for none."""
    if not model.empty:
        return ""
    places = offer_places(model.viewport.size(), model.theme.scale)
    return next((key for key, place in places.items() if place.contains(view)), "")

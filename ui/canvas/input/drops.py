"""Node types dragged from the library onto the canvas."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent

from ui.canvas.input import commands, insert
from ui.canvas.input.gestures.move import BESIDE
from ui.canvas.model import inserting
from ui.canvas.model.canvas_model import CanvasModel

MIME = "application/x-gradwire-node"


def over(model: CanvasModel, event: QDragEnterEvent | QDragMoveEvent) -> str | None:
    """Whether it may be dropped here, and the wire that a node would be led into; Shift or Alt keeps it beside."""
    if not event.mimeData().hasFormat(MIME) or model.document.read_only:
        event.ignore()
        return None
    event.acceptProposedAction()
    if event.modifiers() & BESIDE:
        return None
    wire = model.scene.wire_at(model.camera.to_scene(event.position()), 12.0 / model.camera.scale)
    return wire if wire is not None and _fits(model, _key(event.mimeData()), wire) else None


def drop(model: CanvasModel, event: QDropEvent, wire: str | None) -> None:
    """Add the node, into `wire` where there is one."""
    if not event.mimeData().hasFormat(MIME) or model.document.read_only:
        event.ignore()
        return
    event.acceptProposedAction()
    key, at = _key(event.mimeData()), model.camera.to_scene(event.position())
    if wire is not None and _fits(model, key, wire):
        insert.insert(model, key, at, wire)
    else:
        commands.add(model, key, at)
    model.surface.take_focus(Qt.FocusReason.OtherFocusReason)
    model.surface.repaint_scene()


def _key(data: QMimeData) -> str:
    return bytes(data.data(MIME).data()).decode("utf-8", "replace")


def _fits(model: CanvasModel, key: str, wire: str) -> bool:
    graph = model.document.graph
    return wire in graph.edges and key in graph.catalog and inserting.ports(graph, graph.catalog[key], wire) is not None

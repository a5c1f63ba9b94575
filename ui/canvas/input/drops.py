"""Node types dragged from the library onto the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent

from ui.canvas.input import commands
from ui.canvas.input.gestures.move import BESIDE
from ui.canvas.model import inserting

if TYPE_CHECKING:
    from ui.canvas.view import Canvas

MIME = "application/x-gradwire-node"


def over(canvas: Canvas, event: QDragEnterEvent | QDragMoveEvent) -> str | None:
    """Whether it may be dropped here, and the wire that a node would be led into; Shift or Alt keeps it beside."""
    if not event.mimeData().hasFormat(MIME) or canvas.document.read_only:
        event.ignore()
        return None
    event.acceptProposedAction()
    if event.modifiers() & BESIDE:
        return None
    wire = canvas.scene.wire_at(canvas.camera.to_scene(event.position()), 12.0 / canvas.camera.scale)
    return wire if wire is not None and _fits(canvas, _key(event.mimeData()), wire) else None


def drop(canvas: Canvas, event: QDropEvent, wire: str | None) -> None:
    """Add the node, into `wire` where there is one."""
    if not event.mimeData().hasFormat(MIME) or canvas.document.read_only:
        event.ignore()
        return
    event.acceptProposedAction()
    key, at = _key(event.mimeData()), canvas.camera.to_scene(event.position())
    if wire is not None and _fits(canvas, key, wire):
        commands.insert(canvas, key, at, wire)
    else:
        commands.add(canvas, key, at)
    canvas.setFocus(Qt.FocusReason.OtherFocusReason)
    canvas.update()


def _key(data: QMimeData) -> str:
    return bytes(data.data(MIME).data()).decode("utf-8", "replace")


def _fits(canvas: Canvas, key: str, wire: str) -> bool:
    graph = canvas.document.graph
    return wire in graph.edges and key in graph.catalog and inserting.ports(graph, graph.catalog[key], wire) is not None

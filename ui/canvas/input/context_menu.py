"""Asking for the menu of what is under the mouse."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF

from ui.canvas.input import hits
from ui.canvas.model.canvas_model import CanvasModel


def ask_for_menu(model: CanvasModel, at: QPointF, place: QPoint) -> None:
    """Select what is at `at` in the view, nothing on empty ground, and ask for its menu at `place` on the screen."""
    here = model.camera.to_scene(at)
    item = model.scene.node_at(here) or model.scene.wire_at(here, 7.0 / model.camera.scale)
    if item is not None and item not in model.selection:
        model.select([item])
    elif item is None and hits.note_at(model, here) is None and hits.frame_at(model, here) is None:
        model.select(())  # "Add node" then means this place, and "Arrange" everything
    model.menu_requested.emit(place, item)

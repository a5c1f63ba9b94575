"""Moving the view: with the middle button or Space, and on the map."""

from __future__ import annotations

from PySide6.QtCore import Qt

from ui.canvas.input.gestures.base import Pointer, PointerGesture
from ui.canvas.model.canvas_model import CanvasModel


class Pan(PointerGesture):
    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, model: CanvasModel, start: Pointer) -> None:
        super().__init__(model, start)
        self._before = model.camera.state()
        self._last = start.view

    def move(self, at: Pointer) -> None:
        step = at.view - self._last
        self._last = at.view
        self.model.viewport.pan_by(step.x(), step.y())

    def finish(self, at: Pointer) -> None:
        self.move(at)

    def cancel(self) -> None:
        self.model.viewport.restore(self._before)


class MapPan(PointerGesture):
    """Click or drag on the map: the view's middle follows."""

    def __init__(self, model: CanvasModel, start: Pointer) -> None:
        super().__init__(model, start)
        self._before = model.camera.state()
        self.move(start)

    def move(self, at: Pointer) -> None:
        self.model.viewport.centre_on(self.model.map.scene_point(at.view))

    def finish(self, at: Pointer) -> None:
        return

    def cancel(self) -> None:
        self.model.viewport.restore(self._before)

"""Moving the view: with the middle button or Space, and on the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from ui.canvas.input.gestures.base import Gesture, Pointer

if TYPE_CHECKING:
    from ui.canvas.view import Canvas


class Pan(Gesture):
    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, canvas: Canvas, start: Pointer) -> None:
        super().__init__(canvas, start)
        self._before = canvas.camera.state()
        self._last = start.view

    def move(self, at: Pointer) -> None:
        step = at.view - self._last
        self._last = at.view
        self.canvas.pan_by(step.x(), step.y())

    def finish(self, at: Pointer) -> None:
        self.move(at)

    def cancel(self) -> None:
        self.canvas.camera.restore(self._before)
        self.canvas.camera_moved()


class MapPan(Gesture):
    """Click or drag on the map: the view's middle follows."""

    def __init__(self, canvas: Canvas, start: Pointer) -> None:
        super().__init__(canvas, start)
        self._before = canvas.camera.state()
        self.move(start)

    def move(self, at: Pointer) -> None:
        self.canvas.centre_on(self.canvas.map_point(at.view))

    def finish(self, at: Pointer) -> None:
        return

    def cancel(self) -> None:
        self.canvas.camera.restore(self._before)
        self.canvas.camera_moved()

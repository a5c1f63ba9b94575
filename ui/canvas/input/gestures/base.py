"""What every gesture is."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QPainter

from ui.canvas.model.canvas_model import CanvasModel


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the mouse is: `view` in pixels, `scene` in the graph's coordinates."""

    view: QPointF
    scene: QPointF
    modifiers: Qt.KeyboardModifier


class PointerGesture:
    """Between press and release. Until `finish` the document is as it was, or `cancel` makes it so."""

    cursor = Qt.CursorShape.ArrowCursor

    def __init__(self, model: CanvasModel, start: Pointer) -> None:
        self.model = model
        self.start = start

    def key(self, event: QKeyEvent) -> PointerGesture | None:
        """A key during the gesture: what goes on then. Most gestures let nothing be edited while they hold something."""
        return self

    def move(self, at: Pointer) -> None:
        raise NotImplementedError

    def finish(self, at: Pointer) -> None:
        raise NotImplementedError

    def cancel(self) -> None:
        """Leave no trace."""

    def paint(self, painter: QPainter) -> None:
        """Feedback in scene coordinates."""

    def tip(self) -> tuple[str, bool] | None:
        """Text beside the cursor, and whether it is good news."""
        return None

    def tip_place(self) -> QPointF | None:
        """Where the tip is shown, in view coordinates; None for the cursor."""
        return None

    def moved(self, at: Pointer) -> bool:
        """Whether the pointer has moved far enough for a drag; less is a click."""
        return (at.view - self.start.view).manhattanLength() >= 4

    def clicked(self, item: str) -> None:
        """A click that moved nothing: the item alone is selected; with Shift or Ctrl it has been toggled already."""
        toggled = self.start.modifiers & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier)
        if item != self.model.scene.inside and not toggled:
            self.model.select([item])

"""What every gesture is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

if TYPE_CHECKING:
    from ui.canvas.view import Canvas


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the mouse is: `view` in pixels, `scene` in the graph's coordinates."""

    view: QPointF
    scene: QPointF
    modifiers: Qt.KeyboardModifier


class Gesture:
    """Between press and release. Until `finish` the document is as it was, or `cancel` makes it so."""

    cursor = Qt.CursorShape.ArrowCursor

    def __init__(self, canvas: Canvas, start: Pointer) -> None:
        self.canvas = canvas
        self.start = start

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
        """Where the tip stands, in view coordinates; None for the cursor."""
        return None

    def moved(self, at: Pointer) -> bool:
        """Whether the hand has left the spot: less is a click."""
        return (at.view - self.start.view).manhattanLength() >= 4

"""What the mouse and the keys are at: input writes it, painting reads it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF

from ui.canvas.model.scene import PortHit


@dataclass(slots=True)
class Pointing:
    last: QPointF | None = None
    """Where the mouse was last, in view coordinates."""
    by_keys: bool = False
    """Whether the last input came from the keyboard: then the focus is shown."""
    entered: bool = False
    """Whether the focus came to the canvas by Tab or a key for panels, and nothing was done here since: then the canvas is framed."""
    wire: str | None = None
    port: PortHit | None = None
    pin: QPointF | None = None
    """Where the wire under the mouse offers to be followed, in scene coordinates."""
    drop_wire: str | None = None
    """The wire that a dragged node type would be inserted into."""
    bend: tuple[str, int] | None = None
    """The point of a wire that was clicked last: what Delete removes, until something else is chosen."""
    offer: str = ""
    """Which of the offers of an empty canvas is under the mouse."""

    def leave(self) -> None:
        self.port = self.wire = self.pin = None

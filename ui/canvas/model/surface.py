"""What model and input need of the widget that shows them. A test can fake it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QKeyEvent

Typed = Callable[[str, bool], None]
"""Called with a text, and whether it was ended by a key: then what is refused can be corrected at once."""


class Surface(Protocol):
    """View coordinates are pixels from the upper left corner of the surface."""

    def view_size(self) -> QSizeF: ...

    def repaint_scene(self, area: QRectF | None = None) -> None:
        """Ask for a part of the scene to be painted again; without `area`, for everything."""

    def show_cursor(self, shape: Qt.CursorShape | None) -> None:
        """None: the usual one."""

    def mouse_place(self) -> QPointF:
        """Where the mouse is, in view coordinates; it may be outside."""

    def to_global(self, at: QPointF) -> QPoint: ...

    def take_focus(self, reason: Qt.FocusReason) -> None: ...

    def has_focus(self) -> bool: ...

    def show_tip(self, text: str, at: QPoint) -> None:
        """A tool tip at a place in the view; an empty text closes it."""

    def edit_line(self, text: str, label: str, place: QRectF, done: Typed) -> None:
        """Open an editor of one line at a rectangle of the scene."""

    def edit_text(self, text: str, label: str, place: QRectF, done: Typed) -> None:
        """Open an editor of several lines at a rectangle of the scene."""

    def close_sheet(self) -> bool:
        """Close the topmost sheet over the canvas; whether there was one."""

    def bound_elsewhere(self, event: QKeyEvent) -> bool:
        """Whether the window binds this key to a command of its own."""

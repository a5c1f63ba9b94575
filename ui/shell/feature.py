"""Teaching tools as parts of the window: each hears what the window hears, and owns its panels.

The window makes one of each when it is furnished and keeps it under its package's name (`window.explain`); what is not seen
yet is imported on first use, because everything here would otherwise be paid for at every start.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from graph.storage.document import Document
    from ui.look.theme import Theme
    from ui.shell.window import Window

NAMES = ("explain", "debugger", "unfold", "predict", "lessons", "presenter")


class Feature(QObject):
    """Base of all: does nothing. `self.window` is there before everything else in it is."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.window = window

    def install(self) -> None:
        """Add pages and bars; the rest of the window stands."""

    def facts(self) -> Iterable[str]:
        """What rows of the action table may ask for with `has`."""
        return ()

    def set_document(self, document: Document) -> None:
        """Another document is shown."""

    def set_trace(self, trace: TraceView, stale: bool) -> None:
        """New numbers; `stale` while they belong to an earlier state of the document."""

    def document_changed(self) -> None:
        """The document was edited; told once the event is over."""

    def selection_changed(self) -> None: ...

    def keys_changed(self) -> None:
        """Every action was given its keys; whoever borrows some takes them again."""

    def set_theme(self, theme: Theme) -> None: ...

    def close(self) -> None:
        """The window closes: end timers and processes, keep what is to be kept."""


def made(window: Window) -> dict[str, Feature]:
    """One of each, by name."""
    found = {}
    for name in NAMES:
        module = importlib.import_module(f"ui.{name}.feature")
        found[name] = getattr(module, name.capitalize())(window)
    return found

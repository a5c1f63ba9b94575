"""Teaching tools as parts of the window: each hears what the window hears, and owns its panels.

The window makes one of each when it is furnished; a feature imports its widgets when they are first used, because every start would
otherwise pay for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from graph.storage.document import Document
    from ui.look.theme import Theme
    from ui.shell.workspace.workspace import Workspace


class Feature(QObject):
    """Base of all features: every hook does nothing. A feature knows the workspace alone."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace.widget)
        self.workspace = workspace

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

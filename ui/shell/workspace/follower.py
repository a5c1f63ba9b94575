"""Notifications to features and panels. All hooks do nothing: a class overrides the ones it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.look.theme import Theme


class Follower:
    """Hooks that the window calls, panels first, then features, each in their order."""

    def install(self) -> None:
        """The window is complete: all panels, features, actions and services exist."""

    def set_document(self, document: Document) -> None:
        """Another document is shown."""

    def document_changed(self) -> None:
        """The document was edited; called once the event is over."""

    def set_trace(self, trace: TraceView, stale: bool) -> None:
        """New numbers; `stale` while they are others than those there are now."""

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        """What may be seen of the numbers has changed: new ones came, playback moved, some were hidden or shown."""

    def set_progress(self, progress: Progress) -> None:
        """Training went on, ended, or was reset."""

    def problems_changed(self) -> None:
        """Other problems were found (`Workspace.problems`)."""

    def selection_changed(self) -> None: ...

    def actions_changed(self) -> None:
        """Other actions can be used than before."""

    def keys_changed(self) -> None:
        """Every action has received its keys; a feature that borrows keys must take them again."""

    def set_theme(self, theme: Theme) -> None: ...

    def end(self) -> None:
        """The window closes: end timers and processes, store settings."""

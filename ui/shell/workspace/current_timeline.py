"""The timeline of what the window plays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.shell.workspace.timeline import Timeline

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace


class CurrentTimeline:
    """The timeline of what the window plays now, made again when that is something else."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: tuple[tuple[object, ...], Timeline] | None = None

    @property
    def now(self) -> Timeline:
        workspace, playhead = self._workspace, self._workspace.playhead
        objective = workspace.trace.objective[0] if workspace.trace is not None and workspace.trace.objective is not None else None
        key = (workspace.document, workspace.document.structure, playhead.events, objective, bool(playhead.tail))
        if self._known is None or self._known[0] != key:
            self._known = (key, Timeline(workspace.document.graph, playhead.events, objective, bool(playhead.tail)))
        return self._known[1]

"""Tools that explain, as a lesson's step asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from graph.lessons.lesson_graph import resolve
from ui.shell.workspace.services import EXPLANATIONS

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace


def show(workspace: Workspace, name: str, args: Mapping[str, Any]) -> None:
    """Show a tool about an item, which is selected first: tools are about the selection."""
    explanations = workspace.services.get(EXPLANATIONS)
    parameter = ""
    if "of" in args:
        item = resolve(workspace.document.graph, args["of"])
        workspace.canvas.select([item.id])
        explanations.mean(item.id, tuple(args["index"]) if "index" in args else None)
        parameter = item.port if item.kind == "parameter" else ""
    explanations.begin(name, parameter, args)


class Opened:
    """What a step opened is closed when it is left: docks that were hidden before, and the audit."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._docks: frozenset[str] = frozenset()
        self._audit = False

    def watch(self, act: Callable[[], object]) -> None:
        """Do something of the lesson, and remember what it opens."""
        docks, audit = self._workspace.pages.places(), self._audited()
        act()
        self._docks |= self._workspace.pages.places() - docks
        self._audit = self._audit or (self._audited() and not audit)

    def close(self) -> None:
        for name in self._docks:
            self._workspace.pages.hide(name)
        if self._audit and self._audited():
            self._workspace.services.get(EXPLANATIONS).turn_audit(False)
        self._docks, self._audit = frozenset(), False

    def _audited(self) -> bool:
        explanations = self._workspace.services.find(EXPLANATIONS)
        return explanations is not None and explanations.audited()

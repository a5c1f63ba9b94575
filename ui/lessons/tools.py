"""Tools that explain, as a lesson's step asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from graph.lessons.lesson_graph import resolve

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace


def show(workspace: Workspace, name: str, args: Mapping[str, Any]) -> None:
    """Show a tool about an item, which is selected first: tools are about the selection."""
    if "of" in args:
        item = resolve(workspace.document.graph, args["of"]).id
        workspace.canvas.select([item])
        workspace.explain.mean(item, tuple(args["index"]) if "index" in args else None)
    _SHOW[name](workspace, args)


def _picture(workspace: Workspace, args: Mapping[str, Any]) -> None:
    from ui.explain.picture_tool import PictureTool

    workspace.explain.show_picture()
    tool = workspace.explain.tools.tool("picture")
    if isinstance(tool, PictureTool):
        tool.begin(args.get("epsilon"))


def _explain(workspace: Workspace, args: Mapping[str, Any]) -> None:
    """The card of the item; of a learned tensor, where it is one."""
    workspace.explain.why()
    item = resolve(workspace.document.graph, args["of"])
    if item.kind == "parameter":
        workspace.explain.card.choose_parameter(item.port)


def _sweep(workspace: Workspace, args: Mapping[str, Any]) -> None:
    from ui.explain.cost_tool import CostTool

    workspace.explain.show_cost()
    tool = workspace.explain.tools.tool("cost")
    if isinstance(tool, CostTool):
        tool.start()


def _forward_mode(workspace: Workspace, args: Mapping[str, Any]) -> None:
    workspace.explain.show_modes()
    choose = getattr(workspace.explain.tools.tool("modes"), "choose_mode", None)
    if choose is not None:
        choose(0)


_SHOW: Mapping[str, Callable[[Workspace, Mapping[str, Any]], object]] = {
    "explain": _explain,
    "audit": lambda workspace, args: workspace.explain.audit.turn(args.get("on", True)),
    "paths": lambda workspace, args: workspace.explain.show_paths(),
    "picture": _picture,
    "forward_mode": _forward_mode,
    "sweep": _sweep,
    "symbolic": lambda workspace, args: workspace.explain.show_symbolic(),
}


class Opened:
    """What a step opened is closed when it is left: docks that were hidden before, and the audit."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._docks: set[str] = set()
        self._audit = False

    def watch(self, act: Callable[[], object]) -> None:
        """Do something of the lesson, and remember what it opens."""
        docks, audit = self._shown(), self._audited()
        act()
        self._docks |= self._shown() - docks
        self._audit = self._audit or (self._audited() and not audit)

    def close(self) -> None:
        for name in self._docks:
            self._workspace.panels.docks[name].hide()
        if self._audit and self._audited():
            self._workspace.explain.audit.turn(False)
        self._docks, self._audit = set(), False

    def _shown(self) -> set[str]:
        return {name for name, dock in self._workspace.panels.docks.items() if not dock.isHidden()}

    def _audited(self) -> bool:
        return "_audit" in vars(self._workspace.explain) and bool(self._workspace.explain.audit.on)

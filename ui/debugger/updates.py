"""The update phase in the window: asks the engine for it, and shows it on the debugger's page and above the parameters' cards."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject

from engine.explain.question import Refusal
from engine.explain.update import UpdateOf, UpdateTable
from graph.text.messages import _
from ui.debugger.tags import update_tags
from ui.look.numbers import shape_text

if TYPE_CHECKING:
    from engine.explain.condition import Condition
    from ui.debugger.points_view import PointsView
    from ui.debugger.update_view import UpdateView
    from ui.shell.workspace.workspace import Workspace

OWNER = "debugger"
"""Its name on the canvas's overlay."""
Pass = tuple[object, ...]


class Views(Protocol):
    """The two halves of the debugger's page."""

    points: PointsView
    update_view: UpdateView


class Updates(QObject):
    """Fills the page. An update belongs to one pass: another iteration, or an edited document, makes another."""

    def __init__(self, workspace: Workspace, parent: QObject, is_open: Callable[[], bool]) -> None:
        """`is_open`: whether the debugger is."""
        super().__init__(parent)
        self._workspace, self._is_open = workspace, is_open
        self.page: Views | None = None
        """The page in the bottom panel, once it was needed."""
        self._updating = False
        self._wanted: tuple[int, str, str, tuple[int, ...]] | None = None
        """The number of a parameter to be shown next."""
        self._known: tuple[Pass, UpdateTable | Refusal | None] | None = None
        workspace.visibility.hid.connect(self._hid)

    # the page

    def show_page(self, ask: bool = False) -> None:
        """Bring the page to the front; `ask`: with a place to type a condition."""
        self._workspace.pages.show("debugger")
        self._workspace.pages.panel("debugger")
        assert self.page is not None
        self.page.points.refresh()
        if ask:
            self.page.points.entry.setFocus()

    def show_entry(self, step: int, node: str, name: str, entry: tuple[int, ...]) -> None:
        """Bring the page to the front, and show this number of a parameter once the update of that step is known."""
        self._wanted = (step, node, name, entry)
        self.show_page()

    def fill(self, page: Views) -> None:
        """The page was created: show what is known."""
        self.page = page
        self._show()

    def name_of(self, node: str) -> str | None:
        known = self._workspace.document.graph.nodes.get(node)
        return known.name if known is not None else None

    def find(self, name: str) -> str | None:
        return next((node.id for node in self._workspace.document.graph.nodes.values() if node.name == name), None)

    def refuse(self, condition: Condition) -> str:
        """Why there is no such entry, where the node's tensor is known."""
        trace = self._workspace.trace
        if trace is None or condition.entry is None:
            return ""
        shapes = [view.shape for (node, _), view in trace.values.items() if node == condition.node]
        if not shapes or any(condition.fits(shape) for shape in shapes):
            return ""
        name, place = self.name_of(condition.node), f"[{', '.join(map(str, condition.entry))}]"
        return (
            _("{name} is {shape}: it has no entry {place}.").format(name=name, shape=shape_text(shapes[0]), place=place)
            if shapes[0]
            else _("{name} is one number: it has no entries.").format(name=name)
        )

    def target(self) -> str:
        chosen = self._workspace.canvas.selected_nodes()
        return chosen[0] if len(chosen) == 1 else ""

    # the update

    @property
    def _pass(self) -> Pass:
        trace = self._workspace.trace
        return (trace.run, trace.structure, trace.revision, trace.iteration) if trace is not None else ()

    def follow(self) -> None:
        """In the phases update and zero, the parameters' steps are on the page and above their cards."""
        workspace, playhead, kernel = self._workspace, self._workspace.playhead, self._workspace.kernel
        done = bool(playhead.tail) and not playhead.at_rest and playhead.event_index > len(playhead.events)
        updating = self._is_open() and done
        begins, self._updating = updating and not self._updating, updating
        if begins and "bottom" in workspace.pages.places():
            workspace.pages.show("debugger")
        if updating and kernel is not None and (self._known is None or self._known[0] != self._pass):
            wanted = self._pass
            self._known = (wanted, None)
            kernel.ask(UpdateOf(), lambda reply: self._take(wanted, reply))
        if self.page is not None:
            self.page.points.refresh()
        self._show()

    def _take(self, wanted: Pass, reply: UpdateTable | Refusal) -> None:
        if wanted == self._pass:
            self._known = (wanted, reply)
            self._show()

    def ask_entry(self, node: str, name: str, entry: tuple[int, ...]) -> None:
        wanted = self._pass

        def take(reply: UpdateTable | Refusal) -> None:
            if wanted == self._pass and self._updating and self.page is not None and isinstance(reply, UpdateTable):
                self.page.update_view.take_row(reply)

        if self._workspace.kernel is not None:
            self._workspace.kernel.ask(UpdateOf(node, name, entry), take)

    def _hid(self, more: bool) -> None:
        """Other numbers are hidden: the update holds some of them, or lacks some."""
        if self._known is not None:
            self._known = None
            self.follow()

    def _show(self) -> None:
        known = self._known
        reply = known[1] if known is not None and self._updating and known[0] == self._pass else None
        update = reply if isinstance(reply, UpdateTable) else None
        if self.page is not None:
            from ui.debugger.update_view import WAITING

            waiting = "…" if self._updating and reply is None and self._workspace.kernel is not None else WAITING
            self.page.update_view.show_update(update, reply.text if isinstance(reply, Refusal) else waiting)
            if self._wanted is not None and update is not None and update.iteration == self._wanted[0]:
                (_step, node, name, entry), self._wanted = self._wanted, None
                if self.page.update_view.choose(node, name) and entry:
                    self.ask_entry(node, name, entry)
        self._workspace.canvas.overlay.tag(OWNER, update_tags(update) if update is not None else {})

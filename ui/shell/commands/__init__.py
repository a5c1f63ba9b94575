"""What the rows of the action table do that belong to the window itself, and which of all rows can be used now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from graph.text.messages import _
from ui.shell.commands.canvas import CanvasCommands
from ui.shell.commands.edit import EditCommands
from ui.shell.commands.file import FileCommands, Filing
from ui.shell.commands.help import HelpCommands, Keyed
from ui.shell.commands.run import RunCommands
from ui.shell.commands.view import Dressed, ViewCommands
from ui.shell.palette import Searchable
from ui.shell.workspace.action_spec import ActionContext, ActionSpec
from ui.shell.workspace.services import INSIDE

if TYPE_CHECKING:
    from ui.shell.status import Status
    from ui.shell.workspace.feature import Feature

PARTS = (FileCommands, EditCommands, CanvasCommands, ViewCommands, RunCommands, HelpCommands)
"""One class for each menu, and one for what arranges the canvas."""
MANY = 2000
"""Nodes from which on preparing a graph takes the engine longer than starting."""


class Commanded(Filing, Keyed, Dressed, Searchable, Protocol):
    """All that commands change, or ask whether they can be used."""

    @property
    def features(self) -> Mapping[str, Feature]: ...

    @property
    def status(self) -> Status: ...


class Commands:
    """The window's commands by the names of their rows; each menu has a class of its own."""

    def __init__(self, window: Commanded) -> None:
        self._window = window
        self._parts: list[Any] = [part(window) for part in PARTS]

    @property
    def edit(self) -> EditCommands:
        return next(part for part in self._parts if isinstance(part, EditCommands))

    def run(self, identity: str) -> None:
        """Do what a row of the window's own says, at once."""
        getattr(next(part for part in self._parts if hasattr(part, identity)), identity)()

    def perform(self, spec: ActionSpec) -> None:
        """Do what a row of the table says; one that may ask something waits until the event is over."""
        if spec.asks:
            self._window.later(lambda: self._perform(spec))
        else:
            self._perform(spec)

    def _perform(self, spec: ActionSpec) -> None:
        """Features and panels are looked up when they are needed: the tools behind them load then."""
        owner, name = spec.run.split(".") if spec.run else ("", "")
        if not owner:
            self.run(spec.id)
        elif owner in self._window.features:
            getattr(self._window.features[owner], name)()
        else:
            getattr(self._window.panels.panel(owner), name)()

    def situation(self) -> ActionContext:
        window, graph = self._window, self._window.document.graph
        history, kernel, canvas, inside = window.document.history, window.kernel, window.canvas, window.services.find(INSIDE)
        return ActionContext(
            nodes=len(graph.nodes),
            selected_nodes=len(canvas.selected_nodes()),
            selected=len(canvas.selection),
            movable=len(canvas.movable()),
            groups=sum(item in graph.groups for item in canvas.movable()) if graph.groups else 0,
            inside=canvas.navigation.inside is not None,
            undo=(history.undo_text or _("last change")) if history.can_undo else "",
            redo=(history.redo_text or _("last change")) if history.can_redo else "",
            events=len(window.playhead.events),
            samples=canvas.sample_chooser.count,
            training=kernel is not None and (kernel.training or (inside is not None and inside.training)),
            trained=kernel is not None and kernel.progress.step > 0,
            was_reset=kernel is not None and kernel.progress.before_reset > 0,
            trainable=not self.why_not_train(),
            learns=self._learns(),
            kernel=kernel is not None,
            read_only=bool(window.document.read_only),
            type_size=window.panels.sizes.of(),
            facts=frozenset(fact for feature in window.features.values() for fact in feature.facts()),
        )

    def _learns(self) -> bool:
        """Whether anything here has weights."""
        return self._window.document.graph.has(lambda spec: spec.parameters or spec.role == "parameter")

    def why_not_train(self) -> str:
        """Why nothing can be trained, in words; empty where it can."""
        window = self._window
        if window.kernel is None or window.trace is None:
            return self._why_no_numbers()
        inside = window.services.find(INSIDE)
        if inside is not None and inside.active:
            return inside.why_not_train()
        if not self._learns():
            return _("Nothing here can be trained: there is no Parameter and no layer with weights")
        return "" if window.trace.objective is not None else window.trace.objective_note or _("Solve the problems first")

    def _why_no_numbers(self) -> str:
        """Why there is no trace yet. At the start of a window the engine says nothing before its first numbers, so a graph that takes it
        much longer than starting is named instead."""
        window = self._window
        if window.kernel is None or (window.status.kernel == "starting" and len(window.document.graph.nodes) < MANY):
            return _("The engine is starting")
        if window.status.kernel == "dead":
            return _("The engine is not running")
        return _("The engine is preparing this graph; there are no numbers yet")

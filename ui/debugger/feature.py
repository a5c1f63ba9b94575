"""What the window holds of `ui.debugger`. Loads its widgets when they are first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.shell.workspace.feature import Feature
from ui.shell.workspace.services import STEPPING, Service

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.compile.views import TraceView
    from graph.storage.document import Document
    from ui.debugger.control import Control
    from ui.engine_link.messages import Progress
    from ui.shell.workspace.timeline import Phase
    from ui.shell.workspace.workspace import Workspace


DEBUGGER: Service[Debugger] = Service("debugger")


class Debugger(Feature):
    """Stepping through passes and iterations, with breakpoints."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.services.offer(DEBUGGER, self)
        workspace.services.offer(STEPPING, self)
        self._made: Control | None = None
        self._shown: tuple[object, ...] = ()

    def install(self) -> None:
        workspace = self.workspace
        workspace.playhead.moved.connect(self._moved)
        workspace.modes.changed.connect(self._mode_changed)
        if workspace.modes.current == "debug":
            self.control.show()
        if workspace.kernel is not None:
            workspace.kernel.status.connect(self._status)

    @property
    def control(self) -> Control:
        """Made when something of it is first used."""
        from ui.debugger.control import Control

        if self._made is None:
            self._made = Control(self.workspace, self.toggle)
        return self._made

    def facts(self) -> Iterable[str]:
        """`line search` where the optimizer has one, or tries steps as Levenberg–Marquardt does."""
        from engine.training.optimizers.registry import declared_or_none

        spec = declared_or_none(self.workspace.document.graph.training)
        return ("line search",) if spec is not None and spec.family == "second" else ()

    # what the rows of the action table do

    def toggle(self) -> None:
        """Open the debugger in its mode, or close it and leave that mode; while one teaches, its controls come and go without its page."""
        modes = self.workspace.modes
        if modes.current == "debug":
            modes.back()
        elif self.control.open:
            self.control.hide()
        elif modes.current == "teach":
            self.control.show()
        else:
            modes.choose("debug")

    def _mode_changed(self, before: str, now: str) -> None:
        """The debugger is open in its own mode; it stays open while one teaches, and ends in the other modes."""
        if now == "debug":
            self.control.show()
        elif now != "teach" and self._made is not None:
            self._made.hide()

    def to_phase(self, phase: Phase) -> None:
        """Go to the start of a phase of the training step."""
        self.control.to_phase(phase)

    def show_search(self) -> None:
        """Show what the line search of the coming step tries."""
        if self.workspace.modes.current not in ("teach", "debug"):
            self.workspace.modes.choose("debug")
        self.control.show_search()

    def show_update(self, step: int, node: str, name: str, entry: tuple[int, ...]) -> None:
        """Show the update that a training step makes of one number of a learned tensor."""
        if self.workspace.modes.current not in ("teach", "debug"):
            self.workspace.modes.choose("debug")
        self.control.show_update(step, node, name, entry)

    def layer_on(self) -> None:
        self.control.step("layer", 1)

    def layer_back(self) -> None:
        self.control.step("layer", -1)

    def phase_on(self) -> None:
        self.control.step("phase", 1)

    def phase_back(self) -> None:
        self.control.step("phase", -1)

    def iteration_back(self) -> None:
        self.control.step("iteration", -1)

    def run_here(self) -> None:
        self.control.run_here()

    def toggle_breakpoint(self) -> None:
        self.control.toggle_breakpoint()

    def ask_condition(self) -> None:
        self.control.show_page(ask=True)

    # hooks of the window

    def set_document(self, document: Document) -> None:
        if self._made is not None:
            self._made.set_document(document)

    def set_trace(self, trace: TraceView, stale: bool) -> None:
        if self._made is not None:
            self._made.set_trace(trace)

    def document_changed(self) -> None:
        if self._made is not None:
            self._made.document_changed()

    def selection_changed(self) -> None:
        if self._made is not None:
            self._made.refresh()

    def end(self) -> None:
        if self._made is not None:
            self._made.close()

    def set_progress(self, progress: Progress) -> None:
        if self._made is not None:
            self._made.take_progress(progress)

    def _status(self, state: str, text: str) -> None:
        if self._made is not None and state == "starting":
            self._made.engine_began_anew()

    def _moved(self) -> None:
        """The strip follows event by event; nothing happens at the ticks between."""
        playhead = self.workspace.playhead
        now = (playhead.at_rest, playhead.event_index, playhead.under_way, playhead.length)
        if now == self._shown:
            return
        self._shown = now
        if self._made is not None:
            self._made.moved()

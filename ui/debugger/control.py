"""The debugger at work: moves playhead and kernel, lights what is active, keeps strip and page up to date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject

from graph.model.covered import Covered
from graph.text.messages import _
from ui.debugger.bar import Bar
from ui.debugger.breakpoints import Breakpoint, Breakpoints
from ui.debugger.updates import OWNER, Updates, Views
from ui.look.numbers import apart
from ui.maths.reading import scalar
from ui.shell.workspace.current_timeline import CurrentTimeline
from ui.shell.workspace.playback import TAIL
from ui.shell.workspace.services import NARRATION
from ui.shell.workspace.timeline import Phase, Timeline

if TYPE_CHECKING:
    from engine.compile.views import PassEvent, TraceView
    from engine.explain.condition import Condition
    from graph.storage.document import Document
    from ui.canvas.model.overlay import Hue
    from ui.engine_link.link import Kernel
    from ui.engine_link.messages import Progress
    from ui.shell.workspace.workspace import Workspace

Unit = Literal["layer", "phase", "iteration"]


@dataclass(frozen=True, slots=True)
class Goal:
    """An iteration requested from the kernel, and the position to go to once it has arrived; None: show everything."""

    iteration: int
    position: int | None


class Control(QObject):
    """One per window. Works without a kernel wherever there is a trace."""

    def __init__(self, workspace: Workspace, close: Callable[[], object]) -> None:
        """`close` is what the bar's button does."""
        super().__init__(workspace.widget)
        self._workspace, self._close = workspace, close
        self.open = False
        self.bar: Bar | None = None
        self.breakpoints = Breakpoints(self)
        self.updates = Updates(workspace, self, lambda: self.open)
        self._goal: Goal | None = None
        self._wish: int | None = None
        self._phase: Phase | None = None
        """To be gone to once the numbers of a whole training step are there."""
        self._told: tuple[Condition, ...] = ()
        self._asked = False
        self._before: TraceView | None = None
        """What was shown when the debugger was opened or closed, until the numbers of the other samples are there."""
        self._revision = workspace.document.revision
        self._said: tuple[object, ...] = ()
        self._timeline = CurrentTimeline(workspace)
        self.breakpoints.changed.connect(self._breakpoints_changed)
        workspace.playhead.breaks[OWNER] = self._breaks
        workspace.playhead.broke.connect(self._broke)
        workspace.playhead.left.connect(self._cross)

    # position

    @property
    def page(self) -> Views | None:
        """The page in the bottom panel, once it was needed."""
        return self.updates.page

    @property
    def kernel(self) -> Kernel | None:
        return self._workspace.kernel

    @property
    def timeline(self) -> Timeline:
        return self._timeline.now

    @property
    def iteration(self) -> int:
        """The step that the iteration on show starts from."""
        trace = self._workspace.trace
        if trace is not None and trace.iteration >= 0:
            return trace.iteration
        return self.kernel.progress.step if self.kernel is not None else 0

    @property
    def position(self) -> int | None:
        """Finished events; None at rest."""
        playhead = self._workspace.playhead
        return None if playhead.at_rest else playhead.event_index

    # opening and closing

    def show(self) -> None:
        """Put the controls beside the transport; the numbers shown are those of the coming training step from now on."""
        if self.open:
            return
        self.open, self._before = True, self._workspace.visibility.animated
        if self.bar is None:
            self._make_bar()
        assert self.bar is not None
        self.bar.show()
        if self.kernel is not None:
            self._asked = True
            self.kernel.debug(True)
        self.refresh()

    def hide(self) -> None:
        """Take the controls away; breakpoints stay."""
        if not self.open:
            return
        workspace = self._workspace
        self.open, self._goal, self._wish, self._before = False, None, None, workspace.visibility.animated
        self._phase = None
        workspace.playhead.set_tail(False)
        workspace.canvas.overlay.highlight(OWNER, ())
        if self.bar is not None:
            self.bar.hide()
        if self.kernel is not None:
            self.kernel.debug(False)
        self.refresh()
        workspace.canvas.setFocus()

    def close(self) -> None:
        """The window closes."""
        self._workspace.playhead.breaks.pop(OWNER, None)

    def _make_bar(self) -> None:
        self.bar = bar = Bar()
        self._workspace.pages.add_controls(bar, bar.optional, bar.last)
        bar.stepped.connect(self.step)
        bar.scrubbed.connect(self._workspace.playhead.seek)
        bar.iteration_chosen.connect(self.to_iteration)
        bar.run_here.connect(self.run_here)
        bar.breakpoints_wanted.connect(self.show_page)
        bar.closed.connect(self._close)
        bar.escaped.connect(self._workspace.canvas.setFocus)

    # stepping

    def step(self, unit: Unit, way: int) -> None:
        """One layer, phase or iteration on (1) or back (-1), over the borders of an iteration where whole ones are played."""
        playhead = self._workspace.playhead
        if unit == "iteration":
            self._iterate(way)
        elif not playhead.events or self._busy:
            return
        else:
            at = playhead.event_index if not playhead.at_rest else 0 if way > 0 else len(playhead.events)
            timeline = self.timeline
            wanted = timeline.step(at, way, unit)
            if wanted != at:
                self._go(at, wanted)
            elif timeline.whole:
                self._cross(way)

    def to_phase(self, phase: Phase) -> None:
        """To the start of a phase of this iteration. Update and zero have no nodes to step through: they are made."""
        playhead, timeline = self._workspace.playhead, self.timeline
        if not playhead.events or self._busy:
            return
        if phase in timeline.ends:
            playhead.seek(timeline.ends[phase] if phase in TAIL else timeline.begins(phase))
        elif not self._workspace.why_not_train():
            self._phase = phase
            self.show()

    def show_search(self) -> None:
        """The update phase of this iteration, with the page at its line search."""
        if self.kernel is None or self._busy:
            return
        self.show()
        self.updates.show_page()
        assert self.page is not None
        self.page.update_view.show_search()
        self.to_phase("update")

    def show_update(self, step: int, node: str, name: str, entry: tuple[int, ...]) -> None:
        """The update phase of an iteration that is held, with the page at one number of a learned tensor."""
        if self.kernel is None or self._busy:
            return
        self.show()
        self.updates.show_entry(step, node, name, entry)
        if step == self.iteration:
            self.to_phase("update")
        else:
            self._goal = Goal(step, len(self._workspace.playhead.events) + 1)
            self.kernel.to_iteration(step)

    def run_here(self) -> None:
        """On to the selected node's next event, in the next iteration where this one has none left."""
        chosen = self._workspace.canvas.selected_nodes()
        playhead, timeline = self._workspace.playhead, self.timeline
        if len(chosen) != 1 or not playhead.events or self._busy:
            return
        at = 0 if playhead.at_rest else playhead.event_index
        there = timeline.after(chosen[0], at)
        if there is not None:
            self._go(at, there)
        elif timeline.whole and (first := timeline.after(chosen[0], 0)) is not None:
            self._iterate(1, first)
        else:
            self._workspace.say(_("The selected node has nothing left to compute in this pass"))

    def to_iteration(self, step: int) -> None:
        """Go to an iteration that is held; while one is on its way, the last request counts."""
        if self.kernel is None or self._busy:
            return
        if self._waiting:
            self._wish = step
        elif step != self.iteration:
            self._goal = Goal(step, self.position)
            self.kernel.to_iteration(step)

    @property
    def _waiting(self) -> bool:
        """Whether a requested iteration is still on its way; a request that another answer has overtaken is dropped."""
        if self._goal is not None and self.kernel is not None and not self.kernel.busy:
            self._goal = self._wish = None
            if self.kernel.progress.message:
                self._workspace.say(self.kernel.progress.message)
        return self._goal is not None

    @property
    def _busy(self) -> bool:
        return self.kernel is not None and self.kernel.training

    def _go(self, start: int, end: int) -> None:
        """Go to a position; a breakpoint on the way may stop playback."""
        trace = self._workspace.visibility.truth
        for i in range(start, min(end, len(self.timeline.events))):
            event = self.timeline.events[i]
            hit = self.breakpoints.hit(event, trace) if trace is not None else None
            if hit is not None:
                self._workspace.playhead.seek(i + 1)
                self._say_stop(*hit)
                return
        self._workspace.playhead.seek(end)

    def _cross(self, way: int) -> None:
        """Over the border between two iterations: to the beginning of the next, or the end of the one before."""
        self._iterate(way, 0 if way > 0 else self.timeline.length)

    def _iterate(self, way: int, position: int | None = -1) -> None:
        """One training step on or back; `position` -1 keeps the place within the iteration."""
        kernel, workspace = self.kernel, self._workspace
        if kernel is None or self._busy or self._waiting:
            return
        if why := workspace.why_not_train():
            workspace.say(why)
            return
        if way < 0 and not any(a <= self.iteration - 1 <= b for a, b in kernel.progress.reachable):
            workspace.say(_("This is the first iteration") if self.iteration == 0 else _("The previous iteration is no longer stored"))
            return
        if self.open:
            self._goal = Goal(self.iteration + way, self.position if position == -1 else position)
        if way > 0:
            kernel.step_once()
        else:
            kernel.back()

    # breakpoints

    def toggle_breakpoint(self) -> None:
        """At the selected nodes."""
        for node in self._workspace.canvas.selected_nodes():
            self.breakpoints.toggle(node)

    def show_page(self, ask: bool = False) -> None:
        """Breakpoints and the update's table; `ask`: with a place to type a condition."""
        self.updates.show_page(ask)

    def _breaks(self, event: PassEvent) -> bool:
        trace = self._workspace.visibility.truth
        return trace is not None and self.breakpoints.hit(event, trace) is not None

    def _broke(self, event: PassEvent) -> None:
        trace = self._workspace.visibility.truth
        hit = self.breakpoints.hit(event, trace) if trace is not None else None
        if hit is not None:
            self._say_stop(*hit)

    def _say_stop(self, point: Breakpoint, met: float) -> None:
        name = self._name(point.node)
        if point.condition is not None:
            self._say(point.condition.stop(self.iteration, name, self._shown(point.condition, met)))
        else:
            self._say(_("Stopped at the breakpoint of {name}.").format(name=name))

    def _say(self, why: str) -> None:
        """Why playback or training stopped: in the line over the canvas, else at the lower edge of the window."""
        narration = self._workspace.services.find(NARRATION)
        if narration is not None:
            narration.stopped(why)
        self._workspace.say(why)

    def _shown(self, condition: Condition, met: float | None) -> float | None:
        """The number that met a condition, as it may be said."""
        objective = self._workspace.trace.objective if self._workspace.trace is not None else None
        node = condition.node or (objective[0] if objective is not None and condition.quantity == "loss" else "")
        return met if met is None else self._workspace.visibility.shown("gradient" if condition.of_gradient else "value", node, met)

    def _name(self, node: str) -> str:
        nodes = self._workspace.document.graph.nodes
        return nodes[node].name if node in nodes else ""

    def _breakpoints_changed(self) -> None:
        self._tell_conditions()
        self.refresh()

    def _tell_conditions(self) -> None:
        conditions = self.breakpoints.conditions
        if self.kernel is not None and conditions != self._told:
            self._told = conditions
            self.kernel.stop_at(conditions)

    # hooks of the window

    def set_document(self, document: Document) -> None:
        """Another document: its nodes are others, whatever their ids."""
        self._goal = self._wish = self._phase = None
        self._told, self._asked = (), False
        self._workspace.playhead.set_tail(False)
        self.breakpoints.clear()

    def document_changed(self) -> None:
        """An edit may end what can be returned to: hear from the engine what is left of it."""
        kernel, revision = self.kernel, self._workspace.document.revision
        if self.open and kernel is not None and kernel.progress.reachable and revision != self._revision and not kernel.training:
            kernel.debug(True)
        self._revision = revision
        self.refresh()

    def set_trace(self, trace: TraceView) -> None:
        """New numbers: of the iteration that was asked for, or of the same one after an edit."""
        playhead = self._workspace.playhead
        playhead.set_tail(self.open and trace.iteration >= 0)
        self._say_samples(trace)
        phase, goal = self._phase, self._goal
        if phase is not None and phase in self.timeline.ends:
            self._phase = None
            self.to_phase(phase)
        if goal is not None and trace.iteration == goal.iteration:
            self._goal = None
            if goal.position is None:
                playhead.reset()
            else:
                self._arrive(goal.position)
            wish, self._wish = self._wish, None
            if wish is not None:
                self.to_iteration(wish)
        self.refresh()

    def _say_samples(self, trace: TraceView) -> None:
        """Opened or closed, the debugger changes the samples, and so the loss: say which they are."""
        before = self._before
        if before is None or (trace.iteration >= 0) != self.open:
            return
        self._before = None
        now = self._workspace.visibility.animated
        old, new = _loss(before), _loss(now if now is not None else trace)
        if old is None or new is None or old == new or before.structure != trace.structure:
            return
        if isinstance(old, Covered) or isinstance(new, Covered):
            return
        what = _("the samples of the next training step") if self.open else _("the chosen samples again")
        then, since = apart(old, new)
        self._workspace.say(_("Loss {new} (before: {old}), now for {what}.").format(new=since, old=then, what=what))

    def _arrive(self, position: int) -> None:
        self._workspace.playhead.seek(position)

    def take_progress(self, progress: Progress) -> None:
        """The progress of training."""
        if progress.phase in ("training", "failed"):
            self._goal = self._wish = None
        if self.open and not progress.debugging and not self._asked and self.kernel is not None:
            self._asked = True
            self.kernel.debug(True)
        stop = (progress.run, progress.step, progress.stopped)
        if progress.stopped is not None and progress.phase == "paused" and stop != self._said:
            met = self._shown(progress.stopped, progress.met)
            self._say(progress.stopped.stop(progress.step, self._name(progress.stopped.node), met))
        self._said = stop
        self._tell_conditions()
        self.refresh()

    def engine_began_anew(self) -> None:
        """Another kernel process knows nothing of conditions, nor that the debugger is open."""
        self._told, self._asked, self._goal, self._wish = (), False, None, None

    def moved(self) -> None:
        """The playhead came to another event."""
        self._light()
        self._show_place()
        self.updates.follow()

    # showing

    def refresh(self) -> None:
        """Bring strip and marks up to date."""
        workspace = self._workspace
        workspace.actions_by_id["debugger"].setChecked(self.open)
        workspace.canvas.overlay.mark(OWNER, self.breakpoints.marks(workspace.document.graph.nodes))
        self._light()
        self.updates.follow()
        if self.bar is None or not self.open:
            return
        self.bar.setEnabled(not self._busy)
        self.bar.here.setEnabled(len(workspace.canvas.selected_nodes()) == 1 and bool(workspace.playhead.events))
        self.bar.show_breakpoints(len(self.breakpoints.all))
        self._show_place()
        why = workspace.why_not_train()
        ranges = self.kernel.progress.reachable if self.kernel is not None else ()
        self.bar.show_iterations(self.iteration, ranges, not why, why)

    def _show_place(self) -> None:
        if self.bar is None or not self.open:
            return
        playhead = self._workspace.playhead
        at = playhead.event_index + playhead.under_way
        self.bar.show_place(self.timeline, at, playhead.at_rest, self.timeline.text(at, self._workspace.document.graph))

    def _light(self) -> None:
        """The wires to the node that works; the node itself has its ring from the playhead."""
        workspace, playhead = self._workspace, self._workspace.playhead
        overlay, graph = workspace.canvas.overlay, workspace.document.graph
        node = playhead.active_node if self.open else None
        if node is None or node not in graph.nodes:
            overlay.highlight(OWNER, ())
            return
        edges = graph.inputs_of(node)
        hue: Hue = "forward" if playhead.phase == "forward" else "backward"
        overlay.highlight(OWNER, (), [edge.id for edge in edges], hue=hue)


def _loss(trace: TraceView) -> float | None:
    """The number that is differentiated."""
    return scalar(trace.values.get(trace.objective)) if trace.objective is not None else None

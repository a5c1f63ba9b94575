"""What the window holds of `ui.ribbon`: follows playback and training. Loads its widgets when they are first shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.explain.cards import Line, Tex
from engine.explain.equations import Equations, EquationsOf, NodeEquations
from ui.ribbon import stops
from ui.ribbon.position import Position, position
from ui.shell.workspace.current_timeline import CurrentTimeline
from ui.shell.workspace.feature import Feature
from ui.shell.workspace.services import NARRATION, STEPPING
from ui.shell.workspace.timeline import PHASES, Phase

if TYPE_CHECKING:
    from engine.compile.views import PassEvent, TraceView
    from graph.model.graph import Graph
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.look.theme import Theme
    from ui.ribbon.chevrons import Chevrons
    from ui.ribbon.headline import Headline
    from ui.shell.workspace.workspace import Workspace

MODES = ("teach", "debug")
FORGET = Line("formula", (Tex(r"\nabla", role="gradient"), Tex(r"\leftarrow 0")))
"""Setting the gradients to zero."""
KEEP = Line("formula", (Tex(r"\nabla", role="gradient"), Tex(r"\leftarrow"), Tex(r"\nabla", role="gradient")))
"""Not setting them to zero: the next backward pass adds to them."""
AHEAD = 24
"""Equations of so many events are asked for at a time."""
OWNER = "ribbon"


class Ribbon(Feature):
    """Where playback is, and why it stopped."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.services.offer(NARRATION, self)
        self.timeline = CurrentTimeline(workspace)
        self.reason = ""
        self._of_training: tuple[int, str] | None = None
        """The step at which training ended, and what was said then."""
        self._widgets: tuple[Chevrons, Headline] | None = None
        self._entered: tuple[int, Phase] | None = None
        """A phase whose start was asked for, and its position."""
        self._equations: dict[str, NodeEquations] = {}
        self._about: tuple[object, ...] = ()
        """What the equations belong to."""
        self._seen: tuple[Any, ...] = ()
        self._training = ""

    def install(self) -> None:
        workspace = self.workspace
        workspace.playhead.moved.connect(self._follow)
        workspace.playhead.state_changed.connect(self._follow)
        workspace.playhead.breaks[OWNER] = self._breaks
        workspace.playhead.broke.connect(self._broke)
        workspace.modes.changed.connect(lambda _before, _now: self._mode())
        self._mode()

    @property
    def widgets(self) -> tuple[Chevrons, Headline]:
        """The ribbon and the line, made when they are first shown."""
        from ui.look.type_size import for_graph
        from ui.ribbon.chevrons import Chevrons
        from ui.ribbon.headline import Headline

        if self._widgets is None:
            workspace = self.workspace
            chevrons, headline = Chevrons(), Headline(workspace.canvas, for_graph(workspace.theme))
            chevrons.set_theme(workspace.theme)
            chevrons.chosen.connect(self.go)
            workspace.pages.add_ribbon(chevrons)
            self._widgets = chevrons, headline
        return self._widgets

    @property
    def shown(self) -> bool:
        return self.workspace.modes.current in MODES

    @property
    def position(self) -> Position | None:
        """Where playback stands; None at rest."""
        playhead = self.workspace.playhead
        entered = self._entered[1] if self._entered is not None and self._entered[0] == playhead.event_index else None
        return position(playhead, self.timeline.now, entered)

    def go(self, phase: Phase) -> None:
        """To the start of a phase."""
        stepping = self.workspace.services.find(STEPPING)
        if stepping is None:
            return
        stepping.to_phase(phase)
        playhead, timeline = self.workspace.playhead, self.timeline.now
        if not playhead.at_rest and phase in timeline.ends and playhead.event_index == timeline.begins(phase):
            self._entered = playhead.event_index, phase
            self._show()

    def stopped(self, why: str) -> None:
        """Say why playback or training stopped, until playback moves again."""
        self.reason = why
        self._show()

    # hooks of the window

    def set_document(self, document: Document) -> None:
        self.workspace.work.forget(self._take)
        self.reason, self._training = "", ""
        self._show()

    def set_trace(self, trace: TraceView, stale: bool) -> None:
        self._show()

    def set_progress(self, progress: Progress) -> None:
        before, self._training = self._training, progress.phase
        if progress.phase == "training":
            self.reason = ""
        elif before == "training" and progress.stopped is None:
            self.reason = stops.training(progress)
            self._of_training = progress.step, self.reason
        elif self._of_training is not None and self.reason == self._of_training[1] and progress.step != self._of_training[0]:
            self.reason = ""  # the run was reset, or stands elsewhere now
        self._show()

    def actions_changed(self) -> None:
        self._show()

    def set_theme(self, theme: Theme) -> None:
        from ui.look.type_size import for_graph

        if self._widgets is not None:
            chevrons, headline = self._widgets
            chevrons.set_theme(theme)
            headline.set_theme(for_graph(theme))

    def end(self) -> None:
        self.workspace.playhead.breaks.pop(OWNER, None)

    # playback

    def _follow(self) -> None:
        """Something about the position may be new; nothing happens at the ticks between two events."""
        playhead = self.workspace.playhead
        now = (playhead.at_rest, playhead.event_index, playhead.under_way, playhead.length, playhead.playing)
        if now == self._seen:
            return
        before, self._seen = self._seen, now
        if before[:4] != now[:4]:
            self.reason = ""
        if before and before[4] and not playhead.playing:
            self.reason = stops.playback(playhead, self.workspace.trace, self.workspace.document.graph, self.timeline.now, before[4])
        if self._entered is not None and (playhead.event_index != self._entered[0] or playhead.under_way):
            self._entered = None
        self._show()

    def _breaks(self, event: PassEvent) -> bool:
        """Playback stops where NaN or infinity begins; not while a number is to be predicted: that one could be it."""
        visibility = self.workspace.visibility
        return not visibility.asked and stops.nonfinite(event, visibility.truth, self.workspace.document.graph)

    def _broke(self, event: PassEvent) -> None:
        if self._breaks(event):
            self.stopped(stops.nonfinite_text(event, self.workspace.trace, self.workspace.document.graph))

    # showing

    def _mode(self) -> None:
        if not self.shown and self._widgets is None:
            return
        chevrons, headline = self.widgets
        chevrons.setVisible(self.shown)
        headline.use(self.shown)
        self._show()

    def _show(self) -> None:
        if not self.shown or self._widgets is None:
            return
        from ui.ribbon.headline import Said

        chevrons, headline = self._widgets
        where = self.position
        chevrons.show_phase(where.phase if where is not None else None, self._refused())
        headline.say(Said(where, self._name(where), self._lines(where), self.reason))

    def _refused(self) -> Mapping[Phase, str]:
        """Why a phase cannot be gone to."""
        kernel, timeline, trace = self.workspace.kernel, self.timeline.now, self.workspace.trace
        if kernel is not None and kernel.training:
            return dict.fromkeys(PHASES, stops.TRAINING)
        if not timeline.events:
            return dict.fromkeys(PHASES, stops.NOTHING)
        refused: dict[Phase, str] = {}
        if timeline.turn == len(timeline.events):
            refused["backward"] = stops.no_gradient(trace)
        if "update" not in timeline.ends and (why := self.workspace.why_not_train()):
            refused |= {"update": why, "zero": why}
        return refused

    def _name(self, where: Position | None) -> str:
        node = self.workspace.document.graph.nodes.get(where.node) if where is not None else None
        return node.name if node is not None else ""

    # equations

    def _lines(self, where: Position | None) -> tuple[Line, ...]:
        """The equations of the event, as far as they have come from the engine."""
        workspace = self.workspace
        if where is not None and where.phase == "update":
            return update_lines(workspace.document)
        if where is None or not where.node:
            if where is None or where.phase != "zero":
                return ()
            return (FORGET,) if _zeroed(workspace.document.graph, workspace.trace) else (KEEP,)
        document, notation = workspace.document, workspace.settings.text("notation", "leibniz")
        about = (document, document.structure, notation, workspace.playhead.events)
        if about != self._about:
            self._about = about
            self._equations.clear()
            workspace.work.forget(self._take)
        known = self._equations.get(where.node)
        if known is None:
            self._ask(notation)
            return ()
        return (known.forward,) if where.phase in ("forward", "loss") and known.forward is not None else (
            known.backward if where.phase == "backward" else ()
        )  # fmt: skip

    def _ask(self, notation: str) -> None:
        playhead, work = self.workspace.playhead, self.workspace.work
        if work.kernel is None or work.asking(self._take):
            return
        nodes = tuple(node for node in playhead.nodes_ahead(AHEAD) if node not in self._equations)
        if nodes:
            work.ask(EquationsOf(nodes, notation), self._take, 0)  # type: ignore[arg-type]

    def _take(self, question: EquationsOf, reply: Any) -> None:
        known = reply.nodes if isinstance(reply, Equations) else {}
        self._equations.update({node: known.get(node, NodeEquations()) for node in question.nodes})
        self._show()


def update_lines(document: Document) -> tuple[Line, ...]:
    """The equations by which the document's optimizer changes every parameter, without what is switched off or 0."""
    from engine.training.optimizers.registry import declared

    training = document.graph.training
    try:
        spec = declared(training)
        hyper = spec.with_defaults(training.get("hyper") or {})
        equations = spec.active(hyper, {memory.name: 1.0 for memory in spec.state_variables if memory.scalar})
    except ValueError:  # the training panel says what is wrong
        return ()
    bare = (replace(equation, remark="") for equation in equations if equation.shown)
    return tuple(Line("formula", (Tex(equation.latex(spec.letters)),)) for equation in bare)


def _zeroed(graph: Graph, trace: TraceView | None) -> bool:
    """Whether the gradients are set to zero after this step: neither are they kept for all steps, nor do more mini-batches of the same
    update follow."""
    if not graph.training.get("zero_grad", True):
        return False
    count = graph.training.get("accumulate") or 1
    return count == 1 or trace is None or (trace.step + 1) % count == 0

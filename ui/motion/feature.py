"""Asks the engine what the pass computes before it is played, so that nothing waits for an answer while numbers are on their way."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from engine.explain.arithmetic import Arithmetic, ArithmeticOf
from graph.model.graph import Graph
from ui.canvas.model.samples import count
from ui.shell.workspace.feature import Feature

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.motion.slow_training import SlowTraining
    from ui.shell.workspace.workspace import Workspace

AHEAD, SOON = 24, 8
"""So many events ahead are asked for, as soon as one of the next `SOON` is unknown."""


class Motion(Feature):
    """Keeps the arithmetic of the events to come on the canvas while a pass is played or stepped through."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.slow_training: SlowTraining | None = None
        self._known: set[str] = set()
        self._sums: tuple[object, ...] = ()

    def install(self) -> None:
        self.workspace.playhead.speed_changed.connect(self._follow_speed)
        self._follow_speed()
        self.workspace.playhead.moved.connect(self._moved)
        self.workspace.visibility.hid.connect(self._hid)
        self.workspace.canvas.model.samples.changed.connect(self._chosen)

    def _follow_speed(self) -> None:
        """What slows training down is made when the speed first asks for it."""
        if self.slow_training is None and self.workspace.playhead.training_pace is not None:
            from ui.motion.slow_training import SlowTraining

            self.slow_training = SlowTraining(self.workspace)

    # hooks of the window

    def set_document(self, document: Document) -> None:
        self._forget()
        if self.slow_training is not None:
            self.slow_training.end()

    def set_progress(self, progress: Progress) -> None:
        if self.slow_training is not None:
            self.slow_training.set_progress(progress)

    def set_trace(self, trace: TraceView, stale: bool) -> None:
        """Other numbers: what is known of their arithmetic may be out of date."""
        self._forget()
        if self.slow_training is not None:
            self.slow_training.set_trace(trace)
        graph = self.workspace.document.graph
        key = (graph, trace.structure)
        if key != self._sums:
            self._sums = key
            self.workspace.playhead.sums = _sums(graph)
        self._moved()

    def _hid(self, more: bool) -> None:
        if self.slow_training is not None:
            self.slow_training.end()
        self._forget()
        self._moved()

    @property
    def _sample(self) -> int | None:
        """The row of the batch that the canvas shows, where it shows one."""
        choice = self.workspace.canvas.model.samples.choice
        return choice if isinstance(choice, int) else None

    def _chosen(self) -> None:
        self._forget()
        self._moved()

    # asking

    def _forget(self) -> None:
        self._known.clear()
        self.workspace.work.forget(self._take)
        self.workspace.canvas.model.rows.clear()

    def _moved(self) -> None:
        """Ask for what the next events need, while the pass is under way."""
        playhead = self.workspace.playhead
        if playhead.at_rest or self.workspace.kernel is None or self.workspace.work.asking(self._take):
            return
        wanted = [node for node in playhead.nodes_ahead(AHEAD) if node not in self._known]
        if any(node in wanted for node in playhead.nodes_ahead(SOON)):
            self.workspace.work.ask(ArithmeticOf(tuple(wanted), self._sample), self._take, 0)

    def _take(self, question: ArithmeticOf, reply: Any) -> None:
        from ui.motion.rows import node_rows

        self._known.update(question.nodes)
        if isinstance(reply, Arithmetic):
            single = self._sample is not None or count(self.workspace.trace) <= 1
            self.workspace.canvas.model.rows.update({node: node_rows(told, single) for node, told in reply.nodes.items()})
            self.workspace.canvas.update()
        self._moved()


def _sums(graph: Graph) -> frozenset[str]:
    """The nodes whose gradient is a sum of contributions: these are seen to be added."""
    receiving = set(graph.having(lambda spec: spec.differentiable))
    sent = Counter(edge.source[0] for edge in graph.edges.values() if edge.target[0] in receiving)
    return frozenset(node for node, count in sent.items() if count > 1)

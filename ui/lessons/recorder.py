"""Makes a lesson from what a teacher does: a step is the canvas as it stands when the step is taken."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from graph.lessons.lesson import Action, LessonQuestion, LessonStep
from graph.lessons.lesson_graph import item_name, number_name
from graph.model.difference import difference
from graph.model.graph import Graph
from graph.text.messages import _
from ui.lessons.recording import Recording, Take, predicted
from ui.shell.workspace.services import PREDICTIONS

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace

class Recorder(QObject):
    """One recording under way in a window. `changed` is emitted when the steps change or another one is selected."""

    changed = Signal()

    def __init__(self, workspace: Workspace, recording: Recording) -> None:
        super().__init__(workspace.widget)
        self.workspace, self.recording = workspace, recording
        self.document = workspace.document
        self.index = -1
        self._open_before = workspace.pages.places()
        self._played_pass = ""
        """The pass that was played since the last step, until something else is done."""
        workspace.playhead.state_changed.connect(self._playback)

    @property
    def take(self) -> Take | None:
        """The step that is looked at."""
        return self.recording.takes[self.index] if 0 <= self.index < len(self.recording.takes) else None

    def add(self) -> None:
        """A new step after the one looked at: the canvas as it is."""
        self.index += 1
        step = replace(self._seen(), title=f"Step {len(self.recording.takes) + 1}")
        self.recording.takes.insert(self.index, Take(self.document.graph.copy(), step))
        self._played_pass = ""
        self.changed.emit()

    def retake(self) -> None:
        """The canvas as it is, for the step looked at; what was written stays."""
        take = self.take
        if take is None:
            return
        seen = self._seen()
        take.state = self.document.graph.copy()
        covered = {(question.of, question.quantity, question.index) for question in seen.ask}
        kept = [q for q in take.step.ask if q.kind != "predict" or q.answer or q.hint or (q.of, q.quantity, q.index) in covered]
        known = {(question.of, question.quantity, question.index) for question in kept}
        kept += [question for question in seen.ask if (question.of, question.quantity, question.index) not in known]
        old = take.step
        take.step = replace(seen, title=old.title, text=old.text, notes=old.notes, ask=tuple(kept), extra=old.extra)
        self.changed.emit()

    def remove(self) -> None:
        """Take the step looked at away; what it did to the document then happens in the next."""
        if self.take is not None:
            del self.recording.takes[self.index]
            self.index = min(self.index, len(self.recording.takes) - 1)
            self.changed.emit()

    def move(self, way: int) -> None:
        """Bring the step looked at before or behind its neighbour."""
        takes, other = self.recording.takes, self.index + way
        if self.take is not None and 0 <= other < len(takes):
            takes[self.index], takes[other] = takes[other], takes[self.index]
            self.index = other
            self.changed.emit()

    def look(self, index: int) -> None:
        """Look at a step: the document becomes what it was there, as one step to undo."""
        if not 0 <= index < len(self.recording.takes):
            return
        self.index = index
        take = self.recording.takes[index]
        edit = difference(self.document.graph, take.state, _("Look at {title}").format(title=take.step.title))
        if edit.edits:
            self.workspace.canvas.cancel_gesture()
            with self.document.unlocked():
                self.document.do(edit, edit.text)
        self.changed.emit()

    def write(self, **fields: object) -> None:
        """Set title, text, notes or questions of the step looked at."""
        take = self.take
        if take is not None:
            take.step = replace(take.step, **fields)  # type: ignore[arg-type]

    # what is seen

    def _seen(self) -> LessonStep:
        """A step without words: what is selected, covered, played, trained and looked at."""
        workspace, graph = self.workspace, self.document.graph
        chosen = [item for item in (*graph.nodes, *graph.edges) if item in workspace.canvas.selection]
        values, gradients, ask = self._covered(graph)
        run = [*self._view(graph), *self._trained(), *self._sample(), *self._played(graph), *self._panels(graph)]
        return LessonStep("", highlight=tuple(item_name(graph, item) for item in chosen), hide_values=values, hide_gradients=gradients,
                    run=tuple(run), ask=ask)  # fmt: skip

    def _covered(self, graph: Graph) -> tuple[tuple[str, ...], tuple[str, ...], tuple[LessonQuestion, ...]]:
        """Numbers that were covered to be predicted become questions; what anybody else hides is hidden."""
        hidden, ask = self.workspace.visibility, []
        predictions = self.workspace.services.find(PREDICTIONS)
        if predictions is not None:
            for item in predictions.asked:
                ask.append(predicted(number_name(graph, item), item.quantity, item.index or ()))
        ids = [*graph.nodes, *graph.edges]
        values, gradients = (tuple(item_name(graph, i) for i in ids if i in there) for there in (hidden.values, hidden.gradients))
        return values, gradients, tuple(ask)

    def _view(self, graph: Graph) -> list[Action]:
        """The nodes in view, or all of them."""
        canvas = self.workspace.canvas
        seen = canvas.seen()
        inside = [node for node in graph.nodes if node in canvas.scene.row and seen.contains(canvas.scene.rect(node).center())]
        if canvas.fitted or not inside or len(inside) == len(graph.nodes) or canvas.scene.level is not None:
            return [Action("view")]
        return [Action("view", {"fit": [graph.nodes[node].name for node in inside]})]

    def _trained(self) -> list[Action]:
        kernel = self.workspace.kernel
        steps = kernel.progress.step if kernel is not None else 0
        return [Action("train", {"steps": min(steps, 1_000_000)})] if steps else []

    def _played(self, graph: Graph) -> list[Action]:
        """Where the playhead stands; at rest every number is shown."""
        playhead = self.workspace.playhead
        if self._played_pass:
            return [Action("play", {"phase": self._played_pass})]
        if playhead.at_rest or not 0 < playhead.event_index <= len(playhead.events):
            return []
        event = playhead.events[playhead.event_index - 1]
        known = event.phase in ("forward", "backward") and event.node in graph.nodes
        return [Action("to", {"phase": event.phase, "node": graph.nodes[event.node].name})] if known else []

    def _playback(self) -> None:
        """A pass that is played to its end is played again by the step; a stop on the way is kept as a place."""
        playhead = self.workspace.playhead
        if playhead.playing in ("forward", "backward"):
            self._played_pass = playhead.playing
        elif self._played_pass and not self._at_end(self._played_pass):
            self._played_pass = ""

    def _at_end(self, phase: str) -> bool:
        """Whether the playhead is just after the last event of a pass, or past all of them."""
        playhead = self.workspace.playhead
        later = [event.phase for event in playhead.events[playhead.event_index :]]
        return playhead.at_rest or phase not in later

    def _sample(self) -> list[Action]:
        """Which sample is shown, where it is not the first."""
        choice = self.workspace.canvas.model.samples.choice
        if choice == 0:
            return []
        return [Action("sample", {"show": "all" if choice is None else choice + 1 if isinstance(choice, int) else choice})]

    def _panels(self, graph: Graph) -> list[Action]:
        """Panels that were opened since the recording began; the card of what is selected as an explanation."""
        actions = []
        pages = self.workspace.pages
        shown = {pages.front().get(place, place) for place in pages.places() - self._open_before}
        for key in sorted(key for key in shown if pages.knows(key)):
            chosen = [item for item in (*graph.nodes, *graph.edges) if item in self.workspace.canvas.selection]
            if key == "explain" and chosen:
                actions.append(Action("explain", {"of": item_name(graph, chosen[0])}))
            else:
                actions.append(Action("panel", {"name": key}))
        return actions

"""What the window holds of several objectives: their marks on the canvas, and whose gradients are shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from graph.model.edits import GraphError
from graph.model.goal import Goal, mark
from graph.model.goal_edits import add_goal
from graph.model.several_objectives import goals_of, moved, trainable
from graph.text.messages import _
from ui.canvas.model.overlay import Tag
from ui.shell.workspace.feature import Feature

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from graph.storage.document import Document
    from ui.look.theme import Theme
    from ui.objectives.chooser import ObjectiveChooser
    from ui.shell.workspace.workspace import Workspace

OWNER = "objectives"
ROOM = 240
"""Height that the list needs for type at 100 %."""


class Objectives(Feature):
    """`goal` is the number of the objective whose gradients were chosen, counted from 0; None where none was."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.goal: int | None = None
        self.chooser: ObjectiveChooser | None = None
        self._marked: object = None

    def install(self) -> None:
        self.workspace.canvas.model.level_changed.connect(self._mark)

    def facts(self) -> Iterable[str]:
        """`several objectives`: there is more than one."""
        return ("several objectives",) if len(self._goals) > 1 else ()

    @property
    def _goals(self) -> tuple[Goal, ...]:
        return goals_of(self.workspace.document.graph)

    # what the rows do

    def show(self) -> None:
        self.workspace.pages.show("objectives", room=ROOM)

    def add(self) -> None:
        """The selected node becomes one more objective."""
        canvas, graph = self.workspace.canvas, self.workspace.document.graph
        node = next(iter(canvas.selected_nodes()), None)
        outputs = graph.spec(node).outputs if node is not None else ()
        if node is not None and outputs:
            try:
                canvas.do(add_goal(graph, node, outputs[0].name), _("Add {name} as objective").format(name=graph.nodes[node].name))
            except GraphError as wrong:
                self.workspace.say(str(wrong))
                return
        self.show()

    def look_at_next(self) -> None:
        count = len(self._goals)
        if count > 1:
            self.look_at((self.shown + 1) % count)

    def look_at(self, number: int | None) -> None:
        """Show the gradients of this objective; None: of the first, and in training steps of the one whose turn it is."""
        self.goal = number
        if self.workspace.kernel is not None:
            self.workspace.kernel.show_goal(number)
        self._show()

    @property
    def shown(self) -> int:
        """The number of the objective whose gradients are on the wires."""
        goals, trace = self._goals, self.workspace.trace
        if self.goal is not None and self.goal < len(goals):
            return self.goal
        keys = [goal.key for goal in goals]
        return keys.index(trace.objective) if trace is not None and trace.objective in keys else 0

    # what is shown changes

    def set_document(self, document: Document) -> None:
        self.goal, self._marked = None, None
        self._show()

    def document_changed(self) -> None:
        if self.goal is not None and self.goal >= len(self._goals):
            self.look_at(None)
        self._show()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        self._show()

    def set_theme(self, theme: Theme) -> None:
        self._show()

    def _show(self) -> None:
        self._mark()
        goals, graph = self._goals, self.workspace.document.graph
        names = [graph.nodes[goal.node].name for goal in goals]
        if self.chooser is None:
            if len(goals) < 2:
                return
            from ui.objectives.chooser import ObjectiveChooser

            self.chooser = ObjectiveChooser(self.workspace.canvas)
            self.chooser.chosen.connect(self.look_at)
        self.chooser.show_goals(goals, names, self.shown if goals else 0, self.goal is not None, self.workspace.canvas.theme)

    def _mark(self) -> None:
        """① min above each objective, and its number at the parameters that it moves; in a closed group, at the group."""
        canvas, graph, goals = self.workspace.canvas, self.workspace.document.graph, self._goals
        item_of = canvas.model.scene.item_of
        tags: dict[str, list[str]] = {}
        marks: dict[str, str] = {}
        learned = trainable(graph) if goals else set()
        for number, goal in enumerate(goals, 1):
            if (card := item_of(goal.node)) is not None:
                tags.setdefault(card, []).append(mark(number, goal))
            for node in moved(graph, goal) & learned:
                if (card := item_of(node)) is not None:
                    marks[card] = str(number) if marks.get(card, str(number)) == str(number) else "…"
        written = {card: Tag(" · ".join(texts)) for card, texts in tags.items()}
        if (written, marks) != self._marked:
            self._marked = written, marks
            canvas.model.overlay.tag(OWNER, written)
            canvas.model.overlay.mark(OWNER, marks)

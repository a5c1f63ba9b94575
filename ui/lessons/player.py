"""Playing a lesson: which step one is at, the document at each step, and the way back to it from anywhere.

The document of a lesson is a copy without a name. Every move between steps is one edit, so that what a student did in between is
never further away than Undo.
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Signal

from graph.lessons import lesson as lesson_files
from graph.lessons import lesson_graph
from graph.lessons.lesson import MEASURED, Lesson, LessonQuestion, LessonStep
from graph.lessons.own_graph import graph_of
from graph.model.difference import difference
from graph.model.graph import Graph
from graph.model.spec import Catalog
from graph.storage.document import Document
from ui.lessons.runner import Runner
from ui.lessons.unfolding import unfold
from ui.lessons.view import StepView

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace

LOOK, FIT, GROWN = "compare with the step", "fit the step's view", "fit the step's view to cards that have grown"


EXAMPLES = Path(__file__).resolve().parents[2] / "resources" / "examples"
"""Where the graphs are that a lesson names without a folder."""


class LessonScript:
    """A lesson with its graph: everything that is known before it is played. Raises LessonError where the two do not fit."""

    def __init__(self, path: Path, catalog: Catalog, actions: Container[str], lesson: Lesson | None = None) -> None:
        """`actions`: the actions that a lesson may name."""
        self.path = path
        self.lesson = lesson if lesson is not None else lesson_files.load(path)
        self._graph = graph_of(self.lesson, path, EXAMPLES, catalog)
        lesson_graph.check(self.lesson, self._graph, path.name, actions, unfold)
        self._states: list[Graph] = []

    def state(self, index: int) -> Graph:
        """The document at a step; nobody may change it."""
        while len(self._states) <= index:
            graph = (self._states[-1] if self._states else self._graph).copy()
            lesson_graph.apply_step(graph, self.lesson.steps[len(self._states)], unfold)
            self._states.append(graph)
        return self._states[index]


class Player(QObject):
    """One lesson under way in a window. `changed` is emitted when another step is shown, or the user leaves the step's view or returns."""

    changed = Signal()
    leaving = Signal()
    """The step that was shown is left, before anything is done to the document."""

    def __init__(self, workspace: Workspace, script: LessonScript, index: int = 0) -> None:
        super().__init__(workspace.widget)
        self.workspace, self.script = workspace, script
        self.index = min(max(index, 0), len(script.lesson.steps) - 1)
        self.document = Document(script.state(self.index).copy())
        self.document.adopts_training = True  # the lesson trains by itself: that is nothing to save
        self.wandered = False
        self.view = StepView(workspace.canvas, workspace.visibility)
        self.runner = Runner(workspace, self)
        self.runner.finished.connect(self._ran)
        self._steps = 0
        """Of training, as the step leaves it."""
        workspace.canvas.view_changed.connect(self.look)
        workspace.canvas.installEventFilter(self)

    @property
    def lesson(self) -> Lesson:
        return self.script.lesson

    @property
    def step(self) -> LessonStep:
        return self.lesson.steps[self.index]

    @property
    def last(self) -> bool:
        return self.index == len(self.lesson.steps) - 1

    def start(self) -> None:
        """The window shows the lesson's document: show the step in it."""
        self._show()

    def go(self, index: int) -> None:
        """Show another step, from wherever one is."""
        self.index = min(max(index, 0), len(self.lesson.steps) - 1)
        self._show()

    def return_to_step(self) -> None:
        """Back to the step as it is meant; what was done instead is one Undo away."""
        self._show()

    def close(self) -> None:
        """Take everything off the canvas that belonged to the lesson; its document stays as it is."""
        self.document.adopts_training = False
        self.leaving.emit()
        self.workspace.work.drop(LOOK, FIT)
        self.runner.stop()
        self.workspace.canvas.view_changed.disconnect(self.look)
        self.workspace.canvas.removeEventFilter(self)
        self.view.clear()

    def look(self) -> None:
        """The document changed: see soon whether it is still the step's."""
        self.workspace.work.after_event(LOOK, self._compare)

    # showing a step

    def _show(self) -> None:
        workspace = self.workspace
        self.leaving.emit()
        self.runner.stop()
        workspace.canvas.cancel_gesture()
        self._bring(self.script.state(self.index))
        workspace.playhead.reset()
        workspace.canvas.select(())
        self.view.show(self.step, self.document.graph, self.covered)
        self.view.settle()
        self.wandered = False
        self.changed.emit()
        self.runner.run(self.step)

    def _bring(self, graph: Graph) -> None:
        """Make the document the step's by one edit. A document that nobody touched stays one that need not be saved."""
        edit = difference(self.document.graph, graph, f"Lesson: {self.step.title}")
        if not edit.edits:
            return
        untouched = not self.document.modified
        with self.document.unlocked():
            self.document.do(edit, edit.text)
        self.document.seal()
        if untouched:
            self.document.history.mark_clean()

    def covered(self) -> tuple[LessonQuestion, ...]:
        """Questions of this step whose number on the canvas must not be seen yet."""
        return tuple(question for question in self.step.ask if question.kind == "predict" or question.quantity in MEASURED)

    def _ran(self) -> None:
        """Everything the step runs is done: trained further it is another state."""
        kernel = self.workspace.kernel
        self._steps = kernel.progress.step if kernel is not None else 0
        self._compare()

    @property
    def as_meant(self) -> bool:
        """Whether the numbers are the step's own: neither graph nor training went on from it."""
        return not self._trained_on and self.document.graph == self.script.state(self.index)

    @property
    def _trained_on(self) -> bool:
        kernel = self.workspace.kernel
        return kernel is not None and not self.runner.running and kernel.progress.step != self._steps

    def _compare(self) -> None:
        if self.workspace.document is not self.document:
            return
        wandered = self.view.moved or self._trained_on or self.document.graph != self.script.state(self.index)
        if wandered != self.wandered:
            self.wandered = wandered
            self.changed.emit()

    def follow(self) -> None:
        """There are other numbers, and with the first ones shapes."""
        self.workspace.work.after_event(GROWN, self.view.follow)

    # Qt

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A canvas of another size looks at the same things."""
        if event.type() == QEvent.Type.Resize and self.workspace.document is self.document:
            self.workspace.work.after_event(FIT, self.view.refit)
        return False

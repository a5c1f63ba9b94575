"""A lesson in the making: what stood on the canvas at each step, and the lesson that shows it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from graph.lessons import lesson as lesson_files
from graph.lessons.lesson import ENDING, Action, Lesson, LessonError, LessonQuestion, LessonStep
from graph.lessons.lesson_actions import DOCUMENT
from graph.lessons.own_graph import with_graph
from graph.model.difference import difference
from graph.model.graph import Graph
from graph.storage import files
from graph.storage.writing import FileIdentity, is_changed
from graph.text.messages import _
from graph.text.quoting import quoted_name


class LessonChanged(LessonError):
    """The file at `path` belongs to a lesson, and another program has changed it since it was saved."""

    def __init__(self, path: Path) -> None:
        super().__init__(_("{path}: another program has changed this file since it was saved here.").format(path=quoted_name(path)))
        self.path = path


@dataclass(slots=True)
class Take:
    """One step: the document as it stands there, and everything else of the step. `step.run` holds no edits of the document."""

    state: Graph
    step: LessonStep


@dataclass(slots=True)
class Recording:
    """Steps in their order. `saved` is what a file holds of it."""

    title: str = _("A new lesson")
    summary: str = ""
    takes: list[Take] = field(default_factory=list)
    topics: tuple[str, ...] = ()
    order: float = 99.0
    extra: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None
    graph_path: Path | None = None
    saved: str = ""
    written: dict[Path, FileIdentity] = field(default_factory=dict)
    """What the files of this recording were when it wrote them."""

    @classmethod
    def of(cls, lesson: Lesson, states: list[Graph]) -> Recording:
        """A lesson that is there, to be changed; its document at each step."""
        takes = []
        for step, state in zip(lesson.steps, states, strict=True):
            run = tuple(action for action in step.run if action.do not in DOCUMENT)
            takes.append(Take(state.copy(), replace(step, run=run)))
        return cls(lesson.title, lesson.summary, takes, lesson.topics, lesson.order, lesson.extra)

    def lesson(self, graph: str) -> Lesson:
        """The lesson; its graph, of that name, is the document at the first step. Edits are what leads from one step to the next."""
        steps: list[LessonStep] = []
        for number, take in enumerate(self.takes):
            before = self.takes[number - 1].state if number else take.state
            edits = [edit.to_json() for edit in difference(before, take.state).edits]
            change = (Action("edit", {"edits": edits}),) if edits else ()
            steps.append(replace(take.step, run=(*change, *take.step.run)))
        return Lesson(self.title.strip() or _("A new lesson"), graph, self.summary, self.topics, tuple(steps), self.extra, self.order)

    @property
    def modified(self) -> bool:
        return bool(self.takes) and self.text() != self.saved

    def text(self) -> str:
        """What would be written, the graph included: two recordings with the same text are the same."""
        return lesson_files.dumps(self.lesson("graph")) + files.dumps(self.takes[0].state) if self.takes else ""

    def save(self, path: Path, replace: bool = False) -> None:
        """Write the lesson with its graph as one file; a graph with large tensors goes beside it. No other file is written over.

        Raises LessonError. Where another program has changed one of them since, this is a LessonChanged, unless `replace` says to
        write over it.
        """
        if not self.takes:
            raise LessonError(_("{name}: there is no step yet.").format(name=path.name))
        lesson_files.loads(lesson_files.dumps(self.lesson("graph")), path.name)  # says which question lacks something
        path = path if path.suffix == ENDING else path.with_name(path.name + ENDING)
        first = self.takes[0].state.copy()
        for take in self.takes:
            first.attachments.update(take.state.attachments)  # large tensors that come in later steps
        lesson, graph_path = with_graph(self.lesson(""), first, path), None
        if lesson is None:
            graph_path = self.graph_path if self.graph_path is not None and path == self.path else _free(path)
            lesson = self.lesson(graph_path.name)
        for place in filter(None, (graph_path, path)):
            if not replace and place in self.written and is_changed(place, self.written[place]):
                raise LessonChanged(place)
        if graph_path is not None:
            try:
                self.written[graph_path] = files.save(first, graph_path)
            except files.FileError as wrong:
                raise LessonError(_("{name}: its graph cannot be written. {wrong}").format(name=path.name, wrong=wrong)) from None
        self.written[path] = lesson_files.save(lesson, path)
        self.path, self.graph_path, self.saved = path, graph_path, self.text()


def _free(path: Path) -> Path:
    """A name for the graph that no file beside the lesson has."""
    free, number = path.with_suffix(".gradwire"), 1
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}.gradwire")
    return free


def predicted(of: str, quantity: str, index: tuple[int, ...]) -> LessonQuestion:
    """The question for a number that was covered."""
    what = "value" if quantity == "value" else "gradient"
    return LessonQuestion("predict", _("What is the {what} here?").format(what=what), of=of, quantity=quantity, index=index)

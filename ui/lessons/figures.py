"""The figures of a lesson's step: each asks the engine again when there are other numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.explain.figures import Figure, FigureOf
from engine.explain.question import Question, Refusal
from graph.lessons.lesson import Action
from graph.lessons.lesson_graph import find
from graph.model.graph import Graph

if TYPE_CHECKING:
    from ui.maths.figure_view import FigureView
    from ui.shell.workspace.workspace import Workspace


class Figures:
    """Those that one panel shows now. A workspace asks one question at a time for each place, so each figure is a place."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._places: list[_Place] = []
        workspace.visibility.hid.connect(lambda _more: self._ask())

    def draw(self, figures: Sequence[tuple[Action, FigureView]]) -> None:
        """Ask for these, in place of those before."""
        if [place.view for place in self._places] != [view for _action, view in figures]:
            for place in self._places:
                self._workspace.work.forget(place.came)
            self._places = [_Place(action, view) for action, view in figures]
        self._ask()

    def _ask(self) -> None:
        workspace = self._workspace
        if workspace.trace is None or workspace.stale:
            return
        for place in self._places:
            question = question_of(workspace.document.graph, place.action)
            if question is not None:
                workspace.work.ask(question, place.came)


class _Place:
    """Where the answer of one figure goes."""

    def __init__(self, action: Action, view: FigureView) -> None:
        self.action, self.view = action, view

    def came(self, question: Question, answer: Any) -> None:
        from shiboken6 import isValid

        if not isValid(self.view):
            return
        if isinstance(answer, Figure):
            self.view.show_figure(answer)
        elif isinstance(answer, Refusal):
            self.view.say(answer.text)


def question_of(graph: Graph, action: Action) -> FigureOf | None:
    """What a "figure" action asks; None where what it names is gone."""
    args = action.args
    place = find(graph, args["of"])
    if place is None:
        return None
    index = tuple(args["index"]) if "index" in args else None
    labels = find(graph, args["labels"]) if "labels" in args else None
    return FigureOf(args["kind"], place.at(index), args.get("epsilon"), labels, args.get("rate"))

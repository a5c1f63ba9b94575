"""The figures of a lesson's step: each asks the engine again when there are other numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.explain.figures import Figure, FigureOf
from engine.explain.forward_mode import ForwardMode, Tangents
from engine.explain.paths import Ledger, PathLedger
from engine.explain.question import Question, Refusal
from graph.lessons.lesson import Action
from graph.lessons.lesson_graph import find
from graph.model.graph import Graph
from ui.look.theme import Theme
from ui.maths.figure_view import FigureView
from ui.maths.table_view import LISTED, TableView

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace


Drawn = FigureView | TableView


def view_of(action: Action, theme: Theme) -> Drawn:
    """An empty view for what a "figure" action asks."""
    kind = action.args["kind"]
    return TableView(theme) if kind in ("paths", "tangents") else FigureView(theme, square=kind == "line")


class Figures:
    """Those that one panel shows now. A workspace asks one question at a time for each place, so each figure is a place."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._places: list[_Place] = []
        workspace.visibility.hid.connect(lambda _more: self._ask())

    def draw(self, figures: Sequence[tuple[Action, Drawn]]) -> None:
        """Ask for these, in place of those before."""
        if [place.view for place in self._places] != [view for _action, view in figures]:
            for place in self._places:
                self._workspace.work.forget(place.came)
            self._places = [_Place(self._workspace, action, view) for action, view in figures]
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

    def __init__(self, workspace: Workspace, action: Action, view: Drawn) -> None:
        self._workspace, self.action, self.view = workspace, action, view

    def came(self, question: Question, answer: Any) -> None:
        from shiboken6 import isValid

        view = self.view
        if not isValid(view):
            return
        if isinstance(answer, Refusal):
            view.say(answer.text)
        elif isinstance(view, TableView) and isinstance(answer, Ledger | Tangents):
            view.show_answer(answer, self._workspace.document.graph)
        elif isinstance(view, FigureView) and isinstance(answer, Figure):
            view.show_figure(answer)


def question_of(graph: Graph, action: Action) -> Question | None:
    """What a "figure" action asks; None where what it names is gone."""
    args = action.args
    place = find(graph, args["of"])
    if place is None:
        return None
    index = tuple(args["index"]) if "index" in args else None
    if args["kind"] == "paths":
        return PathLedger(place.at(index), 0, LISTED)
    if args["kind"] == "tangents":
        return ForwardMode(place.at(index))
    labels = find(graph, args["labels"]) if "labels" in args else None
    return FigureOf(args["kind"], place.at(index), args.get("epsilon"), labels, args.get("rate"))

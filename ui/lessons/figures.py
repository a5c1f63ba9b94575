"""The figures of a lesson's step: each asks the engine again when there are other numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.explain.figures import Figure, FigureOf
from engine.explain.forward_mode import ForwardMode, Tangents
from engine.explain.paths import Ledger, PathLedger
from engine.explain.question import Question, Refusal
from engine.learned.experiment import Experiment, Variant
from engine.numerics.job import JobEnd, JobReport
from graph.lessons.lesson import Action, LessonError
from graph.lessons.lesson_graph import edits_of_variant, find
from graph.model.graph import Graph
from graph.text.messages import _
from ui.engine_link.work import JobHandle
from ui.look.theme import Theme
from ui.maths.figure_view import FigureView
from ui.maths.table_view import LISTED, TableView

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace


Drawn = FigureView | TableView


def view_of(action: Action, theme: Theme) -> Drawn:
    """An empty view for what a "figure" action asks."""
    kind = action.args["kind"]
    square = kind == "line" or action.args.get("show") == ["weights"]
    return TableView(theme) if kind in ("paths", "tangents") else FigureView(theme, square)


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
                place.leave()
            self._places = [_Place(self._workspace, action, view) for action, view in figures]
        self._ask()

    def _ask(self) -> None:
        workspace = self._workspace
        if workspace.trace is None or workspace.stale:
            return
        for place in self._places:
            if place.action.args["kind"] == "experiment":
                place.experiment()
                continue
            question = question_of(workspace.document.graph, place.action)
            if question is not None:
                workspace.work.ask(question, place.came)


class _Place:
    """Where the answer of one figure goes."""

    def __init__(self, workspace: Workspace, action: Action, view: Drawn) -> None:
        self._workspace, self.action, self.view = workspace, action, view
        self._experiment: Experiment | None = None
        self._handle: JobHandle | None = None

    def experiment(self) -> None:
        """Make the runs of an experiment; once, unless other settings of the document make it another one."""
        wanted = experiment_of(self._workspace.document.graph, self.action)
        if wanted is None or wanted == self._experiment or not isinstance(self.view, FigureView):
            return
        self.leave()
        self._experiment = wanted
        self.view.say(_("The runs of this experiment begin …"))
        self._handle = self._workspace.work.job(wanted, self._comes, self._ended, background=True)

    def leave(self) -> None:
        """Nobody waits for the experiment any more."""
        if self._handle is not None:
            self._handle.leave()
            self._handle = None

    def _comes(self, report: JobReport, _parts: tuple[Any, ...]) -> None:
        from shiboken6 import isValid

        if isValid(self.view) and isinstance(self.view, FigureView) and report.total:
            self.view.say(_("Training: run {done} of {total}").format(done=report.done + 1, total=report.total))

    def _ended(self, end: JobEnd) -> None:
        from shiboken6 import isValid

        if not isValid(self.view) or not isinstance(self.view, FigureView):
            return
        if isinstance(end.answer, Figure):
            self.view.show_figure(end.answer)
        else:
            self.view.say(end.text or _("The experiment was cancelled."))

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


def experiment_of(graph: Graph, action: Action) -> Experiment | None:
    """The job of an "experiment"; None where what it changes is gone."""
    args = action.args
    place = find(graph, args["of"])
    if place is None:
        return None
    try:
        variants = tuple(Variant(row["at"], row.get("name", ""), edits_of_variant(graph, row)) for row in args["variants"])
    except LessonError:
        return None
    return Experiment(place, variants, tuple(args["show"]), args["seeds"], args.get("across", ""))


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

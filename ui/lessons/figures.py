"""The figures of a lesson's step: each asks the engine again when there are other numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.curvature.spectrum import HessianFigure
from engine.explain.figures import Figure, FigureOf
from engine.explain.forward_mode import ForwardMode, Tangents
from engine.explain.paths import Ledger, PathLedger
from engine.explain.question import Question, Refusal
from engine.learned.experiment import Experiment, Variant
from engine.numerics.job import JobEnd, JobReport
from graph.lessons.lesson import Action, Choice, LessonError
from graph.lessons.lesson_graph import edits_of_variant, find
from graph.model.graph import Graph
from ui.engine_link.work import JobHandle
from ui.lessons.experiment_view import ExperimentView
from ui.look.theme import Theme
from ui.maths.figure_view import FigureView
from ui.maths.table_view import LISTED, TableView

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace


KEPT = 24
"""Results of experiments that are kept."""
Drawn = FigureView | TableView | ExperimentView


def view_of(action: Action, theme: Theme, predicted: Choice | None = None) -> Drawn:
    """An empty view for what a "figure" action asks; an experiment says what was `predicted`."""
    kind = action.args["kind"]
    if kind == "experiment":
        return ExperimentView(theme, action.args["show"] == ["weights"], predicted)
    return TableView(theme) if kind in ("paths", "tangents") else FigureView(theme, kind == "line")


class Figures:
    """Those that one panel shows now. A workspace asks one question at a time for each place, so each figure is a place."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._places: list[_Place] = []
        self._results = _Results()
        workspace.visibility.hid.connect(lambda _more: self._ask())

    def draw(self, figures: Sequence[tuple[Action, Drawn]]) -> None:
        """Ask for these, in place of those before."""
        if [place.view for place in self._places] != [view for _action, view in figures]:
            for place in self._places:
                self._workspace.work.forget(place.came)
                place.leave()
            self._places = [_Place(self._workspace, action, view, self._results) for action, view in figures]
        self._ask()

    def cancel(self) -> bool:
        """End the experiment that runs; whether there was one."""
        return any([place.cancel() for place in self._places])

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


class _Results:
    """Experiments that were made, and with which graphs: turning back to a step or changing the theme does not make them again."""

    def __init__(self) -> None:
        self._made: list[tuple[Experiment, Graph, Figure]] = []

    def find(self, job: Experiment, graph: Graph) -> Figure | None:
        return next((figure for made, there, figure in self._made if made == job and there == graph), None)

    def keep(self, job: Experiment, graph: Graph, figure: Figure) -> None:
        self._made = [*self._made[1 - KEPT :], (job, graph, figure)]


class _Place:
    """Where the answer of one figure goes."""

    def __init__(self, workspace: Workspace, action: Action, view: Drawn, results: _Results) -> None:
        self._workspace, self.action, self.view, self._results = workspace, action, view, results
        self._graph, self._revision = workspace.document.graph, -1
        """What the runs of an experiment are made with: a copy, and its document's counter."""
        self._experiment: Experiment | None = None
        self._handle: JobHandle | None = None
        if isinstance(view, ExperimentView):
            view.cancelled.connect(self.cancel)
            view.again.connect(self._again)

    def experiment(self) -> None:
        """Make the runs of an experiment; once, and where the graph has changed since, when the user asks for it."""
        document, view = self._workspace.document, self.view
        graph, begun = document.graph, self._experiment is not None
        if not isinstance(view, ExperimentView) or (begun and (document.revision == self._revision or graph == self._graph)):
            return
        self._revision = document.revision
        wanted = experiment_of(graph, self.action)
        known = self._results.find(wanted, graph) if wanted is not None else None
        if begun and known is None:
            self.cancel()
            view.outdate()
            return
        self.leave()
        self._experiment, self._graph = wanted, graph.copy()
        if known is not None:
            view.show_figure(known)
        if wanted is None or known is not None:
            return
        view.begin(wanted)
        self._handle = self._workspace.work.job(wanted, self._comes, self._ended)

    def _again(self) -> None:
        """The same runs after all, or those of the document as it is now."""
        self._experiment = None
        self.experiment()

    def cancel(self) -> bool:
        """End the runs of an experiment, and say so; whether there were any."""
        running = self._handle is not None and self._handle.running
        if running and self._handle is not None:
            self._handle.cancel()
        return running

    def leave(self) -> None:
        """Nobody waits for the experiment any more."""
        if self._handle is not None:
            self._handle.leave()
            self._handle = None

    def _comes(self, report: JobReport, _parts: tuple[Any, ...]) -> None:
        from shiboken6 import isValid

        if isValid(self.view) and isinstance(self.view, ExperimentView) and report.total:
            self.view.progress(report)

    def _ended(self, end: JobEnd) -> None:
        from shiboken6 import isValid

        if not isValid(self.view) or not isinstance(self.view, ExperimentView):
            return
        if isinstance(end.answer, Figure):
            if self._experiment is not None:
                self._results.keep(self._experiment, self._graph, end.answer)
            self.view.show_figure(end.answer)
        else:
            self.view.stop(end.text if end.how != "cancelled" else "")

    def came(self, question: Question, answer: Any) -> None:
        from shiboken6 import isValid

        view = self.view
        if not isValid(view) or isinstance(view, ExperimentView):
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
    if args["kind"] == "hessian":
        return HessianFigure(place.at(index))
    labels = find(graph, args["labels"]) if "labels" in args else None
    return FigureOf(args["kind"], place.at(index), args.get("epsilon"), labels, args.get("rate"))

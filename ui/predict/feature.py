"""What the window holds of `ui.predict`. Loads its widgets when they are first used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from graph.model.faults import at_work
from graph.storage.paths import reason
from graph.text.messages import _
from ui.shell.workspace.feature import Feature
from ui.shell.workspace.services import PREDICTIONS, Service

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from graph.lessons.lesson import LessonQuestion
    from graph.model.address import Address
    from graph.storage.document import Document
    from ui.look.theme import Theme
    from ui.predict.board import Asked, Outcome, PredictionBoard
    from ui.predict.fault_finding import FaultFinding
    from ui.predict.typing import Typing
    from ui.shell.workspace.workspace import Workspace


PREDICT: Service[Predict] = Service("predict")
"""The feature itself, for the page that belongs to it."""


class Predict(Feature):
    """Hidden numbers to be predicted, and planted faults to be found."""

    judged = Signal(object, object)
    """An answer was judged: (item, judgement)."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._board: PredictionBoard | None = None
        self._typing: Typing | None = None
        self._finding: FaultFinding | None = None
        workspace.services.offer(PREDICTIONS, self)
        workspace.services.offer(PREDICT, self)

    # for the other tools

    @property
    def asked(self) -> Mapping[Address, Asked]:
        """What waits to be predicted."""
        return self._board.asked if self._board is not None else {}

    @property
    def answered(self) -> Mapping[Address, tuple[str, float | None]]:
        return self._board.answered if self._board is not None else {}

    def ask(
        self, items: Iterable[Address], on_done: Callable[[list[Outcome]], None], questions: Mapping[Address, LessonQuestion] | None = None
    ) -> None:  # fmt: skip
        """Hide these numbers and let them be predicted; `on_done` gets how each ended, once all have."""
        self.board.ask(items, on_done, questions)

    def answer(self, item: Address, text: str) -> None:
        self.board.answer(item, text)

    def give_up(self, items: Iterable[Address]) -> None:
        """Show what was asked for."""
        self.board.reveal(items)

    def withdraw(self, items: Iterable[Address]) -> None:
        self.board.withdraw(items)

    def truth_of(self, item: Address) -> float | None:
        return self.board.truth_of(item)

    def hide_hints(self) -> None:
        self.typing.callout.hide()

    # parts

    @property
    def board(self) -> PredictionBoard:
        if self._board is None:
            from ui.predict.board import PredictionBoard
            from ui.predict.score import Score
            from ui.predict.typing import Typing

            self._board = PredictionBoard(self.workspace, Score(self.workspace.settings.path.parent / "predictions"))
            self._typing = Typing(self.workspace.canvas, self._board)
            self._board.changed.connect(self._board_changed)
            self._board.judged.connect(self.judged)
        return self._board

    @property
    def typing(self) -> Typing:
        assert self.board is not None and self._typing is not None
        return self._typing

    def _board_changed(self) -> None:
        self.workspace.pages.panel("predictions")  # its tab is there from the first question on
        self.workspace.refresh_actions()

    # what a person does

    def _chosen(self) -> list[str]:
        canvas = self.workspace.canvas
        return [*canvas.selected_edges(), *canvas.selected_nodes()]

    def hide_value(self) -> None:
        from engine.explain.misconceptions.items import value_items

        items = value_items(self.workspace.document.graph, self.workspace.visibility.truth, self._chosen())
        self._hide(items, _("Select nodes that compute something, or wires from them, to hide their values."))

    def hide_gradient(self) -> None:
        from engine.explain.misconceptions.items import gradient_items

        items = gradient_items(self.workspace.document.graph, self.workspace.visibility.truth, self._chosen())
        self._hide(items, _("Select wires or nodes with a gradient to hide it until it is predicted."))

    def hide_all_gradients(self) -> None:
        from engine.explain.misconceptions.items import all_gradients

        self._hide(all_gradients(self.workspace.document.graph, self.workspace.visibility.truth), _("There is no gradient to hide yet."))

    def _hide(self, items: list[Address], otherwise: str) -> None:
        if not items:
            self.workspace.say(otherwise)
            return
        self.board.hide(items)
        other = _(" Type [2, 1] before the number to choose another entry: row 2, column 1.") if any(item.index for item in items) else ""
        self.workspace.say(_("Click a question mark, or press Q, and type the number.{other}").format(other=other))

    def predict_next(self) -> None:
        if self._board is not None:
            self.typing.next()

    def reveal(self) -> None:
        """Show what is asked about the selection."""
        if self._board is None:
            return
        graph, chosen = self.workspace.document.graph, set(self._chosen())
        chosen |= {graph.edges[i].source[0] for i in chosen if i in graph.edges}
        self._board.reveal([item for item in self._board.asked if item.id in chosen])

    def reveal_all(self) -> None:
        if self._board is not None:
            self._board.reveal(list(self._board.asked))

    def show_score(self) -> None:
        self.workspace.pages.show("predictions")

    def export_score(self) -> None:
        """Write the session's answers; what goes wrong is said, and nothing is lost."""
        score = self.board.score
        if not score.rows:
            self.workspace.say(_("There are no answers to export yet."))
            return
        suggested = self.workspace.files.suggested("predictions.csv")
        path = self.workspace.dialogs.save_path(str(suggested), _("Export predictions"), _("CSV (*.csv)"), ".csv")
        if path is None:
            return
        try:
            score.save(path)
        except OSError as error:
            self.workspace.say(_("{name} could not be written: {error}.").format(name=path.name, error=reason(error)))
        else:
            self.workspace.say(_("{rows} answers written to {name}.").format(rows=len(score.rows), name=path.name))

    # faults

    @property
    def finding(self) -> FaultFinding:
        if self._finding is None:
            from ui.predict.fault_finding import FaultFinding

            self._finding = FaultFinding(self.workspace, self.board.score)
        return self._finding

    def plant_fault(self) -> None:
        self.finding.bar.show_planting()

    def plant_random_fault(self) -> None:
        self.finding.plant()

    def guess_fault(self) -> None:
        if at_work(self.workspace.document.graph):
            self.finding.bar.show_guessing()

    def reveal_fault(self) -> None:
        self.finding.reveal()

    def remove_fault(self) -> None:
        self.finding.remove()

    def _follow_fault(self) -> None:
        if self._finding is not None or at_work(self.workspace.document.graph):
            self.finding.follow()

    # hooks of the window

    def facts(self) -> Iterable[str]:
        if at_work(self.workspace.document.graph):
            yield "fault"
        if self._board is None:
            return
        if self._board.asked:
            yield "predicting"
        if self._board.score.rows:
            yield "predicted"

    def set_document(self, document: Document) -> None:
        if self._board is not None:
            self._board.clear()
        self._follow_fault()

    def selection_changed(self) -> None:
        """After the last answer the ticks have been seen: they go when something else is looked at."""
        if self._board is not None and self._board.answered and not self._board.asked:
            self._board.clear()

    def set_trace(self, trace: TraceView, stale: bool) -> None:
        if self._board is not None:
            self._board.numbers_changed(stale)

    def document_changed(self) -> None:
        if self._board is not None:
            self._board.document_changed()
        self._follow_fault()

    def set_theme(self, theme: Theme) -> None:
        if self._typing is not None:
            self._typing.callout.hide()

"""Questions of a lesson that are answered on the canvas: typed at the question mark or beside it, judged with hints either way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.explain.misconceptions.items import gradient_items, known, number_of, value_items
from engine.explain.misconceptions.match import Judgement, hints_of
from graph.lessons.lesson import LessonQuestion
from graph.lessons.lesson_graph import address_of
from graph.model.address import Address
from graph.model.graph import Graph
from ui.lessons.questions import NumberBox
from ui.shell.workspace.services import PREDICTIONS

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from ui.lessons.questions import QuestionBox
    from ui.shell.workspace.workspace import Workspace


class Predicting:
    """Of one step: which box is about which number of the canvas. Ends with `withdraw`."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._predictions = workspace.services.get(PREDICTIONS)
        self._boxes: dict[Address, NumberBox] = {}
        self._beside = False
        """Whether the answer that is being judged was typed beside the canvas: then that is where the hints stand."""
        self._predictions.judged.connect(self._judged)

    def ask(self, boxes: list[QuestionBox]) -> None:
        """Hide the numbers to predict, and listen for answers."""
        graph, trace = self._workspace.document.graph, self._workspace.visibility.truth
        for box in boxes:
            if not isinstance(box, NumberBox) or box.question.kind != "predict" or box.done or box in self._boxes.values():
                continue
            item = item_of(graph, trace, box.question)
            if item is not None and item not in self._boxes:
                self._boxes[item] = box
                box.asks = lambda text, item=item: self._typed(item, text)
        waiting = [item for item, box in self._boxes.items() if not box.done and item not in self._predictions.asked]
        if waiting:
            self._predictions.ask(waiting, self._ended, {item: self._boxes[item].question for item in waiting})

    def withdraw(self) -> None:
        """The step is left: what was not answered is not asked any more, and does not count."""
        self._predictions.judged.disconnect(self._judged)
        for box in self._boxes.values():
            box.asks = None
        items, self._boxes = list(self._boxes), {}
        self._predictions.withdraw(items)

    def _typed(self, item: Address, text: str) -> bool:
        """An answer typed beside the canvas; whether the canvas knows the number to judge it by."""
        if item not in self._predictions.asked or self._workspace.trace is None or self._workspace.stale:
            return False
        self._beside = True
        self._predictions.answer(item, text)
        return True

    def _judged(self, item: Address, judgement: Judgement) -> None:
        box = self._boxes.get(item)
        if box is not None and not box.done:
            hints = hints_of(judgement)
            if self._beside:
                self._predictions.hide_hints()
            self._beside = False
            box.about = self._predictions.truth_of(item)
            box.judged(judgement, hints, self._predictions.answered[item][0] if judgement.right else "")

    def _ended(self, outcomes: list[Any]) -> None:
        """Also those that were revealed on the canvas."""
        for outcome in outcomes:
            box = self._boxes.get(outcome.address)
            if box is not None and outcome.ending == "revealed" and not box.done:
                box.about = number_of(self._workspace.document.graph, self._workspace.visibility.truth, outcome.address)
                box.give_up()

    def reveal(self, box: QuestionBox) -> None:
        """Somebody gave up beside the canvas, or the lesson itself knew the answer."""
        items = [item for item, other in self._boxes.items() if other is box and item in self._predictions.asked]
        for item in items:
            box.about = number_of(self._workspace.document.graph, self._workspace.visibility.truth, item)
        self._predictions.give_up(items)


def item_of(graph: Graph, trace: TraceView | None, question: LessonQuestion) -> Address | None:
    """The number a question is about; of a tensor without a place in it, the telling one. None where there is none yet."""
    address = address_of(graph, question)
    if address is None:
        return None
    view = known(graph, trace, address)
    if question.index or view is None or view.scalar is not None:
        return address
    telling = (gradient_items if address.gradient else value_items)(graph, trace, [address.id])
    return telling[0] if telling else None

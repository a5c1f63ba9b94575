"""The numbers to predict: which are hidden, which were answered, and what the canvas shows about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal

from engine.explain import symbols
from engine.explain.misconceptions import Expected, Prediction
from engine.explain.misconceptions.items import covers, entry_of, fits, known, name_of, number_of
from engine.explain.misconceptions.match import Judgement, judge, readings
from engine.explain.question import Refusal
from graph.lessons.lesson import LessonQuestion
from graph.model.address import Address, output_name
from graph.text.messages import _
from ui.predict.score import Score

if TYPE_CHECKING:
    from graph.model.elements import End
    from graph.model.graph import Graph
    from ui.shell.workspace.workspace import Workspace

OWNER = "predict"
Ending = Literal["right", "revealed", "void"]


@dataclass(slots=True)
class Asked:
    """One hidden number. `truth` is what it was when it was hidden; `tries` are the answers that did not hold."""

    address: Address
    name: str
    truth: float | None
    tries: int = 0
    said: str = ""
    verdict: str = ""
    question: LessonQuestion | None = None
    """The lesson's question about it, whose tolerance counts."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one item that was asked for ended: right at the first try (`tries` 0) or later, revealed, or void."""

    address: Address
    ending: Ending
    tries: int


class PredictionBoard(QObject):
    """Owns every number that is hidden for a prediction. `judged` carries an answer: (item, judgement)."""

    changed = Signal()
    judged = Signal(object, object)

    def __init__(self, workspace: Workspace, score: Score) -> None:
        super().__init__(workspace.widget)
        self.workspace, self.score = workspace, score
        self.asked: dict[Address, Asked] = {}
        self.answered: dict[Address, tuple[str, float | None]] = {}
        """What was answered rightly: the text, and the number it was right about."""
        score.waiting = lambda: {asked.name for asked in self.asked.values()}
        self._waiting: list[tuple[set[Address], dict[Address, Outcome], Callable[[list[Outcome]], None]]] = []

    # hiding and showing

    def hide(self, items: Iterable[Address]) -> int:
        """Cover these numbers and ask for them; how many are new."""
        graph, trace = self.workspace.document.graph, self.workspace.visibility.truth
        new = [item for item in items if item not in self.asked]
        for item in new:
            self.asked[item] = Asked(item, name_of(graph, trace, item), number_of(graph, trace, item))
            self.answered = {address: entry for address, entry in self.answered.items() if address.id != item.id}
            self.score.counts.asked += 1
        self._show()
        return len(new)

    def ask(
        self, items: Iterable[Address], on_done: Callable[[list[Outcome]], None], questions: Mapping[Address, LessonQuestion] | None = None
    ) -> None:
        """Hide these, and call back once every one was answered rightly, revealed, or made void by an edit."""
        wanted = list(dict.fromkeys(items))
        self.hide(wanted)
        for item, question in (questions or {}).items():
            self.asked[item].question = question
        self._waiting.append((set(wanted), {}, on_done))
        if not wanted:
            self._done()

    def move(self, item: Address, entry: tuple[int, ...]) -> Address | None:
        """Ask for another entry of the same tensor; None where it has no such entry, or a lesson asks for this one."""
        graph, trace = self.workspace.document.graph, self.workspace.visibility.truth
        asked, new = self.asked[item], item.at(entry)
        view = known(graph, trace, new)
        if item.index is None or asked.question is not None or view is None or not fits(graph, trace, new):
            return None
        if new not in self.asked:
            self.asked = {(new if address == item else address): state for address, state in self.asked.items()}
            self.asked[new] = Asked(new, name_of(graph, trace, new), number_of(graph, trace, new))
            self._waiting = [({new if i == item else i for i in wanted}, done, on_done) for wanted, done, on_done in self._waiting]
            self._show()
        return new

    def reveal(self, items: Iterable[Address]) -> None:
        """Give up on these: their numbers are shown."""
        for item in [item for item in items if item in self.asked]:
            self.score.counts.revealed += 1
            self._log(self.asked[item], "", "revealed")
            self._end(item, "revealed")
        self._show()

    def withdraw(self, items: Iterable[Address]) -> None:
        """Withdraw these questions: unanswered ones do not count, and nothing of them stays on the canvas."""
        for item in items:
            self.answered.pop(item, None)
            if item in self.asked:
                self.score.counts.asked -= 1
                self._end(item, "void")
        self._show()

    def clear(self) -> None:
        """Another document: nothing is asked any more."""
        for item in list(self.asked):
            self._end(item, "void")
        self.answered.clear()
        self._show()

    # answers

    def answer(self, item: Address, text: str) -> None:
        """Judge what was typed: by the engine, which knows the slips, or else by the number on the canvas."""
        if item not in self.asked or not text.strip():
            return
        ask = self._engine()
        if not readings(text) or ask is None:
            self._judge(item, text, None)
        else:
            ask(Prediction(item), lambda reply: self._judge(item, text, reply))

    def _engine(self) -> Callable[[Prediction, Callable[[Any], None]], None] | None:
        return self.workspace.kernel.ask if self.workspace.kernel is not None else None

    def _judgement(self, item: Address, text: str, reply: Any) -> tuple[Judgement, float | None]:
        """The verdict and the right number: by what the engine found, or else by the number on the canvas."""
        if not isinstance(reply, Expected):
            truth = number_of(self.workspace.document.graph, self.workspace.visibility.truth, item)
            if truth is None:
                said = reply.text if isinstance(reply, Refusal) else _("This number is not known yet: the engine is still computing.")
                return Judgement("unreadable", said), None
            reply = Expected(item, truth, scale=abs(truth))
        asked = self.asked.get(item)
        return judge(reply, text, asked.question if asked is not None else None), reply.truth

    def truth_of(self, item: Address) -> float | None:
        """The number by which the last answer about an item was judged."""
        asked = self.asked.get(item)
        return asked.truth if asked is not None else self.answered[item][1] if item in self.answered else None

    def _judge(self, item: Address, text: str, reply: Any) -> None:
        asked = self.asked.get(item)
        if asked is None:
            return
        judgement, truth = self._judgement(item, text, reply)
        if truth is None:
            self.judged.emit(item, judgement)
            return
        asked.truth = truth
        self._take(asked, text.strip(), judgement)

    def _take(self, asked: Asked, text: str, judgement: Judgement) -> None:
        asked.said, asked.verdict = text, judgement.verdict
        counts = self.score.counts
        if judgement.verdict != "unreadable":
            words = {"right": "yes", "wrong": "no", "coarse": "coarse"}[judgement.verdict]
            self._log(asked, text, words, "; ".join(dict.fromkeys(cause.key for cause in judgement.causes)))
        if judgement.right:
            counts.first += not asked.tries
            counts.later += asked.tries > 0
            self.answered[asked.address] = (text, asked.truth)
            self._end(asked.address, "right")
        elif judgement.verdict == "wrong":
            asked.tries += 1
            counts.hints += bool(judgement.causes)
        self._show()
        self.judged.emit(asked.address, judgement)

    def _log(self, asked: Asked, text: str, right: str, cause: str = "") -> None:
        self.score.add(self.workspace.files.title, asked.name, text, asked.truth, right, cause)

    def _end(self, item: Address, ending: Ending) -> None:
        asked = self.asked.pop(item)
        self.score.keep()
        for wanted, done, _on_done in self._waiting:
            if item in wanted:
                done[item] = Outcome(item, ending, asked.tries)
        self._done()

    def _done(self) -> None:
        ready = [entry for entry in self._waiting if len(entry[1]) == len(entry[0])]
        self._waiting = [entry for entry in self._waiting if entry not in ready]
        for _wanted, done, on_done in ready:
            on_done(list(done.values()))

    # following the document

    def document_changed(self) -> None:
        """Cancel predictions of items that are gone, and update names."""
        graph = self.workspace.document.graph
        gone = [item for item in self.asked if not item.exists(graph)]
        self._void(gone)
        self.answered = {item: e for item, e in self.answered.items() if item.exists(graph)}
        trace = self.workspace.visibility.truth
        for item, asked in self.asked.items():
            asked.name = name_of(graph, trace, item)
        if gone:
            self.workspace.say(_("The number to predict is no longer in the graph: this prediction was cancelled."))
        if self.asked or gone:
            self._show()

    def numbers_changed(self, stale: bool) -> None:
        """Answers about numbers that have changed since are void: they are asked again, unless a smaller batch no longer has them.

        While training moves every number none is.
        """
        trace = self.workspace.visibility.truth
        if trace is None or stale or trace.mode == "training" or not (self.asked or self.answered):
            return
        graph = self.workspace.document.graph
        gone = [item for item in self.asked if not fits(graph, trace, item)]
        self._void(gone)
        void = bool(gone)
        for item, asked in self.asked.items():
            now = number_of(graph, trace, item)
            if _same_number(now, asked.truth):
                asked.truth = now if now is not None else asked.truth
                continue
            if asked.said:
                self._log(asked, asked.said, "void")
                void = True
            asked.truth, asked.tries, asked.said, asked.verdict = now, 0, "", ""
        kept = {item: e for item, e in self.answered.items() if _same_number(number_of(graph, trace, item), e[1])}
        void |= len(kept) < len(self.answered)
        self.answered = kept
        if void:
            self.workspace.say(_("The numbers have changed: predictions of them were cancelled."))
            self._show()

    def _void(self, items: list[Address]) -> None:
        for item in (item for item in items if item in self.asked):
            self._log(self.asked[item], "", "void")
            self._end(item, "void")

    # what the canvas shows

    def _show(self) -> None:
        from ui.canvas.model.overlay import Tag

        canvas, graph = self.workspace.canvas, self.workspace.document.graph
        values, gradients = covers(graph, self.asked)
        self.workspace.visibility.hide(OWNER, values, gradients)
        tags: dict[str, Tag] = {item.id: Tag(text, "ok") for item, (text, _) in self.answered.items()}
        waiting: dict[str, list[str]] = {}
        for item, asked in self.asked.items():
            if asked.said and asked.verdict in ("wrong", "coarse"):
                tags[item.id] = Tag(asked.said, "error" if asked.verdict == "wrong" else "warning")
            elif short := self._short(item):
                waiting.setdefault(item.id, []).append(short)
        sorts = {item.id: item.quantity for item in self.asked}
        for place, texts in waiting.items():
            if place not in tags or tags[place].kind == "ok":
                tags[place] = Tag("   ".join(texts), "backward" if sorts[place] == "gradient" else "forward")
        canvas.overlay.tag(OWNER, tags)
        self.changed.emit()

    def _short(self, item: Address) -> str:
        """What a tag says of a number that is asked for: which derivative, which entry; nothing where the question mark says it."""
        graph, trace = self.workspace.document.graph, self.workspace.visibility.truth
        entry = entry_of(graph, trace, item)
        if item.gradient and item.kind != "edge" and item.exists(graph):
            objective = symbols.objective_name(graph, trace.objective if trace is not None else None)
            name = item.port if item.kind == "parameter" else graph.nodes[item.id].name
            return f"{symbols.total(objective, symbols.entry_name(name, entry))} ?"
        if not entry or not item.exists(graph):
            return ""
        return f"{symbols.entry_name(output_name(graph, *_source(graph, item)), entry)} ?"


def _source(graph: Graph, item: Address) -> End:
    """The output whose value or gradient is asked for."""
    return graph.edges[item.id].source if item.kind == "edge" else item.key


def _same_number(now: float | None, then: float | None) -> bool:
    """Whether a number is what it was; one that is not known is not known to have changed."""
    return now is None or then is None or abs(now - then) <= 1e-9 * max(abs(now), abs(then))

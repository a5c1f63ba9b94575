"""An engine without a pipe: answers what a kernel would, from the real engine, one turn of the event loop later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.compile.views import TraceView
from engine.explain.context import Situation
from engine.explain.question import Question, answer
from engine.kernel.protocol import Progress
from engine.training.session import Session
from graph.storage.document import Change, Document


class Desk(QObject):
    """What a window needs of `ui.engine_link.link.Kernel` while nothing trains.

    `asked` lists every question; `quiet` holds answers back.
    """

    traced = Signal(object)
    progressed = Signal(object)
    status = Signal(str, str)
    handed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.progress, self.curve = Progress(), list[Any]()
        self.training, self.ready, self.pid = False, True, None
        self.trace: TraceView | None = None
        self.asked: list[Question] = []
        self.quiet = False
        self._waiting: list[tuple[Document, Question, Callable[[Any], None]]] = []
        self._document: Document | None = None
        self._soon = self._timer(self._evaluate)
        self._later = self._timer(self._answer)

    def _timer(self, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(0)
        timer.timeout.connect(slot)
        return timer

    def attach(self, document: Document) -> None:
        if self._document is not None:
            self._document.changed.disconnect(self._changed)
        self._document = document
        document.changed.connect(self._changed)

    def _changed(self, change: Change) -> None:
        self._soon.start()

    def evaluate_soon(self) -> None:
        self._soon.start()

    def wait_values(self, ms: int = 12) -> bool:
        return False

    def session(self) -> Session:
        assert self._document is not None
        return Session(self._document.graph)

    def _evaluate(self) -> None:
        document = self._document
        if document is not None and not self.quiet:
            session = self.session()
            made = session.view(session.trace, structure=document.structure, revision=document.revision)
            self.trace = made
            self.traced.emit(made)

    def ask(self, question: Question, callback: Callable[[Any], None]) -> None:
        assert self._document is not None
        self.asked.append(question)
        self._waiting.append((self._document, question, callback))
        self._later.start()

    def _answer(self) -> None:
        if self.quiet:
            return
        waiting, self._waiting = self._waiting, []
        for document, question, callback in waiting:
            if document is self._document:
                callback(answer(Situation(self.session()), question))

    def go_on(self) -> None:
        """Give the answers that were held back."""
        self.quiet = False
        self._answer()

    def request_array(self, key: Any, callback: Callable[[Any], None]) -> None:
        callback(None)


    def shutdown(self) -> None:
        self._soon.stop()
        self._later.stop()
        if self._document is not None:
            self._document.changed.disconnect(self._changed)
            self._document = None

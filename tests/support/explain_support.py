"""An engine without a pipe: answers what a kernel would, from the real engine, one turn of the event loop later."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.compile.spot import Spot
from engine.compile.views import TraceView
from engine.compile.visible import NOTHING, Hidden
from engine.explain.answer import answer
from engine.explain.context import ExplainContext
from engine.explain.covering import covered
from engine.explain.question import Question
from engine.kernel.job_client import JobClient, OnEnd, OnProgress
from engine.kernel.jobs import Jobs
from engine.kernel.protocol import Progress
from engine.numerics.job import Job
from engine.training.losses import Losses
from engine.training.model import Model
from graph.model.run_record import RunRecord
from graph.storage.document import Change, Document
from graph.storage.saved_run import SavedRun
from ui.look.schedule import Schedule


class Desk(QObject):
    """What a window needs of `ui.engine_link.link.Kernel` while nothing trains.

    `asked` lists every question; `quiet` holds answers back.
    """

    traced = Signal(object)
    progressed = Signal(object)
    waiting_progressed = Signal(object)
    status = Signal(str, str)
    handed = Signal(object)
    waiting_progressed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.progress, self.curve = Progress(), list[Any]()
        self.runs: dict[int, RunRecord] = {}
        self.curves: dict[int, list[Any]] = {}
        self.losses: dict[int, Losses] = {}
        self.steps: Losses | None = None
        self.training, self.ready, self.pid = False, True, None
        self.waiting: None = None
        self.trace: TraceView | None = None
        self.asked: list[Question] = []
        self.quiet = self.held = False
        self.pace: float | None = None
        self.spot: Spot | None = None
        self._hidden: Callable[[], Hidden] = lambda: NOTHING
        self._waiting: list[tuple[Document, Question, Callable[[Any], None]]] = []
        self._document: Document | None = None
        self.jobs = JobClient()
        self._done_by = Jobs(self._present)
        self._schedule = Schedule(self)

    def attach(self, document: Document, written: str = "") -> None:
        if self._document is not None:
            self._document.changed.disconnect(self._changed)
            self.jobs.outdated()
        self._document = document
        document.changed.connect(self._changed)

    def _changed(self, change: Change) -> None:
        self._schedule.after_event("evaluate", self._evaluate)

    def evaluate_soon(self) -> None:
        self._schedule.after_event("evaluate", self._evaluate)

    def wait_values(self, ms: int = 12) -> bool:
        return False

    def saved_runs(self) -> tuple[SavedRun, ...]:
        return ()

    def point_out(self, spot: Spot | None) -> None:
        self.spot = spot
        self.evaluate_soon()

    def session(self) -> Model:
        assert self._document is not None
        model = Model(self._document.graph)
        model.spot = self.spot
        return model

    def _evaluate(self) -> None:
        document = self._document
        if document is not None and not self.quiet and not self.held:
            session = self.session()
            view = replace(session.trace_view(), structure=document.structure, revision=document.revision)
            self.trace = view
            self.traced.emit(view)

    def set_pace(self, steps_per_second: float | None) -> None:
        self.pace = steps_per_second

    def hide(self, hidden: Callable[[], Hidden]) -> None:
        self._hidden = hidden

    def ask(self, question: Question, callback: Callable[[Any], None]) -> None:
        assert self._document is not None
        self.asked.append(question)
        self._waiting.append((self._document, question, callback))
        self._schedule.after_event("answer", self._answer)

    def _answer(self) -> None:
        if self.quiet:
            return
        waiting, self._waiting = self._waiting, []
        for document, question, callback in waiting:
            if document is self._document:
                callback(answer(ExplainContext(self.session()), question, self._hidden()))

    def go_on(self) -> None:
        """Give the answers that were held back."""
        self.quiet = False
        self._answer()
        self._schedule.after_frame("job", self._turn)

    def hold(self, held: bool) -> None:
        self.held = held
        if not held:
            self.evaluate_soon()

    # jobs: one step for each turn of the event loop

    def job(self, job: Job, progress: OnProgress, end: OnEnd) -> int:
        number = self.jobs.add(job, progress, end)
        context = None if self._document is None or self.held else ExplainContext(self.session())
        self._done_by.start(number, job, context)
        self._schedule.after_frame("job", self._turn)
        return number

    def cancel_job(self, number: int) -> None:
        self.jobs.cancel(number)
        self._done_by.keep(self.jobs.wanted)

    def _present(self) -> tuple[int, int, int]:
        document = self._document
        return (id(document), document.structure, document.revision) if document is not None else (0, 0, 0)

    def _turn(self) -> None:
        if self.quiet:
            return
        self._done_by.turn(0.0)
        wanted = self.jobs.wanted
        self.jobs.receive(tuple(wanted), self._done_by.news(wanted, self._cover), True, time.monotonic())
        self._done_by.keep(self.jobs.wanted)
        if self.jobs.wanted:
            self._schedule.after_frame("job", self._turn)

    def _cover(self, reply: Any) -> Any:
        return covered(reply, ExplainContext(self.session()), self._hidden())

    def request_array(self, key: Any, callback: Callable[[Any], None]) -> None:
        callback(None)

    def shutdown(self) -> None:
        self._schedule.end()
        if self._document is not None:
            self._document.changed.disconnect(self._changed)
            self._document = None

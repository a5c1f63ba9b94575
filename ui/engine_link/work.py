"""Everything in the window that is not done at once goes through here: questions to the engine, and work put off to a better moment."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from engine.explain.question import Question, Refusal
from engine.kernel.job_client import OnEnd, OnProgress, Parts
from engine.numerics.job import Job, JobEnd, JobReport, Repeated
from graph.text.messages import _
from ui.look.schedule import Schedule

if TYPE_CHECKING:
    from ui.engine_link.link import Kernel

REST_MS = 60
"""Least time between two questions for one place: what follows a slider is read, not watched, and the numbers on the canvas come first."""
WHILE_TRAINING = 5
"""Factor of the delay during training: every answer takes time from the trainer."""

Show = Callable[[Any, Any], None]


@dataclass(slots=True)
class _QuestionQueue:
    """The questions whose answers are shown in one place: one under way at most, and the newest of those that wait."""

    wish: Question | None = None
    asked: Question | None = None
    rest: int = REST_MS
    since: float = -math.inf
    """When the last question was sent."""
    last: Question | None = None
    """The question whose answer is shown."""
    number: int = 0
    """Of the questions that were not forgotten."""


class Work(Schedule):
    """One per window, with the window's kernel or None."""

    def __init__(self, kernel: Kernel | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.kernel = kernel
        self._lines: dict[Show, _QuestionQueue] = {}
        self._handles: list[JobHandle] = []

    # questions

    def ask(self, question: Question, show: Show, rest: int = REST_MS) -> None:
        """Call `show(question, answer)` with the engine's answer, which may be a `Refusal`.

        `show`, a method, is also what names the place of the answer: of questions for the same place one is under way at a time, and of
        those asked meanwhile only the newest is sent. So no older answer is shown over a newer one.
        """
        if self.kernel is None:
            return
        line = self._lines.setdefault(show, _QuestionQueue())
        line.wish, line.rest = question, rest
        self._next(show)

    def asking(self, show: Show) -> bool:
        """Whether an answer is still to come here."""
        line = self._lines.get(show)
        return line is not None and (line.asked is not None or line.wish is not None)

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come anywhere, or a job runs that ends by itself: one that is repeated has always more to say."""
        running = any(handle.running and not handle.repeated for handle in self._handles)
        return running or any(self.asking(show) for show in self._lines)

    def asked(self, show: Show) -> Question | None:
        """The question under way for this place."""
        line = self._lines.get(show)
        return line.asked if line is not None else None

    def forget(self, show: Show) -> None:
        """Another document, or the widget is hidden: the answer under way is not shown."""
        self.drop(show)
        line = self._lines.get(show)
        if line is not None:
            line.wish = line.asked = None
            line.number += 1

    def hid(self, more: bool) -> None:
        """Other numbers are hidden than before: what is under way is out of date, and where `more` are hidden no place keeps an answer."""
        for show, line in list(self._lines.items()):
            self.forget(show)
            line.since = -math.inf
            if more and line.last is not None:
                question, line.last = line.last, None
                show(question, Refusal("…"))

    def _send(self, show: Show) -> None:
        line, kernel = self._lines[show], self.kernel
        if kernel is None or line.wish is None or line.asked is not None:
            return
        question, line.wish = line.wish, None
        line.asked, line.since = question, time.monotonic()
        number = line.number
        kernel.ask(question, lambda answer: self._answered(show, number, question, answer))

    def _answered(self, show: Show, number: int, question: Question, answer: Any) -> None:
        line = self._lines.get(show)
        if line is None or number != line.number:
            return
        line.asked, line.last = None, question
        show(question, answer)
        self._next(show)

    def _next(self, show: Show) -> None:
        """Send the newest question as soon as the last answer has come and had its time."""
        line = self._lines[show]
        if self.kernel is None or line.wish is None or line.asked is not None or self.pending(show):
            return
        rest = line.rest * (WHILE_TRAINING if self.kernel.training else 1)
        left = rest - 1000 * (time.monotonic() - line.since)
        if left > 0:
            self.after_frame(show, lambda: self._send(show), math.ceil(left))
        else:
            self._send(show)

    # jobs

    def job(self, job: Job, progress: OnProgress, done: OnEnd, background: bool = False) -> JobHandle:
        """Start long work in the kernel. `progress(report, parts)` hears how far it has come and what of the answer has come with it;
        `done(end)` how it ended, exactly once. `cancel` does not end what runs in the background."""
        handle = JobHandle(self.kernel, progress, done)
        if self.kernel is None:
            handle.finish(JobEnd("failed", text=_("The engine is not running.")))
        else:
            handle.start(self.kernel.job(job, handle.report, handle.finish))
            handle.background, handle.repeated = background, isinstance(job, Repeated)
            self._handles = [other for other in self._handles if other.running] + [handle]
        return handle

    def cancel(self) -> bool:
        """End the job that was started last; False where none runs."""
        running = [handle for handle in self._handles if handle.running and not handle.background]
        if running:
            running[-1].cancel()
        return bool(running)

    def end(self) -> None:
        """The window has closed: nothing is shown any more, and no job goes on."""
        super().end()
        for handle in self._handles:
            handle.leave()
        self._lines.clear()


class JobHandle:
    """One job under way: cancel it, or ask whether it still runs."""

    def __init__(self, kernel: Kernel | None, progress: OnProgress, done: OnEnd) -> None:
        self._kernel, self._progress, self._done = kernel, progress, done
        self._number: int | None = None
        self.background = False
        """Whether nobody waits for it: it goes on when the user cancels what runs."""
        self.repeated = False
        self.end: JobEnd | None = None
        """How it ended."""

    @property
    def running(self) -> bool:
        return self.end is None

    def cancel(self) -> None:
        """End it now. `done` hears so before this returns; the kernel stops where the work can be left."""
        if self.running and self._kernel is not None and self._number is not None:
            self._kernel.cancel_job(self._number)

    def leave(self) -> None:
        """End it without telling anyone."""
        self._progress, self._done = (lambda report, parts: None), (lambda end: None)
        self.cancel()

    # the kernel's side

    def start(self, number: int) -> None:
        self._number = number

    def report(self, report: JobReport, parts: Parts) -> None:
        if self.running:
            self._progress(report, parts)

    def finish(self, end: JobEnd) -> None:
        if self.running:
            self.end = end
            self._done(end)

"""A job that is done again and again while the numbers change, as often as it costs training little."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from engine.numerics.job import Job, JobEnd, Repeated
from ui.engine_link.work import JobHandle, Work

Show = Callable[[Job, JobEnd], None]


class Refresh:
    """One job under way at most, and the newest one that was asked for meanwhile.

    `ask` does a job once. `follow` keeps its answer up to date: it may be called whenever something could have changed, and asks for
    nothing that is shown or under way. While something trains, the kernel repeats what is followed by itself (`Repeated`), within a
    share of its time that it measures; one message brings each answer.
    """

    def __init__(self, work: Work, show: Show, rest: float = 0.1, training_rest: float | None = None) -> None:
        """`rest`: at least so many seconds between the beginnings of two jobs; `training_rest`: the same while something trains."""
        self._work, self._show, self._rest = work, show, rest
        self._training_rest = rest if training_rest is None else training_rest
        self._wish: Job | None = None
        self._handle: JobHandle | None = None
        self._under_way: Job | None = None
        self._repeats = self._answered = False
        """Whether the job under way is repeated, and whether an answer of it has come."""
        self._followed: Job | None = None
        self._known: tuple[Job, int] | None = None
        """The job that is followed, and the step at which it was asked for while nothing trained."""
        self._refused: tuple[Job, bool] | None = None
        """The job that failed last, and whether something trained."""
        self._began = self._came = -math.inf
        """When a job was begun last, and when the last answer came."""
        self._gap = 0.0
        """Seconds between the last two answers."""

    @property
    def running(self) -> bool:
        return self._handle is not None

    @property
    def refused(self) -> bool:
        """Whether what was done last failed."""
        return self._refused is not None

    @property
    def interval(self) -> float:
        """Seconds from one answer to the next, as the last ones came."""
        return max(self._gap, self._least)

    @property
    def _least(self) -> float:
        return self._training_rest if self._training else self._rest

    @property
    def _training(self) -> bool:
        kernel = self._work.kernel
        return kernel is not None and kernel.training

    def ask(self, job: Job) -> None:
        """Do this job once, as soon as it is time for it, unless another one is asked for before."""
        self._wish, self._followed, self._known = job, None, None
        self._next()

    def follow(self, job: Job) -> None:
        """Show this job's answer for the numbers as they are now: again and again while something trains, else once for each step.

        A job that failed is asked for again only after `retry`, when training begins or ends, or at rest with another step.
        """
        kernel = self._work.kernel
        if kernel is None:
            return
        self._followed = job
        known = job, kernel.progress.step
        if kernel.training:
            self._known = None
            if self._refused != (job, True):
                self._wish = None if self._repeats and job == self._under_way else job
                self._next()
        elif known != self._known:
            self._known = known
            self._work.drop(self)  # what waited for the trainer's sake need not wait
            self._wish = job
            self._next()

    def retry(self) -> None:
        """What could not be done may be possible now."""
        if self._refused is not None:
            self._refused = self._known = None
            if self._followed is not None:
                self.follow(self._followed)

    def stop(self) -> None:
        """Ask for nothing more, and show nothing that is still to come. What was shown is forgotten: the next `follow` asks."""
        self._wish = self._followed = self._known = self._refused = None
        self._work.drop(self)
        self._leave()

    @property
    def _held_up(self) -> bool:
        """What is under way comes first; else a wish that changes all the time would never be granted."""
        return self._handle is not None and not (self._repeats and self._answered)

    def _next(self) -> None:
        if self._wish is None or self._held_up or self._work.kernel is None or self._work.pending(self):
            return
        left = self._least - (time.monotonic() - self._began)
        if left > 0:
            self._work.after_frame(self, self._start, math.ceil(1000 * left))
        else:
            self._start()

    def _start(self) -> None:
        if self._wish is None or self._held_up:
            return
        self._leave()
        job, self._wish = self._wish, None
        self._began, self._answered, self._under_way = time.monotonic(), False, job
        self._repeats = self._training and job == self._followed
        wanted = Repeated(job, self._training_rest) if self._repeats else job
        handle = self._work.job(wanted, lambda report, parts: self._heard(job, parts), lambda end: self._ended(job, end), background=True)
        self._handle = handle if handle.end is None else None  # it came to nothing at once

    def _leave(self) -> None:
        handle, self._handle, self._under_way, self._repeats = self._handle, None, None, False
        if handle is not None:
            handle.leave()

    def _heard(self, job: Job, parts: tuple[Any, ...]) -> None:
        if self._repeats and parts:
            self._answered = True
            self._shown(job, JobEnd("done", parts[-1]))
            self._next()

    def _ended(self, job: Job, end: JobEnd) -> None:
        repeated, self._handle, self._under_way, self._repeats = self._repeats, None, None, False
        self._refused = (job, self._training) if end.how == "failed" else None
        if end.how in ("cancelled", "outdated"):
            self._known = None
        if not (repeated and end.how == "done"):  # else training has ended: what is followed is asked for with the news of that
            self._shown(job, end)
            if self._followed is not None and self._training:
                self.follow(self._followed)
        self._next()

    def _shown(self, job: Job, end: JobEnd) -> None:
        now = time.monotonic()
        self._gap, self._came = now - self._came if self._came > -math.inf else 0.0, now
        self._show(job, end)

"""A job that is done again and again while the numbers change, as often as it costs training little."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from engine.numerics.job import Job, JobEnd
from ui.engine_link.work import JobHandle, Work

SHARE = 0.05
"""Largest part of the trainer's time that one refresh may take."""

PASSING = 0.006
"""Seconds that a picture costs the kernel beside the work for it: requests are heard and answered. Measured (`benchmarks/regions.py`)."""

Show = Callable[[Job, JobEnd], None]


class Refresh:
    """One job under way at most, and the newest one that was asked for meanwhile.

    `ask` does a job once. `follow` keeps its answer up to date: it may be called whenever something could have changed, and asks for
    nothing that is shown or under way.

    `seconds_of` says how long the kernel worked for an answer. While something trains, the next job waits until that is at most `SHARE` of
    what has passed, and at least `rest` seconds; at rest it waits for `rest` alone. The first answer, for which the kernel has to load and
    compile, does not count; of the last three the quickest does, because the others were held up.
    """

    def __init__(
        self, work: Work, show: Show, seconds_of: Callable[[Any], float], rest: float = 0.1, training_rest: float | None = None
    ) -> None:
        """`training_rest`: at least so many seconds between two jobs while something trains, where that is not `rest`."""
        self._work, self._show, self._seconds_of, self._rest = work, show, seconds_of, rest
        self._training_rest = rest if training_rest is None else training_rest
        self._followed: Job | None = None
        self._known: tuple[Job, int] | None = None
        """The job that is followed, and the step at which it was asked for while nothing trained."""
        self._refused: Job | None = None
        """The job that failed last."""
        self._warm = False
        self._wish: Job | None = None
        self._handle: JobHandle | None = None
        self._began = -math.inf
        self._seconds: deque[float] = deque(maxlen=3)

    @property
    def running(self) -> bool:
        return self._handle is not None

    @property
    def refused(self) -> bool:
        """Whether what was done last failed."""
        return self._refused is not None

    @property
    def interval(self) -> float:
        """Seconds between the beginnings of two jobs now."""
        return max(self._training_rest, min(self._seconds, default=0.0) / SHARE) if self._training else self._rest

    @property
    def _training(self) -> bool:
        kernel = self._work.kernel
        return kernel is not None and kernel.training

    def ask(self, job: Job) -> None:
        """Do this job as soon as it is time for it, unless another one is asked for before."""
        self._wish = job
        self._next()

    def follow(self, job: Job) -> None:
        """Show this job's answer for the numbers as they are now: again and again while something trains, else once for each step.

        A job that failed is asked for again only after `retry`, or at rest with another step.
        """
        kernel = self._work.kernel
        if kernel is None:
            return
        self._followed = job
        known = job, kernel.progress.step
        if kernel.training:
            self._known = None
            if job != self._refused:
                self.ask(job)
        elif known != self._known:
            self._known = known
            self._work.drop(self)  # what waited for the trainer's sake need not wait
            self.ask(job)

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
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.leave()

    def _next(self) -> None:
        if self._wish is None or self._handle is not None or self._work.kernel is None or self._work.pending(self):
            return
        left = self.interval - (time.monotonic() - self._began)
        if left > 0:
            self._work.after_frame(self, self._start, math.ceil(1000 * left))
        else:
            self._start()

    def _start(self) -> None:
        job, self._wish = self._wish, None
        if job is None or self._handle is not None:
            return
        self._began = time.monotonic()
        self._handle = self._work.job(job, lambda report, parts: None, lambda end: self._ended(job, end), background=True)
        if self._handle.end is not None:  # it came to nothing at once
            self._handle = None

    def _ended(self, job: Job, end: JobEnd) -> None:
        self._handle = None
        if end.how == "done":
            if self._warm:
                self._seconds.append(self._seconds_of(end.answer))
            self._warm = True
        self._refused = job if end.how == "failed" else None
        if end.how in ("cancelled", "outdated"):
            self._known = None
        self._show(job, end)
        if self._followed is not None and self._training and self._wish is None:
            self.follow(self._followed)
        self._next()

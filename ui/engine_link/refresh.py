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

    `seconds_of` says how long the kernel worked for an answer. While something trains, the next job waits until that is at most `SHARE` of
    what has passed, and at least `rest` seconds; at rest it waits for `rest` alone. The first answer, for which the kernel has to load and
    compile, does not count; of the last three the quickest does, because the others were held up.
    """

    def __init__(self, work: Work, show: Show, seconds_of: Callable[[Any], float], rest: float = 0.1) -> None:
        self._work, self._show, self._seconds_of, self._rest = work, show, seconds_of, rest
        self._warm = False
        self._wish: Job | None = None
        self._handle: JobHandle | None = None
        self._began = -math.inf
        self._seconds: deque[float] = deque(maxlen=3)

    @property
    def running(self) -> bool:
        return self._handle is not None

    @property
    def interval(self) -> float:
        """Seconds between the beginnings of two jobs now."""
        kernel = self._work.kernel
        training = kernel is not None and kernel.training
        return max(self._rest, min(self._seconds, default=0.0) / SHARE) if training else self._rest

    def ask(self, job: Job) -> None:
        """Do this job as soon as it is time for it, unless another one is asked for before."""
        self._wish = job
        self._next()

    def stop(self) -> None:
        """Forget the next job, and drop the answer of the one under way."""
        self._wish = None
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
        self._show(job, end)
        self._next()

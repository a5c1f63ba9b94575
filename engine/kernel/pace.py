"""Training that is slow enough to be watched: one step at a time, so many a second."""

from __future__ import annotations

import time
from collections.abc import Callable

LONG = 60.0
"""Seconds to wait for a window that has not asked for the numbers of the last step yet; its question ends the wait."""
SHOWN = 0.6
"""The share of a step's time for which its numbers are on the screen at least."""


class Metronome:
    """When the next step is due. Without a rate every step is due at once."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._interval = self._due = 0.0
        self._seen = True

    def set(self, steps_per_second: float | None) -> None:
        """Take another rate; what is left of the present step's time is shortened or lengthened with it."""
        interval = 1.0 / steps_per_second if steps_per_second else 0.0
        if self._interval:
            self._due = self._clock() + self.wait * interval / self._interval
        elif interval:
            self._due = self._clock() + interval
        self._interval = interval

    def begin(self) -> None:
        """Training begins: before its first step there is as much time as between two."""
        self._due, self._seen = self._clock() + self._interval, True

    @property
    def slow(self) -> bool:
        """Whether steps are made one at a time."""
        return self._interval > 0.0

    @property
    def wait(self) -> float:
        """Seconds until the next step is due."""
        if not self._interval:
            return 0.0
        return max(0.0, self._due - self._clock()) if self._seen else LONG

    def stepped(self) -> None:
        """A step was made: the next one waits until its numbers were asked for."""
        self._due, self._seen = self._due + self._interval, False

    def seen(self) -> None:
        """The numbers of the last step are on their way to the window, which may have been late."""
        if not self._seen:
            self._due, self._seen = max(self._due, self._clock() + SHOWN * self._interval), True

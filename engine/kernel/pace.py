"""Training that is slow enough to be watched: one step at a time, so many a second."""

from __future__ import annotations

import time
from collections.abc import Callable


class Metronome:
    """When the next step is due. Without a rate every step is due at once."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._interval = self._due = 0.0

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
        self._due = self._clock() + self._interval

    @property
    def slow(self) -> bool:
        """Whether steps are made one at a time."""
        return self._interval > 0.0

    @property
    def wait(self) -> float:
        """Seconds until the next step is due."""
        return max(0.0, self._due - self._clock()) if self._interval else 0.0

    def stepped(self) -> None:
        """A step was made; time that it took too much is not made up for."""
        self._due = max(self._due + self._interval, self._clock())

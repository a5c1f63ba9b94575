"""Notes that two processes share: how far a training was at which time, and for how long it is to go on alone. Without torch."""

from __future__ import annotations

import os
import time

import numpy as np

PLACE = "GRADWIRE_BENCHMARK_NOTES"
"""The environment variable with the path of the file."""
MOST, APART = 10_000, 0.02
"""So many rows are kept, and are so many seconds apart at least."""
Speed = tuple[float, float]
"""Steps per second, and per second of processor time."""


class Notes:
    """A row has the time, the step, and the seconds of processor time that the trainer has used. `w+` makes the file at `PLACE`."""

    def __init__(self, mode: str = "r+") -> None:
        rows = np.memmap(os.environ[PLACE], dtype=np.float64, mode=mode, shape=(MOST, 3))  # type: ignore[call-overload]
        self._order, self._rows, self._count = rows[0], rows[3:], 0
        self._ends, self._due = rows[1:3], 0.0

    # The trainer's side

    @property
    def alone(self) -> float:
        """Seconds for which to train like a plain trainer now; 0 where nobody asked for that."""
        return float(self._order[0])

    def add(self, step: int) -> None:
        """Add a row, unless one was added just now: it takes as long as a good part of a step."""
        if (now := time.monotonic()) < self._due:
            return
        self._due = now + APART
        self._rows[self._count % len(self._rows)] = _row(step)
        self._count += 1

    def begin(self, step: int) -> None:
        self._ends[0] = _row(step)

    def end(self, step: int) -> None:
        """What was asked for is done."""
        self._ends[1] = _row(step)
        self._order[0] = 0.0

    # The reader's side

    def train_alone(self, seconds: float) -> Speed:
        """Let it train like a plain trainer; waits until that is done, and does nothing meanwhile."""
        self._order[0] = seconds
        time.sleep(seconds)
        while self._order[0]:
            time.sleep(0.002)
        return _speed(*self._ends)

    def speed(self, began: float, end: float) -> Speed:
        """From the first row to the last one between two times."""
        rows = self._rows[(self._rows[:, 0] >= began) & (self._rows[:, 0] <= end)]
        return _speed(rows[rows[:, 0].argmin()], rows[rows[:, 0].argmax()])


def _row(step: int) -> tuple[float, int, float]:
    return time.monotonic(), step, time.process_time()


def _speed(first: np.ndarray, last: np.ndarray) -> Speed:
    seconds, steps, own = (last - first).tolist()
    return steps / seconds, steps / own

"""The numbers of one curve: all of them for reading, and what is drawn of them. At most a pair of points for each column of pixels: the
least and the greatest value there, so that no spike is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
Whole = np.ndarray[Any, np.dtype[np.intp]]


@dataclass(frozen=True, slots=True)
class Reading:
    """The number at a step, or the least and the greatest of the steps `first` to `last` that share an entry."""

    first: int
    last: int
    low: float
    high: float


class Series(Protocol):
    """What a plot asks of a curve."""

    def ends(self) -> tuple[float, float] | None:
        """The first and the last step; None while there is nothing."""

    def drawn(self, first: float, last: float, columns: int) -> tuple[Floats, Floats]:
        """Places and values of the points to draw between two steps, and one more on either side, so that the line goes on."""

    def smooth(self, first: float, last: float, columns: int, count: int) -> tuple[Floats, Floats]:
        """The same of the mean of each step and the `count` − 1 before it, as far as there are any."""

    def steps_and_values(self, first: float, last: float) -> tuple[Floats, Floats]:
        """All numbers between two steps, which ascend."""

    def reading(self, step: int) -> Reading | None:
        """The newest number at this step or before it."""

    def mean(self, step: int, count: int) -> float | None:
        """The mean of this step and the `count` − 1 before it; None where there is no number at this step."""


class PointSeries:
    """Numbers at some steps."""

    def __init__(self, steps: Sequence[float], values: Sequence[float]) -> None:
        self.steps, self.values = np.asarray(steps, dtype=np.float64), np.asarray(values, dtype=np.float64)

    def ends(self) -> tuple[float, float] | None:
        return (float(self.steps[0]), float(self.steps[-1])) if self.steps.size else None

    def drawn(self, first: float, last: float, columns: int) -> tuple[Floats, Floats]:
        start = max(int(np.searchsorted(self.steps, first)) - 1, 0)
        stop = min(int(np.searchsorted(self.steps, last, "right")) + 1, self.steps.size)
        at, values = extremes(self.values, self.values, start, stop, columns)
        return self.steps[at], values

    def smooth(self, first: float, last: float, columns: int, count: int) -> tuple[Floats, Floats]:
        return np.empty(0), np.empty(0)

    def steps_and_values(self, first: float, last: float) -> tuple[Floats, Floats]:
        within = (self.steps >= first) & (self.steps <= last)
        return self.steps[within], self.values[within]

    def reading(self, step: int) -> Reading | None:
        at = int(np.searchsorted(self.steps, step, "right")) - 1
        if at < 0:
            return None
        return Reading(int(self.steps[at]), int(self.steps[at]), float(self.values[at]), float(self.values[at]))

    def mean(self, step: int, count: int) -> float | None:
        return None


def extremes(low: Floats, high: Floats, start: int, stop: int, columns: int) -> tuple[Whole, Floats]:
    """Indices and values of what is drawn of the entries from `start` to before `stop`: all, or two for each column and the newest.

    Groups begin at multiples of their size, so that a curve that grows or is moved does not flicker.
    """
    count = stop - start
    if count <= 0:
        return np.empty(0, np.intp), np.empty(0)
    if count <= 2 * columns and np.shares_memory(low, high):
        return np.arange(start, stop), low[start:stop]
    size = max(-(-count // columns), 1)
    starts = np.maximum(np.arange(start - start % size, stop, size), start)
    values = np.empty(2 * starts.size + 1)
    values[:-1:2] = np.minimum.reduceat(low[start:stop], starts - start)
    values[1:-1:2] = np.maximum.reduceat(high[start:stop], starts - start)
    values[-1] = high[stop - 1]
    ends = np.append(starts[1:], stop)
    return np.append(np.repeat((starts + ends - 1) // 2, 2), stop - 1), values


def means(values: Floats, at: Whole, count: int) -> Floats:
    """For each index the mean of the value there and of up to `count` − 1 before it, each added up by itself: a difference of running
    sums would lose small losses behind a large one."""
    if not at.size:
        return np.empty(0)
    starts = np.maximum(at - count + 1, 0)
    first = int(starts[0])
    bounds = np.column_stack((starts, at + 1)).ravel() - first
    with np.errstate(over="ignore", invalid="ignore"):
        sums = np.add.reduceat(values[first : int(at[-1]) + 1], bounds[:-1])[::2]
    averages: Floats = sums / (at + 1 - starts)
    return averages

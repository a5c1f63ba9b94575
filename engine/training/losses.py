"""The loss of every step of a run, kept whole: what a plot of it reads. Without torch: the window keeps one too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

LIMIT = 2**22
"""So many numbers are kept; of a longer run, neighbouring steps share one entry (32 MB, and 96 MB then)."""
Floats = np.ndarray[Any, np.dtype[np.float64]]


class Losses:
    """Losses of consecutive steps, from step `first` on.

    While `stride` is 1, every loss is kept. A run of more than `limit` steps halves the entries: each then has the minimum, the maximum and
    the mean of `stride` steps, of which the newest entry may have fewer.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self.first, self.steps, self.stride = 1, 0, 1
        self._rows: Floats = np.empty((1, 0))
        """One row while the stride is 1, else three: minima, maxima, means."""
        self._own = True
        """Whether the rows may be written to; else they are shared, and are copied first."""

    @property
    def last(self) -> int:
        """The newest step; `first` − 1 while there is none."""
        return self.first + self.steps - 1

    @property
    def bytes(self) -> int:
        return self._rows.nbytes

    def add(self, step: int, losses: Sequence[float] | Floats) -> None:
        """Losses of consecutive steps, the first of them `step`; what there was from there on is replaced."""
        values: Floats = np.asarray(losses, dtype=np.float64)
        if not values.size:
            return
        self.cut(step - 1)
        if step != self.last + 1:  # a gap: what lies before cannot be part of the same curve
            self.first, self.steps, self.stride, self._rows, self._own = step, 0, 1, np.empty((1, 0)), True
        self._reserve(-(-(self.steps + values.size) // self.stride))
        block = self.steps // self.stride
        if self.stride == 1:
            self._rows[0, block : block + values.size] = values
        else:
            self._merge(block, values)
        self.steps += values.size
        while self._entries > self._limit:
            self._halve()

    def cut(self, step: int) -> None:
        """Forget what came after `step`. Of an entry that lies on both sides, the extremes stay."""
        self.steps = min(self.steps, max(step - self.first + 1, 0))

    def fill(self, first: int, steps: int, stride: int, rows: Floats) -> None:
        """Take over numbers that were saved: one row with a `stride` of 1, else minima, maxima and means."""
        self.first, self.steps, self.stride, self._rows, self._own = first, steps, stride, rows, False

    def exact(self, first: int, last: int) -> Floats | None:
        """The losses of the steps from `first` to `last`; None where not each of them is kept."""
        if self.stride > 1 or not self.first <= first <= last <= self.last:
            return None
        return self._rows[0, first - self.first : last - self.first + 1]

    def until(self, step: int) -> Losses:
        """The part up to `step`. It shares the numbers until one of both adds to them."""
        twin = Losses(self._limit)
        twin.first, twin.steps, twin.stride, twin._rows = self.first, self.steps, self.stride, self._rows
        self._own = twin._own = False
        twin.cut(step)
        return twin

    def take(self, news: Losses) -> None:
        """Continue with what another one holds, from its first step on."""
        if news.stride == 1:
            self.add(news.first, news.low)
        else:
            self.first, self.steps, self.stride, self._rows, self._own = news.first, news.steps, news.stride, news._rows, False

    def at(self, step: int) -> tuple[int, int, float, float] | None:
        """(first, last, lowest, highest) of the entry with this step: one step and its loss, unless the run is very long."""
        if not self.first <= step <= self.last:
            return None
        block = (step - self.first) // self.stride
        first = self.first + block * self.stride
        return first, min(first + self.stride - 1, self.last), float(self.low[block]), float(self.high[block])

    @property
    def _entries(self) -> int:
        return -(-self.steps // self.stride)

    @property
    def low(self) -> Floats:
        return self._rows[0, : self._entries]

    @property
    def high(self) -> Floats:
        return self._rows[-1 if self.stride == 1 else 1, : self._entries]

    @property
    def mean(self) -> Floats:
        return self._rows[-1, : self._entries]

    def _reserve(self, entries: int) -> None:
        if not self._own or self._rows.shape[1] < entries:
            rows = np.empty((self._rows.shape[0], max(1024, entries, 2 * self._entries)))
            rows[:, : self._entries] = self._rows[:, : self._entries]
            self._rows, self._own = rows, True

    def _merge(self, block: int, values: Floats) -> None:
        """Add to entries of several steps: the first of these may have some already."""
        begun = self.steps - block * self.stride
        starts = np.maximum(np.arange(block, -(-(self.steps + values.size) // self.stride)) * self.stride - self.steps, 0)
        counts = np.diff(starts, append=values.size)
        low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        mean = np.add.reduceat(values / np.repeat(counts, counts), starts)
        if begun:
            old = self._rows[:, block]
            low[0], high[0] = min(low[0], old[0]), max(high[0], old[1])
            mean[0] = old[2] * (begun / (begun + counts[0])) + mean[0] * (counts[0] / (begun + counts[0]))
        self._rows[:, block : block + starts.size] = low, high, mean

    def _halve(self) -> None:
        low, high, mean = self.low, self.high, self.mean
        counts = np.full(low.size, self.stride)
        counts[-1] = self.steps - (low.size - 1) * self.stride
        pairs = np.arange(0, low.size, 2)
        together = np.add.reduceat(counts, pairs)
        weights = counts / np.repeat(together, np.diff(pairs, append=low.size))
        rows = (np.minimum.reduceat(low, pairs), np.maximum.reduceat(high, pairs), np.add.reduceat(mean * weights, pairs))
        self.stride *= 2
        self._rows, self._own = np.array(rows), True

    def __getstate__(self) -> dict[str, Any]:
        """Without the room for more."""
        return {**self.__dict__, "_rows": self._rows[:, : self._entries], "_own": False}

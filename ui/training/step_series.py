"""The loss of every step, as a plot asks for it."""

from __future__ import annotations

import math

import numpy as np

from engine.training.losses import Losses
from ui.maths.series import Floats, Reading, Whole, extremes, means


class StepSeries:
    """The loss of every step."""

    def __init__(self, losses: Losses) -> None:
        self.losses = losses

    def ends(self) -> tuple[float, float] | None:
        losses = self.losses
        return (float(losses.first), float(losses.last)) if losses.steps else None

    def drawn(self, first: float, last: float, columns: int) -> tuple[Floats, Floats]:
        start, stop = self._entries(first, last)
        at, values = extremes(self.losses.low, self.losses.high, start, stop, columns)
        return self._steps(at), values

    def smooth(self, first: float, last: float, columns: int, count: int) -> tuple[Floats, Floats]:
        start, stop = self._entries(first, last)
        at = np.unique(np.linspace(start, stop - 1, min(columns, stop - start)).astype(np.intp)) if stop > start else np.empty(0, np.intp)
        return self._steps(at), means(self.losses.mean, at, max(1, count // self.losses.stride))

    def steps_and_values(self, first: float, last: float) -> tuple[Floats, Floats]:
        losses = self.losses
        start, stop = max(math.ceil(first), losses.first), min(math.floor(last), losses.last) + 1
        values = losses.low[start - losses.first : max(stop - losses.first, 0)]
        return np.arange(start, start + values.size, dtype=np.float64), values

    def reading(self, step: int) -> Reading | None:
        entry = self.losses.at(min(step, self.losses.last))
        return None if entry is None else Reading(*entry)

    def mean(self, step: int, count: int) -> float | None:
        losses = self.losses
        if losses.at(step) is None:
            return None
        at = np.array([(step - losses.first) // losses.stride])
        return float(means(losses.mean, at, max(1, count // losses.stride))[0])

    def _entries(self, first: float, last: float) -> tuple[int, int]:
        """Which entries lie between two steps, with one more on either side."""
        losses = self.losses
        start, stop = (first - losses.first) // losses.stride - 1, (last - losses.first) // losses.stride + 2
        return int(min(max(start, 0), losses.low.size)), int(min(max(stop, 0), losses.low.size))

    def _steps(self, at: Whole) -> Floats:
        """An entry is drawn at its newest step."""
        losses = self.losses
        return np.minimum(losses.first + (at + 1) * losses.stride - 1, losses.last).astype(np.float64)

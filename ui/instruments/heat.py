"""Histograms over the steps as columns of a picture: each is spread over one range of values, in equal or logarithmic rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.learned.instruments import Histogram
from graph.text.messages import _
from ui.look.numbers import number

STEEP = 30.0
"""If the sizes of the numbers differ over the steps by more than this factor, rows are logarithmic away from 0."""
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Rows:
    """From `low` to `high`, in places of a scale that is linear, or asinh(value / `bend`) where `bend` is not 0."""

    low: float
    high: float
    bend: float = 0.0

    def place(self, values: Floats) -> Floats:
        """0 at the low end, 1 at the high end."""
        low, high = self._scaled(np.array([self.low, self.high]))
        placed: Floats = (self._scaled(values) / 2 - low / 2) / (high / 2 - low / 2)  # halves: the span may be too large for a number
        return placed

    def _scaled(self, values: Floats) -> Floats:
        if not self.bend:
            return values
        with np.errstate(over="ignore"):
            ratio = values / self.bend
        beyond = np.sign(values) * (np.log(2 * np.maximum(np.abs(values) / 4, self.bend)) + math.log(4) - math.log(self.bend))
        scaled: Floats = np.where(np.isfinite(ratio), np.arcsinh(ratio), beyond)  # asinh(z) is log(2z) where z is large
        return scaled

    @property
    def note(self) -> str:
        return _("logarithmic beyond ±{bound}").format(bound=number(float(f"{self.bend:.2g}"))) if self.bend else ""


def rows_for(histograms: Sequence[Histogram]) -> Rows:
    """One scale for all of them. Its ends are rounded outwards, so that it seldom changes while training."""
    sizes = [h.rms for h in histograms if h.rms > 0]
    low, high = min(h.low for h in histograms), max(h.high for h in histograms)
    bend = _round(min(sizes), up=False) if sizes and max(sizes) > STEEP * min(sizes) else 0.0
    low = -_round(-low, up=True) if low < 0 else 0.0 if low < 0.5 * high else _round(low, up=False)
    high = _round(high, up=True) if high > 0 else 0.0 if high > 0.5 * low else -_round(-high, up=False)
    return Rows(low, high if high > low else low + max(abs(low), 1e-300), bend)


def _round(size: float, up: bool) -> float:
    """A positive number rounded to 1, 2 or 5 times a power of ten."""
    if not size or not math.isfinite(size):
        return size
    unit = 10.0 ** math.floor(math.log10(size))
    if not unit or not math.isfinite(10 * unit):
        return size
    steps = [unit * factor for factor in (1, 2, 5, 10)]
    return next(s for s in steps if s >= size * (1 - 1e-12)) if up else max(s for s in steps if s <= size * (1 + 1e-12))


def column(histogram: Histogram, rows: Rows, height: int) -> Floats:
    """(height,): which share of the numbers lies in each row, the highest values first; within a bin they count as evenly spread."""
    edges = rows.place(histogram.edges) * height
    below = np.concatenate(([0.0], np.cumsum(histogram.counts))) / max(int(histogram.counts.sum()), 1)
    if edges[-1] - edges[0] < 1e-9:  # narrower than a row by far
        shares = np.zeros(height)
        shares[int(np.clip(edges[0], 0, height - 1))] = 1.0
        return shares[::-1]
    return np.diff(np.interp(np.arange(height + 1), edges, below, left=0.0, right=1.0))[::-1]


def chosen(steps: Sequence[int], width: int) -> np.ndarray[Any, np.dtype[np.intp]]:
    """(width,): which observation each column of pixels shows: the last one at its step or before it."""
    places = np.linspace(steps[0], steps[-1], width) if len(steps) > 1 else np.full(width, steps[0])
    return np.clip(np.searchsorted(np.asarray(steps), places + 1e-9, "right") - 1, 0, len(steps) - 1)

"""The rate that a curve shows: a straight line through its logarithm, against the step or against the step's logarithm. No torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.learned.rates import Floats, Whole

FEWEST = 4
"""Points that a line is drawn through, at least."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Over the steps `low` to `high`: y ≈ `start`·`factor`^t, and y ≈ `scale`·t^`power`; `linear` and `sublinear` are the root mean
    squares of what log₁₀ y differs from each. `order`: q where the values fall like y′ ≈ C·y^q, NaN where they do not fall so fast."""

    low: int
    high: int
    factor: float
    start: float
    linear: float
    power: float
    scale: float
    sublinear: float
    order: float

    @property
    def better(self) -> str:
        """`linear`, `sublinear`, or `neither` where one fits about as well as the other."""
        if self.linear < 0.8 * self.sublinear:
            return "linear"
        return "sublinear" if self.sublinear < 0.8 * self.linear else "neither"


def fitted(steps: Floats | Whole, values: Floats, low: float, high: float) -> Fit | None:
    """Lines through the positive values at steps t ≥ 1 between the two; None where there are too few, or where nothing changes."""
    t = np.asarray(steps, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        within = (t >= max(low, 1)) & (t <= high) & np.isfinite(values) & (values > 0)
    t, y = t[within], np.log10(values[within])
    if len(t) < FEWEST:
        return None
    (slope, at), (power, scale) = np.polyfit(t, y, 1), np.polyfit(np.log10(t), y, 1)
    left = [y - (at + slope * t), y - (scale + power * np.log10(t))]
    linear, sublinear = (float(np.sqrt(np.mean(part**2))) for part in left)
    return Fit(
        int(t[0]), int(t[-1]), float(10**slope), _power(at), linear, float(power), _power(scale), sublinear, order(values[within])
    )


def _power(exponent: float) -> float:
    return float(10**exponent) if exponent < 300 else math.inf


def order(values: Floats) -> float:
    """q of y′ ≈ C·y^q: the smaller of log(y₃/y₂)/log(y₂/y₁) at the last two places. NaN where the values do not fall all the way, since a
    curve that swings falls fast now and then, or where there are fewer than four."""
    if len(values) < 4 or not (np.diff(values) < 0).all() or not (values > 0).all():
        return math.nan
    falls = np.diff(np.log(values[-4:]))
    return float((falls[1:] / falls[:-1]).min())


def first_range(steps: Floats | Whole, values: Floats, floor: float) -> tuple[int, int]:
    """Where a fit begins by itself: the later three quarters of the steps whose values are above the round-off `floor`."""
    with np.errstate(invalid="ignore"):
        above = np.flatnonzero(np.isfinite(values) & (values > floor))
    if not above.size:
        return 1, max(int(steps[-1]), 1)
    last = int(steps[above[-1]])
    return max(1, last // 4), max(last, 1)

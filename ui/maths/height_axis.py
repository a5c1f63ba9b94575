"""The scale of the heights of a surface: linear, or logarithmic where most of it would lie flat on the floor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ui.look.numerals import number
from ui.maths.curve_scale import LINEAR, Scale

Floats = np.ndarray[Any, np.dtype[np.float64]]
Wish = Literal["auto", "linear", "log"]
FLAT = 0.02
"""Heights are logarithmic where more than half of the surface would lie below this part of a linear axis."""
BELOW, LOWEST, DECADES = 1e-3, 1e-6, 12
"""Where a height is 0 or negative, a logarithmic axis is linear below this part of the median size; where all are positive, only below
the second one; and always so many powers of ten below the largest."""
MOST = 7


@dataclass(frozen=True, slots=True)
class HeightAxis:
    """The axis from `low` to `high`. `share` says where a height lies on it."""

    low: float
    high: float
    scale: Scale = LINEAR

    @classmethod
    def of(cls, f: Floats, wish: Wish = "auto") -> HeightAxis:
        """The axis for all finite numbers of `f`, whatever its shape."""
        finite = f[np.isfinite(f)]
        if not finite.size:
            return cls(0.0, 1.0)
        low, high = float(finite.min()), float(finite.max())
        if not high > low:
            room = 0.5 * abs(low) or 0.5
            return cls(low - room, high + room)
        if wish == "linear" or (wish == "auto" and not _flat(finite, low, high)):
            return cls(low, high)
        size = np.abs(finite)
        straight = max((LOWEST if low > 0 else BELOW) * float(np.median(size)), float(size.max()) * 10.0**-DECADES, 1e-300)
        return cls(low, high, Scale("log") if low >= straight else Scale("symlog", straight))

    def share(self, f: Floats) -> Floats:
        """0 at the low end of the axis, 1 at the high one; NaN where `f` is not finite."""
        low, high = self._position(np.array([self.low, self.high]))
        with np.errstate(invalid="ignore", over="ignore"):
            shares: Floats = np.where(np.isfinite(f), (self._position(f) - low) / (high - low), np.nan)
        return shares

    def _position(self, f: Floats) -> Floats:
        if self.scale.kind == "log":
            with np.errstate(invalid="ignore", divide="ignore"):
                logged: Floats = np.log10(f)
            return logged
        if self.scale.kind == "linear":
            return f / max(abs(self.low), abs(self.high))  # the difference of the largest numbers is no number
        return self.scale.positions(f)

    def ticks(self, most: int = MOST) -> list[tuple[float, str]]:
        """Shares of the axis, and the texts there."""
        heights = self._powers(most) if self.scale.kind == "log" else []
        if len(heights) >= 2:
            return [(float(self.share(np.array(height))), number(height)) for height in heights]
        scale = LINEAR if self.scale.kind == "log" else self.scale
        ticks = scale.ticks(self.low, self.high) or []
        ends = self._position(np.array([self.low, self.high]))
        at = [place if scale.kind == "symlog" else float(self._position(np.array(place))) for place, _text in ticks]
        shares = [(place - float(ends[0])) / float(ends[1] - ends[0]) for place in at]
        stride = -(-len(ticks) // most) if ticks else 1
        return [(share, text) for share, (_place, text) in zip(shares, ticks, strict=True)][::stride]

    def _powers(self, most: int) -> list[float]:
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        return [10.0**power for power in range(first, last + 1, max(1, -(-(last - first + 1) // most)))]


def _flat(finite: Floats, low: float, high: float) -> bool:
    size = max(abs(low), abs(high))
    return bool(float(np.median(finite)) / size - low / size < FLAT * (high / size - low / size))

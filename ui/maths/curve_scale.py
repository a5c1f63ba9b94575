"""The scale of a loss curve: linear, logarithmic, or logarithmic on both sides of 0 where the loss is not always positive."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from graph.text.messages import _
from ui.look.numbers import MINUS, plain
from ui.look.numerals import raised

DECADES = 12
"""Powers of ten below the largest value that are drawn logarithmically; smaller values lie on the linear part."""
FEW_TICKS, MANY_TICKS = 3, 7

Kind = Literal["linear", "log", "symlog"]


@dataclass(frozen=True, slots=True)
class Scale:
    """`place` says where a value is drawn. `straight` is the largest size up to which a symlog scale is linear."""

    kind: Kind = "linear"
    straight: float = 1.0
    note: str = ""

    def position(self, value: float) -> float:
        if self.kind != "symlog":
            return value
        size = abs(value) / self.straight
        return math.copysign(size if size < 1 else 1 + math.log10(size), value)

    def positions(self, values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
        """`position` of each value."""
        if self.kind != "symlog":
            return values
        sizes = np.abs(values) / self.straight
        placed: np.ndarray[Any, np.dtype[np.float64]] = np.copysign(np.where(sizes < 1, sizes, 1 + np.log10(np.maximum(sizes, 1))), values)
        return placed

    def ticks(self, low: float, high: float) -> list[tuple[float, str]] | None:
        """Places and texts of the ticks between two values; None where the plot finds them by itself."""
        if self.kind == "log":
            return None
        if self.kind == "linear":
            return [(value, _written(value)) for value in _round_values(low, high)]
        values = _powers(low, high, self.straight)
        if len(values) < FEW_TICKS:
            values = sorted({*_round_values(low, high), *values})
        stride = -(-len(values) // MANY_TICKS)
        zero = values.index(0.0) % stride if 0.0 in values else 0
        return [(self.position(value), plain(value).replace("-", MINUS)) for value in values[zero::stride]]


LINEAR = Scale()


def chosen_scale(values: Iterable[float], logarithmic: bool) -> Scale:
    """The scale for these values, with what to say where a logarithm alone cannot show them all."""
    numbers = list(values)
    if not logarithmic or not numbers:
        return LINEAR
    if min(numbers) > 0:
        return Scale("log")
    positive = [value for value in numbers if value > 0]
    if not positive:
        return Scale(note=_("no log scale: the loss is never positive"))
    straight = max(min(positive), max(map(abs, numbers)) * 10.0**-DECADES)
    return Scale("symlog", straight, _("linear within ±{bound}").format(bound=plain(float(f"{straight:.2g}"))))


def _powers(low: float, high: float, straight: float) -> list[float]:
    """0 and the powers of ten outside the straight part, as far as they lie between the two values."""
    first, last = math.ceil(math.log10(straight)), math.floor(math.log10(max(abs(low), abs(high), straight)))
    sizes = [10.0**exponent for exponent in range(first, last + 1)]
    return [value for value in [*(-size for size in reversed(sizes)), 0.0, *sizes] if low <= value <= high]


def _round_values(low: float, high: float) -> Sequence[float]:
    """About five round numbers between two values."""
    if not high > low:
        return [low]
    quarter = high / 4 - low / 4  # the whole difference may be too large for a number
    unit = 10.0 ** math.floor(math.log10(quarter)) if quarter else 0.0
    if not unit:
        return [low, high]
    step = next(unit * factor for factor in (1, 2, 5, 10) if quarter / (unit * factor) <= 1.25)
    return [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _written(value: float) -> str:
    """A round number, in as few characters as it has digits: −0.25, 2000, 5×10²²⁵."""
    mantissa, _, exponent = f"{value:.10e}".partition("e")
    if value == 0 or -4 <= int(exponent) < 5:
        return f"{value:.10g}".replace("-", MINUS)
    return f"{float(mantissa):.10g}×10{raised(int(exponent))}".replace("-", MINUS)

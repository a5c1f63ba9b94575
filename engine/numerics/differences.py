"""The numerical derivative of a function of one number, with an error estimate that can be believed.

Central differences at steps that shrink by a factor of 4, extrapolated to step 0 (Richardson 1911). Two errors are estimated at every
step: truncation, from how much the quotient still changes with the step, and round-off, from the bound that comes with every value.
The step moves towards the larger of the two (Ridders 1982) until they meet. A corner shows by two one-sided slopes that stay apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

RATIO = 4.0
FIRST = 2.0**-10
"""The step tried first, as a share of the scale of the point."""
FINEST = 2.0**-46
SAFETY = 4.0
"""Round-off bounds are of first order, and count an elementary function as rounded once."""
STRAIGHT = 0.5
"""At a corner the one-sided slopes stay apart as the step goes to 0, by this share of their present distance or more."""


class BoundedValue(Protocol):
    """What the function returns: a number, and a bound of its absolute error."""

    @property
    def value(self) -> float: ...
    @property
    def error(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Estimate:
    """A derivative, known up to `error`. `step` is the smaller of the two steps it was found with.

    At a corner (`kink`) the one-sided slopes lie at `low` and `high`, known up to `slack`. `value` is NaN where the function has no
    numbers around the point.
    """

    value: float = math.nan
    error: float = math.inf
    step: float = 0.0
    kink: bool = False
    low: float = math.nan
    high: float = math.nan
    slack: float = math.inf


def forward(above: Any, base: Any, step: Any) -> float:
    """(f(x + ε) − f(x)) / ε in the precision of the numbers; for the backward difference give f(x), f(x − ε)."""
    return float((above - base) / step)


def central(above: Any, below: Any, step: Any) -> float:
    """(f(x + ε) − f(x − ε)) / 2ε"""
    return float((above - below) / (2 * step))


def derivative(
    function: Callable[[float], BoundedValue], scale: float, limit: float, agrees: Callable[[Estimate], bool] | None = None
) -> Estimate:
    """The derivative at 0. `scale` is the scale of the point, `limit` the largest step allowed.

    Where `agrees` says of an estimate that it is good enough, no better one is looked for.
    """
    ladder = _Ladder(function, scale)
    level = ladder.level(0)
    if level.kink or agrees is None or not agrees(level.estimate()):
        finer = level.truncation > level.noise or not math.isfinite(level.error)
        ladder.walk(-1 if finer else 1, limit, agrees)
    return ladder.best()


@dataclass(frozen=True, slots=True)
class _Quotient:
    """The one-sided and the central difference at one step, and the round-off in the values divided by the step."""

    step: float
    up: float
    down: float
    noise: float

    @property
    def middle(self) -> float:
        if not math.isfinite(self.up):
            return self.down
        return (self.up + self.down) / 2 if math.isfinite(self.down) else self.up

    @property
    def both(self) -> bool:
        return math.isfinite(self.up) and math.isfinite(self.down)


@dataclass(frozen=True, slots=True)
class _Level:
    """Two neighbouring steps, extrapolated."""

    value: float
    truncation: float
    noise: float
    step: float
    kink: bool
    up: float
    down: float
    coarse: _Quotient
    fine: _Quotient

    @property
    def error(self) -> float:
        return self.truncation + self.noise

    @property
    def gap(self) -> float:
        return abs(self.fine.up - self.fine.down)

    def estimate(self, error: float | None = None) -> Estimate:
        error = self.error if error is None else error
        if not self.kink:
            return Estimate(self.value, error, self.step)
        slack = self.bend + 2 * self.fine.noise
        return Estimate(self.value, error, self.step, True, min(self.up, self.down), max(self.up, self.down), slack)

    @property
    def bend(self) -> float:
        """How much the one-sided slopes still change with the step."""
        return abs(self.fine.up - self.coarse.up) + abs(self.fine.down - self.coarse.down)


class _Ladder:
    """Steps FIRST · scale · 4ᵏ, each evaluated once."""

    def __init__(self, function: Callable[[float], BoundedValue], scale: float) -> None:
        self.function, self.base, self.scale = function, function(0.0), scale
        self.quotients: dict[int, _Quotient] = {}
        self.levels: dict[int, _Level] = {}

    def step(self, k: int) -> float:
        return self.scale * FIRST * RATIO**k

    def quotient(self, k: int) -> _Quotient:
        if k not in self.quotients:
            h = self.step(k)
            above, below = self.function(h), self.function(-h)
            errors = [v.error for v in (above, self.base, below) if math.isfinite(v.value + v.error)]
            up, down = forward(above.value, self.base.value, h), forward(self.base.value, below.value, h)
            self.quotients[k] = _Quotient(h, up, down, SAFETY * max(errors) / h)
        return self.quotients[k]

    def level(self, k: int) -> _Level:
        if k not in self.levels:
            self.levels[k] = _extrapolated(self.quotient(k), self.quotient(k - 1))
        return self.levels[k]

    def walk(self, direction: int, limit: float, agrees: Callable[[Estimate], bool] | None) -> None:
        """Towards smaller steps while truncation is the larger error, towards larger ones while round-off is."""
        k = direction
        while self.scale * FINEST <= self.step(k - 1) and self.step(k) <= limit and self.step(k - 1) > 0:
            level = self.level(k)
            if _settled(level) if level.kink else agrees is not None and agrees(level.estimate()):
                return
            if (level.truncation > level.noise) == (direction > 0):
                return
            k += direction

    def best(self) -> Estimate:
        """The smallest error. A level is only as good as the finer ones confirm: far from the point everything can look flat."""
        chosen, least = None, math.inf
        finer: list[_Level] = []
        for k in sorted(self.levels):
            level = self.levels[k]
            error = max([level.error, *(abs(level.value - f.value) - f.noise - f.truncation for f in finer)])
            if math.isfinite(level.value):
                finer.append(level)
                if error < least:
                    chosen, least = level, error
        return Estimate() if chosen is None else chosen.estimate(least)


def _to_zero(coarse: float, fine: float, order: int) -> float:
    """Two quotients whose error is of this order in the step, extrapolated to step 0."""
    factor = RATIO**order
    return (factor * fine - coarse) / (factor - 1)


def _extrapolated(coarse: _Quotient, fine: _Quotient) -> _Level:
    """Truncation counts twice what the quotient changed by, which is enough for roots of x and for a corner between the two steps;
    and at least the distance of the one-sided slopes at step 0, which a smooth function has not."""
    both = coarse.both and fine.both
    value = _to_zero(coarse.middle, fine.middle, 2 if both else 1)
    truncation = 2 * abs(coarse.middle - fine.middle)
    noise = (1.1 if both else 3.0) * fine.noise
    up, down = _to_zero(coarse.up, fine.up, 1), _to_zero(coarse.down, fine.down, 1)
    kink = both and abs(up - down) > max(STRAIGHT * abs(fine.up - fine.down), 10 * fine.noise)
    if both:
        truncation = max(truncation, abs(up - down))
    return _Level(value, truncation, noise, fine.step, kink, up, down, coarse, fine)


def _settled(level: _Level) -> bool:
    """Whether this is a corner whose slopes no smaller step would change."""
    return level.kink and level.bend <= 0.01 * level.gap

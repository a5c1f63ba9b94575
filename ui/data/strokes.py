"""Strokes of a brush over points of the plane: paint, erase, move. No widget; lengths are in the units of the plane."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from graph.text.messages import _, ngettext

Tool = Literal["paint", "erase", "move"]
Point = tuple[float, float, int]
"""x1, x2 and the class."""
MOST = 5000
"""Points in one document."""
CLASSES = 10
"""Classes that can be painted: as many as there are colours."""
SPREADS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6)
"""Standard deviations of the brush."""
AT_ONCE = 4
"""Points of one dab of a brush that has a spread."""
DIGITS = 3
"""Decimals of a painted point: finer than a pixel."""


@dataclass(frozen=True, slots=True)
class Brush:
    """`spread` is the standard deviation of the points that are painted; `label` is their class."""

    tool: Tool = "paint"
    label: int = 0
    spread: float = 0.0

    def reach(self, pixel: float) -> float:
        """The radius within which points are erased or moved, at `pixel` units a pixel: two standard deviations, or eight pixels."""
        return max(2 * self.spread, 8 * pixel)


class Stroke:
    """One stroke, from pressing to releasing. `points` are those that the plane has now."""

    def __init__(self, before: Sequence[Point], brush: Brush, x: float, y: float, pixel: float, chance: random.Random) -> None:
        self.before, self.brush = tuple(before), brush
        self.points: list[Point] = list(before)
        self._at, self._chance = (x, y), chance
        self._reach = brush.reach(pixel)
        self._gap = max(brush.spread, 14 * pixel)
        """Between two dabs on the way of the brush."""
        self._taken = [place for place, point in enumerate(before) if self._near(point, (x, y), (x, y))] if brush.tool == "move" else []
        self._start = (x, y)
        self.full = False
        """Whether there was no room for further points."""
        if brush.tool == "paint":
            self._dab(x, y)
        elif brush.tool == "erase":
            self._erase((x, y))

    def to(self, x: float, y: float) -> None:
        """The brush moves on to here."""
        if self.brush.tool == "move":
            across, up = x - self._start[0], y - self._start[1]
            for place in self._taken:
                left, low, label = self.before[place]
                self.points[place] = (round(left + across, DIGITS), round(low + up, DIGITS), label)
        elif self.brush.tool == "erase":
            self._erase((x, y))
            self._at = (x, y)
        else:
            for dab in self._between((x, y)):
                self._dab(*dab)

    @property
    def changed(self) -> bool:
        return tuple(self.points) != self.before

    @property
    def text(self) -> str:
        """What is undone."""
        if self.brush.tool == "paint":
            count = len(self.points) - len(self.before)
            return ngettext("Paint {count} point", "Paint {count} points", count).format(count=count)
        if self.brush.tool == "erase":
            count = len(self.before) - len(self.points)
            return ngettext("Erase {count} point", "Erase {count} points", count).format(count=count)
        count = len(self._taken)
        return ngettext("Move {count} point", "Move {count} points", count).format(count=count)

    def _dab(self, x: float, y: float) -> None:
        spread = self.brush.spread
        for _place in range(AT_ONCE if spread else 1):
            if len(self.points) >= MOST:
                self.full = True
                return
            dx, dy = (self._chance.gauss(0, spread), self._chance.gauss(0, spread)) if spread else (0.0, 0.0)
            self.points.append((round(x + dx, DIGITS), round(y + dy, DIGITS), self.brush.label))

    def _between(self, end: tuple[float, float]) -> Iterator[tuple[float, float]]:
        """The places of dabs on the way, a gap apart."""
        (x, y), far = self._at, math.dist(self._at, end)
        steps = int(far / self._gap + 1e-9)
        for step in range(1, steps + 1):
            share = step * self._gap / far
            self._at = x + share * (end[0] - x), y + share * (end[1] - y)
            yield self._at

    def _erase(self, end: tuple[float, float]) -> None:
        self.points = [point for point in self.points if not self._near(point, self._at, end)]

    def _near(self, point: Point, start: tuple[float, float], end: tuple[float, float]) -> bool:
        """Whether a point is within reach of the line from start to end."""
        (ax, ay), (bx, by) = start, end
        length = (bx - ax) ** 2 + (by - ay) ** 2
        share = max(0.0, min(1.0, ((point[0] - ax) * (bx - ax) + (point[1] - ay) * (by - ay)) / length)) if length else 0.0
        return math.dist(point[:2], (ax + share * (bx - ax), ay + share * (by - ay))) <= self._reach


def points_of(value: object) -> list[Point]:
    """A Data node's setting as points; what is none is left out."""
    rows = value if isinstance(value, list | tuple) else ()
    return [(float(row[0]), float(row[1]), int(row[2])) for row in rows if isinstance(row, list | tuple) and len(row) == 3]


def setting_of(points: Sequence[Point]) -> list[list[float]]:
    """Points as the document stores them."""
    return [list(point) for point in points]


def described(tool: Tool, label: int) -> str:
    """What the brush does, for screen readers and tooltips."""
    if tool == "paint":
        return _("Paint points of class {number}").format(number=label)
    return _("Erase points") if tool == "erase" else _("Move points")

"""Where things go: alignment, distribution, snapping while something is dragged, and the next thing in a direction.

Pure geometry on rectangles `(x, y, width, height)`, y downwards; nothing is moved, new top left corners are returned.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from graph.model.group_view import Level

Rect = tuple[float, float, float, float]
Place = tuple[float, float]
Side = Literal["left", "right", "top", "bottom", "center", "middle"]
Axis = Literal["x", "y"]

REACH = 8.0
"""How near a line something is drawn to it, in units of the canvas at a scale of 1."""
SAME = 1e-6


def align(rects: Mapping[str, Rect], side: Side) -> dict[str, Place]:
    """New places with the sides flush with the outermost one; `center` puts the centres above one another, `middle` side by side."""
    if not rects:
        return {}
    left, top = min(x for x, _, _, _ in rects.values()), min(y for _, y, _, _ in rects.values())
    right, bottom = max(x + w for x, _, w, _ in rects.values()), max(y + h for _, y, _, h in rects.values())
    places: dict[str, Place] = {}
    for name, (x, y, width, height) in rects.items():
        match side:
            case "left":
                places[name] = (left, y)
            case "right":
                places[name] = (right - width, y)
            case "top":
                places[name] = (x, top)
            case "bottom":
                places[name] = (x, bottom - height)
            case "center":
                places[name] = ((left + right - width) / 2, y)
            case "middle":
                places[name] = (x, (top + bottom - height) / 2)
    return places


def distribute(rects: Mapping[str, Rect], axis: Axis) -> dict[str, Place]:
    """New places with equal gaps along an axis, in the order of the centres; the first and the last stay where they are."""
    if len(rects) < 3:
        return {name: (rect[0], rect[1]) for name, rect in rects.items()}
    at, size = (0, 2) if axis == "x" else (1, 3)
    order = sorted(rects, key=lambda name: rects[name][at] + rects[name][size] / 2)
    first, last = rects[order[0]], rects[order[-1]]
    taken = sum(rects[name][size] for name in order[1:-1])
    gap = (last[at] - first[at] - first[size] - taken) / (len(order) - 1)
    places = {name: (rect[0], rect[1]) for name, rect in rects.items()}
    next_ = first[at] + first[size] + gap
    for name in order[1:-1]:
        x, y = places[name]
        places[name] = (next_, y) if axis == "x" else (x, next_)
        next_ += rects[name][size] + gap
    return places


@dataclass(frozen=True, slots=True)
class Guide:
    """A line that shows what something is flush with: at x = `at` (axis "x") or y = `at`, from `start` to `end`."""

    axis: Axis
    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Snap:
    """By how much to move what is dragged so that it is flush, and the lines to show."""

    dx: float = 0.0
    dy: float = 0.0
    guides: tuple[Guide, ...] = ()


class Snapper:
    """The lines through sides and centres of everything that stays, found once at the beginning of a drag."""

    def __init__(self, others: Iterable[Rect]) -> None:
        rects = list(others)
        self._across = _Lines((x, w, y, h) for x, y, w, h in rects)
        self._down = _Lines((y, h, x, w) for x, y, w, h in rects)

    def snap(self, moving: Rect, reach: float = REACH, straight: Iterable[float] = ()) -> Snap:
        """What draws `moving` to the nearest lines; `straight` are vertical shifts that would make a wire straight and come first."""
        x, y, width, height = moving
        dx = self._across.shift(x, width, reach)
        dy = min((shift for shift in straight if abs(shift) <= reach), key=abs, default=None)
        if dy is None:
            dy = self._down.shift(y, height, reach)
        x, y = x + (dx or 0.0), y + (dy or 0.0)
        guides = [Guide("x", *line) for line in self._across.met(x, width, y, height)] if dx is not None else []
        guides += [Guide("y", *line) for line in self._down.met(y, height, x, width)] if dy is not None else []
        return Snap(dx or 0.0, dy or 0.0, tuple(guides))


class _Lines:
    """Lines across one axis, sorted, and how far the things on each reach along the other."""

    def __init__(self, spans: Iterable[tuple[float, float, float, float]]) -> None:
        reach: dict[float, tuple[float, float]] = {}
        for start, size, low, extent in spans:
            for at in (start, start + size / 2, start + size):
                old = reach.get(at)
                new = (low, low + extent)
                reach[at] = (min(old[0], new[0]), max(old[1], new[1])) if old else new
        self._at = sorted(reach)
        self._reach = [reach[at] for at in self._at]

    def shift(self, start: float, size: float, reach: float) -> float | None:
        """The smallest shift that brings a side or the centre onto a line; None when none is in reach."""
        best: float | None = None
        for own in (start, start + size, start + size / 2):
            place = bisect_left(self._at, own)
            for at in self._at[max(place - 1, 0) : place + 1]:
                if abs(at - own) <= reach and (best is None or abs(at - own) < abs(best)):
                    best = at - own
        return best

    def met(self, start: float, size: float, low: float, extent: float) -> list[tuple[float, float, float]]:
        """The lines that a side or the centre lies on: where, and from where to where to draw each."""
        lines: dict[float, tuple[float, float]] = {}
        for own in (start, start + size / 2, start + size):
            for index in range(bisect_left(self._at, own - SAME), bisect_right(self._at, own + SAME)):
                from_, to = self._reach[index]
                lines[round(self._at[index], 6)] = (min(from_, low), max(to, low + extent))
        return [(at, *lines[at]) for at in sorted(lines)]


def nearest(rects: Mapping[str, Rect], start: str, dx: int, dy: int) -> str | None:
    """The next thing from `start` in a direction (one of dx, dy is ±1, the other 0): near, and rather straight ahead than aside.

    What lies straight ahead or within some 70° of it comes before everything else that lies ahead.
    """
    here = rects[start]
    best: tuple[bool, float, float] | None = None
    closest = None
    for name, rect in rects.items():
        if name == start:
            continue
        ahead, aside, off = _seen(here, rect, dx, dy)
        if ahead <= 0:
            continue
        cost = (aside > 2.5 * ahead, ahead + 2 * aside, off)
        if best is None or cost < best:
            best, closest = cost, name
    return closest


def _seen(here: Rect, there: Rect, dx: int, dy: int) -> tuple[float, float, float]:
    """How far ahead a centre lies, how far aside the thing begins, and how far aside its centre is."""
    x, y = there[0] + there[2] / 2 - here[0] - here[2] / 2, there[1] + there[3] / 2 - here[1] - here[3] / 2
    ahead, off = (x * dx, abs(y)) if dx else (y * dy, abs(x))
    sizes = (here[3] + there[3]) / 2 if dx else (here[2] + there[2]) / 2
    return ahead, max(0.0, off - sizes), off


def along_wires(level: Level, item: str, forward: bool) -> tuple[str, ...]:
    """What a node or a group's card feeds at a level, or is fed by: in the order of its ports, each once."""
    graph = level.graph
    if card := level.cards.get(item):
        edges = [edge for port in (card.outputs if forward else card.inputs) for edge in port.edges]
    else:
        edges = [edge.id for edge in (graph.outputs_of(item) if forward else graph.inputs_of(item))]
    wires = [wire for edge in edges if (wire := level.wire(edge))]
    ends = (wire.target[0] if forward else wire.source[0] for wire in wires)
    return tuple(dict.fromkeys(end for end in ends if end != level.inside))

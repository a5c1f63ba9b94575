"""The curve of a wire as cubic Béziers: leaving and arriving horizontally, led through points. Standard library only: the canvas draws
these curves, and the automatic layout asks whether one runs under a card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Point = tuple[float, float]
Cubic = tuple[Point, Point, Point, Point]


def cubics(start: Point, end: Point, via: Sequence[Point] = ()) -> list[Cubic]:
    """From an output to an input through the points of `via`; a wire that is led back to the left turns round at its ends."""
    if not via:
        reach = _reach(start, end)
        return [(start, (start[0] + reach, start[1]), (end[0] - reach, end[1]), end)]
    stations = [start, *via, end]
    tangents = [(1.0, 0.0), *(_tangent(stations[i - 1], stations[i + 1]) for i in range(1, len(stations) - 1)), (1.0, 0.0)]
    curves: list[Cubic] = []
    for i in range(len(stations) - 1):
        (a, b), (at_a, at_b) = stations[i : i + 2], tangents[i : i + 2]
        if at_a[0] != at_b[0]:
            reach = min(max(24.0, 0.35 * abs(b[1] - a[1])), 60.0)
        elif at_a[0] > 0:
            reach = min(_reach(a, b), max(24.0, abs(b[0] - a[0]) * 0.5))
        else:
            reach = max(24.0, abs(b[0] - a[0]) / 3)
        curves.append((a, (a[0] + reach * at_a[0], a[1] + reach * at_a[1]), (b[0] - reach * at_b[0], b[1] - reach * at_b[1]), b))
    return curves


def along(pieces: Sequence[Cubic], steps: int = 16) -> Iterator[Point]:
    """Places along the curve, the start left out."""
    for (x0, y0), (x1, y1), (x2, y2), (x3, y3) in pieces:
        for step in range(1, steps + 1):
            t = step / steps
            s = 1 - t
            a, b, c, d = s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t
            yield a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3


def _reach(a: Point, b: Point) -> float:
    across, down = b[0] - a[0], abs(b[1] - a[1])
    if across >= 0:
        return max(0.5 * across, min(24.0 + 0.15 * down, 60.0))
    return min(60.0 + 0.35 * -across + 0.15 * down, 260.0)


def _tangent(before: Point, after: Point) -> Point:
    """Where the curve is heading at a point: to the right, never steeper than 3 : 2, or level to the left where its neighbours lie so."""
    across = after[0] - before[0]
    if across < -1:
        return (-1.0, 0.0)
    return (1.0, max(-1.5, min(1.5, (after[1] - before[1]) / across)) if across > 1 else 0.0)

"""The curve of a wire: cubic Béziers, sampled into an array for drawing, hit-testing and pulses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath

SAMPLES = 33
Point = tuple[float, float]
Cubic = tuple[Point, Point, Point, Point]


def cubics(start: Point, end: Point, via: Sequence[Point] = ()) -> list[Cubic]:
    """From an output to an input, leaving and arriving horizontally, through the points of `via`."""
    stations = [start, *via, end]
    curves: list[Cubic] = []
    for i in range(len(stations) - 1):
        a, b = stations[i], stations[i + 1]
        reach = _reach(a, b) if not via else min(_reach(a, b), max(24.0, abs(b[0] - a[0]) * 0.5))
        lean_a = 0.0 if i == 0 or not via else _lean(stations[i - 1], a, b)
        lean_b = 0.0 if i == len(stations) - 2 or not via else _lean(a, b, stations[i + 2])
        curves.append((a, (a[0] + reach, a[1] + reach * lean_a), (b[0] - reach, b[1] - reach * lean_b), b))
    return curves


def controls(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The cubics of n wires without points in between, shape (n, 4, 2): what `cubics` says, for all of them at once."""
    across, down = ends[:, 0] - starts[:, 0], np.abs(ends[:, 1] - starts[:, 1])
    onward = np.maximum(0.5 * across, np.minimum(24.0 + 0.15 * down, 60.0))
    back = np.minimum(60.0 - 0.35 * across + 0.15 * down, 260.0)
    points = np.stack([starts, starts, ends, ends], axis=1)
    reach = np.where(across >= 0, onward, back)
    points[:, 1, 0] += reach
    points[:, 2, 0] -= reach
    return points


def sampled(cubics: np.ndarray) -> np.ndarray:
    """`SAMPLES` points along each of n cubics (n, 4, 2), shape (n, SAMPLES, 2)."""
    return np.asarray(_BASIS @ cubics)


def _reach(a: Point, b: Point) -> float:
    across, down = b[0] - a[0], abs(b[1] - a[1])
    if across >= 0:
        return max(0.5 * across, min(24.0 + 0.15 * down, 60.0))
    return min(60.0 + 0.35 * -across + 0.15 * down, 260.0)


def _lean(before: Point, at: Point, after: Point) -> float:
    across = after[0] - before[0]
    return max(-1.5, min(1.5, (after[1] - before[1]) / across)) if abs(across) > 1 else 0.0


def samples(pieces: Sequence[Cubic]) -> np.ndarray:
    """`SAMPLES` points along the curve, shape (SAMPLES, 2)."""
    if len(pieces) == 1:
        return _BASIS @ np.asarray(pieces[0], dtype=np.float64)
    dense = np.concatenate([_BASIS @ np.asarray(piece, dtype=np.float64) for piece in pieces])
    steps = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(dense, axis=0).T))])
    even = np.linspace(0.0, steps[-1], SAMPLES)
    return np.stack([np.interp(even, steps, dense[:, 0]), np.interp(even, steps, dense[:, 1])], axis=1)


_T = np.linspace(0.0, 1.0, SAMPLES)[:, None]
_BASIS = np.concatenate([(1 - _T) ** 3, 3 * (1 - _T) ** 2 * _T, 3 * (1 - _T) * _T**2, _T**3], axis=1)


def path(pieces: Sequence[Cubic], into: QPainterPath | None = None) -> QPainterPath:
    """The curve as a painter path, appended to `into` where given."""
    curve = into if into is not None else QPainterPath()
    curve.moveTo(QPointF(*pieces[0][0]))
    for _, first, second, end in pieces:
        curve.cubicTo(QPointF(*first), QPointF(*second), QPointF(*end))
    return curve


def evenly(points: np.ndarray) -> np.ndarray:
    """n sampled curves (n, SAMPLES, 2) at even distances along each: shape (SAMPLES, n, 2)."""
    count = len(points)
    if not count:
        return np.empty((SAMPLES, 0, 2))
    steps = np.hypot(*np.moveaxis(np.diff(points, axis=1), 2, 0)) + 1e-9
    gone = np.concatenate([np.zeros((count, 1)), np.cumsum(steps, axis=1)], axis=1)
    rows = np.arange(count)[:, None]
    gone = gone / gone[:, -1:] * 0.999 + rows  # one rising sequence of all curves: one search serves all of them
    wanted = np.linspace(0.0, 1.0, SAMPLES) * 0.999 + rows
    samples = np.empty((SAMPLES, count, 2))
    for axis in range(2):
        samples[..., axis] = np.interp(wanted.ravel(), gone.ravel(), points[..., axis].ravel()).reshape(count, SAMPLES).T
    return samples


def along(points: np.ndarray, share: float) -> Point:
    """The place at `share` (0 to 1) of the length of a sampled curve."""
    steps = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    where = share * steps[-1]
    return float(np.interp(where, steps, points[:, 0])), float(np.interp(where, steps, points[:, 1]))


def segments(points: np.ndarray) -> np.ndarray:
    """Sampled curves (n, SAMPLES, 2) as line segments (n·(SAMPLES−1), 4) for one batched call."""
    return np.ascontiguousarray(np.concatenate([points[:, :-1], points[:, 1:]], axis=2).reshape(-1, 4))


def distances(points: np.ndarray, at: Point) -> np.ndarray:
    """The distance from a place to each of n sampled curves (n, SAMPLES, 2)."""
    start, step = points[:, :-1], np.diff(points, axis=1)
    offset = np.asarray(at, dtype=np.float64) - start
    length = np.maximum((step**2).sum(axis=2), 1e-12)
    share = np.clip((offset * step).sum(axis=2) / length, 0.0, 1.0)[..., None]
    return np.asarray(np.hypot(*np.moveaxis(offset - share * step, 2, 0)).min(axis=1))

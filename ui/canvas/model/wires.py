"""The curve of a wire: cubic Béziers, sampled into an array for drawing, hit-testing and pulses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath

from graph.grouping.curves import Cubic as Cubic
from graph.grouping.curves import Point as Point
from graph.grouping.curves import cubics as cubics

SAMPLES = 33
_TURN = 120.0
"""How much way a turn by one radian counts as, so that sharp bends have their points."""


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


def sampled(cubics: np.ndarray, every: int = 1) -> np.ndarray:
    """`SAMPLES` points along each of n cubics (n, 4, 2), shape (n, SAMPLES, 2); every `every`-th of them alone."""
    return np.asarray(_BASIS[::every] @ cubics)


def spans(cubics: np.ndarray) -> np.ndarray:
    """Left, top, right and bottom of each of n cubics made by `controls`, shape (n, 4): their ends, unless one turns back on its way."""
    (x1, y1), (x2, y2) = cubics[:, 0].T, cubics[:, 3].T
    found = np.stack([np.minimum(x1, x2), np.minimum(y1, y2), np.maximum(x1, x2), np.maximum(y1, y2)], axis=1)
    turning = np.flatnonzero(cubics[:, 1, 0] > x2)
    if len(turning):
        across = sampled(cubics[turning])[..., 0]
        found[turning, 0], found[turning, 2] = across.min(axis=1), across.max(axis=1)
    return found


def dense(pieces: Sequence[Cubic]) -> np.ndarray:
    """`SAMPLES` points along each piece of the curve, one after the other."""
    return np.concatenate([_BASIS @ np.asarray(piece, dtype=np.float64) for piece in pieces])


def samples(pieces: Sequence[Cubic]) -> np.ndarray:
    """`SAMPLES` points along the curve, closer together where it turns, shape (SAMPLES, 2)."""
    if len(pieces) == 1:
        return _BASIS @ np.asarray(pieces[0], dtype=np.float64)
    points = dense(pieces)
    across, down = np.diff(points, axis=0).T
    ways = np.hypot(across, down)
    angles = np.arctan2(down, across)[ways > 1e-9]
    turns = np.zeros(len(ways))
    turns[np.flatnonzero(ways > 1e-9)[1:]] = np.abs((np.diff(angles) + np.pi) % (2 * np.pi) - np.pi)
    steps = np.concatenate([[0.0], np.cumsum(ways + _TURN * turns)])
    even = np.linspace(0.0, steps[-1], SAMPLES)
    return np.stack([np.interp(even, steps, points[:, 0]), np.interp(even, steps, points[:, 1])], axis=1)


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

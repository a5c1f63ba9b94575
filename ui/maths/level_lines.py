"""Lines of equal height of a function that is known on a grid: straight pieces within triangles, four to a cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]


def levels_of(f: Floats, count: int = 14) -> list[float]:
    """Heights that divide the plane into parts of about equal area, rising; fewer where the function takes few values."""
    values = f[np.isfinite(f)]
    if not values.size:
        return []
    shares = (np.arange(count) + 0.5) / count
    return [float(level) for level in np.unique(np.quantile(values, shares))]


def level_lines(f: Floats, xs: Floats, ys: Floats, levels: Sequence[float]) -> list[Floats]:
    """For each level the pieces of its lines, (k, 4): x and y of both ends. `f[j, i]` is the value at `xs[i]`, `ys[j]`; a triangle with
    a corner that is not finite has none."""
    x, y = np.meshgrid(xs, ys)
    corners = np.stack([x, y, f])  # (3, m, n)
    a, b, c, d = corners[:, :-1, :-1], corners[:, :-1, 1:], corners[:, 1:, 1:], corners[:, 1:, :-1]
    e = (a + b + c + d) / 4  # with the middle of a cell no direction is preferred: lines have no steps
    triangles = np.concatenate([np.stack([*side, e]).reshape(3, 3, -1) for side in ((a, b), (b, c), (c, d), (d, a))], axis=2)
    triangles = triangles[:, :, np.isfinite(triangles[:, 2]).all(axis=0)]
    return [_pieces(triangles, level) for level in levels]


def _pieces(triangles: Floats, level: float) -> Floats:
    """The pieces in triangles (corner, (x, y, f), k): where two of three sides cross the level."""
    above = triangles[:, 2] > level
    crossed = triangles[:, :, above.any(axis=0) & ~above.all(axis=0)]
    above = crossed[:, 2] > level
    alone = np.argmax(above == (above.sum(axis=0) == 1), axis=0)  # the corner on its own side
    k = np.arange(crossed.shape[2])
    top = crossed[alone, :, k]
    ends = []
    for step in (1, 2):
        other = crossed[(alone + step) % 3, :, k]
        share = (level - top[:, 2]) / (other[:, 2] - top[:, 2])
        ends.append(top[:, :2] + share[:, None] * (other[:, :2] - top[:, :2]))
    return np.concatenate(ends, axis=1)


def chains(pieces: Floats) -> list[Floats]:
    """The pieces (k, 4) of a line put together where they meet: (m, 2) places each; a closed line ends where it begins."""
    if not len(pieces):
        return []
    ends = pieces.reshape(-1, 2)
    grain = 1e-9 * max(float(np.ptp(ends, axis=0).max()), 1e-300)
    keys = np.unique(np.round((ends - ends.min(axis=0)) / grain), axis=0, return_inverse=True)[1].reshape(-1, 2)
    corners = keys.tolist()
    left = {piece for piece, (a, b) in enumerate(corners) if a != b}
    meeting: dict[int, list[int]] = {}
    for piece in sorted(left):
        for key in corners[piece]:
            meeting.setdefault(key, []).append(piece)
    found: list[Floats] = []
    starts = [key for key, own in meeting.items() if len(own) == 1]
    for start in [*starts, *meeting]:
        while (first := next((p for p in meeting[start] if p in left), None)) is not None:
            found.append(_walked(pieces, corners, meeting, left, start, first))
    return found


def _walked(
    pieces: Floats, corners: list[list[int]], meeting: dict[int, list[int]], left: set[int], at: int, first: int
) -> Floats:
    """The line from a corner on, along pieces that are `left`, which it takes away."""
    places: list[Floats] = []
    piece: int | None = first
    while piece is not None:
        left.discard(piece)
        turned = corners[piece][0] != at
        ends = pieces[piece].reshape(2, 2)[::-1] if turned else pieces[piece].reshape(2, 2)
        places.extend(ends if not places else ends[1:])
        at = corners[piece][0 if turned else 1]
        piece = next((p for p in meeting[at] if p in left), None)
    return np.array(places)

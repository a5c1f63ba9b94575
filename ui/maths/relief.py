"""A surface over a plane, seen in parallel projection: where each point lies on the screen, and what hides what.

The box: x and y from −1 to 1, heights from 0 to `TOP`, the floor with the level lines at `FLOOR`. No Qt here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ui.maths.height_axis import HeightAxis, Wish
from ui.maths.heights import Spacing, spaced_levels
from ui.maths.level_lines import level_lines

Floats = np.ndarray[Any, np.dtype[np.float64]]
TOP, FLOOR = 1.0, -0.42
LEVELS, KNOTS = 16, 33
LOWEST, STEEPEST = 5.0, 90.0
"""Degrees above the horizon from which the surface is seen: never from below."""
WISHES: dict[Spacing, Wish] = {"areas": "auto", "even": "linear", "log": "log"}
"""How the upward axis goes with the level lines."""
CLEAR = 0.02
"""By so much another part of the surface must be higher than the line of sight to hide a point."""
ALONG = 48
"""Places of a line of sight that are looked at."""


@dataclass(frozen=True, slots=True)
class Eye:
    """Where the surface is seen from, in degrees: as in pgfplots, `azimuth` 0 has x to the right, `elevation` 90 looks straight down."""

    azimuth: float = 25.0
    elevation: float = 30.0

    def turned(self, azimuth: float, elevation: float) -> Eye:
        """The eye moved by these angles."""
        return Eye((self.azimuth + azimuth + 180.0) % 360.0 - 180.0, min(max(self.elevation + elevation, LOWEST), STEEPEST))

    @property
    def depth(self) -> tuple[float, float]:
        """The direction away from the eye in the plane, (x, y)."""
        angle = math.radians(self.azimuth)
        return -math.sin(angle), math.cos(angle)

    def seen(self, x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats]:
        """Across and up on the screen, for points of the box."""
        angle, tilt = math.radians(self.azimuth), math.radians(self.elevation)
        away = -math.sin(angle) * x + math.cos(angle) * y
        return math.cos(angle) * x + math.sin(angle) * y, math.sin(tilt) * away + math.cos(tilt) * z

    def affine(self, z: float) -> tuple[float, float, float, float, float]:
        """Of a horizontal plane at the height z: what x and y add across, what they add up, and what is added to up."""
        angle, tilt = math.radians(self.azimuth), math.radians(self.elevation)
        across = math.cos(angle), math.sin(angle)
        return *across, -math.sin(tilt) * across[1], math.sin(tilt) * across[0], math.cos(tilt) * z


STANDING = Eye()


@dataclass(frozen=True, eq=False)
class Relief:
    """`f[j, i]` is the height at `xs[i]`, `ys[j]`; where it is not finite there is a hole. `names`: of x, y and the height.

    `spacing` is that of the level lines. Colours go with it: by rank where between two lines lies about the same area.
    """

    xs: Floats
    ys: Floats
    f: Floats
    names: tuple[str, str, str]
    spacing: Spacing = "areas"

    @cached_property
    def axis(self) -> HeightAxis:
        """The upward axis."""
        return HeightAxis.of(self.f, WISHES[self.spacing])

    @cached_property
    def shares(self) -> Floats:
        """(m, n) heights as shares of their axis; NaN in holes."""
        return self.axis.share(self.f)

    @cached_property
    def box(self) -> tuple[Floats, Floats, Floats]:
        """(m, n) each: x, y and z of every grid point in the box."""
        x, y = np.meshgrid(np.linspace(-1, 1, len(self.xs)), np.linspace(-1, 1, len(self.ys)))
        return x, y, TOP * self.shares

    def at(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Places of the plane in the box."""
        return tuple(2 * (v - g[0]) / (g[-1] - g[0]) - 1 for v, g in ((x, self.xs), (y, self.ys)))

    def place(self, x: float, y: float) -> tuple[float, float]:
        """A place in the box as numbers of the plane."""
        first, second = (float(g[0] + (v + 1) / 2 * (g[-1] - g[0])) for v, g in ((x, self.xs), (y, self.ys)))
        return first, second

    def height(self, x: Floats, y: Floats) -> Floats:
        """z of the surface over places of the box, straight within cells; NaN in holes and outside."""
        z = self.box[2]
        rows, columns = z.shape
        i, j = (x + 1) / 2 * (columns - 1), (y + 1) / 2 * (rows - 1)
        inside = (i >= -1e-9) & (i <= columns - 1 + 1e-9) & (j >= -1e-9) & (j <= rows - 1 + 1e-9)
        i, j = np.where(inside, i, 0.0), np.where(inside, j, 0.0)
        left, low = np.clip(i.astype(int), 0, columns - 2), np.clip(j.astype(int), 0, rows - 2)
        right, up = i - left, j - low
        below = z[low, left] * (1 - right) + z[low, left + 1] * right
        above = z[low + 1, left] * (1 - right) + z[low + 1, left + 1] * right
        return np.where(inside, below * (1 - up) + above * up, np.nan)

    @cached_property
    def cells(self) -> tuple[Floats, Floats, Floats]:
        """(m−1, n−1) each: mean height as a share (NaN in holes), and the slopes of the cell along x and y of the box."""
        z = self.box[2]
        mean = (z[:-1, :-1] + z[:-1, 1:] + z[1:, :-1] + z[1:, 1:]) / 4
        wide, long = 2 / (z.shape[1] - 1), 2 / (z.shape[0] - 1)
        along_x = (z[:-1, 1:] + z[1:, 1:] - z[:-1, :-1] - z[1:, :-1]) / (2 * wide)
        along_y = (z[1:, :-1] + z[1:, 1:] - z[:-1, :-1] - z[:-1, 1:]) / (2 * long)
        return mean / TOP, along_x, along_y

    @cached_property
    def levels(self) -> list[float]:
        """The heights of the level lines."""
        return spaced_levels(self.f, self.spacing, LEVELS)

    @cached_property
    def lines(self) -> list[tuple[float, Floats]]:
        """The level lines: share of each level on the axis, and its pieces (k, 4) in the box."""
        levels = [float(self.axis.share(np.array(level))) for level in self.levels]
        flat = np.linspace(-1, 1, len(self.xs)), np.linspace(-1, 1, len(self.ys))
        return list(zip(levels, level_lines(self.shares, *flat, levels), strict=True))

    def rank(self, shares: Floats) -> Floats:
        """How heights are coloured, for shares of the axis: 0 at the bottom, 1 at the top."""
        if self.spacing != "areas":
            return np.clip(shares, 0.0, 1.0)
        ranks: Floats = np.interp(shares, self._knots, np.linspace(0, 1, KNOTS))
        return ranks

    @cached_property
    def _knots(self) -> Floats:
        known = self.shares[np.isfinite(self.shares)]
        return np.maximum.accumulate(np.quantile(known, np.linspace(0, 1, KNOTS))) if known.size else np.linspace(0, 1, KNOTS)

    def order(self, eye: Eye) -> np.ndarray[Any, np.dtype[np.intp]]:
        """Indices of the cells that have no hole, (row · (n−1) + column), the farthest first."""
        mean = self.cells[0]
        away_x, away_y = eye.depth
        rows, columns = mean.shape
        away = away_x * (np.arange(columns) + 0.5) / columns + away_y * ((np.arange(rows) + 0.5) / rows)[:, None]
        known = np.flatnonzero(np.isfinite(mean))
        return known[np.argsort(-away.reshape(-1)[known], kind="stable")]

    def visible(self, x: Floats, y: Floats, z: Floats, eye: Eye) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which points of the box no part of the surface hides."""
        away_x, away_y = eye.depth
        rise = math.tan(math.radians(min(eye.elevation, 89.9)))
        far = np.linspace(0, min(2 * math.sqrt(2), TOP / rise), ALONG)[1:, None]
        over = self.height(x - far * away_x, y - far * away_y)
        with np.errstate(invalid="ignore"):
            hidden: np.ndarray[Any, np.dtype[np.bool_]] = np.any(over > z + far * rise + CLEAR, axis=0)
        return ~hidden

    def under(self, across: float, up: float, eye: Eye) -> tuple[float, float] | None:
        """The place of the plane whose point of the surface is seen at a place of the screen, the nearest to the eye; None for none."""
        x, y, z = self.box
        u, v = eye.seen(x, y, z)
        corners = [np.stack([u[a, b] - across, v[a, b] - up]) for a, b in _CORNERS]
        turns = np.stack([a[0] * b[1] - a[1] * b[0] for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)])
        with np.errstate(invalid="ignore"):
            hit = np.asarray((turns >= 0).all(axis=0) | (turns <= 0).all(axis=0))
        cells = [cell for cell in self.order(eye) if hit.reshape(-1)[cell]]
        if not cells:
            return None
        row, column = divmod(int(cells[-1]), hit.shape[1])
        return self.place(*self._within(row, column, across, up, eye))

    def _within(self, row: int, column: int, across: float, up: float, eye: Eye) -> tuple[float, float]:
        """Where in a cell a point is seen at a place: by two of Newton's steps on the bilinear patch, kept inside the cell."""
        x, y, z = (table[row : row + 2, column : column + 2] for table in self.box)
        u, v = eye.seen(x, y, z)
        s = t = 0.5
        for _step in range(3):
            weights = np.array([[(1 - s) * (1 - t), s * (1 - t)], [(1 - s) * t, s * t]])
            by_s, by_t = np.array([[t - 1, 1 - t], [-t, t]]), np.array([[s - 1, -s], [1 - s, s]])
            missing = np.array([across - (weights * u).sum(), up - (weights * v).sum()])
            slopes = np.array([[(by_s * u).sum(), (by_t * u).sum()], [(by_s * v).sum(), (by_t * v).sum()]])
            if abs(np.linalg.det(slopes)) < 1e-12:
                break
            ds, dt = np.linalg.solve(slopes, missing)
            s, t = min(max(s + ds, 0.0), 1.0), min(max(t + dt, 0.0), 1.0)
        return float(x[0, 0] + s * (x[0, 1] - x[0, 0])), float(y[0, 0] + t * (y[1, 0] - y[0, 0]))


_LOW, _HIGH = slice(None, -1), slice(1, None)
_CORNERS = ((_LOW, _LOW), (_LOW, _HIGH), (_HIGH, _HIGH), (_HIGH, _LOW))

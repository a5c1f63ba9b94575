"""How the wires of a scene run: between which cards, along which curve, in which rectangle; a row for each wire.

A cubic says all there is about a wire that is led through no point: its points are computed when someone asks for them, of the wires
in view and as closely as these are seen.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF

from ui.canvas.model import wires
from ui.canvas.model.rows import columns, longer


class Routes:
    def __init__(self, room: int = 0) -> None:
        self.cubics = np.full((room, 4, 2), np.nan)
        """The wires as if they were led through no point; NaN in a row without one."""
        self.spans = columns(room, 4)
        """Left, top, right and bottom of every wire; NaN in a row without one."""
        self._hooks = np.zeros((room, 4))
        """Where every wire starts and ends, from the corners of its two cards."""
        self.held = np.full((room, 2), -1, np.intp)
        """The rows of these two cards; −1 for what has none."""
        self._led: dict[int, np.ndarray] = {}
        """The points of wires that are led through some."""

    def grow(self, room: int) -> None:
        """Make room for so many."""
        self.cubics = longer(self.cubics, np.full((room, 4, 2), np.nan))
        self.spans, self._hooks = longer(self.spans, columns(room, 4)), longer(self._hooks, np.zeros((room, 4)))
        self.held = longer(self.held, np.full((room, 2), -1, np.intp))

    def hang(self, rows: np.ndarray, hooks: np.ndarray, held: np.ndarray) -> None:
        """Hang wires up: at which places (n, 4), from the corners of which two cards (n, 2)."""
        self._hooks[rows], self.held[rows] = hooks, held

    def run(self, rows: np.ndarray, rects: np.ndarray) -> None:
        """Lead wires straight from card to card."""
        held = self.held[rows]
        corners = rects[:, :2][held]
        corners[held < 0] = 0.0
        ends = corners + self._hooks[rows].reshape(-1, 2, 2)
        self.cubics[rows] = cubics = wires.controls(ends[:, 0], ends[:, 1])
        self.spans[rows] = wires.spans(cubics)
        for row in self._led.keys() & set(rows.tolist()) if self._led else ():
            del self._led[row]

    def lead(self, row: int, points: np.ndarray) -> None:
        """Lead a wire along these points instead, shape (SAMPLES, 2)."""
        self._led[row] = points
        self.spans[row] = *points.min(axis=0), *points.max(axis=0)

    def remove(self, row: int) -> None:
        self.cubics[row], self.spans[row], self.held[row] = np.nan, np.nan, -1
        self._led.pop(row, None)

    def points(self, rows: np.ndarray, every: int = 1) -> np.ndarray:
        """Points along these wires, shape (n, SAMPLES, 2), or every `every`-th of them."""
        points = wires.sampled(self.cubics[rows], every)
        if self._led:
            for place in np.flatnonzero(np.isin(rows, list(self._led))).tolist():
                points[place] = self._led[int(rows[place])][::every]
        return points

    def within(self, rect: QRectF) -> np.ndarray:
        """The rows of wires whose extent touches the rectangle."""
        left, top, right, bottom = self.spans.T
        return np.flatnonzero((left <= rect.right()) & (right >= rect.left()) & (top <= rect.bottom()) & (bottom >= rect.top()))

    def between(self, cards: np.ndarray, count: int) -> np.ndarray:
        """The rows of wires both of whose cards are among these rows of `count`."""
        among = np.zeros(count + 1, np.bool_)  # the last one, for what has no card, stays false
        among[cards] = True
        return np.flatnonzero(among[self.held].all(axis=1))

"""The objective over two weights with the path of the run, and one step as a sum of arrows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtGui import QPainter

from engine.learned.surface import Surface
from ui.look.theme import Theme
from ui.maths.axes import Frame
from ui.maths.plane_marks import Point, paint_arrow, paint_dot, paint_line, paint_path, place
from ui.maths.plane_view import PlaneView


class StepsPlane(PlaneView):
    """Shows what it is given: `show_path` the plane with the path, `show_step` one step in it."""

    def __init__(self, name: str) -> None:
        super().__init__(name, explorable=False)
        self.labelled = True
        self._path: np.ndarray | None = None
        self._upto = 0
        self._at: Point | None = None
        self._parts: Sequence[tuple[str, Point]] = ()
        self._ahead: Point | None = None
        self.layers = [self._paint_path, self._paint_step]

    def show_path(self, surface: Surface, path: np.ndarray | None, upto: int, theme: Theme, stale: bool) -> None:
        """The plane with the path (N, 2), darker up to the point `upto`."""
        self.heights, self.names, self.theme, self.faint = surface, surface.names, theme, stale
        self._path, self._upto, self._at = path, upto, None
        self.box = surface.box
        self.update()

    def show_step(self, at: Point, parts: Sequence[tuple[str, Point]], ahead: Point | None) -> None:
        """Arrows one after the other from a point, each from the end of the one before, and then their sum, the last of `parts`, from the
        point: in the colours given. `ahead` is the look-ahead point."""
        self._at, self._parts, self._ahead = at, parts, ahead
        self.update()

    def _paint_path(self, painter: QPainter, frame: Frame, theme: Theme) -> None:
        path = self._path
        if path is None or not len(path):
            return
        paint_line(painter, frame, path[self._upto :], theme.stale, 1.4 * theme.scale)
        paint_path(painter, frame, theme, path[: self._upto + 1], theme.text, width=2.0)

    def _paint_step(self, painter: QPainter, frame: Frame, theme: Theme) -> None:
        if self._at is None:
            return
        at = end = self._at
        if self._parts:
            hue, (across, up) = self._parts[-1]
            paint_arrow(painter, frame, theme, at, (at[0] + across, at[1] + up), hue, 5.0)
        for hue, (across, up) in self._parts[:-1]:
            following = (end[0] + across, end[1] + up)
            paint_arrow(painter, frame, theme, end, following, hue, 2.5)
            end = following
        if self._ahead is not None:
            paint_dot(painter, place(frame, *self._ahead), theme.panel, theme.highlight, 6, theme)
        paint_dot(painter, place(frame, *at), theme.highlight, theme.panel, 5.5, theme)

"""What was drawn over a graph by hand: strokes in scene coordinates, with their own undo. Never in a document or a file."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath


@dataclass(slots=True)
class PenStroke:
    """Points with a thickness each, from the pressure of a tablet's pen; `ink` is the name of a colour."""

    ink: str
    points: list[QPointF] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    path: QPainterPath = field(default_factory=QPainterPath)

    def add(self, at: QPointF, width: float) -> None:
        """One more point. The path runs through the midpoints, which makes it smooth."""
        if not self.points:
            self.path.moveTo(at)
            self.path.lineTo(at + QPointF(0.01, 0))
        else:
            last = self.points[-1]
            if math.hypot(at.x() - last.x(), at.y() - last.y()) < 0.3:
                return
            self.path.quadTo(last, (last + at) / 2)
        self.points.append(QPointF(at))
        self.widths.append(width)

    @property
    def even(self) -> bool:
        """Whether it is as thick everywhere: then its path is drawn at once."""
        return max(self.widths) - min(self.widths) < 0.05 * max(self.widths)

    def box(self) -> QRectF:
        most = max(self.widths, default=0.0)
        return self.path.boundingRect().adjusted(-most, -most, most, most)

    def touched(self, at: QPointF, reach: float) -> bool:
        """Whether a point comes as near as this to the line."""
        if not self.box().adjusted(-reach, -reach, reach, reach).contains(at):
            return False
        reach += max(self.widths) / 2
        pairs = zip(self.points, self.points[1:] or self.points, strict=False)
        return any(_away(at, a, b) <= reach for a, b in pairs)


def _away(at: QPointF, a: QPointF, b: QPointF) -> float:
    """How far a point is from the straight line between two others."""
    dx, dy = b.x() - a.x(), b.y() - a.y()
    length = dx * dx + dy * dy
    share = 0.0 if length == 0 else min(1.0, max(0.0, ((at.x() - a.x()) * dx + (at.y() - a.y()) * dy) / length))
    return math.hypot(at.x() - a.x() - share * dx, at.y() - a.y() - share * dy)


class StrokePages:
    """Pages of strokes. What is drawn on one page (a level of groups, a step of a lesson) is not seen on another."""

    def __init__(self, where: Callable[[], Hashable] = lambda: None) -> None:
        self._where = where
        self._pages: dict[Hashable, list[PenStroke]] = {}
        self._past: dict[Hashable, list[list[PenStroke]]] = {}
        self._future: dict[Hashable, list[list[PenStroke]]] = {}

    @property
    def page(self) -> Hashable:
        """What is being looked at."""
        return self._where()

    @property
    def strokes(self) -> tuple[PenStroke, ...]:
        return tuple(self._pages.get(self.page, ()))

    @property
    def can_undo(self) -> bool:
        return bool(self._past.get(self.page))

    @property
    def can_redo(self) -> bool:
        return bool(self._future.get(self.page))

    def put(self, stroke: PenStroke) -> None:
        self._change([*self.strokes, stroke])

    def erase(self, strokes: list[PenStroke]) -> None:
        """Take strokes away, as one step."""
        if strokes:
            gone = {id(stroke) for stroke in strokes}
            self._change([stroke for stroke in self.strokes if id(stroke) not in gone])

    def clear(self) -> None:
        if self.strokes:
            self._change([])

    def wipe(self) -> bool:
        """Clear every page, each as a step that can be undone. Whether there was anything."""
        drawn = [page for page, strokes in self._pages.items() if strokes]
        for page in drawn:
            self._past.setdefault(page, []).append(self._pages[page])
            self._future.pop(page, None)
            self._pages[page] = []
        return bool(drawn)

    def undo(self) -> bool:
        return self._travel(self._past, self._future)

    def redo(self) -> bool:
        return self._travel(self._future, self._past)

    def forget(self) -> None:
        """Another document: all pages are blank."""
        self._pages.clear()
        self._past.clear()
        self._future.clear()

    def _change(self, strokes: list[PenStroke]) -> None:
        self._past.setdefault(self.page, []).append(list(self.strokes))
        self._future.pop(self.page, None)
        self._pages[self.page] = strokes

    def _travel(self, source: dict[Hashable, list[list[PenStroke]]], target: dict[Hashable, list[list[PenStroke]]]) -> bool:
        if not source.get(self.page):
            return False
        target.setdefault(self.page, []).append(list(self.strokes))
        self._pages[self.page] = source[self.page].pop()
        return True

"""Where things are in a picture of a plane: margins, axes, and which place of the plane is where on the screen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from engine.learned.plane import OnPlane

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """`area` is the plane itself; `x` and `y` are the ranges that are seen."""

    area: QRectF
    x: Span
    y: Span

    def at(self, x: float, y: float) -> QPointF:
        """A place of the plane on the screen."""
        area = self.area
        return QPointF(
            area.left() + (x - self.x[0]) / (self.x[1] - self.x[0]) * area.width(),
            area.bottom() - (y - self.y[0]) / (self.y[1] - self.y[0]) * area.height(),
        )

    def place(self, at: QPointF) -> tuple[float, float]:
        """The place of the plane that is seen there."""
        area = self.area
        return (
            self.x[0] + (at.x() - area.left()) / area.width() * (self.x[1] - self.x[0]),
            self.y[0] + (area.bottom() - at.y()) / area.height() * (self.y[1] - self.y[0]),
        )

    def field(self, seen: OnPlane) -> QRectF:
        """Where the grid's picture lies: its pixels have the points of the grid in their middles."""
        first, second = seen.axes[0], seen.axes[1]
        half = (first.high - first.low) / (len(first.at) - 1) / 2, (second.high - second.low) / (len(second.at) - 1) / 2
        return QRectF(self.at(first.low - half[0], second.high + half[1]), self.at(first.high + half[0], second.low - half[1]))


def heights(seen: OnPlane) -> Span:
    """The range of the vertical axis: the second column, or what is predicted along the only one."""
    if len(seen.axes) > 1:
        return seen.axes[1].low, seen.axes[1].high
    if seen.kind == "classes":
        return -0.04, 1.04
    assert seen.values is not None
    numbers = np.concatenate([seen.values, seen.points.true, seen.scale or ()])
    finite = numbers[np.isfinite(numbers)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    spare = 0.06 * (high - low) or 0.5
    return low - spare, high + spare


def zoomed(span: Span, about: float, factor: float) -> Span:
    """The range `factor` times as wide around a value that stays where it is."""
    return about + (span[0] - about) * factor, about + (span[1] - about) * factor


def shifted(span: Span, share: float) -> Span:
    """The range moved by a share of its width."""
    step = share * (span[1] - span[0])
    return span[0] + step, span[1] + step

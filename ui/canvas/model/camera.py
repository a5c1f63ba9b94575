"""Where the view looks: a scale and the scene point at its top left corner. Undo never touches it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QTransform

from ui.canvas.model.legibility import VALUES

SMALLEST, LARGEST = 0.04, 4.0
TINIEST = 1e-3
TIGHT = 18.0
"""The least margin: it is taken where it makes the graph just large enough for its numbers."""


def fitting(rect: QRectF, size: QSizeF, largest: float, margin: float | None = None) -> float:
    """The scale at which all of `rect`, which is not empty, is shown in a view of this size."""
    usual = min(48.0, 0.05 * min(size.width(), size.height()))
    if margin is None and fitting(rect, size, largest, usual) < VALUES <= fitting(rect, size, largest, min(TIGHT, usual)):
        return VALUES
    margin = usual if margin is None else margin
    wide = max(size.width() - 2 * margin, 40.0) / rect.width()
    high = max(size.height() - 2 * margin, 40.0) / rect.height()
    return min(max(min(wide, high, largest), TINIEST), LARGEST)


class Camera:
    """`scale` is pixels per scene unit; `x`, `y` are the scene coordinates of the view's top left corner.

    `smallest` is the scale down to which it can be zoomed; a fit goes as far as it has to.
    """

    def __init__(self) -> None:
        self.scale = 1.0
        self.smallest = SMALLEST
        self.x = 0.0
        self.y = 0.0

    def to_scene(self, at: QPointF) -> QPointF:
        return QPointF(at.x() / self.scale + self.x, at.y() / self.scale + self.y)

    def to_view(self, at: QPointF) -> QPointF:
        return QPointF((at.x() - self.x) * self.scale, (at.y() - self.y) * self.scale)

    def rect_to_view(self, rect: QRectF) -> QRectF:
        return QRectF(self.to_view(rect.topLeft()), rect.size() * self.scale)

    def seen(self, size: QSizeF) -> QRectF:
        """What a view of that size shows, in scene coordinates."""
        return QRectF(self.x, self.y, size.width() / self.scale, size.height() / self.scale)

    def transform(self) -> QTransform:
        return QTransform(self.scale, 0, 0, self.scale, -self.x * self.scale, -self.y * self.scale)

    def pan(self, dx: float, dy: float) -> None:
        """Move the content by that many pixels."""
        self.x -= dx / self.scale
        self.y -= dy / self.scale

    def zoom(self, factor: float, at: QPointF) -> None:
        """Scale by `factor`; what is under `at` (view pixels) stays there."""
        fixed = self.to_scene(at)
        self.scale = min(max(self.scale * factor, min(self.smallest, self.scale)), LARGEST)
        self.x = fixed.x() - at.x() / self.scale
        self.y = fixed.y() - at.y() / self.scale

    def fit(self, rect: QRectF, size: QSizeF, largest: float, margin: float | None = None) -> None:
        """Show all of `rect`, centred, at most at scale `largest`; without `margin` one in proportion to the size."""
        if rect.isEmpty() or size.isEmpty():
            return
        self.scale = fitting(rect, size, largest, margin)
        self.x = rect.center().x() - size.width() / 2 / self.scale
        self.y = rect.center().y() - size.height() / 2 / self.scale

    def state(self) -> tuple[float, float, float]:
        return self.scale, self.x, self.y

    def restore(self, state: tuple[float, float, float]) -> None:
        self.scale, self.x, self.y = state

"""What was painted where in a chart of a sweep, for the mouse."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF


@dataclass(slots=True)
class Picture:
    """Places of runs. `cells` are those of a heat map."""

    points: list[tuple[int, QPointF]] = field(default_factory=list)
    cells: list[tuple[tuple[int, ...], QRectF]] = field(default_factory=list)

    def nearest(self, at: QPointF, most: float = 30.0) -> int | None:
        """The run whose mark is nearest to a place, or whose cell it is in."""
        for members, rect in self.cells:
            if rect.contains(at):
                return members[0]
        best = min(self.points, key=lambda p: (p[1] - at).manhattanLength(), default=None)
        return best[0] if best is not None and (best[1] - at).manhattanLength() <= most else None

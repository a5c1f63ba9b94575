"""How fine the grid of a picture is: as fine as can be seen at rest, as fine as training allows while something trains."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF

from engine.learned.plane import OnPlane

CELL, FINE = 3.0, 2.0
"""Pixels of a grid's cell, while training and at rest; between them the picture is smooth."""
LEAST, MOST, MOST_FINE = 32, 128, 512
"""Points along an axis; `MOST` while something trains, and where more would take too long."""
QUICK, AT_REST = 0.002, 0.2
"""The kernel's seconds for one picture: while something trains, and at rest."""
SIMILAR = 0.6, 1.6
"""While something trains, a grid stays while the best one has between so many times its points: a new grid starts from nothing."""
FIRST = 64, 64
"""Before anything is known."""


def points(seen: OnPlane | None, area: QRectF | None, training: bool) -> tuple[int, int]:
    """Points along both axes of the next picture, from the one that is seen and its area on the screen."""
    if seen is None or area is None:
        return FIRST
    wide, high = area.width(), area.height()
    if len(seen.axes) == 1:
        return min(max(round(wide / 2), 100), 600), 2
    count = math.prod(len(axis.at) for axis in seen.axes)
    each = seen.seconds / count
    if not training:
        across, up = _counts(wide, high, FINE, MOST_FINE)
        had = count > MOST * MOST  # what was quick enough once is not given up for one slow answer
        if each * across * up <= AT_REST * (2 if had else 1):
            return across, up
        return _counts(wide, high, CELL, MOST)
    across, up = _counts(wide, high, CELL, MOST)
    share = min(1.0, math.sqrt(QUICK / max(each * across * up, 1e-9)))
    across, up = _eights(max(across * share, LEAST)), _eights(max(up * share, LEAST))
    if SIMILAR[0] < across * up / count < SIMILAR[1]:
        return len(seen.axes[0].at), len(seen.axes[1].at)
    return across, up


def _counts(wide: float, high: float, cell: float, most: int) -> tuple[int, int]:
    across, up = (_eights(min(max(size / cell, LEAST), most)) for size in (wide, high))
    return across, up


def _eights(number: float) -> int:
    """Whole eights, so that a few pixels more or less keep the grid."""
    return 8 * round(number / 8)

"""Where a sheet goes over the canvas: beside what it is about, over free canvas, and where the graph keeps the most room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSizeF

from ui.canvas.model.free_area import LEAST

GAP = 14.0
"""Between a sheet and what it is about, and between it and the edges of the canvas."""

WIDE = 2.7
"""Of a band, in columns: text, figure and questions beside each other."""
MUCH = 1.25
"""Text is easier to read in a column: a band below makes the graph larger by this factor at least."""


def beside(size: QSizeF, area: QRectF, about: QRectF, cards: Sequence[QRectF], sheets: Sequence[QRectF] = ()) -> QRectF:
    """A place of this size in `area`, near `about` and, where that is possible, not over it; over little of the cards and other sheets."""
    inner = area.adjusted(GAP, GAP, -GAP, -GAP)
    width, height = min(size.width(), inner.width()), min(size.height(), inner.height())
    lefts = (about.right() + GAP, about.left() - GAP - width, about.left(), about.right() - width, inner.left(), inner.right() - width)
    tops = (about.top(), about.bottom() - height, about.bottom() + GAP, about.top() - GAP - height, inner.top(), inner.bottom() - height)
    places = [
        QRectF(min(max(left, inner.left()), inner.right() - width), min(max(top, inner.top()), inner.bottom() - height), width, height)
        for left in lefts
        for top in tops
    ]

    def cost(place: QRectF) -> tuple[bool, float, float]:
        covered = overlap(place, cards) + 4 * overlap(place, sheets)
        return not about.isNull() and place.intersects(about), covered, _distance(place, about)

    return min(places, key=cost)


def at_side(size: QSizeF, area: QRectF, about: QRectF) -> QRectF:
    """A place at the side of `area` that is nearer to `about`: the graph is shown beside it."""
    inner = area.adjusted(GAP, GAP, -GAP, -GAP)
    width, height = min(size.width(), inner.width()), min(size.height(), inner.height())
    left = inner.left() if about.center().x() < inner.center().x() else inner.right() - width
    top = min(max(about.center().y() - height / 2, inner.top()), inner.bottom() - height)
    return QRectF(left, top, width, height)


def stage(area: QRectF, graph: QSizeF, width: float, height: float, others: Iterable[QRectF] = ()) -> QRectF:
    """The place of a sheet that is read with the whole graph: a column at the left, or a band below where the graph is much larger then.

    `width` is that of a column, `height` that of a band, infinite where it would take all. Neither lies over `others`, small controls at
    the upper and lower edge. Where a canvas is low, a band leaves the graph the least room in which it is shown, and gives up to half its
    height for that.
    """
    inner = area.adjusted(GAP, GAP, -GAP, -GAP)
    others = list(others)
    column = _between(QRectF(inner.left(), inner.top(), min(width, inner.width()), inner.height()), others)
    across = min(WIDE * width, inner.width())
    band = QRectF(inner.center().x() - across / 2, inner.top(), across, inner.height())
    band = _between(band, others)
    band.setTop(max(band.bottom() - min(height, band.height()), min(band.top() + LEAST, band.bottom() - height / 2)))
    beside_column = QSizeF(area.right() - column.right(), area.height())
    above_band = QSizeF(area.width(), band.top() - area.top())
    return column if MUCH * _scale(graph, beside_column) >= _scale(graph, above_band) else band


def _between(place: QRectF, others: Iterable[QRectF]) -> QRectF:
    """A place made lower, so that it ends above what lies in its lower half and begins below what lies in its upper half."""
    met, middle = [other for other in others if other.intersects(place)], place.center().y()
    top = max([place.top(), *(other.bottom() + GAP for other in met if other.center().y() < middle)])
    bottom = min([place.bottom(), *(other.top() - GAP for other in met if other.center().y() >= middle)])
    return QRectF(place.left(), top, place.width(), bottom - top) if bottom - top > place.height() / 3 else place


def overlap(place: QRectF, others: Iterable[QRectF]) -> float:
    """The area of `place` that others lie in, counted once for each."""
    shared = (place.intersected(other) for other in others)
    return sum(rect.width() * rect.height() for rect in shared if not rect.isEmpty())


def inside(place: QRectF, area: QRectF) -> QRectF:
    """A place moved, and made smaller where it must be, so that it lies in `area`."""
    width, height = min(place.width(), area.width()), min(place.height(), area.height())
    left = min(max(place.left(), area.left()), area.right() - width)
    return QRectF(left, min(max(place.top(), area.top()), area.bottom() - height), width, height)


def _scale(graph: QSizeF, room: QSizeF) -> float:
    return min(room.width() / max(graph.width(), 1.0), room.height() / max(graph.height(), 1.0))


def _distance(place: QRectF, about: QRectF) -> float:
    """From the middle of what a sheet is about to the nearest point of the sheet."""
    at = about.center()
    near = QPointF(min(max(at.x(), place.left()), place.right()), min(max(at.y(), place.top()), place.bottom()))
    return abs(near.x() - at.x()) + abs(near.y() - at.y())

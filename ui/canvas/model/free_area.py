"""Which part of the view is free where sheets lie over it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from PySide6.QtCore import QRectF

LEAST = 120.0
"""A part that is narrower or lower than this is no place to look at a graph."""


def empty_parts(whole: QRectF, covered: Iterable[QRectF]) -> Iterator[QRectF]:
    """All upright rectangles between the edges of `whole` and of what covers it that nothing covers."""
    lying = [rect for rect in (cover.intersected(whole) for cover in covered) if not rect.isEmpty()]
    xs = sorted({whole.left(), whole.right(), *(x for rect in lying for x in (rect.left(), rect.right()))})
    ys = sorted({whole.top(), whole.bottom(), *(y for rect in lying for y in (rect.top(), rect.bottom()))})
    for i, left in enumerate(xs):
        for right in xs[i + 1 :]:
            for j, top in enumerate(ys):
                for bottom in ys[j + 1 :]:
                    part = QRectF(left, top, right - left, bottom - top)
                    if not any(part.intersects(rect) for rect in lying):
                        yield part


def free_part(whole: QRectF, covered: Iterable[QRectF], good: Callable[[QRectF], float]) -> QRectF:
    """The empty part for which `good` is largest; the whole where everything of a useful size is covered."""
    parts = [part for part in empty_parts(whole, covered) if part.width() >= LEAST and part.height() >= LEAST]
    return max(parts, key=lambda part: (good(part), part.width() * part.height()), default=whole)

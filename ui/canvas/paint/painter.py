"""How a painter is set up: smooth edges, and clips that keep it from painting over the cards above."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QRegion


def prepare(painter: QPainter) -> None:
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)


@contextmanager
def below(painter: QPainter, cards: Sequence[QRectF]) -> Iterator[None]:
    """Paint in scene coordinates, but not over these cards."""
    if not cards:
        yield
        return
    painter.save()
    view = painter.worldTransform()
    ground = QRegion(painter.window())
    for rect in cards:
        ground -= QRegion(view.mapRect(rect).adjusted(1, 1, -1, -1).toRect())
    painter.resetTransform()
    painter.setClipRegion(ground, Qt.ClipOperation.IntersectClip)
    painter.setWorldTransform(view)
    yield
    painter.restore()

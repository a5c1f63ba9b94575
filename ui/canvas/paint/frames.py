"""Frames behind nodes and notes above them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from ui.canvas.model import text_metrics
from ui.canvas.model.items import HEAD
from ui.canvas.model.scene import CanvasScene
from ui.canvas.paint.note_text import paint_note_text
from ui.look.theme import FRAME_TINT, Theme, color, faded, font, mixed

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
LEGIBLE = 0.3
"""The scale below which a note's text is grey lines."""


def paint_frames(
    painter: QPainter, scene: CanvasScene, area: QRectF, theme: Theme, scale: float, without: Collection[str] = (),
    only: Iterable[str] | None = None,
) -> None:  # fmt: skip
    """Frames that touch `area`; titles grow as the view moves away, so that a frame is a landmark."""
    for identity in scene.graph.frames if only is None else only:
        frame, rect = scene.graph.frames.get(identity), scene.item_rect(identity)
        if frame is None or identity in without or not rect.intersects(area):
            continue
        hue = theme.swatch.get(frame.color, theme.secondary)
        painter.setPen(QPen(color(mixed(hue, theme.canvas, 0.45)), 1.5))
        painter.setBrush(faded(hue, FRAME_TINT[theme.dark]))
        painter.drawRoundedRect(rect, 12, 12)
        boost = max(1.0, min(0.8 / scale, 3.0, rect.height() / 3 / HEAD))
        painter.setFont(font("strong", boost))
        painter.setPen(color(theme.secondary))
        head = QRectF(rect.left() + 14, rect.top() + 2, rect.width() - 28, HEAD * boost)
        painter.drawText(head, _LEFT, text_metrics.elided("title", frame.title, head.width() / boost))


def paint_notes(
    painter: QPainter, scene: CanvasScene, area: QRectF, theme: Theme, scale: float, without: Collection[str] = (),
    only: Iterable[str] | None = None,
) -> None:  # fmt: skip
    for identity in scene.graph.notes if only is None else only:
        note, rect = scene.graph.notes.get(identity), scene.item_rect(identity)
        if note is None or identity in without or not rect.intersects(area):
            continue
        painter.setPen(QPen(color(mixed(theme.secondary, theme.panel, 0.5)), 1))
        painter.setBrush(color(theme.panel))
        painter.drawRoundedRect(rect, 8, 8)
        if scale >= LEGIBLE:
            paint_note_text(painter, note.text, rect, theme)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(theme.hairline))
            for row in range(int(min((rect.height() - 24) // 20, 1 + len(note.text) // 30))):
                painter.drawRect(QRectF(rect.left() + 12, rect.top() + 14 + 20 * row, rect.width() - 24, 8))

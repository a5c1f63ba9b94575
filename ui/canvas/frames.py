"""Frames behind nodes and notes beside them."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from graph.graph import Graph
from ui.canvas import geometry
from ui.theme import Theme, color, faded, font


def paint_frames(painter: QPainter, graph: Graph, area: QRectF, theme: Theme) -> None:
    for frame in graph.frames.values():
        rect = QRectF(frame.x, frame.y, frame.width, frame.height)
        if not rect.intersects(area):
            continue
        hue = frame.color if frame.color in theme.bar.values() else theme.secondary
        painter.setPen(QPen(color(theme.hairline), 1.5))
        painter.setBrush(faded(hue, 0.06))
        painter.drawRoundedRect(rect, 12, 12)
        painter.setFont(font("strong"))
        painter.setPen(color(theme.secondary))
        head = rect.adjusted(14, 8, -14, 0)
        painter.drawText(head, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, geometry.elided("title", frame.title, head.width()))


def paint_notes(painter: QPainter, graph: Graph, area: QRectF, theme: Theme) -> None:
    for note in graph.notes.values():
        rect = QRectF(note.x, note.y, note.width, note.height)
        if not rect.intersects(area):
            continue
        painter.setPen(QPen(color(theme.hairline), 1))
        painter.setBrush(color(theme.panel))
        painter.drawRoundedRect(rect, 8, 8)
        painter.setFont(font("base"))
        painter.setPen(color(theme.text))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(rect.adjusted(12, 10, -12, -10), int(flags), note.text)

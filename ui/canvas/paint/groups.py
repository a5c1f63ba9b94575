"""What groups look like: the sheets behind a card, and a group's own inputs and outputs seen from inside."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from ui.canvas.model.geometry import PORT, RADIUS
from ui.canvas.model.levels import TAG_HIGH, tag_rect
from ui.canvas.model.scene import CanvasScene
from ui.look.theme import Theme, color, font


def paint_sheets(painter: QPainter, scene: CanvasScene, ids: Collection[str], theme: Theme) -> None:
    """Below the cards: a group's card lies on two more, so that its shape distinguishes it from a node."""
    if scene.level is None:
        return
    for group in scene.level.cards:
        if group not in ids:
            continue
        rect = scene.rect(group)
        for step in (9.0, 4.5):
            painter.setPen(QPen(color(theme.wire), 1.6 if theme.name == "projector" else 1.0))
            painter.setBrush(color(theme.card))
            painter.drawRoundedRect(rect.adjusted(step, step, step * 0.75, step), RADIUS, RADIUS)


def paint_tags(painter: QPainter, scene: CanvasScene, area: QRectF, theme: Theme) -> None:
    """The inputs and outputs of the group whose inside is on show: names with a port, beside the content."""
    tags = scene.level.tags if scene.level is not None else None
    if tags is None:
        return
    painter.setFont(font("small"))
    for spot in (*tags.inputs, *tags.outputs):
        place = tag_rect(spot)
        if not place.adjusted(-8, -8, 8, 8).intersects(area):
            continue
        painter.setPen(QPen(color(theme.swatch["groups"]), 1.5))
        painter.setBrush(color(theme.card))
        painter.drawRoundedRect(place, TAG_HIGH / 2, TAG_HIGH / 2)
        painter.setPen(color(theme.text))
        words = place.adjusted(8, 0, -13, 0) if spot.output else place.adjusted(13, 0, -8, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, spot.text)
        painter.setPen(QPen(color(theme.wire), 1.6))
        painter.setBrush(color(theme.card))
        painter.drawEllipse(QPointF(spot.x, spot.y), PORT, PORT)

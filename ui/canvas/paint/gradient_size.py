"""Wires as wide or as hot as their gradients are large, at any zoom: a handful of pens, all wires of one at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from engine.compile.activity import Activity
from ui.canvas.model import wires
from ui.canvas.model.activity_mark import mark_box, said
from ui.canvas.model.content import Content
from ui.canvas.model.gradient_size import ABSENT, LOUD, STEPS, ZERO, Look, sizes
from ui.canvas.model.scene import CanvasScene
from ui.canvas.paint import batch
from ui.canvas.paint.nodes import MEDIUM
from ui.look.theme import Theme, color, font, mixed

WIDEST, NARROWEST, HOT = 11.0, 1.0, 5.0
"""Pixels of the largest and the smallest gradient's wire, and of every wire where its colour says the size."""
BUSY, MANY = 250, 1500
"""From so many wires on they are drawn with fewer pieces, and from afar as one straight line each."""
FAR = 0.45
"""Share of these widths from afar, where wires lie close together."""


def width(step: int, look: Look) -> float:
    """Pixels of a wire at full size."""
    if step == ZERO:
        return 1.6
    if look == "heat":
        return HOT
    return WIDEST if step == LOUD else NARROWEST + (WIDEST - NARROWEST) * step / (STEPS - 1)


def hue(step: int, look: Look, theme: Theme, stale: bool = False) -> str:
    """The colour of a wire: the gradients' own, in a heat map from nearly the ground's to nearly the text's."""
    if stale:
        return theme.stale
    if step == LOUD:
        return theme.error
    if look == "width" or step == ZERO:
        return theme.backward
    share = step / (STEPS - 1)
    if share < 0.6:
        return mixed(mixed(theme.backward, theme.canvas, 0.62), theme.backward, share / 0.6)
    return mixed(theme.backward, theme.text, 0.6 * (share - 0.6) / 0.4)


def paint_sizes(
    painter: QPainter, scene: CanvasScene, ids: Sequence[str], content: Content, look: Look, theme: Theme, scale: float
) -> None:
    """These wires over their selves at rest; those whose gradient is not there, not yet there or hidden stay as they are."""
    steps, head = sizes(content).steps, content.playhead if content.playing else None
    rows: dict[int, list[int]] = {}
    for edge_id in ids:
        step = steps.get(edge_id, ABSENT)
        if step != ABSENT and (head is None or head.arrived_gradients(edge_id)):
            rows.setdefault(step, []).append(scene.edge_row[edge_id])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    far = FAR if look == "width" else 0.7
    shrink = far + (1 - far) * min(scale, 1.0)
    many = scale < MEDIUM and len(ids) > MANY
    coarse = wires.SAMPLES - 1 if many else 4 if scale < MEDIUM else 2 if len(ids) > BUSY else 1
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, not many)
    for step in sorted(rows):
        pixels = max(width(step, look) * shrink, 0.9) * max(theme.wire_width / 2.0, 1.0)
        pen = QPen(color(hue(step, look, theme, content.stale)), pixels / min(scale, 1.0))
        pen.setCapStyle(Qt.PenCapStyle.FlatCap if step == ZERO or many else Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        lines = wires.segments(scene.points_of(np.array(rows[step]), coarse))
        batch.lines(painter, np.ascontiguousarray(lines[::2]) if step == ZERO else lines)  # every other piece: a broken line
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)


def paint_activity(painter: QPainter, rect: QRectF, found: Activity, theme: Theme, boost: float, stale: bool) -> None:
    """The mark of dead or saturated units: a pill below the card with their share."""
    ink, text = theme.stale if stale else theme.warning, said(found)
    painter.setFont(font("strong", boost * 0.92))
    pill = mark_box(rect, boost, text)
    painter.setPen(QPen(color(theme.canvas), 1.5))
    painter.setBrush(color(ink))
    painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
    painter.setPen(color(theme.canvas))
    painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), text)


def paint_framed(painter: QPainter, scene: CanvasScene, ids: Sequence[str], theme: Theme, stale: bool) -> None:
    """The same mark from afar: a frame around each of these cards."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(color(theme.stale if stale else theme.warning), 3.0 / max(painter.worldTransform().m11(), 1e-6)))
    batch.rectangles(painter, np.ascontiguousarray(scene.rects[[scene.row[node] for node in ids]]))

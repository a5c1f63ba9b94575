"""Plates of maps, and one map enlarged, painted in view coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from graph.text.messages import _
from ui.look.numerals import number
from ui.look.theme import Theme, color, font, mixed
from ui.maths.heat import signed_image
from ui.responses.plates import Plate

LARGE = 0.36
"""Side of an enlarged map, as a share of the view's height."""
CURVE = 64
"""Side of the picture of a curve."""
_ALIGN = Qt.AlignmentFlag


@dataclass(frozen=True, slots=True)
class Enlarged:
    """One map with its title, the names and ranges of its axes, its least and largest value, and the plate it belongs to."""

    title: str
    image: QImage
    names: tuple[str, ...]
    spans: tuple[tuple[float, float], ...]
    low: float
    high: float
    plate: QRectF


def paint_plate(painter: QPainter, plate: Plate, images: Sequence[QImage], theme: Theme, chosen: int | None, stale: bool) -> None:
    """The maps of a node; the one that is enlarged is ringed, and all are pale while they belong to other numbers."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setPen(QPen(color(theme.card_edge), 1))
    painter.setBrush(color(theme.card))
    painter.drawRoundedRect(plate.box, 3, 3)
    painter.setOpacity(0.4 if stale else 1.0)
    for cell, image in zip(plate.cells, images, strict=True):
        painter.drawImage(cell, image)
    painter.setOpacity(1.0)
    if chosen is not None and chosen < len(plate.cells):
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color(theme.highlight), 2))
        painter.drawRect(plate.cells[chosen].adjusted(-1, -1, 1, 1))


def paint_enlarged(painter: QPainter, view: QRectF, what: Enlarged, theme: Theme) -> None:
    """The map with its axes, beside its plate where there is room."""
    strong, small = QFontMetricsF(font("strong", theme.scale)), QFontMetricsF(font("small", theme.scale))
    side, edge = LARGE * view.height(), 10.0
    line, head = small.height(), strong.height()
    said = _("from {low} to {high}").format(low=number(what.low, 3), high=number(what.high, 3))
    wide = max(side + line, small.horizontalAdvance(said), strong.horizontalAdvance(what.title)) + 2 * edge
    high = side + head + 2 * line + 2 * edge + 6
    left = min(max(what.plate.center().x() - wide / 2, view.left() + 4), view.right() - wide - 4)
    below = what.plate.bottom() + 6
    top = below if below + high < view.bottom() else max(what.plate.top() - high - 60, view.top() + 4)
    box = QRectF(left, top, wide, high)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color(theme.card_edge), 1))
    painter.setBrush(color(theme.panel))
    painter.drawRoundedRect(box, 6, 6)
    painter.setPen(color(theme.text))
    painter.setFont(font("strong", theme.scale))
    painter.drawText(QRectF(left + edge, top + 6, wide - 2 * edge, head), int(_ALIGN.AlignLeft | _ALIGN.AlignVCenter), what.title)
    area = QRectF(left + edge + line, top + head + 10, side, side)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(area, what.image)
    painter.setPen(color(theme.secondary))
    painter.setFont(font("small", theme.scale))
    _paint_axis(painter, area, what, line)
    painter.drawText(QRectF(left, area.bottom() + line + 2, wide, line), int(_ALIGN.AlignHCenter | _ALIGN.AlignVCenter), said)


def _paint_axis(painter: QPainter, area: QRectF, what: Enlarged, line: float) -> None:
    """Name and ends of both axes, below and to the left."""
    under = QRectF(area.left(), area.bottom() + 1, area.width(), line)
    _paint_ends(painter, under, what.names[0], what.spans[0])
    if len(what.names) > 1:
        painter.save()
        painter.translate(area.left() - line - 1, area.bottom())
        painter.rotate(-90)
        _paint_ends(painter, QRectF(0, 0, area.height(), line), what.names[1], what.spans[1])
        painter.restore()


def _paint_ends(painter: QPainter, rect: QRectF, name: str, span: tuple[float, float]) -> None:
    for text, side in ((number(span[0], 2), _ALIGN.AlignLeft), (name, _ALIGN.AlignHCenter), (number(span[1], 2), _ALIGN.AlignRight)):
        painter.drawText(rect, int(side | _ALIGN.AlignVCenter), text)


def largest(values: np.ndarray) -> float:
    """The largest size of a finite value; 0 without one."""
    finite = values[np.isfinite(values)]
    return float(np.abs(finite).max()) if finite.size else 0.0


def map_image(values: np.ndarray, most: float, theme: Theme) -> QImage:
    """A map, the largest value of the second axis at the top, or a curve, on a scale from −`most` to `most`."""
    return signed_image(values[::-1], most, theme) if values.ndim == 2 else curve_image(values, most, theme)


def curve_image(values: np.ndarray, most: float, theme: Theme) -> QImage:
    """(points,) as a curve between −most and most, with the line of 0."""
    image = QImage(CURVE * 2, CURVE * 2, QImage.Format.Format_ARGB32)
    image.fill(color(theme.canvas))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = float(CURVE * 2)
    painter.setPen(QPen(color(mixed(theme.card, theme.text, 0.35)), 1.5))
    painter.drawLine(QPointF(0, side / 2), QPointF(side, side / 2))
    heights = side / 2 * (1 - 0.92 * np.clip(np.nan_to_num(values / (most or 1.0)), -1, 1))
    across = np.linspace(0, side, len(values))
    painter.setPen(QPen(color(theme.forward), 4))
    painter.drawPolyline(QPolygonF([QPointF(float(x), float(y)) for x, y in zip(across, heights, strict=True)]))
    painter.end()
    return image

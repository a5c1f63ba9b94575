"""A plane with everything on it, painted: regions or heat, or the fitted curve; samples, axes, legend. On the screen and into files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from engine.learned.plane import OnPlane
from graph.text.messages import _
from ui.look.classes import class_colour
from ui.look.theme import Theme, color, faded, font
from ui.maths.class_marks import paint_mark
from ui.maths.curve_scale import LINEAR
from ui.maths.heat import heat_table
from ui.regions.field import field, scale_of
from ui.regions.frame import Frame, Span, heights
from ui.regions.legend import height, paint_legend
from ui.regions.marks import RADIUS, paint_cross

_ALIGN = Qt.AlignmentFlag
_TICK_Y = int(_ALIGN.AlignRight | _ALIGN.AlignVCenter)
_TICK_X = int(_ALIGN.AlignHCenter | _ALIGN.AlignTop)
BAR = 12.0
"""Width of the scale beside a heat map, in pixels for type at 100 %."""
MOST_WIDE, MOST_HIGH = 2.2, 1.15
"""How much wider than high the plane is at most, and how much higher than wide."""
FEW = 400
"""More samples than this have smaller marks."""


@dataclass(frozen=True, slots=True)
class Look:
    """`unit` enlarges all type and marks."""

    theme: Theme
    unit: float = 1.0
    legend: bool = True


def frame_in(rect: QRectF, seen: OnPlane, look: Look, x: Span | None = None, y: Span | None = None) -> Frame:
    """Where the plane lies in a rectangle, below the legend, with room for the numbers of its axes."""
    unit = look.unit
    first = seen.axes[0]
    across, up = x or (first.low, first.high), y or heights(seen)
    small = QFontMetricsF(font("small", unit))
    wide = max((small.horizontalAdvance(text) for _value, text in _ticks(up, 4)), default=0.0)
    left = wide + small.height() + 8 * unit
    right = 6 * unit
    if _has_bar(seen):
        low, high = scale_of(seen) if seen.values is not None else (0.0, 1.0)
        right = (BAR + 12) * unit + max(small.horizontalAdvance(text) for _value, text in _ticks((low, high), 4))
    top = (height(seen, rect.width() - 8 * unit, unit) if look.legend else 0.0) + 4 * unit
    area = rect.adjusted(left, top, -right, -(2 * small.height() + 5 * unit))
    size = area.size().boundedTo(QSizeF(MOST_WIDE * area.height(), MOST_HIGH * area.width())).expandedTo(QSizeF(20, 20))
    return Frame(QRectF(area.topLeft() + QPointF((area.width() - size.width()) / 2, 0), size), across, up)


def paint_plane(painter: QPainter, rect: QRectF, frame: Frame, seen: OnPlane, look: Look, image: QImage | None) -> None:
    """All but the samples; `image` is the field's picture (`ui.regions.field.field`)."""
    theme, unit = look.theme, look.unit
    if look.legend:
        paint_legend(painter, rect.adjusted(4 * unit, 1, -4 * unit, 0), seen, theme, unit)
    painter.save()
    painter.setClipRect(frame.area)
    if image is not None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(frame.field(seen), image)
    elif len(seen.axes) == 1:
        _paint_curve(painter, frame, seen, look)
    painter.restore()
    _paint_axes(painter, rect, frame, seen, look)
    if _has_bar(seen):
        _paint_bar(painter, rect, frame, seen, look)


def paint_samples(painter: QPainter, frame: Frame, seen: OnPlane, look: Look) -> None:
    """The samples: those of the training part last and so on top, wrong ones above all."""
    theme, points = look.theme, seen.points
    classes = seen.kind == "classes"
    radius = mark_radius(frame, seen, look)
    painter.save()
    painter.setClipRect(frame.area)
    order = np.argsort(-points.parts, kind="stable")
    for index in order[_drawable(seen)[order]].tolist():
        part = points.part[int(points.parts[index])]
        at = place_of(frame, seen, index)
        number = int(points.true[index]) if classes else 0
        paint_mark(painter, at, number, theme, radius, part == "train", "" if classes else theme.text)
    if points.right.size:
        for index in np.flatnonzero(~points.right & _drawable(seen)).tolist():
            paint_cross(painter, place_of(frame, seen, index), theme, 0.8 * radius)
    painter.restore()


def _drawable(seen: OnPlane) -> np.ndarray:
    """(N,) bool: the samples that have a place on the plane, because all numbers that say where are finite."""
    known: np.ndarray = np.isfinite(seen.points.at).all(axis=1)
    return known if seen.kind == "classes" or len(seen.axes) > 1 else known & np.isfinite(seen.points.true)


def mark_radius(frame: Frame, seen: OnPlane, look: Look) -> float:
    """Of a sample's mark: larger in a large picture, smaller where there are many."""
    large = min(max(min(frame.area.width(), frame.area.height()) / (240 * look.unit), 1.0), 2.0)
    few = 1.0 if len(seen.points.at) <= FEW else 0.7
    return RADIUS * look.unit * large * few * (1.0 if seen.kind == "classes" else 0.75)


def place_of(frame: Frame, seen: OnPlane, index: int) -> QPointF:
    """Where a sample is seen."""
    at = seen.points.at[index]
    if len(seen.axes) > 1:
        return frame.at(float(at[0]), float(at[1]))
    return frame.at(float(at[0]), 0.0 if seen.kind == "classes" else float(seen.points.true[index]))


def picture(painter: QPainter, rect: QRectF, seen: OnPlane, look: Look, x: Span | None = None, y: Span | None = None) -> None:
    """The whole picture on paper."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(rect, color(look.theme.panel))
    frame = frame_in(rect, seen, look, x, y)
    paint_plane(painter, rect, frame, seen, look, field(seen, look.theme))
    paint_samples(painter, frame, seen, look)


def _has_bar(seen: OnPlane) -> bool:
    return seen.kind == "numbers" and len(seen.axes) > 1


def _paint_curve(painter: QPainter, frame: Frame, seen: OnPlane, look: Look) -> None:
    """The fitted curve with the residuals, or the probability of each class."""
    theme, at = look.theme, seen.axes[0].at
    if seen.kind == "classes":
        curves = seen.probabilities if seen.probabilities is not None else np.zeros((len(at), 0))
        for number in range(curves.shape[1]):
            _line(painter, frame, at, curves[:, number], class_colour(theme, number), 2.4 * look.unit)
        return
    assert seen.values is not None
    points = seen.points
    painter.setPen(QPen(faded(theme.secondary, 0.7), 1.0 * look.unit))
    for index in np.flatnonzero(_drawable(seen) & np.isfinite(points.predicted)).tolist():
        x = float(points.at[index, 0])
        painter.drawLine(frame.at(x, float(points.true[index])), frame.at(x, float(points.predicted[index])))
    _line(painter, frame, at, seen.values, theme.forward, 2.6 * look.unit)


def _line(painter: QPainter, frame: Frame, xs: np.ndarray, ys: np.ndarray, ink: str, width: float) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color(ink), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    line = QPolygonF()
    for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
        if np.isfinite(y):
            line.append(frame.at(x, y))
        elif line.size():
            painter.drawPolyline(line)
            line = QPolygonF()
    painter.drawPolyline(line)


def _ticks(span: Span, most: int) -> list[tuple[float, str]]:
    """At most so many round numbers between two values, with their texts."""
    ticks = LINEAR.ticks(*span) or []
    return ticks[:: -(-len(ticks) // most)] if ticks else []


def _paint_axes(painter: QPainter, rect: QRectF, frame: Frame, seen: OnPlane, look: Look) -> None:
    theme, unit, area = look.theme, look.unit, frame.area
    small = QFontMetricsF(font("small", unit))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(color(theme.secondary), 1.0))
    painter.drawRect(area)
    painter.setFont(font("small", unit))
    for value, text in _ticks(frame.x, 5):
        at = frame.at(value, frame.y[0])
        painter.setPen(QPen(color(theme.secondary), 1.0))
        painter.drawLine(at, at + QPointF(0, 4 * unit))
        painter.setPen(color(theme.text))
        painter.drawText(within(rect, at.x(), at.y() + 4 * unit, small.horizontalAdvance(text) + 2, small.height()), _TICK_X, text)
    for value, text in _ticks(frame.y, 4):
        at = frame.at(frame.x[0], value)
        painter.setPen(QPen(color(theme.secondary), 1.0))
        painter.drawLine(at, at - QPointF(4 * unit, 0))
        painter.setPen(color(theme.text))
        painter.drawText(QRectF(at.x() - 86 * unit, at.y() - small.height() / 2, 80 * unit, small.height()), _TICK_Y, text)
    painter.setPen(color(theme.secondary))
    across = small.elidedText(seen.axes[0].name, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(QRectF(area.left(), area.bottom() + small.height() + 2 * unit, area.width(), small.height() + 2), _TICK_X, across)
    up = seen.axes[1].name if len(seen.axes) > 1 else vertical(seen)
    painter.save()
    wide = max((small.horizontalAdvance(text) for _value, text in _ticks(frame.y, 4)), default=0.0)
    painter.translate(area.left() - wide - small.height() - 8 * unit, area.center().y())
    painter.rotate(-90)
    up = small.elidedText(up, Qt.TextElideMode.ElideRight, area.height())
    painter.drawText(QRectF(-area.height() / 2, 0, area.height(), small.height()), _TICK_X, up)
    painter.restore()


def within(rect: QRectF, x: float, top: float, wide: float, high: float) -> QRectF:
    """Where a text of this size stands, centred at x, or beside it where it would be cut: a number that is cut is another number."""
    left = max(min(x - wide / 2, rect.right() - wide), rect.left())
    return QRectF(left, top, wide, high)


def vertical(seen: OnPlane) -> str:
    """The name of the vertical axis on a line."""
    return _("probability") if seen.kind == "classes" else seen.target


def _paint_bar(painter: QPainter, rect: QRectF, frame: Frame, seen: OnPlane, look: Look) -> None:
    """The scale of a heat map."""
    assert seen.values is not None
    theme, unit, area = look.theme, look.unit, frame.area
    low, high = scale_of(seen)
    table = np.ascontiguousarray(heat_table(theme)[::-1][:, None, :])
    ramp = QImage(table.data, 1, len(table), 4, QImage.Format.Format_RGB32).copy()
    bar = QRectF(area.right() + 5 * unit, area.top(), BAR * unit, area.height())
    painter.drawImage(bar, ramp)
    painter.setPen(QPen(color(theme.secondary), 1.0))
    painter.drawRect(bar)
    small = QFontMetricsF(font("small", unit))
    painter.setFont(font("small", unit))
    painter.setPen(color(theme.text))
    for value, text in _ticks((low, high), 4):
        y = area.bottom() - (value - low) / (high - low) * area.height()
        y = min(max(y, area.top() + small.height() / 2), area.bottom() - small.height() / 2)
        box = QRectF(bar.right() + 3 * unit, y - small.height() / 2, rect.right() - bar.right(), small.height())
        painter.drawText(box, int(_ALIGN.AlignLeft | _ALIGN.AlignVCenter), text)

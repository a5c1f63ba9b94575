"""The paths of a race over the contours of the objective: painting alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from engine.learned.surface import Surface
from engine.sweep.paths import Path
from graph.text.messages import _
from ui.look.numerals import number
from ui.look.theme import Theme, color, font, mixed
from ui.maths.axes import Axis, Frame, cross, framed
from ui.maths.level_lines import level_lines, levels_of
from ui.sweep.legend import MARK

LEVELS = 14
NEAR, LEAST, EDGE = 3.0, 0.3, 0.12
"""Of the plane of the paths: places so many times as far from the middle as starts and ends are in sight; the shorter side is at least this
share of the longer one; room around."""
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A path with its look and its name."""

    path: Path
    ink: str
    dash: Qt.PenStyle
    name: str


def box_of(paths: Sequence[Path]) -> Box:
    """The plane in which the paths are seen: all starts and ends, and what lies near them. What runs far away is cut at the edge."""
    marks = np.concatenate([path.at[[0]] if path.diverged else path.at[[0, -1]] for path in paths])
    places = np.concatenate([path.at for path in paths])
    places = places[np.isfinite(places).all(axis=1)]
    middle = (marks.min(axis=0) + marks.max(axis=0)) / 2
    half = (marks.max(axis=0) - marks.min(axis=0)) / 2
    half = np.maximum(half, [max(float(half.max()) * LEAST, 1e-3 * max(1.0, float(np.abs(middle).max())))] * 2)
    if not (marks != marks[0]).any():  # all of them diverged from one start
        half = np.maximum(np.abs(middle), 1.0)
    near = places[(np.abs(places - middle) <= NEAR * half).all(axis=1)]
    low, high = np.minimum(near.min(axis=0), middle - half), np.maximum(near.max(axis=0), middle + half)
    room = EDGE * (high - low)
    return float(low[0] - room[0]), float(high[0] + room[0]), float(low[1] - room[1]), float(high[1] + room[1])


def paint_ways(
    painter: QPainter, whole: QRectF, theme: Theme, ground: Callable[[QPainter, Frame], None], box: Box, names: tuple[str, str],
    drawn: Sequence[Drawn], step: int, loss: str,
) -> None:  # fmt: skip
    """Over the `ground` each path up to a step, with the numbers of that moment."""
    painter.fillRect(whole, color(theme.panel))
    side = min(0.42 * whole.width(), _readout_width(theme, drawn, step, loss, names))
    plane = whole.adjusted(0, 0, -side - 8, 0)
    frame = framed(painter, plane, theme, Axis(box[0], box[1]), Axis(box[2], box[3]), names[0], names[1])
    painter.save()
    painter.setClipRect(frame.area)
    ground(painter, frame)
    for each in drawn:
        _way(painter, frame, theme, each, step)
    painter.restore()
    _readout(painter, QRectF(plane.right() + 8, whole.top(), side, whole.height()), theme, drawn, step, loss, names)


def paint_contours(painter: QPainter, frame: Frame, theme: Theme, surface: Surface) -> None:
    """Bands from low (pale) to high, their borders as lines; what is not finite stays empty."""
    levels = levels_of(surface.f, LEVELS)
    if not levels:
        return
    heights = np.searchsorted(levels, surface.f).astype(float) / len(levels)
    shades = [mixed(theme.panel, theme.secondary, 0.02 + 0.26 * level) for level in np.linspace(0, 1, 16)]
    image = QImage(len(surface.xs), len(surface.ys), QImage.Format.Format_ARGB32)
    for j in range(len(surface.ys)):
        for i in range(len(surface.xs)):
            ok = math.isfinite(float(surface.f[j, i]))
            image.setPixelColor(i, len(surface.ys) - 1 - j, color(shades[round(15 * float(heights[j, i]))] if ok else theme.error_soft))
    half_x, half_y = (surface.xs[1] - surface.xs[0]) / 2, (surface.ys[1] - surface.ys[0]) / 2
    at = QRectF(frame.at(surface.xs[0] - half_x, surface.ys[-1] + half_y), frame.at(surface.xs[-1] + half_x, surface.ys[0] - half_y))
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(at, image)
    painter.setPen(QPen(color(mixed(theme.panel, theme.secondary, 0.55)), 1.0))
    for pieces in level_lines(surface.f, surface.xs, surface.ys, levels):
        painter.drawLines([QLineF(frame.at(x0, y0), frame.at(x1, y1)) for x0, y0, x1, y1 in pieces.tolist()])


def _upto(path: Path, step: int) -> int:
    """How many places of a path have been reached by a step."""
    return max(1, int(np.searchsorted(np.asarray(path.steps), step, side="right")))


def _way(painter: QPainter, frame: Frame, theme: Theme, each: Drawn, step: int) -> None:
    """The way so far, a ring where it began, a dot where it is; a cross where it left the plane for good."""
    path = each.path
    reached = _upto(path, step)
    far = 50.0
    line = []
    for x, y in path.at[:reached].tolist():
        at = QPointF(frame.x.share(x), frame.y.share(y))
        line.append(frame.at(_near(x, frame.x, far), _near(y, frame.y, far)) if max(abs(at.x()), abs(at.y())) > far else frame.at(x, y))
    painter.setPen(QPen(color(theme.panel), 4.6 * theme.scale))
    painter.drawPolyline(QPolygonF(line))
    painter.setPen(QPen(color(each.ink), 2.4 * theme.scale, each.dash))
    painter.drawPolyline(QPolygonF(line))
    few = reached <= 80
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color(each.ink))
    for at in line if few else ():
        painter.drawEllipse(at, 2.6 * theme.scale, 2.6 * theme.scale)
    painter.setBrush(color(theme.panel))
    painter.setPen(QPen(color(theme.text), 1.6 * theme.scale))
    painter.drawEllipse(line[0], 5 * theme.scale, 5 * theme.scale)
    painter.setBrush(color(each.ink))
    painter.setPen(QPen(color(theme.panel), 1.6 * theme.scale))
    painter.drawEllipse(line[-1], 6 * theme.scale, 6 * theme.scale)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if path.diverged and reached == len(path.at):
        area = frame.area.adjusted(8, 8, -8, -8)
        edge = QPointF(min(max(line[-1].x(), area.left()), area.right()), min(max(line[-1].y(), area.top()), area.bottom()))
        cross(painter, edge, theme)


def _near(value: float, axis: Axis, far: float) -> float:
    """A place that is out of all sight, brought so near that it can be painted."""
    span = axis.high - axis.low
    return min(max(value, axis.low - far * span), axis.high + far * span)


def _lines(each: Drawn, step: int, loss: str, names: tuple[str, str]) -> list[str]:
    path = each.path
    at = _upto(path, step) - 1
    x, y = path.at[at].tolist()
    ended = path.diverged and at == len(path.at) - 1
    found = _("∞ after step {step}").format(step=path.steps[at]) if ended else _("step {step}").format(step=path.steps[at])
    spent = path.evaluations[at]
    if spent != path.steps[at]:
        found += " · " + _("{n} evaluations").format(n=number(spent))
    return [found, f"{loss} {number(float(path.loss[at]))}", f"{names[0]} {number(x)}   {names[1]} {number(y)}"]


def _readout_width(theme: Theme, drawn: Sequence[Drawn], step: int, loss: str, names: tuple[str, str]) -> float:
    metrics = QFontMetricsF(font("tiny", theme.scale))
    texts = [f"{names[0]} −0.000000   {names[1]} −0.000000", *(each.name for each in drawn)]
    return max((metrics.horizontalAdvance(text) for text in texts), default=0.0) + MARK * theme.scale + 12 + metrics.averageCharWidth()


def _readout(
    painter: QPainter, at: QRectF, theme: Theme, drawn: Sequence[Drawn], step: int, loss: str, names: tuple[str, str]
) -> None:
    """Of each path its name, its step, its loss and both numbers; of many paths as many as there is room for."""
    type_ = font("tiny", theme.scale)
    metrics = QFontMetricsF(type_)
    high, y = metrics.height() * 1.12, at.top() + metrics.ascent()
    painter.setFont(type_)
    short = len(drawn) * 4.4 * high > at.height()
    for place, each in enumerate(drawn):
        lines = _lines(each, step, loss, names)
        shown = lines[:2] if short else lines
        if y + (len(shown) + 1) * high > at.bottom() + high:
            painter.setPen(color(theme.secondary))
            painter.drawText(QPointF(at.left(), y), _("… and {n} more").format(n=len(drawn) - place))
            return
        mark = MARK * theme.scale
        painter.setPen(QPen(color(each.ink), 2.6 * theme.scale, each.dash))
        painter.drawLine(QPointF(at.left(), y - 0.3 * high), QPointF(at.left() + mark, y - 0.3 * high))
        painter.setPen(color(theme.text))
        name = metrics.elidedText(each.name, Qt.TextElideMode.ElideRight, at.width() - mark - 6)
        painter.drawText(QPointF(at.left() + mark + 6, y), name)
        for line in [" · ".join(shown)] if short else shown:
            y += high
            painter.setPen(color(theme.error if line.startswith("∞") else theme.secondary))
            painter.drawText(QPointF(at.left() + mark + 6, y), line)
        y += 1.35 * high


def looks(
    paths: Mapping[int, Path], keys: Mapping[int, tuple[Any, ...]], look: Mapping[tuple[Any, ...], tuple[str, Qt.PenStyle]],
    names: Mapping[int, str],
) -> list[Drawn]:  # fmt: skip
    """The paths in the order of the plan, each with the colour of what it stands for."""
    return [Drawn(paths[index], *look[keys[index]], names[index]) for index in sorted(paths)]

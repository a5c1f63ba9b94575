"""Axes of painted charts: where a value lies, which ticks there are, and how both are painted."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from ui.look.numerals import number, raised
from ui.look.theme import Theme, color, font, mixed

LOW = 14
"""A chart of fewer lines of type is low: it has no line of its own for the name of its lower axis."""
TALL = 20.0
"""An axis ends at so many times the median of what is drawn: what diverges would leave no room for the rest."""
FEW, MANY = 3, 6
"""So many ticks an axis has at least, where it can, and at most."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A line from `low` to `high`; `names` are given where it has single places 0, 1, … instead of numbers."""

    low: float
    high: float
    logarithmic: bool = False
    names: tuple[str, ...] = ()

    def share(self, value: float) -> float:
        """0 at the low end, 1 at the high one; beyond them where the value is."""
        low, high = self.low, self.high
        if self.logarithmic:
            low, high, value = math.log10(low), math.log10(high), math.log10(value) if value > 0 else -math.inf
        return (value - low) / (high - low) if high > low else 0.5

    def ticks(self, most: int = MANY) -> list[tuple[float, str]]:
        if self.names:
            return [(float(i), name) for i, name in enumerate(self.names)]
        if not self.logarithmic:
            return [(value, number(value)) for value in _round(self.low, self.high, most)]
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        stride = max(1, -(-(last - first + 1) // most))
        powers = [(10.0**e, _power(e)) for e in range(first, last + 1, stride)]
        if len(powers) >= FEW:
            return powers
        finer = [10.0**e * f for e in range(first - 1, last + 1) for f in (1, 2, 5) if self.low <= 10.0**e * f <= self.high * (1 + 1e-9)]
        return [(value, number(value)) for value in (finer if len(finer) >= FEW else _round(self.low, self.high, most))]


def _power(exponent: int) -> str:
    return number(10.0**exponent) if -3 <= exponent <= 4 else f"10{raised(exponent)}"


def _round(low: float, high: float, most: int) -> list[float]:
    span = high - low
    if not span > 0 or not math.isfinite(span):
        return [low]
    unit = 10.0 ** math.floor(math.log10(span / most))
    step = next(unit * factor for factor in (1, 2, 5, 10, 20) if span / (unit * factor) <= most)
    return [i * step for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def axis_for(values: Sequence[float], logarithmic: bool, room: float = 0.04) -> Axis:
    """An axis for these finite numbers, with some room at both ends."""
    low, high = min(values), max(values)
    if logarithmic and low > 0:
        if high <= low * 1.0001:
            low, high = low / 2, high * 2
        spare = (high / low) ** room
        return Axis(low / spare, high * spare, True)
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
        low, high = low - (abs(low) or 1) / 10, high + (abs(high) or 1) / 10
    spare = room * (high - low)
    return Axis(low - spare, high + spare)


@dataclass(slots=True)
class Frame:
    """A chart's place: the area between the axes, and where numbers lie in it."""

    area: QRectF
    x: Axis
    y: Axis

    def at(self, x: float, y: float) -> QPointF:
        return QPointF(self.area.left() + self.x.share(x) * self.area.width(), self.area.bottom() - self.y.share(y) * self.area.height())


def framed(
    painter: QPainter, whole: QRectF, theme: Theme, x: Axis, y: Axis, below: str, above: str, facet: bool = False
) -> Frame:
    """Paint axes, ticks and their names, and say where the area between them is. `above` stands over the upward axis, `below` under the
    other one, or at the right of `above` where there is little height. Of a `facet` `above` is the title."""
    type_ = font("tiny", theme.scale)
    metrics = QFontMetricsF(type_)
    high = metrics.height()
    upward = y.ticks(max(2, int((whole.height() / high - 4) / 1.7)))
    beside = max((metrics.horizontalAdvance(text) for _at, text in upward), default=0.0) + 10
    low = facet or whole.height() < LOW * high
    area = whole.adjusted(beside, high * 1.45, -0.6 * high, -(1.3 if low else 2.4) * high)
    frame = Frame(area, x, y)
    painter.setFont(type_)
    painter.fillRect(whole, color(theme.panel))
    grid, ink = QPen(color(mixed(theme.hairline, theme.panel, 0.4))), color(theme.secondary)
    last = last_up = -math.inf
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    for value, text in upward:
        at = frame.at(x.low, value).y()
        if area.top() - 1 <= at <= area.bottom() + 1 and abs(at - last_up) >= high:
            last_up = at
            painter.setPen(grid)
            painter.drawLine(QPointF(area.left(), at), QPointF(area.right(), at))
            painter.setPen(ink)
            painter.drawText(QRectF(whole.left(), at - high / 2, beside - 6, high), right, text)
    for value, text in x.ticks():
        at = frame.at(value, y.low).x()
        wide = metrics.horizontalAdvance(text)
        left = min(max(at - wide / 2, whole.left()), whole.right() - wide)
        if area.left() - 1 <= at <= area.right() + 1 and left > last:
            painter.setPen(grid)
            painter.drawLine(QPointF(at, area.top()), QPointF(at, area.bottom()))
            painter.setPen(ink)
            painter.drawText(QPointF(left, area.bottom() + high), text)
            last = left + wide + 8
    painter.setPen(QPen(color(theme.hairline)))
    painter.drawLine(area.bottomLeft(), area.bottomRight())
    painter.setPen(ink)
    base, room = whole.top() + metrics.ascent(), whole.width() - 4
    if facet:
        painter.setPen(color(theme.text))
        painter.drawText(QPointF(area.left(), base), above)
        return frame
    if low:
        text = f"→ {below}"
        wide = metrics.horizontalAdvance(text)
        painter.drawText(QPointF(whole.right() - wide - 2, base), text)
        room -= wide + high
    else:
        painter.drawText(QRectF(area.left(), area.bottom() + 1.25 * high, area.width(), high * 1.1), Qt.AlignmentFlag.AlignCenter, below)
    painter.drawText(QPointF(whole.left() + 2, base), metrics.elidedText(f"↑ {above}", Qt.TextElideMode.ElideRight, max(room, 0)))
    return frame


def logarithmic(values: Iterable[float]) -> bool:
    """Whether numbers can be shown on a logarithmic axis: zeros, which no such axis has, lie at its lower end."""
    values = list(values)
    return any(v > 0 for v in values) and all(v >= 0 for v in values)


def upward(heights: Sequence[float], logarithmic: bool, begins: Sequence[float] = ()) -> Axis:
    """The axis of a loss: it leaves out what is far above the rest."""
    heights = [h for h in heights if math.isfinite(h)] or [0.0, 1.0]
    typical = statistics.median([abs(h) for h in heights])
    if starts := [abs(b) for b in begins if math.isfinite(b)]:
        typical = statistics.median(starts) if logarithmic else max(statistics.median(starts), typical)
    top = (1e3 if logarithmic else TALL) * (typical or 1.0)
    kept = [h for h in heights if h <= top] or [min(heights)]
    if logarithmic:  # a single step of almost no loss would press the rest together
        positive = sorted(h for h in kept if h > 0) or [1.0]
        floor = max(positive[len(positive) // 50] / 30, max(positive) * 1e-12)
        kept = [max(h, floor) for h in positive]
    return axis_for(kept, logarithmic)


def inside(value: float, y: Axis) -> float:
    """A value, at the edge where it lies beyond the axis."""
    return min(max(value, y.low), y.high)


def cross(painter: QPainter, at: QPointF, theme: Theme) -> None:
    """Where a run diverged."""
    size = 4.5 * theme.scale
    painter.setPen(QPen(color(theme.error), 2.2 * theme.scale))
    painter.drawLine(at + QPointF(-size, -size), at + QPointF(size, size))
    painter.drawLine(at + QPointF(-size, size), at + QPointF(size, -size))


HUES = ("probes", "losses", "math", "activations", "parameters", "layers")
"""Of lines that have no order, by the names of the theme's swatches."""


def hues(theme: Theme, count: int, ordered: bool) -> list[str]:
    """A colour for each of so many lines: a ramp where they have an order."""
    if not ordered:
        return [theme.swatch[HUES[i % len(HUES)]] for i in range(count)]
    stops = [theme.swatch["probes"], theme.swatch["layers"], theme.swatch["losses"]]
    result = []
    for i in range(count):
        place = 2 * i / max(count - 1, 1)
        at = min(int(place), 1)
        result.append(mixed(stops[at], stops[at + 1], place - at))
    return result

"""The charts of a sweep, painted: curves over each other, a measure against the swept value, and a heat map of two settings."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF

from engine.sweep.plan import Swept
from engine.sweep.results import MemberResult, Spread, grouped, spread
from graph.model.loss_words import loss_words
from graph.model.run_record import lower_is_better
from graph.text.messages import _
from ui.look.numbers import percent
from ui.look.numerals import number
from ui.look.theme import Theme, color, faded, font, mixed
from ui.sweep.axes import Axis, Frame, axis_for, framed, hues
from ui.sweep.state import NAMES, SweepState

View = Literal["curves", "values"]
Look = dict[tuple[Any, ...], tuple[str, Qt.PenStyle]]
"""Colour and dash of a line, by the values that it stands for."""
MARK = 20
"""Length of a line in the legend."""
FEW_LINES = 6
"""So many combinations of several settings are told apart by colour; of more, the values of the first setting alone."""
MANY_LINES = 12
"""Of more curves each is a plain thin line."""
TALL = 20.0
"""An axis ends at so many times the median of what is drawn: what diverges would leave no room for the rest."""
DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


@dataclass(slots=True)
class Picture:
    """What was painted where: places of runs, for the mouse. `cells` are those of a heat map."""

    points: list[tuple[int, QPointF]] = field(default_factory=list)
    cells: list[tuple[tuple[int, ...], QRectF]] = field(default_factory=list)
    note: str = ""

    def nearest(self, at: QPointF, most: float = 30.0) -> int | None:
        """The run whose mark is nearest to a place, or whose cell it is in."""
        for members, rect in self.cells:
            if rect.contains(at):
                return members[0]
        best = min(self.points, key=lambda p: (p[1] - at).manhattanLength(), default=None)
        return best[0] if best is not None and (best[1] - at).manhattanLength() <= most else None


def paint_chart(painter: QPainter, whole: QRectF, theme: Theme, state: SweepState, view: View, measure: str, logarithmic: bool) -> Picture:
    """Paint a chart of what has come so far; returns where the runs are."""
    painter.fillRect(whole, color(theme.panel))
    if view == "curves":
        return _curves(painter, whole, theme, state, logarithmic)
    two = state.across[:2]
    if len(state.across) == 2 and all(state.is_number(of) for of in two):
        return _heat(painter, whole, theme, state, measure, logarithmic)
    return _values(painter, whole, theme, state, measure, logarithmic)


# Curves


def colours(state: SweepState, theme: Theme) -> tuple[list[Swept], Look]:
    """The settings that colours stand for, and the look of each combination of their values."""
    by = state.across
    keys = list(grouped(state.plan, by, {}))
    if len(keys) > FEW_LINES and len(by) > 1:
        by = by[:1]
        keys = list(grouped(state.plan, by, {}))
    ordered = len(by) == 1 and state.is_number(by[0])
    inks = hues(theme, len(keys), ordered)
    return by, {key: (ink, DASHES[i // 6 % 4 if ordered else i % 4]) for i, (key, ink) in enumerate(zip(keys, inks, strict=True))}


def _curves(painter: QPainter, whole: QRectF, theme: Theme, state: SweepState, logarithmic: bool) -> Picture:
    picture = Picture()
    rows = [row for row in state.rows.values() if row.curve]
    if not rows:
        return picture
    by, look = colours(state, theme)
    whole = _legend(painter, whole, theme, state, by, look)
    heights = [loss for row in rows for _step, loss in row.curve if math.isfinite(loss)]
    y = _upward(heights, logarithmic and min(heights, default=0) > 0, [row.curve[0][1] for row in rows])
    last = max(row.curve[-1][0] for row in rows)
    first = min(row.curve[0][0] for row in rows)
    spans = {row.span for row in rows}
    mean = _(" (mean of {span} steps)").format(span=max(spans)) if max(spans) > 1 else ""
    name = loss_words(any(row.penalised for row in rows)).of_step
    frame = framed(painter, whole, theme, axis_for([first, max(last, first + 1)], False, 0.01), y, _("step"), name + mean)
    painter.save()
    painter.setClipRect(frame.area.adjusted(-2, -4, 4, 2))
    dim = state.selected is not None
    medians = _medians(rows, by, state)
    for row in sorted(rows, key=lambda row: row.index == state.selected):
        values = state.values(row.index)
        ink, dash = look[tuple(values[state.plan.place(of) or 0] for of in by)]
        chosen = row.index == state.selected
        thin = bool(medians) or len(rows) > MANY_LINES
        width = (3.2 if chosen else 1.0 if thin else 1.6) * theme.scale
        strength = 1.0 if chosen else 0.3 if dim else 0.5 if thin else 1.0
        plain = chosen or thin
        painter.setPen(QPen(faded(ink, strength), width, Qt.PenStyle.SolidLine if plain else dash))
        line = [frame.at(step, _inside(loss, y)) for step, loss in row.curve if not math.isnan(loss)]
        painter.drawPolyline(QPolygonF(line))
        picture.points += [(row.index, at) for at in line[:: max(1, len(line) // 40)]]
        if row.how in ("diverged", "failed") and line:
            _cross(painter, line[-1], theme)
    for key, points in medians.items():
        ink, dash = look[key]
        painter.setPen(QPen(color(ink), 2.4 * theme.scale, dash))
        painter.drawPolyline(QPolygonF([frame.at(step, _inside(loss, y)) for step, loss in points]))
    painter.restore()
    return picture


def _medians(rows: Sequence[MemberResult], by: Sequence[Swept], state: SweepState) -> dict[tuple[Any, ...], list[tuple[float, float]]]:
    """For each colour with several runs of equal steps the median of their losses, step by step; what diverged counts as above."""
    groups = {key: [row for row in group if row in rows] for key, group in grouped(state.plan, by, state.rows).items()}
    several = [of for of in state.across if of not in by]
    if several or all(len(group) < 2 for group in groups.values()):
        return {}
    found: dict[tuple[Any, ...], list[tuple[float, float]]] = {}
    for key, group in groups.items():
        longest = max((row.curve for row in group), key=len, default=())
        steps = [step for step, _loss in longest]
        if len(group) < 2 or any([step for step, _l in row.curve] != steps[: len(row.curve)] for row in group):
            continue
        columns = [[row.curve[i][1] if i < len(row.curve) else math.inf for row in group] for i in range(len(steps))]
        points = [(step, statistics.median(column)) for step, column in zip(steps, columns, strict=True)]
        found[key] = [(step, loss) for step, loss in points if math.isfinite(loss)]
    return found


def _upward(heights: Sequence[float], logarithmic: bool, begins: Sequence[float] = ()) -> Axis:
    """The axis of a loss: it leaves out what is far above the rest."""
    heights = [h for h in heights if math.isfinite(h)] or [0.0, 1.0]
    typical = [abs(b) for b in begins if math.isfinite(b)] or [abs(h) for h in heights]
    top = TALL * (statistics.median(typical) or 1.0) if not logarithmic else 1e3 * (statistics.median(typical) or 1.0)
    kept = [h for h in heights if h <= top] or [min(heights)]
    if logarithmic:  # a single step of almost no loss would press the rest together
        floor = max(sorted(kept)[len(kept) // 50] / 30, max(kept) * 1e-12)
        kept = [max(h, floor) for h in kept]
    return axis_for(kept, logarithmic)


def _inside(value: float, y: Axis) -> float:
    """A value, at the edge where it lies beyond the axis."""
    return min(max(value, y.low), y.high)


def _cross(painter: QPainter, at: QPointF, theme: Theme) -> None:
    """Where a run diverged."""
    size = 4.5 * theme.scale
    painter.setPen(QPen(color(theme.error), 2.2 * theme.scale))
    painter.drawLine(at + QPointF(-size, -size), at + QPointF(size, size))
    painter.drawLine(at + QPointF(-size, size), at + QPointF(size, -size))


def _legend(painter: QPainter, whole: QRectF, theme: Theme, state: SweepState, by: Sequence[Swept], look: Look) -> QRectF:
    """The colours and what they stand for, in one or two lines at the top; returns what is left below."""
    if not look:
        return whole
    title = " × ".join(state.title(of) for of in by)
    entries = [(", ".join(state.text(of, value) for of, value in zip(by, key, strict=True)), *style) for key, style in look.items()]
    most = 2 if whole.height() > 13 * QFontMetricsF(font("tiny", theme.scale)).height() else 1
    scale, places = theme.scale, None
    for scale in (theme.scale, 0.8 * theme.scale, 0.66 * theme.scale):
        places = _places([title, *(text for text, _ink, _dash in entries)], whole.width(), scale, most)
        if places is not None:
            break
    if places is None:  # an order is clear from its ends
        entries = [entries[0], ("…", *entries[len(entries) // 2][1:]), entries[-1]]
        places = _places([title, *(text for text, _ink, _dash in entries)], whole.width(), scale, 99) or []
    type_ = font("tiny", scale)
    metrics = QFontMetricsF(type_)
    painter.setFont(type_)
    high, mark = metrics.height() * 1.15, MARK * scale
    painter.setPen(color(theme.secondary))
    painter.drawText(QPointF(whole.left() + 2, whole.top() + metrics.ascent()), title)
    for (text, ink, dash), (line, left) in zip(entries, places[1:], strict=True):
        x, y = whole.left() + left, whole.top() + line * high
        painter.setPen(QPen(color(ink), 2.4 * theme.scale, dash))
        painter.drawLine(QPointF(x, y + high / 2), QPointF(x + mark, y + high / 2))
        painter.setPen(color(theme.text))
        painter.drawText(QPointF(x + mark + 4, y + metrics.ascent()), text)
    lines = 1 + max((line for line, _left in places), default=0)
    return whole.adjusted(0, lines * high + 2, 0, 0)


def _places(texts: Sequence[str], width: float, scale: float, most: int) -> list[tuple[int, float]] | None:
    """(line, left edge) of a title and the entries behind it, in at most so many lines; None where they need more."""
    metrics = QFontMetricsF(font("tiny", scale))
    places, line, x = [(0, 2.0)], 0, 2 + metrics.horizontalAdvance(texts[0]) + 10 * scale
    for text in texts[1:]:
        wide = MARK * scale + 4 + metrics.horizontalAdvance(text)
        if x + wide > width:
            line, x = line + 1, 2.0
            if line >= most:
                return None
        places.append((line, x))
        x += wide + 12 * scale
    return places


# A measure against a value


def _values(painter: QPainter, whole: QRectF, theme: Theme, state: SweepState, measure: str, logarithmic: bool) -> Picture:
    picture = Picture()
    across = next((of for of in state.across if state.is_number(of)), state.across[0])
    others = [of for of in state.across if of != across]
    lines = grouped(state.plan, others, state.rows)
    ended = [v for row in state.rows.values() if row.how == "done" and (v := row.value(measure)) is not None and math.isfinite(v)]
    if not any(row.ended for row in state.rows.values()):
        return picture
    inks = hues(theme, len(lines), False)
    look = {key: (ink, DASHES[i % 4]) for i, (key, ink) in enumerate(zip(lines, inks, strict=True))}
    whole = _legend(painter, whole, theme, state, others, look) if others else whole
    x = _across(state, across)
    y = _upward(ended, logarithmic and lower_is_better(measure) and min(ended, default=0) > 0)
    several = state.plan.count > len(grouped(state.plan, [across, *others], {}))
    said = _("median and range over the seeds") if several else ""
    above = NAMES.get(measure, measure) + (f" · {said}" if said else "")
    frame = framed(painter, whole, theme, x, y, state.title(across), above)
    for key, rows in lines.items():
        _line(painter, frame, theme, state, across, rows, measure, look[key], picture)
    return picture


def _across(state: SweepState, of: Swept) -> Axis:
    place = state.plan.place(of)
    assert place is not None
    values = state.plan.axes[place].values
    if not state.is_number(of):
        return Axis(-0.5, len(values) - 0.5, names=tuple(state.text(of, value) for value in values))
    spread_out = len(values) > 2 and min(values) > 0 and max(values) >= 15 * min(values)
    return axis_for([float(v) for v in values], spread_out, 0.05)


def _line(
    painter: QPainter, frame: Frame, theme: Theme, state: SweepState, across: Swept, rows: Sequence[MemberResult], measure: str,
    look: tuple[str, Qt.PenStyle], picture: Picture,
) -> None:  # fmt: skip
    """The median with its band, and a dot for every run."""
    ink, dash = look
    at_value: dict[Any, list[MemberResult]] = {}
    for row in rows:
        at_value.setdefault(state.value(row.index, across), []).append(row)
    worst_edge = frame.y.high if lower_is_better(measure) else frame.y.low
    places = list(at_value)
    medians: list[QPointF] = []
    best: list[QPointF] = []
    worst: list[QPointF] = []
    finite: list[bool] = []
    said = -math.inf
    for value, group in at_value.items():
        x = float(places.index(value)) if frame.x.names else float(value)
        found = spread(group, measure)
        if found.median is None or found.best is None or found.worst is None:
            continue
        best.append(frame.at(x, _finite(found.best, frame, worst_edge)))
        worst.append(frame.at(x, _finite(found.worst, frame, worst_edge)))
        medians.append(frame.at(x, _finite(found.median, frame, worst_edge)))
        finite.append(math.isfinite(found.median))
        _dots(painter, frame, theme, x, group, measure, ink, picture, state.selected)
        if found.diverged:
            said = _say_lost(painter, frame, theme, x, found, said)
    if len(medians) > 1 and not frame.x.names and best != worst:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faded(ink, 0.18))
        painter.drawPolygon(QPolygonF([*best, *reversed(worst)]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(color(ink), 2.4 * theme.scale, dash))
    if frame.x.names:
        half = min(18 * theme.scale, frame.area.width() / (3 * len(frame.x.names)))
        for median, low, high, real in zip(medians, best, worst, finite, strict=True):
            painter.drawLine(low, high)
            if real:
                painter.drawLine(median - QPointF(half, 0), median + QPointF(half, 0))
    else:
        for i, (median, real) in enumerate(zip(medians, finite, strict=True)):
            if real and i + 1 < len(medians) and finite[i + 1]:
                painter.drawLine(median, medians[i + 1])
            if real:
                painter.drawEllipse(median, 3.4 * theme.scale, 3.4 * theme.scale)


def _finite(value: float, frame: Frame, worst_edge: float) -> float:
    return _inside(value, frame.y) if math.isfinite(value) else worst_edge


def _dots(
    painter: QPainter, frame: Frame, theme: Theme, x: float, group: Sequence[MemberResult], measure: str, ink: str, picture: Picture,
    selected: int | None,
) -> None:  # fmt: skip
    edge = frame.y.high if lower_is_better(measure) else frame.y.low
    for row in group:
        value = row.value(measure)
        if not row.ended:
            continue
        lost = row.how != "done" or value is None or not math.isfinite(value)
        at = frame.at(x, edge if lost or value is None else _inside(value, frame.y))
        picture.points.append((row.index, at))
        if lost:
            _cross(painter, at, theme)
            continue
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(theme.highlight) if row.index == selected else faded(ink, 0.75))
        size = (5 if row.index == selected else 2.4) * theme.scale
        painter.drawEllipse(at, size, size)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _say_lost(painter: QPainter, frame: Frame, theme: Theme, x: float, found: Spread, last: float) -> float:
    """How many of the runs at a value diverged, below their marks, where that does not run into what ends at `last`; where this ends."""
    text = _("{lost} of {count}").format(lost=found.diverged, count=found.count)
    painter.setPen(color(theme.error))
    at = frame.at(x, frame.y.high)
    wide = QFontMetricsF(painter.font()).horizontalAdvance(text)
    left = min(max(at.x() - wide / 2, frame.area.left()), frame.area.right() - wide)
    if left < last:
        return last
    painter.drawText(QPointF(left, frame.area.top() + QFontMetricsF(painter.font()).height() + 6 * theme.scale), text)
    return left + wide + 6 * theme.scale


# Two settings


def _heat(painter: QPainter, whole: QRectF, theme: Theme, state: SweepState, measure: str, logarithmic: bool) -> Picture:
    picture = Picture()
    across, up = state.across
    columns, rows = (state.plan.axes[state.plan.place(of) or 0].values for of in (across, up))
    cells = grouped(state.plan, [across, up], state.rows)
    found = {key: spread(group, measure) for key, group in cells.items()}
    numbers = [s.median for s in found.values() if s.median is not None and math.isfinite(s.median)]
    if not any(row.ended for row in state.rows.values()):
        return picture
    names = [Axis(-0.5, len(v) - 0.5, names=tuple(state.text(of, value) for value in v)) for of, v in ((across, columns), (up, rows))]
    several = state.plan.count > len(cells)
    measured = NAMES.get(measure, measure)
    above = f"{state.title(up)} · " + (_("median of the {measure}").format(measure=measured) if several else measured)
    frame = framed(painter, whole, theme, names[0], names[1], state.title(across), above)
    better = lower_is_better(measure)
    scale = axis_for(numbers, logarithmic and better and min(numbers) > 0, 0.0) if numbers else Axis(0, 1)
    best = (min if better else max)(numbers, default=None)
    wide, high = frame.area.width() / len(columns), frame.area.height() / len(rows)
    for (x, y), group in cells.items():
        if (x, y) not in found:
            continue
        at = QRectF(frame.area.left() + columns.index(x) * wide, frame.area.bottom() - (rows.index(y) + 1) * high, wide, high)
        _cell(painter, at.adjusted(1, 1, -1, -1), theme, found[x, y], measure, scale, found[x, y].median == best)
        picture.cells.append((tuple(row.index for row in group), at))
        if state.selected is not None and any(row.index == state.selected for row in group):
            painter.setPen(QPen(color(theme.highlight), 2.4 * theme.scale))
            painter.drawRect(at.adjusted(1, 1, -1, -1))
    return picture


def _cell(painter: QPainter, at: QRectF, theme: Theme, found: Spread, measure: str, scale: Axis, best: bool) -> None:
    if found.median is None:
        painter.fillRect(at, color(theme.field))
        return
    lost = not math.isfinite(found.median)
    good = 0.0 if lost else min(max(scale.share(found.median), 0.0), 1.0)
    share = 0.06 + 0.8 * ((1 - good) if lower_is_better(measure) else good)
    ground = theme.error_soft if lost else mixed(theme.panel, theme.swatch["probes"], share)
    painter.fillRect(at, color(ground))
    text = _("diverged") if lost else written(found.median, measure)
    dark = (color(ground).lightnessF() < 0.55) != theme.dark
    painter.setPen(color(theme.error) if lost else color(theme.panel if dark else theme.text))
    type_ = font("strong" if best else "tiny", theme.scale if not best else theme.scale * 11 / 13)
    painter.setFont(type_)
    if QFontMetricsF(type_).horizontalAdvance(text) <= at.width():
        painter.drawText(at, Qt.AlignmentFlag.AlignCenter, text)
    if found.diverged and not lost:
        more = _("{lost} of {count} diverged").format(lost=found.diverged, count=found.count)
        if QFontMetricsF(type_).horizontalAdvance(more) <= at.width() and at.height() > 3 * QFontMetricsF(type_).height():
            painter.setPen(color(theme.error))
            painter.drawText(at.adjusted(0, 0, 0, -2), Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, more)


def written(value: float | None, measure: str) -> str:
    """A measure as the table and the charts write it."""
    if value is None:
        return "–"
    return percent(value) if measure.endswith("accuracy") and math.isfinite(value) else number(value, 3)

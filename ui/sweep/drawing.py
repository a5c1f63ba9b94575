"""The charts of a sweep, painted: curves over each other, a measure against the swept value, and a heat map of two settings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF

from engine.sweep.plan import Swept
from engine.sweep.results import MemberResult, Spread, grouped, spread
from graph.model.run_record import lower_is_better
from graph.text.messages import _
from ui.look.numbers import percent
from ui.look.numerals import number
from ui.look.theme import Theme, color, faded, font, mixed
from ui.maths.axes import Axis, Frame, axis_for, cross, framed, hues, inside, upward
from ui.maths.axes import logarithmic as can_be_logarithmic
from ui.sweep.curves import Counted, paint_curves, paint_multiples
from ui.sweep.legend import DASHES, paint_legend
from ui.sweep.picture import Picture
from ui.sweep.state import NAMES, SweepState

View = Literal["curves", "multiples", "values"]


def paint_chart(
    painter: QPainter, whole: QRectF, theme: Theme, state: SweepState, view: View, measure: str, logarithmic: bool,
    counted: Counted = "steps", only: Any = None,
) -> Picture:  # fmt: skip
    """Paint a chart of what has come so far, curves perhaps of one value of a setting only; returns where the runs are."""
    painter.fillRect(whole, color(theme.panel))
    if view == "curves":
        return paint_curves(painter, whole, theme, state, logarithmic, counted, only)
    if view == "multiples":
        return paint_multiples(painter, whole, theme, state, logarithmic, counted)
    two = state.across[:2]
    if len(state.across) == 2 and all(state.is_number(of) for of in two):
        return _heat(painter, whole, theme, state, measure, logarithmic)
    return _values(painter, whole, theme, state, measure, logarithmic)


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
    look = {key: (ink, DASHES[(i + i // 6) % 4]) for i, (key, ink) in enumerate(zip(lines, inks, strict=True))}
    whole = paint_legend(painter, whole, theme, state, others, look) if others else whole
    x = _across(state, across)
    y = upward(ended, logarithmic and lower_is_better(measure) and can_be_logarithmic(ended))
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
    return inside(value, frame.y) if math.isfinite(value) else worst_edge


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
        at = frame.at(x, edge if lost or value is None else inside(value, frame.y))
        picture.points.append((row.index, at))
        if lost:
            cross(painter, at, theme)
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

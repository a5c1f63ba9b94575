"""The curves of a sweep's runs: over each other, or one small plot for each value of a setting; medians and bands over the seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF

from engine.sweep.plan import RATE, SCHEDULE, Swept
from engine.sweep.results import MemberResult
from graph.model.loss_words import loss_words
from graph.text.messages import _
from ui.look.theme import Theme, color, faded, font
from ui.maths.axes import Axis, Frame, axis_for, cross, framed, inside, upward
from ui.maths.axes import logarithmic as can_be_logarithmic
from ui.sweep.legend import Look, colours, lost_in, paint_legend
from ui.sweep.picture import Picture
from ui.sweep.state import SweepState

Counted = Literal["steps", "evaluations", "epochs"]
"""What the horizontal axis of a curve counts."""
MANY_LINES = 12
"""Of more curves each is a plain thin line."""
MOST_PLOTS = 24
"""Small plots that are drawn at most; of more values the first and the last ones."""


@dataclass(slots=True)
class _Middle:
    """Of runs that differ in the seed alone: median, lowest and highest loss, point by point; ∞ where one diverged."""

    across: list[float]
    middle: list[float]
    low: list[float]
    high: list[float]


def counted_words(counted: Counted) -> str:
    """What the horizontal axis says."""
    return {"steps": _("step"), "evaluations": _("evaluations of the gradient"), "epochs": _("epochs (passes over the data)")}[counted]


def across_of(row: MemberResult, counted: Counted) -> list[float]:
    """Where the points of a run's curve lie on the horizontal axis."""
    steps = [step for step, _loss in row.curve]
    if counted == "steps":
        return steps
    spent = list(row.evaluations) or steps
    return spent if counted == "evaluations" else [each * row.passes for each in spent]


def paint_curves(
    painter: QPainter, whole: QRectF, theme: Theme, state: SweepState, logarithmic: bool, counted: Counted, only: Any = None
) -> Picture:
    """All runs in one plot, or those alone that have this value of `facet_of`."""
    picture, facet = Picture(), facet_of(state) if only is not None else None
    rows = [row for row in state.rows.values() if row.curve and (facet is None or state.value(row.index, facet) == only)]
    if not rows:
        return picture
    by, look = colours(state, theme, without=facet)
    whole = paint_legend(painter, whole, theme, state, by, look, lost_in(state, by, rows))
    x, y = _axes(rows, logarithmic, counted)
    spans = max(row.span for row in rows)
    mean = _(" (mean of {span} steps)").format(span=spans) if spans > 1 else ""
    name = loss_words(any(row.penalised for row in rows)).of_step
    frame = framed(painter, whole, theme, x, y, counted_words(counted), name + mean)
    _lines(painter, frame, theme, state, rows, by, look, counted, picture)
    return picture


def facet_of(state: SweepState) -> Swept | None:
    """The setting of which each value has a small plot: the rate, or else the schedule, or the last setting of several."""
    if len(state.across) < 2:
        return None
    return next((of for of in (RATE, SCHEDULE) if of in state.across), state.across[-1])


def paint_multiples(painter: QPainter, whole: QRectF, theme: Theme, state: SweepState, logarithmic: bool, counted: Counted) -> Picture:
    """A small plot for each value of `facet_of`, all on the same axes."""
    picture, facet = Picture(), facet_of(state)
    rows = [row for row in state.rows.values() if row.curve]
    if not rows or facet is None:
        return picture
    by, look = colours(state, theme, without=facet)
    whole = paint_legend(painter, whole, theme, state, by, look)
    x, y = _axes(rows, logarithmic, counted)
    values = list(state.plan.axes[state.plan.place(facet) or 0].values)
    values = values if len(values) <= MOST_PLOTS else [*values[: MOST_PLOTS // 2], *values[-MOST_PLOTS // 2 :]]
    for value, at in zip(values, cells(whole, len(values), theme), strict=True):
        own = [row for row in rows if state.value(row.index, facet) == value]
        frame = framed(painter, at, theme, x, y, "", f"{state.short_title(facet)} {state.text(facet, value)}", facet=True)
        _lines(painter, frame, theme, state, own, by, look, counted, picture)
        _say_lost(painter, frame, theme, own)
    painter.setPen(color(theme.secondary))
    painter.setFont(font("tiny", theme.scale))
    text = _("→ {across}   ↑ {loss}").format(across=counted_words(counted), loss=loss_words(any(r.penalised for r in rows)).of_step)
    painter.drawText(QRectF(whole.left(), whole.bottom() - _line_height(theme), whole.width() - 4, _line_height(theme)),
                     Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)  # fmt: skip
    return picture


def _line_height(theme: Theme) -> float:
    return QFontMetricsF(font("tiny", theme.scale)).height()


def cells(whole: QRectF, count: int, theme: Theme) -> list[QRectF]:
    """Places for so many small plots, row by row, about four by three; the last line of type stays free."""
    high = whole.height() - _line_height(theme)

    def strange(columns: int) -> float:
        """How far a plot is from four by three, and how much of the place stays empty."""
        lines = -(-count // columns)
        return abs(math.log(whole.width() / columns / (high / lines) / 1.35)) + 2 * (columns * lines / count - 1)

    columns = min(range(1, count + 1), key=strange)
    lines = -(-count // columns)
    wide, tall = whole.width() / columns, high / lines
    return [QRectF(whole.left() + i % columns * wide, whole.top() + i // columns * tall, wide - 6, tall - 4) for i in range(count)]


def _say_lost(painter: QPainter, frame: Frame, theme: Theme, rows: Sequence[MemberResult]) -> None:
    """How many runs of a small plot diverged."""
    lost = sum(row.how in ("diverged", "failed") for row in rows)
    if lost:
        painter.setPen(color(theme.error))
        painter.setFont(font("tiny", theme.scale))
        text = _("∞ {lost} of {count}").format(lost=lost, count=len(rows))
        wide = QFontMetricsF(painter.font()).horizontalAdvance(text)
        painter.drawText(QPointF(frame.area.right() - wide, frame.area.top() - 0.25 * _line_height(theme)), text)


def _axes(rows: Sequence[MemberResult], logarithmic: bool, counted: Counted) -> tuple[Axis, Axis]:
    heights = [loss for row in rows for _step, loss in row.curve if math.isfinite(loss)]
    y = upward(heights, logarithmic and can_be_logarithmic(heights), [row.curve[0][1] for row in rows])
    across = [across_of(row, counted) for row in rows]
    first, last = min(xs[0] for xs in across), max(xs[-1] for xs in across)
    least = 0.0 if counted == "epochs" else first
    return axis_for([least, max(last, least + (0.1 if counted == "epochs" else 1))], False, 0.01), y


def _lines(
    painter: QPainter, frame: Frame, theme: Theme, state: SweepState, rows: Sequence[MemberResult], by: Sequence[Swept], look: Look,
    counted: Counted, picture: Picture,
) -> None:  # fmt: skip
    """The runs of one plot: each a line, or where several differ in the seed alone their median and band over thin lines."""
    painter.save()
    painter.setClipRect(frame.area.adjusted(-2, -6 * theme.scale, 4, 2))
    middles = _middles(rows, by, state, counted)
    for key, middle in middles.items():
        _band(painter, frame, look[key][0], middle)
    thin, dim = bool(middles) or len(rows) > MANY_LINES, state.selected is not None
    for row in sorted(rows, key=lambda row: row.index == state.selected):
        ink, dash = look[_key(row, by, state)]
        chosen = row.index == state.selected
        width = (3.2 if chosen else 1.0 if thin else 2.0) * theme.scale
        strength = 1.0 if chosen else 0.15 if dim else 0.22 if middles else 0.45 if thin else 1.0
        painter.setPen(QPen(faded(ink, strength), width, Qt.PenStyle.SolidLine if chosen or thin else dash))
        pairs = zip(across_of(row, counted), row.curve, strict=True)
        line = [frame.at(x, inside(loss, frame.y)) for x, (_step, loss) in pairs if not math.isnan(loss)]
        painter.drawPolyline(QPolygonF(line))
        picture.points += [(row.index, at) for at in line[:: max(1, len(line) // 40)]]
        if row.how in ("diverged", "failed") and line:
            _lost(painter, frame, theme, line[-1])
    for key, middle in middles.items():
        ink, dash = look[key]
        painter.setPen(QPen(color(ink), 2.4 * theme.scale, dash))
        finite = zip(middle.across, middle.middle, strict=True)
        painter.drawPolyline(QPolygonF([frame.at(x, inside(loss, frame.y)) for x, loss in finite if math.isfinite(loss)]))
    painter.restore()


def _lost(painter: QPainter, frame: Frame, theme: Theme, last: QPointF) -> None:
    """A run that diverged goes up to the edge from its last finite loss; a cross marks it."""
    top = QPointF(last.x(), frame.area.top())
    painter.setPen(QPen(color(theme.error), 1.4 * theme.scale, Qt.PenStyle.DotLine))
    painter.drawLine(last, top)
    cross(painter, top, theme)


def _band(painter: QPainter, frame: Frame, ink: str, middle: _Middle) -> None:
    y = frame.y
    top = [frame.at(x, inside(high, y)) for x, high in zip(middle.across, middle.high, strict=True)]
    bottom = [frame.at(x, inside(low, y)) for x, low in zip(middle.across, middle.low, strict=True)]
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(faded(ink, 0.16))
    painter.drawPolygon(QPolygonF([*top, *reversed(bottom)]))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _key(row: MemberResult, by: Sequence[Swept], state: SweepState) -> tuple[Any, ...]:
    values = state.values(row.index)
    return tuple(values[state.plan.place(of) or 0] for of in by)


def _middles(rows: Sequence[MemberResult], by: Sequence[Swept], state: SweepState, counted: Counted) -> dict[tuple[Any, ...], _Middle]:
    """For each colour with several runs that differ in the seed alone, what lies in their middle; what diverged counts as ∞."""
    groups: dict[tuple[Any, ...], list[MemberResult]] = {}
    settings: dict[tuple[Any, ...], set[tuple[Any, ...]]] = {}
    for row in rows:
        key = _key(row, by, state)
        groups.setdefault(key, []).append(row)
        settings.setdefault(key, set()).add(_key(row, state.across, state))
    found = {}
    for key, group in groups.items():
        longest = max(group, key=lambda row: len(row.curve))
        steps = [step for step, _loss in longest.curve]
        several = len(settings[key]) > 1 and state.across != list(by)
        if len(group) < 2 or several or any([step for step, _l in row.curve] != steps[: len(row.curve)] for row in group):
            continue
        found[key] = _middle(group, [across_of(row, counted) for row in group], len(steps))
    return found


def _middle(group: Sequence[MemberResult], across: Sequence[Sequence[float]], count: int) -> _Middle:
    """Over the runs of a group, which may lie elsewhere `across` where each evaluates the loss as often as it likes."""
    columns, places = [], []
    for i in range(count):
        column = [row.curve[i][1] if i < len(row.curve) else math.inf for row in group if i < len(row.curve) or row.ended]
        columns.append([math.inf if math.isnan(loss) else loss for loss in column])
        places.append(statistics.median([xs[i] for xs in across if i < len(xs)]))
    return _Middle(places, [statistics.median(c) for c in columns], [min(c) for c in columns], [max(c) for c in columns])

"""Colours and dashes of a sweep's lines, and the legend that says what they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from engine.sweep.plan import Swept
from engine.sweep.results import MemberResult, grouped
from graph.text.messages import _
from ui.look.theme import Theme, color, font
from ui.maths.axes import hues
from ui.sweep.state import SweepState

Look = dict[tuple[Any, ...], tuple[str, Qt.PenStyle]]
"""Colour and dash of a line, by the values that it stands for."""
MARK = 20
"""Length of a line in the legend."""
FEW_LINES = 6
"""So many combinations of several settings are told apart by colour; of more, the values of the first setting alone."""
DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


def colours(state: SweepState, theme: Theme, without: Swept | None = None) -> tuple[list[Swept], Look]:
    """The settings that colours stand for, and the look of each combination of their values; `without` one that is shown otherwise."""
    by = [of for of in state.across if of != without] or state.across
    keys = list(grouped(state.plan, by, {}))
    if len(keys) > FEW_LINES and len(by) > 1:
        by = by[:1]
        keys = list(grouped(state.plan, by, {}))
    ordered = len(by) == 1 and state.is_number(by[0])
    inks = hues(theme, len(keys), ordered)
    dashes = [DASHES[i // 6 % 4 if ordered else (i + i // 6) % 4] for i in range(len(keys))]
    return by, {key: (ink, dash) for key, ink, dash in zip(keys, inks, dashes, strict=True)}


def lost_in(state: SweepState, by: Sequence[Swept], rows: Sequence[MemberResult]) -> dict[tuple[Any, ...], str]:
    """`∞ 2 of 5` by what a line stands for, where some of these runs diverged."""
    found: dict[tuple[Any, ...], str] = {}
    shown = {row.index for row in rows}
    for key, group in grouped(state.plan, by, state.rows).items():
        own = [row for row in group if row.index in shown]
        if lost := sum(row.how in ("diverged", "failed") for row in own):
            found[key] = _("∞ {lost} of {count}").format(lost=lost, count=len(own))
    return found


def paint_legend(
    painter: QPainter, whole: QRectF, theme: Theme, state: SweepState, by: Sequence[Swept], look: Look,
    lost: Mapping[tuple[Any, ...], str] | None = None,
) -> QRectF:  # fmt: skip
    """The colours and what they stand for, in a few lines at the top, with how many runs diverged; returns what is left below."""
    if not look:
        return whole
    lost = lost or {}
    title = " × ".join(state.title(of) for of in by)
    entries = [(", ".join(state.text(of, value) for of, value in zip(by, key, strict=True)), lost.get(key, ""), *style)
               for key, style in look.items()]  # fmt: skip
    high_enough = whole.height() / QFontMetricsF(font("tiny", theme.scale)).height()
    most = 4 if high_enough > 22 else 2 if high_enough > 13 else 1
    scale, places = theme.scale, None
    for scale in (theme.scale, 0.8 * theme.scale, 0.66 * theme.scale):
        places = _places(title, entries, whole.width(), scale, most)
        if places is not None:
            break
    if places is None and all(state.is_number(of) for of in by):  # an order is clear from its ends
        entries = [entries[0], ("…", *entries[len(entries) // 2][1:]), entries[-1]]
    if places is None:
        places = _places(title, entries, whole.width(), scale, 99) or []
    type_ = font("tiny", scale)
    metrics = QFontMetricsF(type_)
    painter.setFont(type_)
    high, mark = metrics.height() * 1.15, MARK * scale
    painter.setPen(color(theme.secondary))
    painter.drawText(QPointF(whole.left() + 2, whole.top() + metrics.ascent()), title)
    for (text, bad, ink, dash), (line, left) in zip(entries, places, strict=True):
        x, y = whole.left() + left, whole.top() + line * high
        painter.setPen(QPen(color(ink), 2.4 * theme.scale, dash))
        painter.drawLine(QPointF(x, y + high / 2), QPointF(x + mark, y + high / 2))
        painter.setPen(color(theme.text))
        painter.drawText(QPointF(x + mark + 6 * scale, y + metrics.ascent()), text)
        if bad:
            painter.setPen(color(theme.error))
            painter.drawText(QPointF(x + mark + 6 * scale + metrics.horizontalAdvance(f"{text} "), y + metrics.ascent()), bad)
    lines = 1 + max((line for line, _left in places), default=0)
    return whole.adjusted(0, lines * high + 2, 0, 0)


def _places(title: str, entries: Sequence[tuple[str, str, str, Qt.PenStyle]], width: float, scale: float, most: int) -> list[
    tuple[int, float]] | None:  # fmt: skip
    """(line, left edge) of the entries behind a title, in at most so many lines; None where they need more."""
    metrics = QFontMetricsF(font("tiny", scale))
    places, line, x = [], 0, 2 + metrics.horizontalAdvance(title) + 10 * scale
    for text, bad, _ink, _dash in entries:
        wide = (MARK + 6) * scale + metrics.horizontalAdvance(f"{text} {bad}".strip())
        if x + wide > width and x > 2:
            line, x = line + 1, 2.0
            if line >= most:
                return None
        places.append((line, x))
        x += wide + 12 * scale
    return places

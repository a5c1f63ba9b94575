"""What a plot says about the step under the cursor: the numbers as they were computed, never of thinned points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graph.text.messages import _
from ui.look.numbers import count, number
from ui.look.theme import Theme
from ui.maths.series import Reading, Series
from ui.training.curve_styles import STYLES, part_of

SMOOTHINGS = (0, 10, 100, 1000)
"""Over so many steps a loss can be averaged."""
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Row:
    """One number: the curve's field, the sign before it, what it is of, the number and at which steps it is one, where that is not the step
    that is read."""

    field: str
    sign: str
    name: str
    number: str
    brief: str
    briefest: str
    where: str = ""


def smoothing_title(steps: int) -> str:
    return _("mean of {steps} steps").format(steps=count(steps)) if steps else _("not smoothed")


def reading_rows(
    step: int, curves: Mapping[str, Series], part: str, smoothing: int, names: Mapping[str, str] | None = None
) -> list[Row]:
    """The numbers at a step; `names` are those of several objectives, by field."""
    rows = []
    for field, series in curves.items():
        reading = series.reading(step)
        if reading is None:
            continue
        rows.append(_row(reading, step, field, (names or {}).get(field) or part_of(field, part)))
        mean = series.mean(step, smoothing) if smoothing and field == "loss" else None
        if mean is not None:
            rows.append(Row(field, "∿", smoothing_title(smoothing), number(mean, DIGITS), number(mean), number(mean, 2)))
    return rows


def _row(reading: Reading, step: int, field: str, name: str) -> Row:
    def written(digits: int) -> str:
        low, high = (f"{v:.2%}" if field.endswith("accuracy") else number(v, digits) for v in (reading.low, reading.high))
        return low if reading.low == reading.high else _("{low} to {high}").format(low=low, high=high)

    where = ""
    if reading.first != reading.last:
        where = _("steps {first} to {last}").format(first=count(reading.first), last=count(reading.last))
    elif reading.first != step:
        where = _("step {step}").format(step=count(reading.first))
    return Row(field, STYLES[field].sign, name, written(DIGITS), written(4), written(2), where)


def reading_texts(step: int, rows: Sequence[Row], theme: Theme) -> list[str]:
    """Rich text in one line: with the names of the numbers, and, where that is too long, with their signs alone, and then smaller."""
    head, ink = _("step {step}").format(step=count(step)), theme.text
    long, short = [f'<b style="color:{ink}">{head}</b>'], [f'<b style="color:{ink}">{head}</b>']
    shortest = [f'<b style="color:{ink}">{count(step)}</b>']
    for row in rows:
        hue, where = STYLES[row.field].color(theme), f" ({row.where})" if row.where else ""
        long.append(f'<span style="color:{hue}">{row.sign} {row.name}</span> <span style="color:{ink}">{row.number}{where}</span>')
        short.append(f'<span style="color:{hue}">{row.sign}</span> <span style="color:{ink}">{row.brief}</span>')
        shortest.append(f'<span style="color:{hue}">{row.sign}</span><span style="color:{ink}">{row.briefest}</span>')
    tiny = f'<span style="font-size:{round(10 * theme.scale)}px">{" ".join(shortest)}</span>'
    return ["&nbsp;&nbsp; ".join(long), "&nbsp; ".join(short), tiny]


def spoken(step: int, rows: Sequence[Row]) -> str:
    parts = [f"{row.name} {row.number}" + (f" ({row.where})" if row.where else "") for row in rows]
    return ", ".join([_("step {step}").format(step=count(step)), *parts])

"""Numbers as the panels write them: the canvas's own four significant digits, and numbers as a person would type them."""

from __future__ import annotations

import math

from graph.formula.numbers import plain
from graph.model.covered import Covered
from graph.text.messages import ngettext
from ui.look.numerals import MINUS, apart, exact, number, shape_text, whole

__all__ = ["MINUS", "apart", "bytes_text", "count", "exact", "number", "percent", "plain", "rate", "shape_text", "whole"]


def count(value: float) -> str:
    """A whole number with thousands separators: 21,400."""
    if isinstance(value, Covered):
        return str(value)
    return f"{round(value):,}"


def percent(share: float) -> str:
    """`97.4%`; only what is everything is 100%, only what is nothing 0%, and what is undefined a dash."""
    if math.isnan(share):
        return "–"
    if share in (0.0, 1.0):
        return f"{share:.0%}"
    return f"{min(max(share, 0.001), 0.999):.1%}"


def probability(share: float) -> str:
    """`93.1%`, with more digits near certainty: only what is certain is 100%, only what is impossible 0%."""
    digits = 1
    while 0 < share < 1 and digits < 12 and float(f"{100 * share:.{digits}f}") in (0.0, 100.0):
        digits += 1
    return f"{100 * share:.{digits}f}%" if 0 < share < 1 else percent(share)


def rate(value: float) -> str:
    """Steps a second, with three digits at most that mean something: 21,400."""
    if value <= 0 or not math.isfinite(value):
        return "0"
    unit = 10 ** max(0, math.floor(math.log10(value)) - 2)
    return count(round(value / unit) * unit)


def bytes_text(size: int) -> str:
    """The size of a file: 812 bytes, 12 KB, 1.4 MB. A KB has 1,024 bytes."""
    if size < 1024:
        return ngettext("{count} byte", "{count} bytes", size).format(count=size)
    for unit in ("KB", "MB"):
        size_in = size / 1024 if unit == "KB" else size / 2**20
        if size_in < 1000:
            return f"{size_in:.1f} {unit}" if size_in < 9.95 else f"{round(size_in)} {unit}"
    return f"{size / 2**30:.1f} GB"

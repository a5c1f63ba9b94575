"""Numbers as the panels write them: the canvas's own four significant digits, and numbers as a person would type them."""

from __future__ import annotations

import math

from ui.canvas.numerals import MINUS, exact, number, shape_text, whole

__all__ = ["MINUS", "count", "exact", "number", "plain", "rate", "shape_text", "whole"]


def plain(value: float) -> str:
    """A number as a person would type it: 2, 0.1, 1e-8. Reads back exactly."""
    if isinstance(value, int) or (math.isfinite(value) and value == int(value) and abs(value) < 1e15):
        return str(int(value))
    return repr(float(value)).replace("e-0", "e-").replace("e+", "e")


def count(value: float) -> str:
    """A whole number with thousands separators: 21,400."""
    return f"{round(value):,}"


def rate(value: float) -> str:
    """Steps a second, with three digits at most that mean something: 21,400."""
    if value <= 0 or not math.isfinite(value):
        return "0"
    unit = 10 ** max(0, math.floor(math.log10(value)) - 2)
    return count(round(value / unit) * unit)

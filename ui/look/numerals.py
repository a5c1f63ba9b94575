"""How numbers and shapes are written, everywhere in the window: one set of rules.

Whole numbers have no decimals, short decimals are written as they are, all others have four significant digits, or as many more as a
change needs to be seen. Numbers that stand together share their decimals. A real minus sign; NaN is never disguised.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from graph.model.covered import Covered, Why
from graph.text.messages import _

MINUS = "−"
DIGITS = 4
"""Significant digits of a number that is no short decimal."""
SHORT, MOST_DECIMALS = 5, 5
"""A decimal of so few significant digits, and so few after the point, is written as it is."""
MOST_DIGITS = 15
WHOLE = 1e6
"""Below this, whole numbers are written out."""
EXACT = 1e-12
"""Relative difference up to which a number is taken for the short one beside it: round-off, not a digit."""
WHY_COVERED: dict[Why, str] = {"asked": _("hidden until predicted"), "ahead": _("not computed yet")}
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@lru_cache(maxsize=4096)
def number(value: float, digits: int = DIGITS) -> str:
    """A number as a textbook writes it: `2`, `−0.5`, `−10.005`, `0.1235`, `1.235×10⁷`; NaN, `∞`, and `?` for a covered one.

    Whole numbers have no decimals, and a decimal of up to five figures is written as it is. All others have `digits` significant digits.
    """
    if not math.isfinite(value):
        return _not_finite(value)
    if value == 0:
        return "0"
    sign, size = (MINUS if value < 0 else ""), abs(value)
    if size < WHOLE and abs(round(size, MOST_DECIMALS) - size) <= EXACT * size:
        short = _short(size, max(digits, SHORT))
        if short:
            return sign + short
    mantissa, _, exponent = f"{size:.{digits - 1}e}".partition("e")
    power = int(exponent)
    if -4 <= power < max(digits, DIGITS):
        return f"{sign}{size:.{max(0, digits - 1 - power)}f}"
    if abs(float(f"{mantissa}e{exponent}") - size) <= EXACT * size and "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{sign}{mantissa}×10{raised(power)}"


def _short(size: float, figures: int) -> str:
    """A number with few decimals as it is; empty where it has more than so many significant digits."""
    if abs(round(size) - size) <= EXACT * size:
        return str(round(size))
    text = f"{size:.{figures}g}"
    return text if "e" not in text and abs(float(text) - size) <= EXACT * size else ""


def _not_finite(value: float) -> str:
    if math.isnan(value):
        return str(value) if isinstance(value, Covered) else "NaN"
    return "∞" if value > 0 else MINUS + "∞"


def digits_for(before: float, after: float) -> int:
    """How many significant digits show that a number has changed: four, or as many more as the change is small."""
    change = abs(after - before)
    size = max(abs(before), abs(after))
    if not math.isfinite(change) or not change > EXACT * size:
        return DIGITS
    return min(max(DIGITS, math.floor(math.log10(size)) - math.floor(math.log10(change)) + 1), MOST_DIGITS)


def apart(before: float, after: float) -> tuple[str, str]:
    """Two numbers side by side, with enough digits to see that they differ."""
    digits = digits_for(before, after)
    return number(before, digits), number(after, digits)


def column(values: Sequence[float], digits: int = DIGITS, least: int = 0) -> list[str]:
    """Numbers that stand together, such as a matrix's: all with the same decimals, so that they line up at the point.

    Short decimals stay as they are (`0.5`, `−0.3`, `2.0`). Else the largest gets `digits` figures, the 0 before a point counted: `0.834`
    under `1.639`, and all have at least `least` decimals. Exactly zero is `0`; a number that the decimals would show as zero is written
    with its power of ten.
    """
    finite = [abs(v) for v in values if math.isfinite(v) and v != 0]
    if not finite:
        return [number(v) for v in values]
    decimals = _decimals(finite, digits, least)
    if decimals is None:
        return [number(v, digits - 1) for v in values]
    return [_with_decimals(v, decimals) for v in values]


def _decimals(sizes: Sequence[float], digits: int, least: int) -> int | None:
    """Decimals for all of these positive numbers; None where a point would not help."""
    short = [_short_decimals(size, digits - 1) for size in sizes]
    if all(places is not None for places in short) and max(sizes) < WHOLE:
        return max(places or 0 for places in short)
    power = math.floor(math.log10(max(sizes)))
    if power >= digits + 1 or power < -4:
        return None
    return max(least, digits - 1 - power if power >= 0 else digits - 2 - power)


def _short_decimals(size: float, most: int) -> int | None:
    """With how many decimals this number is written exactly; None where that takes more than `most`."""
    for places in range(most + 1):
        if abs(round(size, places) - size) <= EXACT * size:
            return places
    return None


def _with_decimals(value: float, decimals: int) -> str:
    if not math.isfinite(value) or value == 0:
        return number(value)
    text = f"{abs(value):.{decimals}f}"
    if not text.strip("0."):
        return number(value, 1)
    return MINUS + text if value < 0 else text


def raised(power: int) -> str:
    """An exponent in raised digits: ⁻¹²."""
    return str(power).translate(_SUPERSCRIPT)


def whole(value: float) -> str:
    """A class index or another whole number, without decimals."""
    return str(int(value)).replace("-", MINUS) if math.isfinite(value) else number(value)


def exact(value: float, dtype: str = "float64") -> str:
    """Every digit that distinguishes this number in its own precision; of a covered one, why there is none."""
    if isinstance(value, Covered):
        return WHY_COVERED[value.why]
    if not math.isfinite(value):
        return number(value)
    if "int" in dtype:
        return whole(value)
    digits = 9 if dtype == "float32" else 17
    short = repr(value) if dtype != "float32" else f"{value:.{digits}g}"
    return short.replace("-", MINUS)


def shape_text(shape: Sequence[int]) -> str:
    """`8 × 2`; a scalar is `scalar`, a vector `4`."""
    return " × ".join(str(size) for size in shape) if shape else "scalar"


def tensor_text(shape: Sequence[int]) -> str:
    """A tensor's shape in the place of a number: a vector is `(8)`, which cannot be mistaken for 8; long ones are set tight."""
    if len(shape) == 1:
        return f"({shape[0]})"
    return shape_text(shape).replace(" ", "") if len(shape) > 2 else shape_text(shape)


def loud(value: float) -> bool:
    return not math.isfinite(value) and not isinstance(value, Covered)

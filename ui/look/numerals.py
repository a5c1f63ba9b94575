"""Numbers and shapes as the canvas writes them: four significant digits, a real minus sign, NaN never disguised."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from graph.model.covered import Covered, Why
from graph.text.messages import _

MINUS = "−"
WHY_COVERED: dict[Why, str] = {"asked": _("hidden until predicted"), "ahead": _("not computed yet")}
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@lru_cache(maxsize=4096)
def number(value: float, digits: int = 4) -> str:
    """`value` with `digits` significant digits: `−10.00`, `0.1235`, `1.235×10⁴`; exactly zero is `0`, a covered number `?`."""
    if math.isnan(value):
        return str(value) if isinstance(value, Covered) else "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else MINUS + "∞"
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{abs(value):.{digits - 1}e}".partition("e")
    power = int(exponent)
    sign = MINUS if value < 0 else ""
    if -4 <= power < digits:
        return f"{sign}{abs(value):.{digits - 1 - power}f}"
    return f"{sign}{mantissa}×10{raised(power)}"


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

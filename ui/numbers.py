"""Numbers as they are written in the window: four significant digits, a true minus sign, NaN and infinities loud."""

from __future__ import annotations

import math

MINUS = "\u2212"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 4) -> str:
    """`value` with `digits` significant digits: −10.00, 0.02130, 1.235e6; NaN, ∞ and −∞ by name."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else MINUS + "∞"
    if value == 0:
        return f"{0:.{digits - 1}f}"
    magnitude = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    if -4 <= magnitude < digits + 2:
        text = f"{value:.{max(0, digits - 1 - magnitude)}f}"
    else:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", MINUS)


def exact(value: float) -> str:
    """Full precision: the shortest text that reads back as the same number."""
    return repr(float(value)).replace("-", MINUS).replace("nan", "NaN").replace("inf", "∞")


def plain(value: float) -> str:
    """A number as a person would type it: 2, 0.1, 1e-8. Reads back exactly."""
    if isinstance(value, int) or (math.isfinite(value) and value == int(value) and abs(value) < 1e15):
        return str(int(value))
    return repr(float(value))


def count(value: float) -> str:
    """A whole number with thousands separators: 21,400."""
    return f"{round(value):,}"


def shape_text(shape: tuple[int, ...]) -> str:
    """`8 × 2`; an empty shape is a scalar."""
    return " × ".join(str(n) for n in shape) if shape else "scalar"

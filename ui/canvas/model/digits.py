"""How many digits a number on the canvas needs so that its last change can be seen."""

from __future__ import annotations

import math
from collections.abc import Hashable

from ui.look.numerals import DIGITS, EXACT, digits_for

MOST, MOST_DECIMALS = 9, 7
"""Beyond these a change is told by the tool tip alone."""


class Digits:
    """Remembers what each number was. While it stays as it is, so do its digits; a larger change takes the additional ones away.

    `free`: training runs, and digits that come and go with every step would be noise. `held`: a slider is being dragged, and
    digits only come.
    """

    def __init__(self) -> None:
        self._numbers: dict[Hashable, tuple[float, int]] = {}
        self._rows: dict[Hashable, tuple[tuple[float, ...], int]] = {}

    def clear(self) -> None:
        self._numbers.clear()
        self._rows.clear()

    def of_number(self, key: Hashable, value: float, free: bool = False, held: bool = False) -> int:
        """Significant digits of a single number."""
        known = self._numbers.get(key)
        if known is not None and known[0] == value:
            return known[1]
        digits = DIGITS if known is None or free else min(digits_for(known[0], value), MOST)
        if held and known is not None:
            digits = max(digits, known[1])
        self._numbers[key] = value, digits
        return digits

    def of_rows(self, key: Hashable, values: tuple[float, ...], free: bool = False, held: bool = False) -> int:
        """Decimals that numbers which stand together have at least, so that the largest of their changes is seen."""
        known = self._rows.get(key)
        if known is not None and known[0] == values:
            return known[1]
        least = 0 if known is None or free or len(known[0]) != len(values) else _decimals(known[0], values)
        if held and known is not None:
            least = max(least, known[1])
        self._rows[key] = values, least
        return least


def _decimals(before: tuple[float, ...], after: tuple[float, ...]) -> int:
    change = max((abs(new - old) for old, new in zip(before, after, strict=True)), default=0.0)
    scale = max(map(abs, after), default=0.0)
    if not math.isfinite(change) or not change > EXACT * scale:
        return 0
    return min(max(0, -math.floor(math.log10(change))), MOST_DECIMALS)

"""Cells that are numbers with a sign for per cent or for a currency: `12,5 %`, `€ 3.50`, `-$1,200`. What they mean is never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from engine.data.cells import NumberFormat
from engine.data.columns import Column

PERCENT = "%"
_PERCENT = "[%\uff05\u066a]"
_MONEY = r"(?:[A-Z]{0,2}\$|[€£¥₹₩₽₺₴₪₫]|EUR|USD|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|Fr\.|kr\.?|zł)"
_BEFORE = re.compile(rf"([-+\u2212\u2013]?)\s*({_MONEY})\s*(\S.*)")
_BEHIND = re.compile(rf"(.*\S)\s*({_MONEY}|{_PERCENT})")


def parted(cell: str) -> tuple[str, str] | None:
    """The number in a cell as it is written, and the sign beside it; None where the cell is no such number."""
    if match := _BEFORE.fullmatch(cell):
        body, sign = match[1] + match[3], match[2]
    elif match := _BEHIND.fullmatch(cell):
        body, sign = match[1], match[2]
    else:
        return None
    if not NumberFormat().may_be(body):
        return None
    return body, PERCENT if re.fullmatch(_PERCENT, sign) else sign


def signs_of(cells: Iterable[str], missing: Callable[..., bool]) -> list[str]:
    """The signs beside the numbers of a column; none where a cell that holds a value is no number with a sign."""
    signs: dict[str, None] = {}
    for cell in cells:
        if missing(cell):
            continue
        found = parted(cell)
        if found is None:
            return []
        signs[found[1]] = None
    return list(signs)


def bare_column(column: Column, sign: str) -> Column:
    """The column without its signs."""
    known = {cell: found[0] if (found := parted(cell)) is not None and found[1] == sign else cell for cell in column.counts}
    return Column([known[cell] for cell in column.cells])

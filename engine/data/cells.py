"""Cells of a table as numbers: which sign is the decimal one is decided for the whole file, from the cells that prove it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from graph.formula.numerals import APOSTROPHES, BLANKS, NUMERAL, NumberError, numeral, simplified

MISSING = {"", "na", "n/a", "nan", "null", "?", "#n/a", "#na", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!", "<na>"}
"""What spreadsheets and statistics programs write where there is no value."""
MISSING_NUMBERS = MISSING | {"-", "--", "–", "—", ".", "none"}
"""Where numbers are expected, these mean the same; among words they may be classes."""

_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
POINT_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+", re.ASCII)
_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE)


def is_missing(cell: str, number: bool = True) -> bool:
    """Whether a cell says that there is no value."""
    return cell.lower() in (MISSING_NUMBERS if number else MISSING)


@dataclass(frozen=True, slots=True)
class MissingWords:
    """Which cells say that there is no value: the usual words, those `added` and without those `kept`, all in lower case."""

    added: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()

    def __call__(self, cell: str, number: bool = True) -> bool:
        word = cell.lower()
        return word in self.added or (word not in self.kept and word in (MISSING_NUMBERS if number else MISSING))


def all_plain(cells: Sequence[str]) -> bool:
    """Whether all cells are numbers as programs write them, such as −1.5e3: most columns are, and can be read at once."""
    return bool(cells) and all(map(_PLAIN.fullmatch, cells))


def mostly_numbers(cells: Sequence[str]) -> bool:
    """Whether more than half of the cells that hold a value are numbers."""
    return all_plain(cells) or share_of_numbers(Counter(cells), is_missing) > 0.5


def share_of_numbers(counts: Mapping[str, int], missing: Callable[[str], bool]) -> float:
    """The share of numbers among the cells that hold a value, from how often each occurs."""
    numbers = NumberFormat()
    filled = {cell: count for cell, count in counts.items() if not missing(cell)}
    return sum(count for cell, count in filled.items() if numbers.may_be(cell)) / sum(filled.values()) if filled else 0.0


@dataclass(slots=True)
class Evidence:
    """How many cells can only be read with this decimal sign; `either` is a cell that both readings give a meaning."""

    point: int = 0
    comma: int = 0
    either: str = ""


def evidence(cells: Iterable[str], plain: bool) -> Evidence:
    """What the cells of a column prove about the decimal sign; `plain` where all of them are."""
    signs = Evidence()
    if plain:
        dotted = (cell for cell in cells if "." in cell)
        first = next(dotted, "")
        proven = first and (not POINT_GROUPS.fullmatch(first) or any(not POINT_GROUPS.fullmatch(cell) for cell in dotted))
        return Evidence(point=1) if proven else Evidence(either=first)
    for cell in dict.fromkeys(cells):
        point, comma = (NumberFormat(sign).value(cell) for sign in ".,")
        if point == comma:
            continue
        if point is None:
            signs.comma += 1
        elif comma is None:
            signs.point += 1
        else:
            signs.either = signs.either or cell
    return signs


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """Reads cells with one decimal sign; with none, `may_be` says whether a cell is a number with either.

    `thousands` is the one sign that may stand between thousands: a point, a comma, a blank or an apostrophe of any kind, or an empty text
    where there is none; None where any may.
    """

    decimal: str = ""
    thousands: str | None = None

    def may_be(self, cell: str) -> bool:
        signs = (self.decimal,) if self.decimal else (".", ",")
        return any(NumberFormat(sign, self.thousands).value(cell) is not None for sign in signs)

    def values(self, cells: Sequence[str]) -> list[float | None]:
        return [self.value(cell) for cell in cells]

    def value(self, cell: str) -> float | None:
        """The number that a cell spells; None where it spells none. Infinity is a number here: it is refused by name."""
        if self.decimal != "," and _PLAIN.fullmatch(cell):
            return float(cell)
        text = simplified(cell)
        sign, body = (text[0], text[1:]) if text[:1] in ("-", "+") else ("", text)
        if not NUMERAL.fullmatch(body):
            return float(text) if _INFINITE.fullmatch(text) else None
        if self.thousands is not None and not thousands_in(body, self.decimal) <= {self.thousands}:
            return None
        try:
            number = float(numeral(body, self.decimal))
        except NumberError:
            return None
        except OverflowError:
            return float(f"{sign}inf")
        return -number if sign == "-" else number


def thousands_in(body: str, decimal: str) -> set[str]:
    """The kinds of signs that stand between the thousands of a number: a point or comma, a blank, an apostrophe."""
    body = re.split("[eE]", body)[0]
    kinds = {"." if decimal == "," else ","} & set(body) if decimal else set()
    return kinds | ({" "} if set(body) & set(BLANKS) else set()) | ({"'"} if set(body) & set(APOSTROPHES) else set())

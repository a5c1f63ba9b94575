"""Plain lines of a table as columns, by pandas' parser: its numbers are exact, and its memory serves one piece after the other.

`NotPlain` leaves to the general reader whatever needs judgement: lines with different numbers of cells, irregular quotation marks, line
breaks inside of quotation marks, single carriage returns.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

NEWLINE, QUOTE = 10, 34


class NotPlain(Exception):
    """The general reader has to read this file."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What was found out about the file: its separator, its number of columns, and the byte where its rows begin."""

    path: str
    separator: str
    width: int
    start: int


class Parser:
    """Parses pieces of one file one after the other, in one thread."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._readers: dict[bool, Any] = {}

    def columns(self, raw: bytes | memoryview, blanks: bool) -> list[np.ndarray]:
        """The columns of some lines: numbers, or objects where anything else is among them. `blanks`: there are any. Raises NotPlain.

        A line with too few cells has empty cells, which are objects.
        """
        if blanks not in self._readers:
            self._readers[blanks] = self._reader(blanks)
        reader = self._readers[blanks]
        if reader is None:
            frame = _frame(bytes(raw), self._layout.separator)
            if frame.shape[1] != self._layout.width:
                raise NotPlain
            return [column.to_numpy() if column.dtype.kind in "iuf" else column.to_numpy(object) for _at, column in frame.items()]
        try:
            reader.load_buffer(raw)
            columns = reader.read()
        except (ValueError, StopIteration):  # pandas' ParserError is a ValueError, and so is a byte that is not UTF-8
            raise NotPlain from None
        return [columns[at] for at in range(self._layout.width)]

    def _reader(self, blanks: bool) -> Any:
        """pandas' own reader of one thread, as its `read_csv` uses it for large files; None where this pandas has no such reader."""
        try:
            from pandas._libs.parsers import TextReader

            reader = TextReader(
                io.BytesIO(b""), delimiter=self._layout.separator, header=None, names=list(range(self._layout.width)), na_filter=False,
                na_values=set(), na_fvalues=set(), skip_blank_lines=False, allow_leading_cols=False, skipinitialspace=blanks,
            )  # fmt: skip
            reader.trim_after_read = False
            _ = reader.load_buffer
        except (ImportError, AttributeError, TypeError):
            return None
        return reader


def texts_of(raw: bytes, separator: str, columns: Sequence[int]) -> list[list[str]]:
    """The texts of some columns. Raises NotPlain."""
    frame = _frame(raw, separator, dtype=object, usecols=list(columns))
    return [bare(frame[at].tolist()) for at in columns]


def bare(cells: Sequence[str]) -> list[str]:
    """The cells without blanks around them, cells that are alike once."""
    known: dict[str, str] = {}
    return [known[cell] if cell in known else known.setdefault(cell, cell.strip()) for cell in cells]


def _frame(raw: bytes, separator: str, **more: Any) -> Any:
    import pandas

    if b" " in raw:
        more["skipinitialspace"] = True
    try:
        more |= {"sep": separator, "header": None, "na_filter": False, "skip_blank_lines": False, "low_memory": False}
        return pandas.read_csv(io.BytesIO(raw), **more)
    except (ValueError, pandas.errors.ParserError):
        raise NotPlain from None


def separators_in(raw: bytes | memoryview, separator: str) -> int:
    """The number of separators in some lines, outside of quotation marks. Raises NotPlain where these do not stand around whole cells."""
    letters = np.frombuffer(raw, np.uint8)
    is_separator = letters == ord(separator)
    quotes = np.flatnonzero(letters == QUOTE)
    if not len(quotes):
        return int(np.count_nonzero(is_separator))
    if not _around_cells(letters, quotes, separator):
        raise NotPlain
    steps = np.zeros(len(letters), np.int8)
    steps[quotes[::2]], steps[quotes[1::2]] = 1, -1
    outside = np.cumsum(steps, dtype=np.int8) == 0
    if np.count_nonzero(letters == NEWLINE) != np.count_nonzero(outside & (letters == NEWLINE)):
        raise NotPlain
    return int(np.count_nonzero(is_separator & outside))


def _around_cells(letters: np.ndarray, quotes: np.ndarray, separator: str) -> bool:
    """Whether every quotation mark opens a cell, closes one, or is one of two that mean one inside a cell."""
    if len(quotes) % 2 or quotes[-1] + 1 >= len(letters):
        return False
    opens, closes = quotes[::2], quotes[1::2]
    doubled = closes[:-1] + 1 == opens[1:]
    opening = np.isin(letters[opens - 1], (ord(separator), NEWLINE))
    opening[0] |= opens[0] == 0
    opening[1:] |= doubled
    closing = np.isin(letters[closes + 1], (ord(separator), NEWLINE, 13))
    closing[:-1] |= doubled
    return bool(opening.all() and closing.all())

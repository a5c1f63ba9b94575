"""Large tables of plain numbers, read in pieces by pandas' parser on all cores; every digit as Python's own `float` reads it.

It reads what is beyond doubt: lines with equally many cells, no quotation marks, and columns of numbers as programs write them. A column
of words keeps its text. Whatever else a file holds, `NotPlain` leaves it to the general reader, which reports by line and column.
"""

from __future__ import annotations

import io
import os
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from functools import cached_property
from typing import IO, Any

import numpy as np

from engine.data.cells import POINT_GROUPS, Evidence
from engine.data.columns import Column
from engine.numerics.job import JobReport, Steps
from graph.storage.paths import open_regular
from graph.text.messages import _

LARGE = 8 * 2**20
"""Bytes from which a file is read in this way."""
PIECE = 4 * 2**20
MAX_BYTES = 2**30
MAX_CELLS = 64_000_000
WORKERS = 4
PATIENCE = 0.02
"""Seconds between two reports while all workers are busy."""


class NotPlain(Exception):
    """The general reader has to read this file."""


class Numbers:
    """The numbers of a whole table, (rows, columns); workers fill it in side by side. NaN in columns of texts."""

    def __init__(self, width: int) -> None:
        self.whole, self.rows = np.empty((0, width)), 0

    def room(self, rows: int, expected: int) -> int:
        """Make room for some rows more, of `expected` altogether; returns the first of them."""
        first, self.rows = self.rows, self.rows + rows
        if self.rows > len(self.whole):
            larger = np.empty((max(expected, self.rows, 2 * len(self.whole)), self.whole.shape[1]))
            larger[:first] = self.whole[:first]
            self.whole = larger
        return first

    def end(self) -> None:
        """All rows have been read."""
        self.whole = self.whole[: self.rows]


@dataclass(slots=True)
class Piece:
    """Some rows, from `row` on: the texts of columns that hold some, what is known of the numbers, and which bytes of the file they are."""

    start: int
    stop: int
    row: int
    rows: int
    texts: dict[int, list[str]]
    low: np.ndarray
    high: np.ndarray
    """The least and the greatest number of every column."""
    points: np.ndarray
    """Whether a column has a number that proves the decimal point, because it would not fit between thousands."""
    whole: np.ndarray
    """Whether a column is written without decimals here."""


class NumberColumn(Column):
    """A column of plain numbers, without their text. Where a point could also stand between thousands, `texts` reads that again."""

    def __init__(self, table: Numbers, pieces: Sequence[Piece], at: int, texts: Callable[[], list[str]]) -> None:
        self._table, self._pieces, self.at, self._texts = table, pieces, at, texts

    def __len__(self) -> int:
        return len(self._table.whole)

    @cached_property
    def cells(self) -> Sequence[str]:  # type: ignore[override]
        return self._texts() if self.signs.either else list(map(_written, self.numbers().tolist()))

    @property
    def plain(self) -> bool:
        return True

    @cached_property
    def signs(self) -> Evidence:
        """Whether the point is proven to be the decimal sign."""
        if any(piece.points[self.at] for piece in self._pieces):
            return Evidence(point=1)
        if all(piece.whole[self.at] for piece in self._pieces):
            return Evidence()
        dotted = [cell for cell in self._texts() if "." in cell]
        proven = any(not POINT_GROUPS.fullmatch(cell) for cell in dotted)
        return Evidence(point=1) if proven else Evidence(either=dotted[0] if dotted else "")

    @cached_property
    def counts(self) -> Counter[str]:
        if self.signs.either:
            return Counter(self.cells)
        values, counts = np.unique(self.numbers(), return_counts=True)
        return Counter(dict(zip(map(_written, values.tolist()), counts.tolist(), strict=True)))

    def few(self, most: int) -> bool:
        if len(np.unique(self._table.whole[: 2 * most, self.at])) > most:
            return False
        return len(np.unique(self.numbers())) <= most

    def counts_rows(self) -> bool:
        numbers = self.numbers()
        return bool(numbers[0] in (0, 1) and np.array_equal(numbers, np.arange(len(numbers)) + numbers[0]))

    def first(self, count: int) -> Sequence[str]:
        return [_written(value) for value in self._table.whole[:count, self.at].tolist()]

    def filled(self) -> bool:
        return True

    def ends(self) -> tuple[float, float]:
        return min(float(piece.low[self.at]) for piece in self._pieces), max(float(piece.high[self.at]) for piece in self._pieces)

    def numbers(self) -> np.ndarray:
        return self._table.whole[:, self.at].copy()

    def beside(self, others: Sequence[Column]) -> np.ndarray | None:
        """The numbers (N, k) of this and other columns of one file, side by side; None where one of the others is no such column."""
        columns = [other.at for other in others if isinstance(other, NumberColumn) and other._table is self._table]
        if len(columns) < len(others):
            return None
        whole = self._table.whole
        side_by_side = columns == list(range(columns[0], columns[-1] + 1))
        return whole[:, columns[0] : columns[-1] + 1] if side_by_side else whole[:, columns]


def _written(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


@dataclass(frozen=True, slots=True)
class Layout:
    """What was found out about the file: its separator, its number of columns, and the byte where its rows begin."""

    path: str
    separator: str
    width: int
    start: int


def reading_columns(layout: Layout) -> Steps:
    """Returns the columns and the number of rows. Raises NotPlain."""
    pieces: list[Piece] = []
    numbers = Numbers(layout.width)
    with open_regular(layout.path) as file, ThreadPoolExecutor(min(WORKERS, os.cpu_count() or 1), "table") as workers:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_BYTES:
            raise NotPlain
        waiting: deque[Future[Piece]] = deque()
        chunks = _chunks(file, layout.start)
        try:
            while True:
                while len(waiting) < 2 * WORKERS and (chunk := next(chunks, None)) is not None:
                    waiting.append(_begun(workers, layout, numbers, size, *chunk))
                if not waiting:
                    break
                if not wait_for([waiting[0]], PATIENCE).done:
                    yield _report(pieces, size)
                    continue
                pieces.append(waiting.popleft().result())
                yield _report(pieces, size)
        finally:
            for future in waiting:
                future.cancel()
    if not pieces:
        raise NotPlain
    numbers.end()
    return [_column(layout, numbers, pieces, at) for at in range(layout.width)], numbers.rows


def _begun(workers: ThreadPoolExecutor, layout: Layout, numbers: Numbers, size: int, start: int, raw: bytes) -> Future[Piece]:
    """One piece on its way; its rows are counted first, so that each piece knows where its numbers belong."""
    stop = start + len(raw)
    if not raw.endswith(b"\n") or raw[-2:-1] in (b"\r", b"\n"):
        raw = raw.rstrip(b"\r\n") + b"\n"
    rows = int(np.count_nonzero(np.frombuffer(raw, np.uint8) == 10))
    expected = rows + int(1.02 * rows * max(size - stop, 0) / len(raw)) + 1
    row = numbers.room(rows, numbers.rows + expected)
    if numbers.rows * layout.width > MAX_CELLS:
        raise NotPlain
    return workers.submit(_parsed, layout, numbers.whole[row : row + rows], Piece(start, stop, row, rows, {}, *[np.zeros(0)] * 4), raw)


def _report(pieces: Sequence[Piece], size: int) -> JobReport:
    done = pieces[-1].stop if pieces else 0
    return JobReport(done, size, _("{done:,} of {total:,} MB read").format(done=done >> 20, total=max(size >> 20, 1)))


def _chunks(file: IO[bytes], start: int) -> Iterator[tuple[int, bytes]]:
    """The bytes from `start` in pieces that end where a line ends, each with its place."""
    size = PIECE
    while True:
        file.seek(start)
        data = file.read(size)
        if not data:
            return
        end = data.rfind(b"\n") + 1
        if not end and len(data) == size:
            size *= 2
            if size > 8 * PIECE:
                raise NotPlain
            continue
        whole = data[:end] if end and len(data) == size else data
        if not whole.isspace():
            yield start, whole
        start += len(whole)


def _parsed(layout: Layout, numbers: np.ndarray, piece: Piece, raw: bytes) -> Piece:
    """Fill in the numbers of one piece; raises NotPlain where lines have different numbers of cells or there is anything to interpret.

    pandas refuses a line with more cells than the first; as the separators are as many as they should be, none has fewer.
    """
    if b'"' in raw or b"\0" in raw or (b"\r" in raw and raw.count(b"\r") != raw.count(b"\r\n")):
        raise NotPlain
    separators = int(np.count_nonzero(np.frombuffer(raw, np.uint8) == ord(layout.separator)))
    if separators != piece.rows * (layout.width - 1):
        raise NotPlain
    if not raw.isascii():
        try:
            raw.decode()
        except UnicodeDecodeError:
            raise NotPlain from None
    frame = _frame(raw, layout.separator)
    if frame.shape != (piece.rows, layout.width):
        raise NotPlain
    kinds = [getattr(dtype, "kind", "") for dtype in frame.dtypes]
    plain = [bool(kind) and kind in "iuf" for kind in kinds]
    if all(plain):
        numbers[:] = frame.to_numpy(np.float64)
    else:
        numbers[:] = np.nan
        for at in np.flatnonzero(plain).tolist():
            numbers[:, at] = frame.iloc[:, at]
    piece.low, piece.high = numbers.min(0), numbers.max(0)
    words = np.flatnonzero(~(np.isfinite(piece.low) & np.isfinite(piece.high))).tolist()
    piece.texts = dict(zip(words, _texts(raw, layout.separator, words), strict=True)) if words else {}
    piece.whole = np.array([kind in "iu" for kind in kinds])
    piece.points = _points(numbers, piece.whole)
    return piece


def _points(numbers: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Whether a column proves that the point is its decimal sign, by a number that has no three decimals or begins with 0."""
    for some in (slice(0, 50), slice(None)):  # the first rows prove it nearly always
        size = np.abs(numbers[some])
        with np.errstate(over="ignore"):
            thousandths = size * 1000
        points: np.ndarray = ((thousandths != np.round(thousandths)) | ((size < 1) & (size > 0))).any(0) & ~whole
        if (points | whole).all():
            break
    return points


def _frame(raw: bytes, separator: str, **more: Any) -> Any:
    import pandas

    if b" " in raw:
        more["skipinitialspace"] = True
    try:
        more |= {"sep": separator, "header": None, "na_filter": False, "skip_blank_lines": False, "low_memory": False}
        return pandas.read_csv(io.BytesIO(raw), **more)
    except (ValueError, pandas.errors.ParserError):
        raise NotPlain from None


def _texts(raw: bytes, separator: str, columns: Sequence[int]) -> list[list[str]]:
    """The texts of some columns, cells that are alike once."""
    frame = _frame(raw, separator, dtype=object, usecols=list(columns))
    known: dict[str, str] = {}
    return [[known.setdefault(bare := cell.strip(), bare) for cell in frame[at].tolist()] for at in columns]


def _column(layout: Layout, numbers: Numbers, pieces: Sequence[Piece], at: int) -> Column:
    def texts() -> list[str]:
        cells: list[str] = []
        with open_regular(layout.path) as file:
            for piece in pieces:
                if at in piece.texts:
                    cells += piece.texts[at]
                else:
                    file.seek(piece.start)
                    cells += _texts(file.read(piece.stop - piece.start).rstrip(b"\r\n") + b"\n", layout.separator, [at])[0]
        return cells

    return Column(texts()) if any(at in piece.texts for piece in pieces) else NumberColumn(numbers, pieces, at, texts)

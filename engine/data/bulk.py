"""Large tables of plain numbers, read in pieces by pandas' parser on all cores; every digit as Python's own `float` reads it.

It reads what is beyond doubt: lines with equally many cells, quotation marks around whole cells, and columns of numbers as programs write
them. A column of words keeps its text. Whatever else a file holds, `NotPlain` leaves it to the general reader, which reports by line and
column.
"""

from __future__ import annotations

import os
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO

import numpy as np

from engine.data.cells import POINT_GROUPS, Evidence
from engine.data.columns import Column
from engine.data.plain_parser import NEWLINE, Layout, NotPlain, Parser, bare, separators_in, texts_of
from engine.numerics.job import JobReport, Steps
from graph.storage.paths import open_regular
from graph.text.messages import _

LARGE = 8 * 2**20
"""Bytes from which a file is read in this way."""
PIECE = 2 * 2**20
"""Bytes that are parsed at once: what they become fits into the cache of a core."""
MAX_BYTES = 2**30
MAX_CELLS = 64_000_000
WORKERS = 4
PATIENCE = 0.02
"""Seconds between two reports while all workers are busy."""


class Numbers:
    """The numbers of a whole table, (rows, columns); workers fill it in side by side. NaN in columns of texts."""

    def __init__(self, width: int) -> None:
        self.whole, self.rows = np.empty((0, width)), 0

    def fit(self, rows: int) -> bool:
        """Whether there is room for so many rows more."""
        return self.rows + rows <= len(self.whole)

    def grow(self, rows: int, expected: int) -> None:
        """Make room for so many rows more, of `expected` altogether. Nobody may be filling in rows meanwhile: they move."""
        larger = np.empty((max(expected, self.rows + rows, 2 * len(self.whole)), self.whole.shape[1]))
        larger[: self.rows] = self.whole[: self.rows]
        self.whole = larger

    def take(self, rows: int) -> tuple[int, np.ndarray]:
        """The next rows: the number of the first, and where their numbers belong."""
        first, self.rows = self.rows, self.rows + rows
        return first, self.whole[first : self.rows]

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
    texts: dict[int, list[str]] = field(default_factory=dict)
    low: np.ndarray = field(default_factory=lambda: np.zeros(0))
    high: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """The least and the greatest number of every column."""
    points: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """Whether a column has a number that proves the decimal point, because it would not fit between thousands."""
    whole: np.ndarray = field(default_factory=lambda: np.zeros(0))
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


def reading_columns(layout: Layout) -> Steps:
    """Returns the columns and the number of rows. Raises NotPlain."""
    pieces: list[Piece] = []
    numbers = Numbers(layout.width)
    parsers = _Parsers(layout)
    with open_regular(layout.path) as file, ThreadPoolExecutor(min(WORKERS, os.cpu_count() or 1), "table") as workers:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_BYTES:
            raise NotPlain
        chunks = _Chunks(file, layout.start, size)
        waiting: deque[tuple[Future[Piece], bytearray]] = deque()
        try:
            while True:
                while len(waiting) < 2 * WORKERS and (chunk := chunks.next()) is not None:
                    piece, memory, raw = chunk
                    if not numbers.fit(piece.rows):
                        wait_for([future for future, _memory in waiting])
                        numbers.grow(piece.rows, numbers.rows + piece.rows + _further(piece, size))
                    piece.row, place = numbers.take(piece.rows)
                    if numbers.rows * layout.width > MAX_CELLS:
                        raise NotPlain
                    waiting.append((workers.submit(_parsed, parsers, place, piece, raw), memory))
                if not waiting:
                    break
                if not wait_for([waiting[0][0]], PATIENCE).done:
                    yield _report(pieces, size)
                    continue
                future, memory = waiting.popleft()
                pieces.append(future.result())
                chunks.give_back(memory)
                yield _report(pieces, size)
        finally:
            for future, _memory in waiting:
                future.cancel()
    if not pieces:
        raise NotPlain
    numbers.end()
    return [_column(layout, numbers, pieces, at) for at in range(layout.width)], numbers.rows


def _further(piece: Piece, size: int) -> int:
    """About how many rows there are behind a piece, if they are as long as its own."""
    return int(1.02 * piece.rows * max(size - piece.stop, 0) / (piece.stop - piece.start)) + 1


def _report(pieces: Sequence[Piece], size: int) -> JobReport:
    done = pieces[-1].stop if pieces else 0
    return JobReport(done, size, _("{done:,} of {total:,} MB read").format(done=done >> 20, total=max(size >> 20, 1)))


class _Parsers(threading.local):
    """A parser for each thread."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.parser = layout, Parser(layout)


class _Chunks:
    """The bytes of a file in pieces that end where a line ends; the memory of a piece is used again when it is given back."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        self._file, self._start, self._size, self._free = file, start, size, list[bytearray]()

    def next(self) -> tuple[Piece, bytearray, memoryview | bytes] | None:
        """The next piece with its rows counted, the memory that it lies in, and its bytes."""
        size = PIECE
        while True:
            memory = self._free.pop() if self._free and size == PIECE else bytearray(size)
            self._file.seek(self._start)
            read = self._file.readinto(memory)  # type: ignore[attr-defined]
            end = memory.rfind(b"\n", 0, read) + 1
            if end or read < size:
                break
            size *= 2
            if size > 16 * PIECE:
                raise NotPlain
        start, length = self._start, end if read == size else read
        self._start += length
        raw: memoryview | bytes = memoryview(memory)[:length]
        if self._start >= self._size:
            raw = bytes(raw).rstrip(b"\r\n") + b"\n"  # the last line may lack its end, and blank lines may follow it
        if len(raw) < 2:
            return None
        return Piece(start, start + length, 0, int(np.count_nonzero(np.frombuffer(raw, np.uint8) == NEWLINE))), memory, raw

    def give_back(self, memory: bytearray) -> None:
        if len(memory) == PIECE:
            self._free.append(memory)


def _parsed(parsers: _Parsers, numbers: np.ndarray, piece: Piece, raw: memoryview | bytes) -> Piece:
    """Fill in the numbers of one piece; raises NotPlain where lines have different numbers of cells or there is anything to interpret."""
    layout, whole_bytes = parsers.layout, raw if isinstance(raw, bytes) else raw.obj
    assert isinstance(whole_bytes, bytes | bytearray)
    counts = [whole_bytes.find(sign, 0, len(raw)) >= 0 for sign in (b"\0", b"\r", b" ", b'"')]
    null, carriage, blank, quoted = counts
    if null or (carriage and bytes(raw).count(b"\r") != bytes(raw).count(b"\r\n")):
        raise NotPlain
    if quoted:
        _check_cells(layout, piece, raw)
    columns = parsers.parser.columns(raw, blank)
    if any(len(column) != piece.rows for column in columns):
        raise NotPlain
    piece.whole = np.array([column.dtype.kind in "iu" for column in columns])
    piece.low, piece.high = np.full(len(columns), np.nan), np.full(len(columns), np.nan)
    for at, column in enumerate(columns):
        if column.dtype.kind in "iuf":
            numbers[:, at] = column
            piece.low[at], piece.high[at] = column.min(), column.max()
        else:
            numbers[:, at] = np.nan
    words = np.flatnonzero(~(np.isfinite(piece.low) & np.isfinite(piece.high))).tolist()
    if words:
        if not quoted:
            _check_cells(layout, piece, raw)
        piece.texts = _words(layout, raw, columns, words)
    piece.points = _points(numbers, piece.whole)
    return piece


def _check_cells(layout: Layout, piece: Piece, raw: memoryview | bytes) -> None:
    """Raises NotPlain where a line has another number of cells, or a byte is no UTF-8.

    The parser refuses a line with too many cells; as the separators are as many as they should be, none has too few.
    """
    if separators_in(raw, layout.separator) != piece.rows * (layout.width - 1):
        raise NotPlain
    try:
        str(raw, "utf-8")
    except UnicodeDecodeError:
        raise NotPlain from None


def _words(layout: Layout, raw: memoryview | bytes, columns: Sequence[np.ndarray], words: Sequence[int]) -> dict[int, list[str]]:
    """The texts of some columns; the parser has those of words, and not those that it took for True, False or large numbers."""
    texts = {at: columns[at].tolist() for at in words if columns[at].dtype == object}
    texts = {at: bare(cells) for at, cells in texts.items() if all(type(cell) is str for cell in cells)}
    if others := [at for at in words if at not in texts]:
        texts |= dict(zip(others, texts_of(bytes(raw), layout.separator, others), strict=True))
    return texts


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


def _column(layout: Layout, numbers: Numbers, pieces: Sequence[Piece], at: int) -> Column:
    def texts() -> list[str]:
        cells: list[str] = []
        with open_regular(layout.path) as file:
            for piece in pieces:
                if at in piece.texts:
                    cells += piece.texts[at]
                else:
                    file.seek(piece.start)
                    cells += texts_of(file.read(piece.stop - piece.start).rstrip(b"\r\n") + b"\n", layout.separator, [at])[0]
        return cells

    return Column(texts()) if any(at in piece.texts for piece in pieces) else NumberColumn(numbers, pieces, at, texts)

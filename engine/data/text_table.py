"""A table of cells from a file or a text: which cells it has, and how its columns are called."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from engine.data import bulk, dialect
from engine.data.cells import NumberFormat
from engine.data.columns import Column
from engine.data.dialect import by_blanks, column_names, find_header, find_separator, too_many_columns
from engine.data.errors import DataError, DataNote
from engine.data.how_read import AUTO, HowRead
from engine.data.plain_parser import Layout, NotPlain, separators_in
from engine.data.table_reading import Finding
from engine.data.text_file import SAMPLED, Lines, lines_of, preamble, reading_bytes, split_lines
from engine.data.workbook import is_workbook, reading_rows
from engine.numerics.job import JobReport, Steps, finished, share_of
from graph.storage.paths import open_regular
from graph.text.messages import _, ngettext
from graph.text.quoting import quoted_path

ROWS_AT_ONCE = 2000
"""What is read between two points where reading can be left: some milliseconds' work."""
MAX_CELLS = 20_000_000
"""What is read in about half a minute and a gigabyte of memory; a file from a stranger may hold anything."""
HEAD = 8
"""Rows that a preview shows as they are written."""


@dataclass(slots=True)
class Table:
    """The cells as text, stripped, by column. `lines[i]` is the line of the file on which row `i` begins, counted from 1."""

    names: list[str]
    columns: list[Column]
    lines: Sequence[int]
    separator: str
    headed: bool
    unnamed: set[str] = field(default_factory=set)
    """The columns to which line 1 gives no name."""
    trimmed: set[str] = field(default_factory=set)
    """The cells that had blanks around them."""
    notes: list[DataNote] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    encoding: str = "utf-8"
    skipped: int = 0
    """The lines above the table that are not part of it."""
    head: list[tuple[str, ...]] = field(default_factory=list)
    """The first rows, names included, as they are written, with their lines in `head_lines`."""
    head_lines: list[int] = field(default_factory=list)
    sheets: tuple[str, ...] = ()
    """The sheets of a workbook."""
    typed: bool = False
    """Whether its numbers were numbers in the file, as in a workbook, and not digits in some country's spelling."""


def read_table(path: str, how: HowRead | None = None) -> Table:
    """Raises DataError, in words for the file's owner."""
    table: Table = finished(reading_table(path, how or HowRead()))
    return table


def reading_table(path: str, how: HowRead) -> Steps:
    """The same, a piece at a time."""
    if is_workbook(path):
        rows, numbers, found, sheets = yield from share_of(reading_rows(path, how.sheet, how.skip_rows), 0, 900)
        table = yield from share_of(table_of(quoted_path(path), rows, numbers, found, "", how), 900, 1000)
        table.typed, table.sheets = True, sheets
        return table
    if os.stat(path).st_size >= bulk.LARGE:
        try:
            table = yield from _plain_table(path, how)
            return table
        except (NotPlain, DataError):
            pass  # the general reader says what is wrong, by line and column
    raw = yield from share_of(reading_bytes(path), 0, 200)
    shown = quoted_path(path)
    found = lines_of(shown, raw, how.encoding, how.skip_rows, how.comment)
    del raw
    table = yield from share_of(_table(found, how), 200, 1000)
    return table


def _plain_table(path: str, how: HowRead) -> Steps:
    """A large table of plain cells, its layout taken from its first lines. Raises NotPlain or DataError where it is none."""
    with open_regular(path) as file:
        beginning = file.read(bulk.PIECE // 4)
    beginning = beginning[: beginning.rfind(b"\n") + 1]
    shown = quoted_path(path)
    found = lines_of(shown, beginning, how.encoding, how.skip_rows, how.comment)
    found.lines = found.lines[:-1]  # there is nothing behind the last line end
    separator = find_separator(found, how.separator)
    sample = found.lines[found.first : found.first + SAMPLED + 1]
    if found.encoding != "utf-8" or separator == " " or how.comment != AUTO or not all(map(str.strip, sample)):
        raise NotPlain
    separators_in(beginning, separator)  # refuses irregular quotation marks and line breaks inside of regular ones
    rows = [dialect.split(line, separator) for line in sample]
    table = yield from table_of(shown, rows, list(range(found.first + 1, found.first + 1 + len(rows))), found, separator, how)
    if len(table.names) != len(dialect.split(sample[-1], separator)):
        raise NotPlain
    first = table.lines[0]
    start = len(b"".join(beginning.splitlines(keepends=True)[: first - 1]))
    layout = Layout(path, separator, len(table.names), start)
    table.columns, count = yield from bulk.reading_columns(layout)
    table.lines = range(first, first + count)
    return table


def reading_text(text: str, how: HowRead) -> Steps:
    """The table in a text that was pasted."""
    found = Lines(_("the pasted table"), split_lines(text), "utf-8")
    preamble(found, how.skip_rows, how.comment)
    table = yield from _table(found, how)
    return table


def _table(found: Lines, how: HowRead) -> Steps:
    path = found.path
    separator = find_separator(found, how.separator)
    trimmed: set[str] = set()
    rows, numbers = yield from share_of(_rows(found, separator, trimmed, how.comment != AUTO), 0, 900)
    table = yield from share_of(table_of(path, rows, numbers, found, separator, how), 900, 1000)
    table.trimmed = trimmed
    return table


def table_of(path: str, rows: list[list[str]], numbers: list[int], found: Lines, separator: str, how: HowRead) -> Steps:
    """The table that rows of cells make, with `numbers`, the line on which each begins. Raises DataError."""
    notes, findings = found.notes, found.findings
    if not rows:
        raise DataError(_("{path}: is empty; the first line should name the columns").format(path=path))
    _skip_blank(rows, numbers, notes)
    head, head_lines = [tuple(row) for row in rows[:HEAD]], numbers[:HEAD]
    rows = yield from _without_empty_ends(path, rows, numbers, notes, found.sign if how.comment == AUTO else "")
    skipped = numbers[0] - 1
    numbered: list[DataNote] = []
    headed, finding = find_header(rows, how.header, numbered, numbers[0])
    comment_names = dialect.split(found.comment, separator) if found.comment and not headed else []
    if not headed and len(comment_names) == len(rows[0]) and not all(map(NumberFormat().may_be, comment_names)):
        rows.insert(0, comment_names)
        numbers.insert(0, 0)
        headed = True
        notes.append(DataNote(_("the columns are named by the last comment line")))
        finding = Finding("header", "data", _("The last comment line has as many words as there are columns, and names them."))
    else:
        notes += numbered
    findings.append(finding)
    if headed and len(rows) < 2:
        raise DataError(_("{path}: has no rows below the line with the column names").format(path=path))
    given = rows.pop(0) if headed else [""] * len(rows[0])
    if headed:
        numbers.pop(0)
    columns = [Column(column) for column in zip(*rows, strict=True)]
    kept = [at for at, column in enumerate(columns) if given[at] or column.filled()]
    if headed and len(kept) < len(columns):
        empty = len(columns) - len(kept)
        text = ngettext("{n:,} empty column without a name left out", "{n:,} empty columns without a name left out", empty)
        notes.append(DataNote(text.format(n=empty)))
    names = column_names([given[at] for at in kept], notes)
    unnamed = {name for at, name in zip(kept, names, strict=True) if not given[at]}
    return Table(
        names, [columns[at] for at in kept], numbers, separator, headed, unnamed, set(), notes, findings, found.encoding, skipped, head,
        head_lines,
    )  # fmt: skip


def _rows(found: Lines, separator: str, trimmed: set[str], comments: bool) -> Steps:
    """The cells of every line below the preamble, and on which line each row begins. With `comments`, lines with that sign are none."""
    path, lines, first = found.path, found.lines, found.first
    if comments and found.sign:
        lines = ["" if line.startswith(found.sign) else line for line in lines]
    if separator == " ":
        return list(_bounded(path, map(by_blanks, lines[first:]))), list(range(first + 1, len(lines) + 1))
    if len(lines) - first and max(map(len, lines[first : first + SAMPLED])) > 1 and lines[first].count(separator) >= dialect.MAX_COLUMNS:
        raise too_many_columns(path, lines[first].count(separator) + 1)
    total = len(lines) - first - (not lines[-1])
    reader = csv.reader(io.StringIO("\n".join(lines[first:])), delimiter=separator, skipinitialspace=True, strict=True)
    rows: list[list[str]] = []
    numbers: list[int] = []
    known: dict[str, str] = {}
    """Every distinct cell as it is written, and without the blanks around it: cells that are alike are kept once."""
    start = 0
    try:
        for row in _bounded(path, reader):
            if not len(rows) % ROWS_AT_ONCE:
                yield JobReport(len(rows), total, _("{done:,} of {total:,} lines read").format(done=len(rows), total=total))
            rows.append([known[cell] if cell in known else known.setdefault(cell, cell.strip()) for cell in row])
            numbers.append(first + start + 1)
            start = reader.line_num
    except csv.Error as error:
        raise DataError(f"{path}: {_in_words(str(error), first + start + 1)}") from None
    trimmed |= {bare for cell, bare in known.items() if cell != bare}
    return rows, numbers


def _bounded(path: str, rows: Iterable[list[str]]) -> Iterator[list[str]]:
    """The same rows, until there are more cells than can be held."""
    cells = 0
    for row in rows:
        cells += len(row)
        if cells > MAX_CELLS:
            raise DataError(
                _("{path}: has more than {MAX_CELLS:,} cells, the limit for a table; keep fewer rows or columns").format(
                    path=path, MAX_CELLS=MAX_CELLS
                )
            )
        yield row


def _in_words(text: str, line: int) -> str:
    if "end of data" in text:
        return _("a quotation mark opens in line {line} and is never closed").format(line=line)
    if "expected after" in text:
        return _("line {line}: only a separator can follow a closing quotation mark").format(line=line)
    return _("line {line} holds a cell that is too long to be part of a table").format(line=line)


def _skip_blank(rows: list[list[str]], numbers: list[int], notes: list[DataNote]) -> None:
    filled = [at for at, row in enumerate(rows) if any(row)]
    between = (filled[-1] + 1 - len(filled)) if filled else 0
    if filled and filled[0]:
        between -= filled[0]
    if between > 0:
        blank = next(numbers[at] for at in range(filled[0], filled[-1]) if not any(rows[at]))
        text = ngettext(
            "{n:,} blank line skipped, the first is line {blank}", "{n:,} blank lines skipped, the first is line {blank}", between
        )
        notes.append(DataNote(text.format(n=between, blank=blank)))
    rows[:] = [rows[at] for at in filled]
    numbers[:] = [numbers[at] for at in filled]


def _without_empty_ends(path: str, rows: list[list[str]], numbers: list[int], notes: list[DataNote], sign: str) -> Steps:
    """Rows of equal length: separators at the end of lines make empty cells, which are dropped where they are all empty; so are lines that
    begin with `sign`, the sign of comments, and have another number of cells."""
    if not rows:
        raise DataError(_("{path}: is empty; the first line should name the columns").format(path=path))
    width = len(rows[0])
    while width > 1 and not any(row[width - 1] for row in rows if len(row) >= width):
        width -= 1
    if width > dialect.MAX_COLUMNS:
        raise too_many_columns(path, width)
    done = JobReport(0, len(rows), _("{done:,} rows checked").format(done=len(rows)))
    yield done
    comments = []
    for at, (row, number) in enumerate(zip(rows, numbers, strict=True)):
        if not at % (20 * ROWS_AT_ONCE):
            yield replace(done, done=at)
        if len(row) != width and (len(row) < width or any(row[width:])):
            if sign and row[0].startswith(sign):
                comments.append(at)
                continue
            if len(row) < width:
                text = _("{path}: line {number} has {row} of {width} columns")
            else:
                text = _("{path}: line {number} has {row} columns; the first line has {width}")
            raise DataError(text.format(path=path, number=number, row=len(row), width=width))
    if comments:
        text = ngettext(
            "{n:,} comment line in the table skipped (line {line})",
            "{n:,} comment lines in the table skipped, the first is line {line}",
            len(comments),
        )
        notes.append(DataNote(text.format(n=len(comments), line=numbers[comments[0]])))
        left_out = set(comments)
        rows = [row for at, row in enumerate(rows) if at not in left_out]
        numbers[:] = [number for at, number in enumerate(numbers) if at not in left_out]
    if any(len(row) > width for row in rows):
        notes.append(DataNote(_("separators at the end of lines make an empty last column; it was left out")))
    return [row[:width] for row in rows]

"""A text file as a table of cells: its encoding, what separates the cells, and whether line 1 names the columns."""

from __future__ import annotations

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from engine.data.cells import NumberFormat, is_missing, mostly_numbers
from engine.data.errors import DataError, DataNote, Unreadable
from engine.numerics.job import JobReport, Steps, finished, share_of
from graph.storage.paths import open_regular, reason
from graph.text.messages import _, ngettext
from graph.text.quoting import named, one_line, quoted_path

MAX_BYTES = 256 * 2**20
MAX_LINES = 4_000_000
MAX_COLUMNS = 10_000
PIECE, ROWS_AT_ONCE = 4 * 2**20, 2000
"""What is read between two points where reading can be left: some milliseconds' work."""
MAX_CELLS = 20_000_000
"""What is read in about half a minute and a gigabyte of memory; a file from a stranger may hold anything."""
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
SEPARATORS = ("\t", ";", "|", ",")
"""In order of preference: a comma also occurs inside numbers."""
SAMPLED = 200
"""Lines from which the separator is recognised."""
NAMED = 5
"""Up to this many renamed columns are listed one by one."""


@dataclass(slots=True)
class Table:
    """The cells as text, stripped, by column. `lines[i]` is the line of the file on which row `i` begins."""

    names: list[str]
    columns: list[tuple[str, ...]]
    lines: list[int]
    separator: str
    headed: bool
    unnamed: set[str] = field(default_factory=set)
    """The columns to which line 1 gives no name."""
    trimmed: set[str] = field(default_factory=set)
    """The cells that had blanks around them."""
    notes: list[DataNote] = field(default_factory=list)


def read_table(path: str, header: str = "auto") -> Table:
    """Raises DataError, in words for the file's owner."""
    table: Table = finished(reading_table(path, header))
    return table


def reading_table(path: str, header: str = "auto") -> Steps:
    """The same, a piece at a time."""
    notes: list[DataNote] = []
    text = yield from share_of(_text(path, notes), 0, 200)
    path = quoted_path(path)
    lines = text.split("\n")
    first, separator, comment = _preamble(lines, notes)
    separator = separator or _separator(lines[first:])
    trimmed: set[str] = set()
    rows, numbers = yield from share_of(_rows(path, lines, first, separator, trimmed), 200, 900)
    if not rows:
        raise DataError(_("{path}: is empty; the first line should name the columns").format(path=path))
    _skip_blank(rows, numbers, notes)
    rows = yield from share_of(_without_empty_ends(path, rows, numbers, notes), 900, 1000)
    numbered: list[DataNote] = []
    headed = _is_headed(path, rows, header, numbered)
    comment_names = _split(comment, separator) if comment and not headed else []
    if not headed and len(comment_names) == len(rows[0]) and not all(map(NumberFormat().may_be, comment_names)):
        rows.insert(0, comment_names)
        numbers.insert(0, 0)
        headed = True
        notes.append(DataNote(_("the columns are named by the last comment line")))
    else:
        notes += numbered
    if headed and len(rows) < 2:
        raise DataError(_("{path}: has no rows below the line with the column names").format(path=path))
    given = rows.pop(0) if headed else [""] * len(rows[0])
    if headed:
        numbers.pop(0)
    columns = list(zip(*rows, strict=True))
    kept = [at for at, column in enumerate(columns) if given[at] or any(column)]
    if headed and len(kept) < len(columns):
        empty = len(columns) - len(kept)
        text = ngettext("{n:,} empty column without a name left out", "{n:,} empty columns without a name left out", empty)
        notes.append(DataNote(text.format(n=empty)))
    names = _names([given[at] for at in kept], notes)
    unnamed = {name for at, name in zip(kept, names, strict=True) if not given[at]}
    return Table(names, [columns[at] for at in kept], numbers, separator, headed, unnamed, trimmed, notes)


# From bytes to lines


def _text(path: str, notes: list[DataNote]) -> Steps:
    """The file's text with line ends \\n; a file that is not one, or too large, is refused before it is read."""
    try:
        with open_regular(path) as file:
            raw = bytearray(file.read(2**16))
            if b"\0" in raw and raw[:2] not in UTF_16:
                raise DataError(_("{path}: is not a text file; save the table as CSV in UTF-8").format(path=quoted_path(path)))
            size = os.fstat(file.fileno()).st_size
            while len(raw) <= MAX_BYTES and (piece := file.read(PIECE)):
                raw += piece
                text = _("{done:,} of {total:,} MB read").format(done=len(raw) >> 20, total=max(size >> 20, 1))
                yield JobReport(min(len(raw), size), size, text)
    except OSError as error:
        raise Unreadable(_("{path}: cannot be read: {error}").format(path=quoted_path(path), error=reason(error))) from None
    path = quoted_path(path)
    if len(raw) > MAX_BYTES:
        raise DataError(
            _("{path}: is larger than {megabytes} MB, the limit for a table; keep fewer rows").format(path=path, megabytes=MAX_BYTES >> 20)
        )
    if raw.count(b"\n") + raw.count(b"\r") > MAX_LINES:
        raise DataError(
            _("{path}: has more than {MAX_LINES:,} lines, the limit for a table; keep fewer rows").format(path=path, MAX_LINES=MAX_LINES)
        )
    text = _decoded(path, bytes(raw), notes)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(path: str, raw: bytes, notes: list[DataNote]) -> str:
    encoding = "utf-16" if raw[:2] in UTF_16 and len(raw) % 2 == 0 else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        try:
            text = raw.decode("cp1252")
        except UnicodeDecodeError:
            raise DataError(_("{path}: is neither UTF-8 nor Windows-1252 text; save it as CSV in UTF-8").format(path=path)) from None
        notes.append(DataNote(_("the file is not UTF-8; its letters were read as Windows-1252 (ANSI)")))
    if "\0" in text:
        raise DataError(_("{path}: is not a text file; save the table as CSV in UTF-8").format(path=path))
    return text


def _preamble(lines: Sequence[str], notes: list[DataNote]) -> tuple[int, str, str]:
    """Where the table begins, the separator that a line `sep=;` names, and the last comment line in front of it."""
    at, separator, comment, skipped = 0, "", "", 0
    if lines and (match := re.fullmatch(r'"?sep=(.)"?', lines[0].strip(" "), re.IGNORECASE)):
        separator, at = match[1], 1
        notes.append(DataNote(_("line 1 names the separator: {separator}").format(separator="tab" if separator == chr(9) else separator)))
    last = next((place for place in range(len(lines) - 1, -1, -1) if lines[place]), -1)
    while at < len(lines) and (lines[at].startswith("#") or (not lines[at].strip() and at <= last)):
        if lines[at].startswith("#"):
            comment, skipped = lines[at].lstrip("# "), skipped + 1
        at += 1
    if skipped:
        text = ngettext("{n:,} comment line at the top skipped", "{n:,} comment lines at the top skipped", skipped)
        notes.append(DataNote(text.format(n=skipped)))
    return at, separator, comment


def _separator(lines: Sequence[str]) -> str:
    """The sign that cuts every line into the same number of cells; else the most frequent one in the first line."""
    sample = [line for line in lines[:SAMPLED] if line.strip()]
    for sign in SEPARATORS:
        counts = {_count(line, sign) for line in sample}
        if len(counts) == 1 and counts != {0}:
            return sign
    first = sample[0] if sample else ""
    best = max(reversed(SEPARATORS), key=lambda sign: _count(first, sign))
    if not _count(first, best) and _parted_by_blanks(sample):
        return " "
    return best


def _count(line: str, sign: str) -> int:
    return re.sub(r'"[^"]*"', "", line).count(sign)


def _parted_by_blanks(sample: Sequence[str]) -> bool:
    parts = [_by_blanks(line) for line in sample]
    if not parts or len(parts[0]) < 2 or len({len(row) for row in parts}) != 1:
        return False
    return any(mostly_numbers(column[1:] or column) for column in zip(*parts, strict=True))


def _by_blanks(line: str) -> list[str]:
    """The cells of a line; of one with too many columns, only so many that it is seen to have too many."""
    return line.split(None, MAX_COLUMNS)


def _split(line: str, separator: str) -> list[str]:
    if separator == " ":
        return _by_blanks(line)
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]


def _rows(path: str, lines: Sequence[str], first: int, separator: str, trimmed: set[str]) -> Steps:
    """The cells of every line below the preamble, and on which line each row begins."""
    if separator == " ":
        return list(_bounded(path, map(_by_blanks, lines[first:]))), list(range(first + 1, len(lines) + 1))
    if len(lines) - first and max(map(len, lines[first : first + SAMPLED])) > 1 and lines[first].count(separator) >= MAX_COLUMNS:
        raise DataError(
            _("{path}: has {columns:,} columns; at most {most:,} can be read").format(
                path=path, columns=lines[first].count(separator) + 1, most=MAX_COLUMNS
            )
        )
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


def _without_empty_ends(path: str, rows: list[list[str]], numbers: list[int], notes: list[DataNote]) -> Steps:
    """Rows of equal length: separators at the end of lines make empty cells, which are dropped where they are all empty."""
    if not rows:
        raise DataError(_("{path}: is empty; the first line should name the columns").format(path=path))
    width = len(rows[0])
    while width > 1 and not any(row[width - 1] for row in rows if len(row) >= width):
        width -= 1
    if width > MAX_COLUMNS:
        raise DataError(
            _("{path}: has {width:,} columns; at most {MAX_COLUMNS:,} can be read").format(path=path, width=width, MAX_COLUMNS=MAX_COLUMNS)
        )
    done = JobReport(0, len(rows), _("{done:,} rows checked").format(done=len(rows)))
    yield done
    for at, (row, number) in enumerate(zip(rows, numbers, strict=True)):
        if not at % (20 * ROWS_AT_ONCE):
            yield replace(done, done=at)
        if len(row) != width and (len(row) < width or any(row[width:])):
            if len(row) < width:
                text = _("{path}: line {number} has {row} of {width} columns")
            else:
                text = _("{path}: line {number} has {row} columns; the first line has {width}")
            raise DataError(text.format(path=path, number=number, row=len(row), width=width))
    if any(len(row) > width for row in rows):
        notes.append(DataNote(_("separators at the end of lines make an empty last column; it was left out")))
    return [row[:width] for row in rows]


# Whether line 1 names the columns


def _is_headed(path: str, rows: Sequence[Sequence[str]], header: str, notes: list[DataNote]) -> bool:
    """A text above numbers is a name; a number above numbers is a sample, and line 1 names nothing."""
    if header != "auto":
        return header == "names"
    first, body = rows[0], rows[1:]
    numbers = NumberFormat()
    number_above = [c for c in range(len(first)) if numbers.may_be(first[c])]
    if not number_above:
        return True
    if not body:
        return len(number_above) < len(first) and len(first) > 1
    sample = body[:SAMPLED]
    numeric = [c for c in range(len(first)) if mostly_numbers([row[c] for row in sample])]
    if any(first[c] and not numbers.may_be(first[c]) and not is_missing(first[c]) for c in numeric):
        return True
    above = [c for c in number_above if c in numeric]
    if not above:
        return True
    if _could_be_names([first[c] for c in above]):
        cells = ", ".join(one_line(cell, 20) for cell in first[:6]) + (" …" if len(first) > 6 else "")
        raise DataError(
            _("{path}: line 1 could name the columns or be the first sample: {cells}").format(path=path, cells=cells),
            [(_("Line 1 names the columns"), {"header": "names"}), (_("Line 1 is the first sample"), {"header": "data"})],
        )
    cell = first[above[0]]
    text = _("line 1 holds numbers above numbers ({cell}), so it was read as the first sample and the columns are numbered").format(
        cell=cell
    )
    notes.append(DataNote(text, ((_("Line 1 names the columns"), {"header": "names"}),)))
    return False


def _could_be_names(above: Sequence[str]) -> bool:
    """Whether the numbers of line 1 count up by one, as years do and the names of columns that never had any."""
    if len(above) < 2 or not all(re.fullmatch(r"\d{1,4}", cell) for cell in above):
        return False
    values = [int(cell) for cell in above]
    return all(b - a == 1 for a, b in zip(values, values[1:], strict=False))


def _names(given: Sequence[str], notes: list[DataNote]) -> list[str]:
    """A name for every column: by its place where line 1 gives none, made unique where it gives one twice."""
    names: dict[str, None] = {}
    written, used, renamed = set(given), Counter[str](), list[tuple[str, str]]()
    for place, name in enumerate(given, 1):
        wanted = unique = name or _("column {place}").format(place=place)
        while unique in names or (unique != wanted and unique in written):
            used[wanted] += 1
            unique = f"{wanted}_{used[wanted] + 1}"
        if unique != wanted:
            renamed.append((wanted, unique))
        names[unique] = None
    for wanted, unique in renamed[:NAMED]:
        notes.append(
            DataNote(
                _("line 1 names two columns {wanted}; the second is called {found} here").format(
                    wanted=named(wanted, 40), found=named(unique, 40)
                )
            )
        )
    if len(renamed) > NAMED:
        notes.append(DataNote(_("{count:,} more columns were renamed because line 1 names them twice").format(count=len(renamed) - NAMED)))
    return list(names)

"""A text file as a table of cells: its encoding, what separates the cells, and whether line 1 names the columns."""

from __future__ import annotations

import csv
import io
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.data.cells import Numbers, is_missing, mostly_numbers
from engine.data.errors import DataError, Note

MAX_BYTES = 1 << 29
MAX_COLUMNS = 10_000
SEPARATORS = ("\t", ";", "|", ",")
"""In the order in which they are believed: a comma also stands inside numbers."""
SAMPLED = 200
"""Lines from which the separator is recognised."""
HEADERS = ("auto", "names", "data")


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
    notes: list[Note] = field(default_factory=list)


def read_table(path: str, header: str = "auto") -> Table:
    """Raises DataError, in words for the file's owner."""
    notes: list[Note] = []
    text = _text(path, notes)
    lines = text.split("\n")
    first, separator, comment = _preamble(lines, notes)
    separator = separator or _separator(lines[first:])
    trimmed: set[str] = set()
    rows, numbers = _rows(path, lines, first, separator, trimmed)
    if not rows:
        raise DataError(f"{path}: is empty; the first line should name the columns")
    _skip_blank(rows, numbers, notes)
    rows = _without_empty_ends(path, rows, numbers, notes)
    headed = _is_headed(path, rows, header, notes)
    comment_names = _split(comment, separator) if comment and not headed else []
    if not headed and len(comment_names) == len(rows[0]) and not all(map(Numbers().may_be, comment_names)):
        rows.insert(0, comment_names)
        numbers.insert(0, 0)
        headed = True
        notes[:] = [note for note in notes if not note.text.startswith("line 1 holds numbers")]
        notes.append(Note("the columns are named by the last comment line"))
    if headed and len(rows) < 2:
        raise DataError(f"{path}: has no rows below the line with the column names")
    given = rows.pop(0) if headed else [""] * len(rows[0])
    if headed:
        numbers.pop(0)
    columns = list(zip(*rows, strict=True))
    kept = [at for at, column in enumerate(columns) if given[at] or any(column)]
    if headed and len(kept) < len(columns):
        notes.append(Note(f"{_counted(len(columns) - len(kept), 'empty column')} without a name left out"))
    names = _names([given[at] for at in kept], notes)
    unnamed = {name for at, name in zip(kept, names, strict=True) if not given[at]}
    return Table(names, [columns[at] for at in kept], numbers, separator, headed, unnamed, trimmed, notes)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


# From bytes to lines


def _text(path: str, notes: list[Note]) -> str:
    """The file's text with line ends \\n; a file that is not one, or too large, is refused before it is read."""
    try:
        about = Path(path).stat()
        if not stat.S_ISREG(about.st_mode):
            kind = "a folder" if stat.S_ISDIR(about.st_mode) else "a device or a pipe"
            raise DataError(f"{path}: is {kind}, not a file")
        if about.st_size > MAX_BYTES:
            raise DataError(f"{path}: has {about.st_size >> 20:,} MB; tables of at most {MAX_BYTES >> 20} MB can be read")
        raw = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    text = _decoded(path, raw, notes)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(path: str, raw: bytes, notes: list[Note]) -> str:
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") and len(raw) % 2 == 0 else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        try:
            text = raw.decode("cp1252")
        except UnicodeDecodeError:
            raise DataError(f"{path}: is neither UTF-8 nor Windows-1252 text; save it as CSV in UTF-8") from None
        notes.append(Note("the file is not UTF-8; its letters were read as Windows-1252 (ANSI)"))
    if "\0" in text:
        raise DataError(f"{path}: is not a text file; save the table as CSV in UTF-8")
    return text


def _preamble(lines: Sequence[str], notes: list[Note]) -> tuple[int, str, str]:
    """Where the table begins, the separator that a line `sep=;` names, and the last comment line in front of it."""
    at, separator, comment, skipped = 0, "", "", 0
    if lines and (found := re.fullmatch(r'"?sep=(.)"?', lines[0].strip(" "), re.IGNORECASE)):
        separator, at = found[1], 1
        notes.append(Note(f"line 1 names the separator: {'tab' if separator == chr(9) else separator}"))
    while at < len(lines) and (lines[at].startswith("#") or (not lines[at].strip() and any(lines[at:]))):
        if lines[at].startswith("#"):
            comment, skipped = lines[at].lstrip("# "), skipped + 1
        at += 1
    if skipped:
        notes.append(Note(f"{_counted(skipped, 'comment line')} at the top skipped"))
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
    parts = [line.split() for line in sample]
    if not parts or len(parts[0]) < 2 or len({len(row) for row in parts}) != 1:
        return False
    return any(mostly_numbers(column[1:] or column) for column in zip(*parts, strict=True))


def _split(line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]


def _rows(path: str, lines: Sequence[str], first: int, separator: str, trimmed: set[str]) -> tuple[list[list[str]], list[int]]:
    """The cells of every line below the preamble, and on which line each row begins."""
    if separator == " ":
        return [line.split() for line in lines[first:]], list(range(first + 1, len(lines) + 1))
    if len(lines) - first and max(map(len, lines[first : first + SAMPLED])) > 1 and lines[first].count(separator) >= MAX_COLUMNS:
        raise DataError(f"{path}: has {lines[first].count(separator) + 1:,} columns; at most {MAX_COLUMNS:,} can be read")
    reader = csv.reader(io.StringIO("\n".join(lines[first:])), delimiter=separator, skipinitialspace=True, strict=True)
    rows: list[list[str]] = []
    numbers: list[int] = []
    known: dict[str, str] = {}
    """Every distinct cell as it is written, and without the blanks around it: cells that are alike are kept once."""
    start = 0
    try:
        for row in reader:
            rows.append([known[cell] if cell in known else known.setdefault(cell, cell.strip()) for cell in row])
            numbers.append(first + start + 1)
            start = reader.line_num
    except csv.Error as error:
        raise DataError(f"{path}: {_in_words(str(error), first + start + 1)}") from None
    trimmed |= {bare for cell, bare in known.items() if cell != bare}
    return rows, numbers


def _in_words(text: str, line: int) -> str:
    if "end of data" in text:
        return f"a quotation mark opens in line {line} and is never closed"
    if "expected after" in text:
        return f"line {line}: something follows a closing quotation mark; only a separator can"
    return f"line {line} holds a cell that is too long to be part of a table"


def _skip_blank(rows: list[list[str]], numbers: list[int], notes: list[Note]) -> None:
    filled = [at for at, row in enumerate(rows) if any(row)]
    between = (filled[-1] + 1 - len(filled)) if filled else 0
    if filled and filled[0]:
        between -= filled[0]
    if between > 0:
        blank = next(numbers[at] for at in range(filled[0], filled[-1]) if not any(rows[at]))
        notes.append(Note(f"{_counted(between, 'blank line')} skipped, the first is line {blank}"))
    rows[:] = [rows[at] for at in filled]
    numbers[:] = [numbers[at] for at in filled]


def _without_empty_ends(path: str, rows: list[list[str]], numbers: list[int], notes: list[Note]) -> list[list[str]]:
    """Rows of equal length: separators at the end of lines make empty cells, which are dropped where nothing stands in them."""
    if not rows:
        raise DataError(f"{path}: is empty; the first line should name the columns")
    width = len(rows[0])
    while width > 1 and not any(row[width - 1] for row in rows if len(row) >= width):
        width -= 1
    if width > MAX_COLUMNS:
        raise DataError(f"{path}: has {width:,} columns; at most {MAX_COLUMNS:,} can be read")
    for row, number in zip(rows, numbers, strict=True):
        if len(row) != width and (len(row) < width or any(row[width:])):
            raise DataError(f"{path}: line {number} has {len(row)} of {width} columns" if len(row) < width else
                            f"{path}: line {number} has {len(row)} columns; the first line has {width}")  # fmt: skip
    if any(len(row) > width for row in rows):
        notes.append(Note("separators at the end of lines make an empty last column; it was left out"))
    return [row[:width] for row in rows]


# Whether line 1 names the columns


def _is_headed(path: str, rows: Sequence[Sequence[str]], header: str, notes: list[Note]) -> bool:
    """A text above numbers is a name; a number above numbers is a sample, and line 1 names nothing."""
    if header != "auto":
        return header == "names"
    first, body = rows[0], rows[1:]
    numbers = Numbers()
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
    if _could_be_names([first[c] for c in above], [first[c] for c in range(len(first)) if first[c]]):
        raise DataError(
            f"{path}: line 1 could name the columns or be the first sample: {', '.join(first[:6])}{' …' if len(first) > 6 else ''}",
            [("Line 1 names the columns", {"header": "names"}), ("Line 1 is the first sample", {"header": "data"})],
        )
    cell = first[above[0]]
    text = f"line 1 holds numbers above numbers ({cell}), so it was read as the first sample and the columns are numbered"
    notes.append(Note(text, (("Line 1 names the columns", {"header": "names"}),)))
    return False


def _could_be_names(above: Sequence[str], filled: Sequence[str]) -> bool:
    """Whether all cells of line 1 count up by one, as years do and the names of columns that never had any."""
    if len(above) != len(filled) or len(above) < 2 or not all(re.fullmatch(r"\d{1,4}", cell) for cell in above):
        return False
    values = [int(cell) for cell in above]
    return all(b - a == 1 for a, b in zip(values, values[1:], strict=False))


def _names(given: Sequence[str], notes: list[Note]) -> list[str]:
    """A name for every column: by its place where line 1 gives none, made unique where it gives one twice."""
    names: list[str] = []
    for place, name in enumerate(given, 1):
        wanted = name or f"column {place}"
        found, count = wanted, 2
        while found in names or (found != wanted and found in given):
            found, count = f"{wanted}_{count}", count + 1
        if found != wanted:
            notes.append(Note(f"line 1 names two columns {wanted!r}; the second is called {found!r} here"))
        names.append(found)
    return names

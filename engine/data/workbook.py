"""An .xlsx workbook as rows of cells: one sheet, its values as texts, and notes on formulas and merged cells."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import IO, Any

from engine.data import dialect, text_file
from engine.data.errors import DataError, DataNote, Unreadable
from engine.data.table_reading import Finding
from engine.data.text_file import Lines
from engine.numerics.job import JobReport, Steps
from graph.storage.paths import open_regular, reason
from graph.text.listing import alternatives
from graph.text.messages import _, ngettext
from graph.text.quoting import named, quoted_path

ENDINGS = (".xlsx", ".xlsm")
MAX_UNPACKED = 2**30
"""Bytes of a workbook's parts when they are unpacked."""
MAX_CELLS = 5_000_000
"""What is read in about a minute: cells of a workbook are XML."""
ROWS_AT_ONCE = 500
TITLES = 20
OLD = b"\xd0\xcf\x11\xe0"
"""How files of Excel before 2007 begin."""
_FORMULA = re.compile(rb"<f[ >/]")
_UNCOMPUTED = re.compile(rb'<c r="([A-Z]{1,3}\d{1,7})"[^>]*><f[^>]*?(?:/>|>[^<]*</f>)(?:<v\s*/>|<v></v>)?</c>')
_MERGED = re.compile(rb'<mergeCell ref="([A-Z0-9:]+)"')


def is_workbook(path: str) -> bool:
    """Whether a file is one by its name, or by how it begins. Raises DataError for workbooks that are not .xlsx."""
    try:
        with open_regular(path) as file:
            start = file.read(64)
    except OSError as error:
        raise Unreadable(_("{path}: cannot be read: {error}").format(path=quoted_path(path), error=reason(error))) from None
    if start.startswith(OLD) or (start.startswith(b"PK") and b"opendocument" in start):
        text = _("{path}: this kind of workbook cannot be read; save it as .xlsx or CSV")
        raise DataError(text.format(path=quoted_path(path)))
    return path.lower().endswith(ENDINGS) or start.startswith(b"PK\x03\x04")


def reading_rows(path: str, sheet: str, skip: int) -> Steps:
    """The rows of a sheet, the number of each, and `Lines` with the notes; raises DataError, in words for the file's owner."""
    shown = quoted_path(path)
    try:
        import openpyxl
    except ImportError:
        raise DataError(_("{path}: reading .xlsx needs the package openpyxl, which is not installed").format(path=shown)) from None
    try:
        with open_regular(path) as file:
            _bound(file, shown)
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            try:
                result = yield from _rows(book, file, shown, sheet, skip)
            finally:
                book.close()
    except OSError as error:
        raise Unreadable(_("{path}: cannot be read: {error}").format(path=shown, error=reason(error))) from None
    except DataError:
        raise
    except Exception as error:  # a damaged file raises whatever the part of it that is damaged leads to
        kind = type(error).__name__
        text = _("{path}: is not a whole .xlsx workbook ({kind}); open it in a spreadsheet and save it again")
        raise DataError(text.format(path=shown, kind=kind)) from None
    return result


def _bound(file: IO[bytes], path: str) -> None:
    file.seek(0, 2)
    if file.tell() > text_file.MAX_BYTES:
        raise DataError(
            _("{path}: is larger than {megabytes} MB, the limit for a table; keep fewer rows").format(
                path=path, megabytes=text_file.MAX_BYTES >> 20
            )
        )
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
            text = _("{path}: unpacks to more than {megabytes:,} MB, the limit for a workbook")
            raise DataError(text.format(path=path, megabytes=MAX_UNPACKED >> 20))
    file.seek(0)


def _rows(book: Any, file: IO[bytes], path: str, chosen: str, skip: int) -> Steps:
    found = Lines(path, [], "xlsx")
    names = tuple(sheet.title for sheet in book.worksheets)
    if chosen and chosen not in names:
        text = _("{path}: has no sheet {sheet}; its sheets are {names}")
        raise DataError(text.format(path=path, sheet=named(chosen), names=alternatives([named(name, 40) for name in names[:12]])))
    rows: list[list[str]] = []
    numbers: list[int] = []
    title = chosen
    for sheet in book.worksheets:
        if (chosen and sheet.title != chosen) or rows:
            continue
        yield from _cells(sheet, path, rows, numbers, skip)
        title = sheet.title
    if not rows:
        raise DataError(_("{path}: has no sheet with a table").format(path=path))
    if len(names) > 1:
        others = ", ".join(named(name, 40) for name in names if name != title)
        evidence = _("Sheet {sheet} was read; the workbook also has {others}.").format(sheet=named(title), others=others)
        found.findings.append(Finding("sheet", title, evidence, bool(chosen), not chosen))
    sheet = next(sheet for sheet in book.worksheets if sheet.title == title)
    found.notes += _marks(file, str(getattr(sheet, "_worksheet_path", "")))
    _skip_titles(rows, numbers, found)
    return rows, numbers, found, names


def _cells(sheet: Any, path: str, rows: list[list[str]], numbers: list[int], skip: int) -> Steps:
    """Read a sheet's rows that hold something."""
    total, cells = int(sheet.max_row or 0), 0
    sheet.reset_dimensions()  # what the file says about its size may be wrong
    for at, row in enumerate(sheet.iter_rows(values_only=True), 1):
        if not at % ROWS_AT_ONCE:
            yield JobReport(min(at, total), total, _("{done:,} of {total:,} rows read").format(done=at, total=max(at, total)))
        if at <= skip:
            continue
        texts = [_text(value) for value in row]
        cells += len(texts)
        if len(texts) > dialect.MAX_COLUMNS and any(texts[dialect.MAX_COLUMNS :]):
            raise dialect.too_many_columns(path, len(texts))
        if cells > MAX_CELLS:
            text = _("{path}: has more than {most:,} cells, the limit for a workbook; save the sheet as CSV")
            raise DataError(text.format(path=path, most=MAX_CELLS))
        if any(texts):
            rows.append(texts)
            numbers.append(at)
    width = max((len(row) for row in rows), default=0)
    for row in rows:
        row += [""] * (width - len(row))


def _text(value: Any) -> str:
    """A cell as text that is read back as the same number, date or word."""
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime):
        return str(value.date()) if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).strip()


def _marks(file: IO[bytes], part: str) -> list[DataNote]:
    """What the sheet has beside values: formulas, those that were never computed, and merged cells."""
    formulas, uncomputed, merged = 0, list[str](), list[str]()
    for piece in _pieces(file, part):
        formulas += len(_FORMULA.findall(piece))
        uncomputed += [match.decode() for match in _UNCOMPUTED.findall(piece)]
        merged += [match.decode() for match in _MERGED.findall(piece)]
    notes = []
    if formulas > len(uncomputed):
        text = ngettext("{n:,} cell is a formula; its last computed value was read",
                        "{n:,} cells are formulas; their last computed values were read", formulas - len(uncomputed))  # fmt: skip
        notes.append(DataNote(text.format(n=formulas - len(uncomputed))))
    if uncomputed:
        text = ngettext(
            "cell {cells} is a formula without a stored value and was read as empty; open the workbook in a spreadsheet and save it",
            "{n:,} cells ({cells}) are formulas without stored values, read as empty; open the workbook in a spreadsheet and save it",
            len(uncomputed),
        )
        shown = ", ".join(uncomputed[:4]) + (" …" if len(uncomputed) > 4 else "")
        notes.append(DataNote(text.format(n=len(uncomputed), cells=shown), warning=True))
    if merged:
        shown = ", ".join(merged[:4]) + (" …" if len(merged) > 4 else "")
        text = _("merged cells ({cells}): the value stands in the first of them, the others are empty")
        notes.append(DataNote(text.format(cells=shown), warning=True))
    return notes


def _pieces(file: IO[bytes], part: str) -> Iterator[bytes]:
    """The XML of a sheet in pieces that end where a cell ends."""
    if not part:
        return
    with zipfile.ZipFile(file) as archive, archive.open(part.lstrip("/")) as stream:
        rest = b""
        while piece := stream.read(2**20):
            piece = rest + piece
            end = max(piece.rfind(b"</c>") + 4, piece.rfind(b"/>") + 2)
            yield piece[:end]
            rest = piece[end:]
        yield rest


def _skip_titles(rows: list[list[str]], numbers: list[int], found: Lines) -> None:
    """Leave out lines of title above the table: rows with at most half as many cells as the rows below them."""
    filled = [sum(map(bool, row)) for row in rows[: TITLES + 200]]
    width = max(filled)
    start = next((at for at, count in enumerate(filled[:TITLES]) if count > width / 2), 0)
    if start:
        text = ngettext("{n:,} line above the table skipped: it has fewer cells than the lines below it",
                        "{n:,} lines above the table skipped: they have fewer cells than the lines below them", start)  # fmt: skip
        found.notes.append(DataNote(text.format(n=start), warning=True))
        del rows[:start], numbers[:start]

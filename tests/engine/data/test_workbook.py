"""Workbooks: the same reader as for text files; what only a workbook has is said."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from engine.data import DataError, load, workbook
from engine.data.preview import preview


def saved(folder: Path, rows: list[list[Any]], **more: Any) -> dict[str, Any]:
    """A workbook whose sheet "Data" has these rows, behind an empty one."""
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Data")
    for row in rows:
        sheet.append(row)
    for name, value in more.items():
        sheet[name] = value
    if "A1" in more:
        sheet.merge_cells("A1:D1")
    book.save(folder / "t.xlsx")
    return {"dataset": "csv", "path": str(folder / "t.xlsx"), "test_fraction": 0.0}


def test_numbers_are_exactly_those_of_the_workbook(tmp_path: Path) -> None:
    data = load(saved(tmp_path, [["a", "b", "y"], [1.204, 0.123456789012345, 1], [3.871, -2e-300, 2], [2, 5, 3.5]]))
    assert sorted(map(tuple, data.train.x)) == [(1.204, 0.123456789012345), (2.0, 5.0), (3.871, -2e-300)]


def test_dates_errors_formulas_and_merged_cells_are_said(tmp_path: Path) -> None:
    below = [[date(2024, 5, n + 1), n % 2 == 0, n if n != 2 else "#DIV/0!", "ab"[n % 2]] for n in range(6)]
    rows: list[list[Any]] = [[], ["day", "ok", "a", "kind"], *below]
    reading = preview(saved(tmp_path, rows, A1="Measured in May", C4="=1+1"))
    assert [(column.name, column.kind, column.role, column.missing) for column in reading.columns] == [
        ("day", "date", "ignore", 0), ("ok", "yes/no", "feature", 0), ("a", "number", "feature", 2), ("kind", "category", "target", 0),
    ]  # fmt: skip
    assert reading.columns[0].values[0] == "2024-05-01" and reading.columns[1].values[:2] == (True, False)
    said = " ".join(reading.sentences())
    for part in ("cell C4 is a formula without a stored value", "merged cells (A1:D1)", "1 line above the table skipped",
                 "Sheet 'Data' was read; the workbook also has 'Sheet'", "lines 4, 5"):  # fmt: skip
        assert part in said
    assert (reading.rows, reading.usable, reading.skipped, reading.header) == (6, 4, 1, True)


def test_a_sheet_is_chosen_by_name(tmp_path: Path) -> None:
    settings = saved(tmp_path, [["a", "y"], [1, 2], [3, 4]])
    assert preview({**settings, "sheet": "Data"}).rows == 2
    with pytest.raises(DataError, match="has no sheet 'Nope'; its sheets are 'Sheet' or 'Data'"):
        preview({**settings, "sheet": "Nope"})


def test_what_is_no_whole_workbook_is_refused_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = saved(tmp_path, [["a", "y"], [1, 2], [3, 4]])
    path = Path(settings["path"])
    whole = path.read_bytes()
    for content, said in (
        (whole[:2000], "is not a whole .xlsx workbook"), (b"\xd0\xcf\x11\xe0" + bytes(600), "this kind of workbook cannot be read"),
        (b"PK\x03\x04" + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "this kind of workbook cannot be read"),
    ):  # fmt: skip
        path.write_bytes(content)
        with pytest.raises(DataError, match=said):
            preview(settings)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no sheet in here")
    with pytest.raises(DataError, match="is not a whole .xlsx workbook"):
        preview(settings)
    path.write_bytes(whole)
    for name, most, said in (("MAX_UNPACKED", 1000, "unpacks to more than"), ("MAX_CELLS", 3, "more than 3 cells")):
        with monkeypatch.context() as patch:
            patch.setattr(workbook, name, most)
            with pytest.raises(DataError, match=said):
                preview({**settings, "skip_rows": 0, "comment": name})  # another reading: this file's cells are kept

"""Numbers with a sign for per cent or a currency, which are numbers only if somebody says so; and columns with another name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data import DataError, describe, load
from engine.data.preview import preview

ROWS = ["12,5 %;€ 3,50;$1,200;7;a", "5 %;-€ 1.200,00;-$3.50;8;b", "30%;4,75 €;$7;9;a", "0 %;€3;$0.25;6;b"]


@pytest.fixture
def sales(tmp_path: Path) -> str:
    path = tmp_path / "sales.csv"
    path.write_text("share;price;cost;y;shop\n" + "\n".join(ROWS) + "\n", encoding="utf-8")
    return str(path)


def test_signs_leave_a_column_a_text_and_a_note_says_why(sales: str) -> None:
    reading = preview({"path": sales})
    assert [(column.kind, column.role) for column in reading.columns[:3]] == [("text", "ignore")] * 3
    notes = {note.text: [title for title, _settings in note.repairs] for note in reading.notes if note.warning}
    share = next(text for text in notes if "'share'" in text)
    assert "is read as text" in share and "'12,5 %'" in share and notes[share] == ["12.5 % is 12.5", "12.5 % is 0.125"]
    assert notes[next(text for text in notes if "'price'" in text)] == ["Read them as numbers"]


@pytest.mark.parametrize(("unit", "expected"), [("", [12.5, 5, 30, 0]), ("percent", [12.5, 5, 30, 0]), ("fraction", [0.125, 0.05, 0.3, 0])])
def test_what_per_cent_means_is_chosen_and_said(sales: str, unit: str, expected: list[float]) -> None:
    columns: dict[str, Any] = {
        "share": {"kind": "number"} | ({"unit": unit} if unit else {}),
        "price": {"kind": "number"},
        "cost": {"kind": "number"},
    }
    settings = {"dataset": "csv", "path": sales, "columns": columns, "test_fraction": 0.0}
    data = load(settings)
    whole = data.train.x[np.argsort(data.train.rows)]
    assert whole[:, 0].tolist() == expected
    assert whole[:, 1].tolist() == [3.5, -1200, 4.75, 3] and whole[:, 2].tolist() == [1200, -3.5, 7, 0.25]
    notes = [note.text for note in data.description.notes]
    assert any("12.5 % is read as the number " + ("0.125" if unit == "fraction" else "12.5") in note for note in notes)
    assert sum("the currency signs are left out" in note for note in notes) == 2
    stored = preview(settings).settings
    assert stored["columns"]["share"]["unit"] == (unit or "percent") and stored["columns"]["price"]["unit"] == "currency"
    assert load({**stored, "test_fraction": 0.0}).train.x.tolist() == data.train.x.tolist()


@pytest.mark.parametrize(("rows", "said"), [
    ("5 %\n0.5\n7 %\n", "line 3, column 'share' has '0.5' without the per cent sign"),
    ("$5\n€7\n$8\n", "several signs"), ("5 %\nabc\n7 %\n", "line 3, column 'share' has 'abc'"),
])  # fmt: skip
def test_cells_without_the_sign_of_the_others_are_named(tmp_path: Path, rows: str, said: str) -> None:
    (tmp_path / "t.csv").write_text("share|y\n" + rows.replace("\n", "|1\n"), encoding="utf-8")
    with pytest.raises(DataError, match=said):
        load({"dataset": "csv", "path": str(tmp_path / "t.csv"), "columns": {"share": {"kind": "number"}}})


def test_other_names_are_used_wherever_the_table_is(sales: str) -> None:
    columns = {"y": {"name": "yield"}, "shop": {"name": "Laden", "role": "feature"}, "share": {"kind": "number", "name": "%"}}
    settings = {
        "dataset": "csv",
        "path": sales,
        "columns": {**columns, "y": {"name": "yield", "role": "target"}, "share": {**columns["share"], "role": "feature"}},
    }
    about = describe(settings)
    assert about.feature_names == ("%", "Laden = a", "Laden = b") and about.target_names == ("yield",)
    assert any("'Laden'" in note.text for note in about.notes) and not any("'shop'" in note.text for note in about.notes)
    reading = preview(settings)
    assert [entry["name"] for entry in reading.to_json()["columns"]] == ["%", "price", "cost", "yield", "Laden"]
    assert [column.name for column in reading.columns] == ["share", "price", "cost", "y", "shop"]
    assert describe(reading.settings).feature_names == about.feature_names
    with pytest.raises(DataError, match="two columns would be called 'y'"):
        describe({**settings, "columns": {"price": {"name": "y"}}})

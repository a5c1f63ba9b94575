"""Tables that people have: every file of tests/data/cases/csv is read as a person would read it, or refused in a clear sentence.

The right readings are written here by hand, from the files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data import DataError, DataSet, describe, load

CASES = Path(__file__).parents[2] / "data" / "cases" / "csv"


def case(name: str, **settings: Any) -> dict[str, Any]:
    (path,) = CASES.glob(f"{name}_*")
    return {"dataset": "csv", "path": str(path), "test_fraction": 0.0, **settings}


def rows(data: DataSet) -> list[tuple[Any, ...]]:
    """The samples in the order of the file, features first, with the class's name in place of its number."""
    about = data.description
    targets = [about.classes[label] for label in data.train.y] if about.classes else data.train.y[:, 0].tolist()
    read = [(*map(float, x), t) for x, t in zip(data.train.x, targets, strict=True)]
    return [read[at] for at in np.argsort(data.train.rows)]


def said(data: DataSet) -> str:
    return "\n".join(note.text for note in data.description.notes)


TREES = [(4.1, 1.2, "oak"), (3.9, 1.1, "oak"), (6.2, 2.0, "elm"), (6.0, 2.1, "elm")]
NINE = [(1.0, 2.0, 3.0), (4.0, 5.0, 6.0), (7.0, 8.0, 9.0)]
TOWNS = [(1204, 10.5, 1.5), (3871, 20.25, 2.5), (2655, 15.75, 2.0), (1977, 12.0, 1.0)]
BEARS = [(1.5, 2.5, "Bär"), (2.5, 1.5, "Kuh"), (3.5, 2.0, "Bär")]


@pytest.mark.parametrize(("name", "wanted", "note"), [
    ("02", [(1234.5, 2, 2469.0), (12.5, 4, 50.0), (7000.0, 1, 7000.0), (3.25, 8, 26.0)], "decimal comma"),
    ("02b", TOWNS, "the point separates thousands, 1.204 is 1204"),
    ("02d", TOWNS, "the comma separates thousands, 1,204 is 1204"),
    ("02e", [(1204.5, 10, 1.5), (3871.0, 20, 2.5), (2655.5, 15, 2.0)], "decimal comma"),
    ("03", [(1.5, 2.5, 4), (2.5, 1.5, 4), (0.5, 3.5, 4), (3, 1, 4)], "decimal comma"),
    ("03b", [(1.5, 2.5, 4), (2.5, 1.5, 4), (0.5, 3.5, 4)], "decimal comma"),
    ("04", [(1.5, 2), (-3.5, 4), (2, 1), (-0.5, 3)], "decimal comma"),
    ("05", NINE, "line 1 names the separator: ;"),
    ("06", NINE, ""),
    ("06b", NINE, ""),
    ("07", [(1, 2), (3, 4), (5, 6)], "2 comment lines at the top skipped"),
    ("08", BEARS, "Windows-1252"),
    ("08c", BEARS, "decimal comma"),
    ("08d", [(1, 2), (3, 4), (5, 6)], ""),
    ("09", TREES, "column 1 has no name and counts the rows, so it was left out"),
    ("10b", [(1, 2, "a"), (2, 3, "b"), (3, 1, "b"), (4, 5, "a"), (6, 7, "b")], "2 rows have no value in kind (lines 4, 6)"),
    ("10", [(1, 2, "a"), (4, 5, "a")], "column 'y': 2 rows have no value (lines 4, 5) and are not used"),
    ("12", [(0, 1, 180, 80), (1, 0, 165, 60), (0, 1, 175, 78), (1, 0, 160, 55)], "2 features of 0 and 1 (one-hot): 'sex = f', 'sex = m'"),
    ("12b", [(3, 1), (4, 2), (5, 3)], "column 'date' is left out: it holds dates"),
    ("19", [(1, 2, 3), (4, 5, 6)], "years that count up by one, so it was read as names"),
    ("25", [(3, 0, 1, 22, 7.25, "0"), (1, 1, 0, 38, 71.28, "1"), (1, 0, 1, 54, 51.86, "0")], "'Name' is left out: it is different"),
    ("38", [(1, 2, 3)], "1 row has no value in z (line 4) and cannot be used for training"),
    ("40", [(1, 2), (4, 5)], "column 'x': 1 row has no value (line 3) and is not used"),
    ("11", [(1, 40, 1.5), (0, 30, 0.5), (1, 50, 2.5), (0, 20, 0.2)], "False is 0 and True is 1"),
    ("11b", [(40, 1.5, "True"), (30, 0.5, "False"), (50, 2.5, "True"), (20, 0.2, "False")], ""),
    ("15", [(1, 2, 3), (4, 5, 6)], "the second is called 'x_2' here"),
    ("16", [(1, 2, 3), (4, 5, 6)], "empty last column"),
    ("16b", [(1, 2, 3), (4, 5, 6)], "empty last column"),
    ("18", [(1, 2, 1), (2, 1, 2), (3, 3, 3), (1, 1, 1), (2, 2, 2), (3, 1, 3)], "only 3 values"),
    ("21", [(1, 2, "a"), (2, 3, "a"), (3, 4, "a"), (4, 5, "a")], "same class in every row"),
    ("22", [(1, 2), (3, 4), (5, 6)], "1 blank line skipped, the first is line 3"),
    ("24", [(1, 2), (3, 4), (5, 6)], ""),
    ("27", [(1, 2, "Yes"), (2, 1, "No"), (3, 3, "Yes"), (1, 1, "No")], "'Yes' and 'yes'; 'No' and 'no' differ only in case or blanks"),
    ("28", [(0.001, 2), (200000, 3), (0.5, 4), (5.0, 6)], ""),
    ("31", [(1, 2, 3)], ""),
    ("33", [(1, 2, "a"), (2, 3, "a"), (3, 4, "b"), (4, 5, "b")], "spaces around words removed"),
    ("34", [(1, 2, "1"), (2, 3, "2"), (3, 4, "3+"), (4, 5, "2-"), (5, 6, "1"), (6, 7, "3")], "all its values are read as classes"),
    ("35", [(1.5, 2, 1.0), (2.5, 1, 1.7), (3, 4, 2.3), (4, 1, 1.0)], "decimal comma"),
    ("37", [(2, 250000), (3, 310500), (4, 420000), (2, 199900)], "250,000 is 250000"),
    ("41", [(1, 2), (-999, 3), (4, 5)], "has -999 in 1 row, far from all other values"),
    ("45", [(1, 2, 0), (2, 3, 1), (3, 4, 0), (4, 5, 1)], "only 2 values"),
])  # fmt: skip
def test_a_table_is_read_as_a_person_reads_it(name: str, wanted: list[tuple[Any, ...]], note: str) -> None:
    data = load(case(name))
    read = rows(data)
    assert read[: len(wanted)] == wanted
    assert len(read) >= len(wanted) and note in said(data)
    if not note:
        assert not data.description.notes


@pytest.mark.parametrize("name", ["01", "01b"])
def test_a_number_above_numbers_in_line_1_is_a_sample(name: str) -> None:
    data = load(case(name))
    assert data.description.rows == 8
    assert sorted(set(data.description.classes)) in (["ash", "elm", "oak"], ["A", "E", "O"])
    assert rows(data)[0] in ((4.1, 1.2, "oak"), (4.1, 1.2, 41.0, "O"))
    assert "line 1 holds numbers above numbers" in said(data)
    (offer,) = data.description.notes[0].repairs
    assert describe(case("01", **offer[1])).feature_names == ("4.1", "1.2")  # one click reads it the other way


@pytest.mark.parametrize(("name", "part"), [
    ("14", "line 5, column 'y' has 'oops', and a target must be a finite number"),
    ("23", "line 4, column 'x' has 'Sum', and a feature must be a finite number"),
    ("29", "line 2 has 2 of 3 columns"),
    ("30", "has no rows below the line with the column names"),
    ("39", "line 3, column 'x' has 'inf'"),
    ("44", "'id' is different in every row: it identifies the rows and cannot be a target"),
])  # fmt: skip
def test_what_nobody_can_decide_is_refused_with_line_and_column(name: str, part: str) -> None:
    with pytest.raises(DataError) as refused:
        load(case(name))
    assert part in str(refused.value)


@pytest.mark.parametrize(("name", "button", "wanted"), [
    ("19", "Line 1 is the first sample", [(2019, 2020, 2021), (1, 2, 3), (4, 5, 6)]),
    ("12b", "Use date as a feature", [(19723, 3, 1), (19724, 4, 2), (19725, 5, 3)]),  # days since 1970
    ("41", "-999 means that there is no value", [(1, 2), (4, 5)]),
    ("10", "Use the mean for y", [(1, 2, "a"), (2, 3.5, "a"), (3, 3.5, "b"), (4, 5, "a")]),
])  # fmt: skip
def test_a_note_offers_what_one_click_can_do(name: str, button: str, wanted: list[tuple[float, ...]]) -> None:
    offers = {title: settings for note in load(case(name)).description.notes for title, settings in note.repairs}
    assert rows(load(case(name, **offers[button])))[: len(wanted)] == wanted


@pytest.mark.parametrize(("name", "button", "wanted"), [
    ("39", "'inf' means that there is no value", [(1, 2), (4, 5)]), ("23", "Leave out x", [(2, 3), (5, 6), (7, 9)]),
])  # fmt: skip
def test_a_refusal_offers_what_one_click_can_do(name: str, button: str, wanted: list[tuple[float, ...]]) -> None:
    with pytest.raises(DataError) as refused:
        load(case(name))
    assert rows(load(case(name, **dict(refused.value.repairs)[button])))[: len(wanted)] == wanted


def test_the_line_named_is_the_files_own_also_below_a_quoted_line_break() -> None:
    with pytest.raises(DataError, match="line 5, column 'y' has 'oops'"):
        load(case("14", feature_columns="x"))


def test_every_case_is_read_or_refused_in_words() -> None:
    """No file of the folder is forgotten above, and none ends in anything but a reading or a DataError."""
    read, refused = [], []
    for path in sorted(CASES.iterdir()):
        try:
            load({"dataset": "csv", "path": str(path)})
            read.append(path.name)
        except DataError:
            refused.append(path.name)
    assert [name.split("_")[0] for name in refused] == ["14", "23", "29", "30", "39", "44"]
    assert len(read) == 45


def test_a_column_named_label_is_the_target_and_nothing_is_a_picture_by_itself() -> None:
    about = describe(case("43", coding="index"))
    assert (about.target_names, about.features, about.classes, about.picture) == (("label",), (16,), ("0", "1", "2"), None)
    assert describe({"dataset": "digits"}).picture == (8, 8)


def test_a_class_that_no_test_sample_has_is_named() -> None:
    notes = describe(case("20", test_fraction=0.25)).notes
    assert [note.text for note in notes] == ["class 'rare': too few rows to have one in the test set, so it is never tested"]


def written(folder: Path, text: str, **settings: Any) -> dict[str, Any]:
    (folder / "t.csv").write_bytes(text.encode())
    return {"dataset": "csv", "path": str(folder / "t.csv"), "test_fraction": 0.0, **settings}


@pytest.mark.parametrize("text", ["a;y\n1.204;2\n3.871;4\n", "a\ty\n1,204\t2\n3,871\t4\n"])
def test_a_number_with_two_meanings_is_refused_and_one_click_decides(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"line 2, column 'a' has 1[.,]204, which can mean (1.204 or 1204|1204 or 1.204)") as refused:
        load(written(tmp_path, text))
    readings = {load(written(tmp_path, text, **how)).train.x[:, 0].max() for _, how in refused.value.repairs}
    assert readings == {3.871, 3871.0}


@pytest.mark.parametrize(("text", "first"), [
    ("a,y\n1.204,2\n3.871,4\n", 1.204),  # commas part the cells, so the point can only be the decimal sign
    ("a\ty\n1.204\t2\n3.871\t4\n", 1.204),
    ("a;b;y\n1.204;0,5;2\n3.871;0,25;4\n", 1204.0),
    ("a;b;y\n1.204;0.5;2\n3.871;0.25;4\n", 1.204),
    ("a;y\n1'204,5;2\n3'871,0;4\n", 1204.5),
    ("a;y\n1 204;2\n3 871;4\n", 1204.0),
    ("a;y\n1.204.500;2\n3,5;4\n", 1204500.0),
    ('a,y\n"1,204.50",2\n3,4\n', 1204.5),
    ("a,y\n+1.5,2\n3,4\n", 1.5),
])  # fmt: skip
def test_the_decimal_sign_follows_from_what_proves_it(tmp_path: Path, text: str, first: float) -> None:
    assert rows(load(written(tmp_path, text)))[0][0] == first


def test_two_conventions_in_one_column_name_the_cell(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 4, column 'a' has '2,5'"):
        load(written(tmp_path, 'a,y\n1.5,2\n0.25,3\n"2,5",4\n'))


@pytest.mark.parametrize(("text", "headed"), [
    ("4.1,oak\n3.9,elm\n5.0,oak\n", False),
    ("id,2019,2020\n1,5,6\n2,7,9\n", True),  # a word above numbers is a name: so are the years beside it
    ("NA,1.5,a\n2,2.5,b\n3,4.5,a\n", False),
    ("a,b,y\n1,2,3\n", True),
    ("0.5,1.5\n", False),
])  # fmt: skip
def test_whether_line_1_names_the_columns(tmp_path: Path, text: str, headed: bool) -> None:
    try:
        has_header = describe(written(tmp_path, text)).feature_names[0] != "column 1"
    except DataError as refused:  # the first sample has no value, which is said of line 1
        has_header = "line 1, column 'column 1' has no value" not in str(refused)
    assert has_header == headed


def test_the_header_of_numpys_savetxt_is_in_a_comment(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "t.csv", np.array([[1.0, 2.0], [3.0, 5.0]]), delimiter=",", header="speed,y")
    data = load({"dataset": "csv", "path": str(tmp_path / "t.csv"), "test_fraction": 0.0})
    assert data.description.feature_names == ("speed",) and sorted(data.train.x[:, 0]) == [1.0, 3.0]


def test_the_header_pandas_writes_for_columns_without_names_is_asked_about(tmp_path: Path) -> None:
    data = load(written(tmp_path, ",0,1,2\n0,0.5,1.5,2\n1,2.5,3.5,4\n"))
    assert rows(data) == [(0.5, 1.5, 2), (2.5, 3.5, 4)] and "could name the columns or be the first sample" in said(data)
    data = load(written(tmp_path, "0,1,2,label\n5,6,7,a\n8,9,1,b\n"))
    assert data.description.target_names == ("label",) and "so it was read as names" in said(data)
    data = load(written(tmp_path, "1,2\n3,4\n"))
    assert rows(data) == [(1, 2), (3, 4)] and "so it was read as the first sample" in said(data)


def test_a_remark_beside_the_table_is_not_its_target(tmp_path: Path) -> None:
    data = load(written(tmp_path, "x,y,\n1,2,\n3,4,see page 5\n"))
    assert rows(data) == [(1, 2), (3, 4)] and "column 'column 3' is left out" in said(data)


def test_excels_unicode_text_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("a\ty\r\n1,5\t2\r\n2,5\t3\r\n".encode("utf-16"))
    assert rows(load({"dataset": "csv", "path": str(tmp_path / "t.csv"), "test_fraction": 0.0})) == [(1.5, 2.0), (2.5, 3.0)]


def test_a_feature_that_is_the_target_gives_the_answer_away(tmp_path: Path) -> None:
    data = load(written(tmp_path, "a,b,y\n1,0.5,0.5\n2,1.5,1.5\n3,7.0,7.0\n"))
    assert "feature 'b' equals the target 'y' in every row" in said(data)


def test_what_is_no_file_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    for path in ("/dev/zero", str(tmp_path)):
        with pytest.raises(DataError, match="this is a (device, not a regular|folder, not a) file"):
            describe({"dataset": "csv", "path": path})


def test_a_large_table_of_pixels_is_read_in_reasonable_space(tmp_path: Path) -> None:
    """Cells that are alike are kept once: 2,000 × 785 numbers."""
    rng = np.random.default_rng(0)
    table = rng.integers(0, 256, (2000, 785))
    np.savetxt(tmp_path / "t.csv", table, fmt="%d", delimiter=",", header="label," + ",".join(f"p{i}" for i in range(784)), comments="")
    data = load({"dataset": "csv", "path": str(tmp_path / "t.csv"), "test_fraction": 0.0, "target_columns": "label"})
    assert np.array_equal(data.train.x[np.argsort(data.train.rows)], table[:, 1:].astype(float))

"""What `main.py data` and the import dialog say of every table in tests/data/cases/csv, and of the neighbours of each.

The right readings are written by hand, from the files. A column is `name kind role missing`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.commands import run_command
from engine.data import DataError, load
from engine.data.how_read import HowRead
from engine.data.preview import preview, read_table
from engine.data.table_reading import ReadTable, TableReading
from engine.numerics.job import JobError, finished

CASES = Path(__file__).parents[2] / "data" / "cases" / "csv"


def case(name: str) -> str:
    (path,) = CASES.glob(f"{name}_*")
    return str(path)


def columns(reading: TableReading) -> str:
    """`x number feature, kind category target 2`: the number at the end counts missing values."""
    return ", ".join(
        f"{column.name} {column.kind} {column.role}" + (f" {column.missing}" if column.missing else "") for column in reading.columns
    )


XY, XYZ = "x number feature, y number target", "x number feature, y number feature, z number target"
KIND = "x number feature, y number feature, kind category target"
TREES = "len number feature, wid number feature, kind category target"
BEARS = "Größe number feature, Länge number feature, Art category target"
READ: dict[str, tuple[int, str, list[Any], str]] = {
    "01": (8, "column 1 number feature, column 2 number feature, column 3 category target", [4.1, 3.9], "has the number 4.1 above numbers"),
    "01b": (8, "column 1 category target, column 2 number feature, column 3 number feature, column 4 number feature", ["O", "O"],
            "above numbers, so it is the first sample"),
    "02": (4, "preis number feature, menge number feature, umsatz number target", [1234.5, 12.5], "sign between thousands is the point"),
    "02b": (4, "einwohner number feature, flaeche number feature, index number target", [1204, 3871], "1.204 is 1204"),
    "02d": (4, "pop number feature, area number feature, y number target", [1204, 3871], "1,204 is 1204"),
    "02e": (3, "prix number feature, surface number feature, y number target", [1204.5, 3871.0, 2655.5], "between thousands is the blank"),
    "03": (4, XYZ, [1.5, 2.5, 0.5, 3.0], "decimal comma"),
    "03b": (3, XYZ, [1.5, 2.5, 0.5], "decimal comma"),
    "04": (4, XY, [1.5, -3.5, 2.0, -0.5], "decimal comma"),
    "05": (3, XYZ, [1, 4, 7], "Line 1 names the separator"),
    "06": (3, XYZ, [1, 4, 7], "the vertical bar outside quotation marks"),
    "06b": (3, XYZ, [1, 4, 7], "Blanks cut every line into 3 cells"),
    "07": (3, XY, [1, 3, 5], "2 comment lines at the top skipped"),
    "08": (3, BEARS, [1.5, 2.5, 3.5], "was read as Windows-1252"),
    "08c": (3, BEARS, [1.5, 2.5, 3.5], "A mark at the beginning of the file says that it is UTF-8"),
    "08d": (3, XY, [1, 3, 5], ""),
    "09": (4, "column 1 number ignore, " + TREES, [0, 1, 2, 3], "has no name and counts the rows, so it was left out"),
    "10": (5, "x number feature 1, y number feature 2, kind category target", [1, None, 2, 3, 4], "lines 4, 5"),
    "10b": (7, KIND + " 2", [1, 2, 2, 3, 4], "2 rows have no value in kind (lines 4, 6) and cannot be used for training"),
    "11": (4, "smoker yes/no feature, age number feature, risk number target", [True, False, True, False], "False is 0 and True is 1"),
    "11b": (4, "age number feature, dose number feature, ill yes/no target", [40, 30, 50, 20], ""),
    "12": (4, "sex category feature, height number feature, weight number target", ["m", "f", "m", "f"], "(one-hot): 'sex = f', 'sex = m'"),
    "12b": (3, "date date ignore, temp number feature, y number target", ["2024-01-01", "2024-01-02"], "it holds dates"),
    "15": (2, "x number feature, x_2 number feature, y number target", [1, 4], "the second is called 'x_2' here"),
    "16": (2, XYZ, [1, 4], "empty last column"),
    "16b": (2, XYZ, [1, 4], "empty last column"),
    "18": (6, "x number feature, y number feature, class category target", [1, 2, 3, 1, 2], "has only 3 values, all whole numbers"),
    "19": (2, "2019 number feature, 2020 number feature, 2021 number target", [1, 4], "could name the columns or be the first sample"),
    "20": (20, KIND, [0, 1, 2, 3, 4], "class 'rare' has only one row"),
    "21": (4, KIND, [1, 2, 3, 4], "same class in every row"),
    "22": (3, XY, [1, 3, 5], "1 blank line skipped, the first is line 3"),
    "24": (3, "a;b;c;d number feature, e number target", [1, 3, 5], "1 comma outside quotation marks"),
    "25": (4, "PassengerId number ignore, Survived category target, Pclass number feature, Name text ignore, Sex category feature, "
              "Age number feature 1, Fare number feature", [1, 2, 3, 4], "'Name' is left out: it is different in every row"),
    "27": (4, "x number feature, y number feature, play yes/no target", [1, 2, 3, 1], "'Yes' and 'yes'; 'No' and 'no' differ only in case"),
    "28": (4, XY, [0.001, 200000, 0.5, 5.0], ""),
    "31": (1, XYZ, [1], ""),
    "33": (4, "x number feature, y number feature, k category target", [1, 2, 3, 4], "spaces around words removed"),
    "34": (7, "x number feature, y number feature, grade category target", [1, 2, 3, 4, 5], "words among its numbers"),
    "35": (4, "a number feature, b number feature, note number target", [1.5, 2.5, 3, 4], "decimal comma"),
    "37": (4, "rooms number feature, price number target", [2, 3, 4, 2], "250,000 is 250000"),
    "38": (3, "x number feature 1, y number feature, z number target 1", [1, None, 7], "line 3"),
    "40": (3, "x number feature 1, y number target", [1, None, 4], "line 3"),
    "41": (3, XY, [1, -999, 4], "has -999 in 1 row, far from all other values"),
    "43": (9, "label category target, " + ", ".join(f"pixel{n} number feature" for n in range(16)), [0, 1, 2, 0, 1], "because of its name"),
    "44": (120, "x number feature, id text ignore", [0, 1, 2, 3, 4], "different in every row, so it identifies the rows"),
    "45": (4, "x number feature, y number feature, k category target", [1, 2, 3, 4], "has only 2 values"),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_a_table_is_proposed_as_a_person_reads_it(name: str) -> None:
    rows, wanted, first, said = READ[name]
    reading = preview({"path": case(name)})
    assert (reading.rows, columns(reading)) == (rows, wanted)
    assert list(reading.columns[0].values[: len(first)]) == first
    assert said in " ".join(reading.sentences())
    assert all(finding.evidence.endswith(".") for finding in reading.findings)


@pytest.mark.parametrize(("name", "separator", "decimal", "thousands", "header", "encoding", "skipped"), [
    ("02", ";", ",", ".", True, "utf-8", 0), ("02d", ",", ".", ",", True, "utf-8", 0), ("02e", ";", ",", "\u00a0", True, "utf-8", 0),
    ("03", "\t", ",", None, True, "utf-8", 0), ("01", ",", ".", None, False, "utf-8", 0), ("05", ";", ".", None, True, "utf-8", 1),
    ("06", "|", ".", None, True, "utf-8", 0), ("06b", " ", ".", None, True, "utf-8", 0), ("07", ",", ".", None, True, "utf-8", 2),
    ("08", ";", ",", None, True, "cp1252", 0),
])  # fmt: skip
def test_the_layout_is_told(name: str, separator: str, decimal: str, thousands: str, header: bool, encoding: str, skipped: int) -> None:
    reading = preview({"path": case(name)})
    layout = (reading.separator, reading.decimal, reading.thousands, reading.header, reading.encoding, reading.skipped)
    assert layout == (separator, decimal, thousands, header, encoding, skipped)


@pytest.mark.parametrize(("name", "said"), [
    ("14", "line 5, column 'y' has 'oops', and a target must be a finite number"), ("23", "line 4, column 'x' has 'Sum'"),
    ("29", "line 2 has 2 of 3 columns"), ("30", "has no rows below the line with the column names"), ("39", "line 3, column 'x' has 'inf'"),
])  # fmt: skip
def test_what_cannot_be_read_ends_with_2_and_one_sentence(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["data", case(name), "--json"]) == 2
    out, error = capsys.readouterr()
    assert said in error and error.count("\n") == 1
    if out:  # the table is shown as far as it can be read
        assert said in " ".join(json.loads(out)["notes"])


def test_every_case_is_here() -> None:
    refused = {"14", "23", "29", "30", "39"}
    assert sorted(path.name.split("_")[0] for path in CASES.iterdir()) == sorted({*READ, *refused})


def test_the_command_prints_the_object_and_takes_every_choice(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_bytes("made by hand\nnoch 'was\n1'000|2,5|x\n3|-|y\n".encode("utf-16"))
    options = ["--separator", "|", "--decimal", ",", "--thousands", "'", "--header", "no", "--skip", "2", "--encoding", "utf-16"]
    assert run_command(["data", str(path), "--json", *options, "--missing", "y, 3"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["rows", "columns", "separator", "decimal", "thousands", "header", "encoding", "skipped", "notes"]
    assert [list(column) for column in told["columns"]] == [["name", "kind", "role", "missing", "values"]] * 3
    assert [(column["missing"], column["values"]) for column in told["columns"]] == [(1, [1000, None]), (1, [2.5, None]), (1, ["x", None])]
    assert (told["rows"], told["thousands"], told["skipped"], told["header"], told["encoding"]) == (2, "'", 2, False, "utf-16")
    assert run_command(["data", case("02")]) == 0 and "1234.5, 12.5" in capsys.readouterr().out
    for wrong in (["--separator", "x"], ["--skip", "-1"], ["--header", "maybe"], ["--encoding", "ebcdic"]):
        assert run_command(["data", case("02"), *wrong]) == 2 and capsys.readouterr().err.count("\n") == 1


def test_what_is_stored_reads_the_file_alike_under_any_proposal() -> None:
    """The settings of a reading say everything: with them nothing is left to propose, and the samples are the same."""
    for name in ("02", "08", "10", "12", "18", "25", "35"):
        reading = preview({"path": case(name)})
        again = preview(reading.settings, proposed=False)
        assert columns(again) == columns(reading) and again.usable == reading.usable
        data = load({**reading.settings, "test_fraction": 0.0})
        assert data.description.rows == reading.usable


# Neighbours


def written(folder: Path, text: str | bytes, **settings: Any) -> dict[str, Any]:
    (folder / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return {"dataset": "csv", "path": str(folder / "t.csv"), "test_fraction": 0.0, **settings}


@pytest.mark.parametrize(("text", "wanted", "said"), [
    ("Station 7\nMay 2024\n\nx;y\n1;2\n3;4\n5;7\n", XY, "3 lines above the table skipped"),
    ("// from the lab\nx,y\n1,2\n3,4\n4,6\n", XY, "Lines at the top begin with //"),
    ("x,y\n1,2\n3,4\n# end\n", XY, "1 comment line in the table skipped (line 4)"),
    ("x y\n 1   2\n 3   4\n", XY, "Blanks cut every line into 2 cells"),
    ("x\ty\n1\t2\n3\t4\n".encode("utf-16-le"), XY, "Every other byte is zero"),
    ("x,y,part\n1,2,train\n3,4,TEST\n5,6,val\n", "x number feature, y number target, part category split", "says which part"),
    ("id,x,y\n1,5,2\n2,7,4\n3,9,1\n", "id number ignore, x number feature, y number target", "it counts the rows"),
    ("ok,x,y\nja,1,2\nnein,2,4\n", "ok yes/no feature, x number feature, y number target", "ja is 1 and nein is 0"),
    ("d,x,y\n03/04/2024,1,2\n05/06/2024,2,4\n", "d date ignore, x number feature, y number target", "'d' is left out"),
    ("grade,x,y\n1,1,2\n2,1,3\n3+,2,4\n2-,2,5\n1,3,6\n", "grade category feature, x number feature, y number target", "'grade = 3+'"),
    ("x,empty,y\n1,,2\n2,,3\n", "x number feature, empty text ignore 2, y number target", "no row has a value"),
    ("sex,x,y\nf,1,2\nF,2,3\nm,3,4\nm,1,5\n", "sex category feature, x number feature, y number target", "'f' and 'F' differ only in case"),
    ("city,x,y\n" + "".join(f"c{n % 90},1,{n}\n" for n in range(100)), "city text ignore, x number feature, y number target",
     "too many different ones"),
])  # fmt: skip
def test_the_neighbours_of_the_cases(tmp_path: Path, text: str | bytes, wanted: str, said: str) -> None:
    reading = preview(written(tmp_path, text))
    assert columns(reading) == wanted
    assert said in " ".join(reading.sentences())


AGES = "age,sex,y\n20,m,1\n,f,2\n40,,3\n50,f,4\n"


@pytest.mark.parametrize(("choices", "names", "rows"), [
    ({}, ("age", "sex = f", "sex = m"), [(20, 0, 1), (50, 1, 0)]),
    ({"age": {"missing": "mean"}, "sex": {"missing": "category"}}, ("age", "sex = f", "sex = m", "sex = missing"),
     [(20, 0, 1, 0), (110 / 3, 1, 0, 0), (40, 0, 0, 1), (50, 1, 0, 0)]),
    ({"age": {"missing": "median"}, "sex": {"missing": "most frequent"}}, ("age", "sex = f", "sex = m"),
     [(20, 0, 1), (40, 1, 0), (40, 1, 0), (50, 1, 0)]),
    ({"age": {"role": "ignore"}, "sex": {"code": "index", "missing": "category"}}, ("sex",), [(1,), (0,), (2,), (0,)]),
])  # fmt: skip
def test_what_happens_to_missing_values_is_chosen_by_column(tmp_path: Path, choices: Any, names: tuple[str, ...], rows: list[Any]) -> None:
    data = load(written(tmp_path, AGES, columns=choices))
    assert data.description.feature_names == names
    read = {at: tuple(x.tolist()) for at, x in zip(data.train.rows.tolist(), data.train.x, strict=True)}
    assert [read[at] for at in sorted(read)] == rows


def test_statistics_come_from_the_training_part_only_and_that_is_said(tmp_path: Path) -> None:
    text = "x,part,y\n1,train,1\n2,train,2\n6,train,3\n,train,4\n,test,5\n1000,test,6\n"
    data = load(written(tmp_path, text, columns={"x": {"missing": "mean"}}, target_columns="y"))
    assert sorted(data.train.x[:, 0].tolist()) == [1.0, 2.0, 3.0, 6.0] and sorted(data.test.x[:, 0].tolist()) == [3.0, 1000.0]
    said = [note.text for note in data.description.notes]
    assert "column 'x': 2 rows have no value; the mean of the training part, 3, takes their place" in said


@pytest.mark.parametrize(("columns_", "said"), [
    ({"z": {"role": "target"}}, "has no column 'z'"), ({"x": {"role": "tarhget"}}, "role is feature, target, ignore or split"),
    ({"x": {"kind": "date"}}, "is not a date"), (["x"], "must be a JSON object"), ({"x": {"colour": "red"}}, "no choice called 'colour'"),
    ({"x": {"missing": "category"}}, "cannot be a category"), ({"x": {"role": "ignore"}}, "no column is left for the features"),
])  # fmt: skip
def test_choices_that_cannot_be_are_refused_in_words(tmp_path: Path, columns_: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        load(written(tmp_path, "x,y\n1.5,2\n3,4\n", columns=columns_))


def test_a_column_that_is_new_in_a_changed_file_is_left_out_and_said(tmp_path: Path) -> None:
    stored = preview(written(tmp_path, "x,y\n1,2\n3,4\n")).settings
    written(tmp_path, "x,new,y\n1,7,2\n3,8,4\n")
    data = load({**stored, "test_fraction": 0.0})
    assert data.description.feature_names == ("x",)
    assert "'new' is new in this file and is left out" in data.description.notes[0].text


def test_a_pasted_table_is_read_like_a_file() -> None:
    text = "größe\tart\r\n1,5\tBär\r\n2,5\tKuh\r\n3,0\tBär\r\n"
    settings = {"dataset": "pasted", "pasted": text, "test_fraction": 0.0}
    assert columns(preview(settings)) == "größe number feature, art category target"
    assert sorted(load(settings).train.x[:, 0].tolist()) == [1.5, 2.5, 3.0]
    with pytest.raises(DataError, match="the pasted table: is empty"):
        load({"dataset": "pasted", "pasted": " "})


def test_the_job_gives_the_reading_or_says_why_there_is_none(tmp_path: Path) -> None:
    job = ReadTable(json.dumps({"path": Path(case("12")).name}), str(CASES))
    assert columns(finished(read_table(None, job))) == columns(preview({"path": case("12")}))
    with pytest.raises(JobError, match="there is no such file"):
        finished(read_table(None, ReadTable(json.dumps({"path": "none.csv"}), str(tmp_path))))


def test_words_for_missing_values_are_added_or_taken_away(tmp_path: Path) -> None:
    settings = written(tmp_path, "country,x,y\nNA,1,2\nDE,-1,3\nNA,2,4\nDE,3,5\n", missing_words="-1, !NA")
    assert columns(preview(settings)) == "country category feature, x number feature 1, y number target"
    assert HowRead.of(settings).missing_words == "-1, !NA"

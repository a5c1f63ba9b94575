"""What was recognised in a table, and what is probably not meant, is said by every command that computes: as text and in JSON."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from main import main

CASES = Path(__file__).parent.parent / "data" / "cases"


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize("arguments", [("run",), ("train", "--steps", "2")])
@pytest.mark.parametrize(("name", "part"), [
    ("04_noheader", "note: data: line 1 holds numbers above numbers (4.1)"),
    ("10a_double_softmax", "warning: p: Softmax turns the scores into probabilities"),
    ("11_batch_norm_batch_of_one", "warning: bn: every mini-batch has one sample"),
])  # fmt: skip
def test_it_is_said_on_standard_error_and_in_json(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], name: str, part: str
) -> None:
    code, out, err = called(capsys, *arguments, str(CASES / "graphs" / f"{name}.gradwire"), "--json")
    assert code == 0 and f"main.py: {part}" in err
    severity, text = part.split(": ", 1)
    assert any(row["severity"] == severity and row["text"].startswith(text) for row in json.loads(out)["problems"])


def test_rows_without_a_label_are_counted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shutil.copytree(CASES, tmp_path / "cases")
    folder = tmp_path / "cases" / "csv"
    (folder / "10b_label_NA.csv").rename(folder / "10c_label_NA2.csv")  # the table that the graph names
    code, out, err = called(capsys, "run", str(tmp_path / "cases" / "graphs" / "15_label_missing_as_class.gradwire"), "--json")
    assert code == 0 and "2 rows have no value in kind (lines 4, 6) and cannot be used for training; 5 of 7 rows are used" in err
    assert set(json.loads(out)["values"]["data.target"]) <= {0, 1}  # a and b, and no class for what is missing


def test_two_data_nodes_on_one_file_pair_its_rows(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = called(capsys, "run", str(CASES / "graphs" / "two-data.gradwire"), "--json")
    assert (code, err, json.loads(out)["output"]) == (0, "", 0.0)

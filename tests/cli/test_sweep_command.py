"""`sweep`: a row for each run, the spread over seeds, CSV, JSON, and exit codes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from cli.commands import run_command
from graph.storage.files import save
from tests.support.networks import tanh_net


@pytest.fixture
def file(tmp_path: Path) -> str:
    save(tanh_net(epochs=2), tmp_path / "t.gradwire")
    return str(tmp_path / "t.gradwire")


def test_a_row_for_each_run_and_a_line_for_each_value(file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "t.csv"
    assert run_command(["sweep", file, "--set", "lr=0.1,1", "--set", "seed=0..2", "--csv", str(table)]) == 0
    out = capsys.readouterr().out
    assert "train loss over the seeds" in out and "6 runs trained together as batches" in out
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [(row["lr"], row["seed"]) for row in rows] == [(rate, str(seed)) for rate in ("0.1", "1.0") for seed in range(3)]
    assert {row["how"] for row in rows} == {"done"} and {row["steps"] for row in rows} == {"10"}
    assert run_command(["sweep", file, "--set", "lr=0.1,1", "--set", "seed=0..2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [run["loss"] for run in told["runs"]] == [float(row["loss"]) for row in rows]
    median = sorted(run["metrics"]["train_loss"] for run in told["runs"][:3])[1]
    assert told["summary"][0] == {"settings": {"lr": 0.1}, "runs": 3, "diverged": 0, "median": median} | {
        name: told["summary"][0][name] for name in ("best", "worst")
    }


def test_one_run_of_a_sweep_is_the_run_of_train(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["train", file, "--lr", "0.3", "--seed", "4", "--json"]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert run_command(["sweep", file, "--set", "lr=0.2,0.3", "--set", "seed=4,5", "--json"]) == 0
    swept = json.loads(capsys.readouterr().out)["runs"][2]
    assert swept["settings"] == {"lr": 0.3, "seed": 4}
    assert swept["loss"] == pytest.approx(alone["loss"], abs=1e-10)
    assert swept["metrics"] == pytest.approx(alone["metrics"], abs=1e-10)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "say what to sweep"), (["--set", "lr"], 2, "setting=values"), (["--set", "rat=1"], 2, "no setting"),
        (["--set", "lr=0.1", "--measure", "f1"], 2, "train_loss"), (["--set", "out.out_features=1"], 1, "every run failed"),
    ],
)  # fmt: skip
def test_a_wrong_call_and_a_failed_sweep_say_so(
    file: str, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    assert run_command(["sweep", file, *arguments]) == code
    assert said in capsys.readouterr().err


def test_a_race_on_the_command_line(file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], qapp: object) -> None:
    chart, curves = tmp_path / "c.svg", tmp_path / "c.csv"
    call = ["sweep", file, "--set", "optimizer=sgd:lr=0.5, adam:lr=0.02, lbfgs", "--set", "seed=0,1", "--target", "1e9"]
    assert run_command([*call, "--curves", str(curves), "--chart", str(chart)]) == 0
    out = capsys.readouterr().out
    assert "SGD η 0.5" in out and "first at a loss of 1e+09" in out
    assert "Same start: checked. Other batches than the rest: L-BFGS." in out
    points = list(csv.DictReader(curves.read_text().splitlines()))
    assert {row["optimizer"] for row in points} == {"sgd:lr=0.5", "adam:lr=0.02", "lbfgs"}
    assert any(float(row["evaluations"]) > float(row["step"]) for row in points if row["optimizer"] == "lbfgs")
    assert chart.read_text().lstrip().startswith("<?xml") and "η 0.02" in chart.read_text()
    assert run_command([*call, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["same_start"], told["same_batches"]) == (True, False)
    assert [first["reached"] for first in told["first"]] == [2, 2, 2]
    assert run_command([*call, "--chart", str(tmp_path / "c.txt")]) == 2

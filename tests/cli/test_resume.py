"""A run that stopped, was saved and is continued equals the uninterrupted one to the last bit; and what `runs` says about it."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.commands import run_command
from engine.nodes.catalog import CATALOG
from graph.model.edits import SetGraphSetting, SetParam
from graph.model.graph import Graph
from graph.storage.files import Loaded, read, save
from graph.storage.saved_run import SavedRun
from tests.support.networks import network

ROOT = Path(__file__).resolve().parents[2]


def deep_net(**training: Any) -> Graph:
    """Moons through batch norm, tanh and dropout; 70 training rows in batches of 12, so that the last batch of an epoch has 10."""
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 100, "validation_fraction": 0.1}),
        "hidden": ("layer.linear", {"out_features": 6}), "norm": ("layer.batch_norm1d", {}), "tanh": ("activation.tanh", {}),
        "drop": ("layer.dropout", {"p": 0.3}), "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = """data.x -> hidden.x; hidden -> norm.x; norm -> tanh.x; tanh -> drop.x; drop -> out.x; out -> loss.scores
        data.target -> loss.target"""
    return network(nodes, wires, **{"optimizer": "sgd", "hyper": {"lr": 0.1}, "epochs": 50, "batch_size": 12, **training})


def trained(*arguments: object) -> None:
    assert run_command(["train", *map(str, arguments)]) == 0


def loaded(path: Path) -> Loaded:
    file = read(path, CATALOG)
    assert file.note == ""
    return file


def timeless(run: SavedRun, ended: int = -1) -> SavedRun:
    """Without what depends on the clock, with the first and the newest state alone, and without what was measured because it `ended`."""
    points = tuple({**point} if point["step"] != ended else {"step": ended, "loss": point["loss"]} for point in run.points)
    record = replace(run.record, began=0.0, seconds=0.0, best=run.record.best if ended < 0 else {})
    return replace(run, record=record, points=points, states=(run.states[0], run.states[-1]))


@pytest.mark.parametrize(
    "training",
    [
        {"optimizer": "nesterov", "hyper": {"lr": 0.1}, "accumulate": 2, "clip_norm": 0.5},
        {"optimizer": "adam", "hyper": {"lr": 0.02, "amsgrad": True}, "seed": 5},
        {"optimizer": "lbfgs", "hyper": {}},
    ],
    ids=["nesterov", "adam", "lbfgs"],
)
def test_two_halves_equal_the_whole(training: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start, half, both, whole = (tmp_path / f"{name}.gradwire" for name in ("start", "half", "both", "whole"))
    logs = [tmp_path / "halves.csv", tmp_path / "whole.csv"]
    save(deep_net(**training), start)
    trained(start, "--steps", 17, "--out", half, "--log", logs[0])
    trained(half, "--resume", "--steps", 40, "--out", both, "--log", logs[0])
    trained(start, "--steps", 40, "--out", whole, "--log", logs[1])

    one, other = loaded(both), loaded(whole)
    assert one.state == other.state and one.state is not None and one.state.seed == training.get("seed", 0)
    assert [timeless(run, 17) for run in one.runs] == [timeless(run, 17) for run in other.runs] and len(one.runs) == 1
    rows, others = ([line.split(",")[: 6 if at != 17 else 3] for at, line in enumerate(log.read_text().splitlines())] for log in logs)
    assert rows == others and len(rows) == 41
    assert one.runs[0].record.threads == 1 and one.graph == other.graph


@pytest.mark.parametrize("fraction", [0.1, 0.0], ids=["validation", "training"])
def test_patience_goes_on_counting_and_the_best_state_is_restored(fraction: float, tmp_path: Path) -> None:
    start, half, both, whole = (tmp_path / f"{name}.gradwire" for name in ("start", "half", "both", "whole"))
    graph = deep_net(hyper={"lr": 2.0}, stop_patience=3, batch_size=None, epochs=60)
    SetParam("data", "validation_fraction", fraction).apply(graph)
    save(graph, start)
    trained(start, "--out", whole)
    ended = loaded(whole)
    assert ended.state is not None and "not lower for 3 epochs" in ended.runs[0].record.stopped
    best = ended.state.step
    trained(start, "--epochs", best + 2, "--out", half)
    trained(half, "--resume", "--epochs", 60, "--out", both)
    assert loaded(both).state == ended.state and loaded(both).runs[0].record.last == ended.runs[0].record.last == best + 3


def _waits_for(rows: int, log: Path, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None and not (log.exists() and log.read_bytes().count(b"\n") > rows):
        time.sleep(0.02)
    assert process.poll() is None


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl+C to the whole console")
def test_ctrl_c_ends_after_a_step_and_another_process_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    start, half, both, whole = (tmp_path / f"{name}.gradwire" for name in ("start", "half", "both", "whole"))
    log = tmp_path / "log.csv"
    save(deep_net(optimizer="adamw", hyper={"lr": 0.01}), start)
    call = [sys.executable, str(ROOT / "main.py"), "train"]
    options = ["--steps", "1000000", "--out", str(half), "--checkpoint-every", "5", "--log", str(log)]
    process = subprocess.Popen([*call, str(start), *options], stderr=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    _waits_for(20, log, process)
    assert half.exists(), "a checkpoint was saved on the way"
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=120)
    stopped = loaded(half)
    assert stopped.state is not None and stopped.runs[0].record.last == stopped.state.step >= 20
    step = stopped.state.step
    said = f"main.py: stopped after step {step:,} and saved; continue with:  main.py train {half} --resume"
    assert process.returncode == 130 and err.decode().splitlines()[-1][:60] == said[:60]
    assert int(log.read_text().splitlines()[-1].split(",")[0]) == step

    length = str(step + 9)
    trained(half, "--resume", "--steps", length, "--out", both, "--log", log)
    trained(start, "--steps", length, "--out", whole, "--log", tmp_path / "whole.csv")
    assert loaded(both).state == loaded(whole).state
    assert [timeless(run) for run in loaded(both).runs] == [timeless(run) for run in loaded(whole).runs]
    assert log.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_what_cannot_be_resumed_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start, half = tmp_path / "start.gradwire", tmp_path / "half.gradwire"
    save(deep_net(), start)
    trained(start, "--steps", 5, "--out", half)
    changed = loaded(half)
    SetParam("drop", "p", 0.5).apply(changed.graph)
    save(changed.graph, tmp_path / "other.gradwire", changed.state, changed.runs)
    capsys.readouterr()
    for arguments, words in (
        ([start, "--resume"], "start.gradwire holds no run that could be continued"),
        ([half, "--resume", "--seed", "1"], "--seed cannot be given"),
        ([half, "--resume", "--untrained"], "--untrained cannot be given"),
        ([tmp_path / "other.gradwire", "--resume"], "trained another graph than the one there now"),
        ([start, "--checkpoint-every", "3"], "add --out"),
    ):
        assert run_command(["train", *map(str, arguments)]) == 2
        assert words in capsys.readouterr().err
    assert run_command(["train", str(half), "--resume", "--steps", "5"]) == 0
    assert "this run is complete; give more --steps or --epochs" in capsys.readouterr().err


def test_runs_are_listed_and_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start, first, second = (tmp_path / f"{name}.gradwire" for name in ("start", "first", "second"))
    graph = deep_net()
    SetGraphSetting("runs", {"1": {"name": "slow | plain", "note": "the *first*"}, "2": {"pinned": True}}).apply(graph)
    save(graph, start)
    trained(start, "--steps", 6, "--out", first)
    trained(first, "--untrained", "--steps", 12, "--optimizer", "adam", "--lr", "0.02", "--out", second)
    capsys.readouterr()

    def said(*arguments: str) -> str:
        assert run_command(["runs", str(second), *arguments]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        return captured.out

    runs = loaded(second).runs
    rows = list(csv.DictReader(io.StringIO(said("--csv"))))
    assert [(row["run"], row["optimizer"], float(row["lr"]), row["last_step"], row["note"]) for row in rows] == [
        ("1", "sgd", 0.1, "6", "the *first*"), ("2", "adam", 0.02, "12", "")
    ]  # fmt: skip
    assert [float(row["loss"]) for row in rows] == [run.record.loss for run in runs]
    everything = json.loads(said("--json"))
    assert everything["runs"][1]["curve"]["loss"] == [point["loss"] for point in runs[1].points] and everything["runs"][1]["pinned"]
    assert everything["differing"] == ["optimizer", "lr"], "neither the length, nor what only one optimizer has"
    report = said("--markdown")
    assert "## slow \\| plain" in report and "> the *first*" in report and "| Optimizer | adam |" in report
    assert "Settings that differ: Optimizer, lr" in report and "Finished after 12 steps." in report
    table = said().splitlines()
    assert len(table) == 3 and table[1].startswith("1  slow | plain") and "Adam" not in table[1]
    compared = json.loads(said("--compare", "slow | plain", "2", "--json"))
    by_name = {(row["kind"], row["name"]): (row["a"], row["b"], row["differs"]) for row in compared["comparison"]}
    assert by_name["setting", "lr"] == (0.1, 0.02, True) and by_name["final", "step"] == (6, 12, True)
    assert by_name["setting", "batch_size"] == (12, 12, False)
    assert "≠ Optimizer" in said("--compare", "1", "2")
    assert run_command(["runs", str(second), "--compare", "1", "7"]) == 2
    assert 'there is no such run. The runs are 1 (slow | plain), 2 (Adam η 0.02)' in capsys.readouterr().err

"""Every command that paints nothing runs where Qt cannot be imported; the others say in one line what to install.

The commands run in one child of the server of kernels, which has torch and has never seen Qt. Where PySide6 is not installed, as in the
environments of tests/torch_versions.py, nothing needs to be blocked."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import multiprocessing
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from cli.commands import run_command

OF_THE_WINDOW = ("PySide6", "shiboken6", "pyqtgraph", "ziamath", "ziafont")


def _run_without_qt(calls: Sequence[Sequence[str]], answers: Any) -> None:
    """In the child: the exit code of each call and what it printed on both streams; before the last, Qt seems to be installed."""
    assert not set(OF_THE_WINDOW) & sys.modules.keys()
    sys.modules.update(dict.fromkeys(OF_THE_WINDOW))  # type: ignore[arg-type]  # importing one of these raises ModuleNotFoundError
    from main import main

    for at, call in enumerate(calls):
        with patch("cli.guard.installed_pyside", lambda at=at: "6.11.3" if at == len(calls) - 1 else None):
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main(list(call))
            answers.send((code, out.getvalue(), err.getvalue()))


def answers_without_qt(calls: Sequence[Sequence[str]]) -> list[tuple[int, str, str]]:
    context: Any = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_run_without_qt, args=(calls, there))
    child.start()
    there.close()
    answers: list[tuple[int, str, str]] = []
    with contextlib.suppress(EOFError):
        while len(answers) < len(calls):
            answers.append(here.recv())
    child.join(60)
    assert len(answers) == len(calls), f"main.py {' '.join(calls[len(answers)])} ended the process"
    return answers


def test_the_commands_of_the_engine_run_and_those_that_paint_say_what_to_install(tmp_path: Path) -> None:
    trained, log, table, chart = (tmp_path / name for name in ("t.gradwire", "log.csv", "sweep.csv", "sweep.svg"))
    formula = ["--formula", "x*y + z", "--set", "x=2", "--set", "y=-5", "--set", "z=3"]
    sweep = ["sweep", "xor", "--steps", "5", "--set", "lr=0.1,0.5"]
    engine = {
        "run": ["run", *formula, "--json"],
        "train": ["train", "xor", "--steps", "20", "--out", str(trained), "--log", str(log), "--json"],
        "runs": ["runs", str(trained)],
        "sweep": [*sweep, "--csv", str(table), "--json"],
        "check": ["check", *formula, "--json"],
        "export": ["export", "xor"],
        "examples": ["examples", "--json"],
        "data": ["data", str(log), "--json"],
        "--version": ["--version"],
    }
    painting = {
        "window": [],
        "render": ["render", "xor", "-o", str(tmp_path / "xor.png")],
        "chart": [*sweep, "--chart", str(chart)],
    }
    *told, broken = answers_without_qt([*engine.values(), *painting.values(), ["xor"]])
    answers = dict(zip((*engine, *painting), told, strict=True))
    assert {name: answers[name][0] for name in engine} == dict.fromkeys(engine, 0), {name: answers[name][2] for name in engine}

    assert json.loads(answers["run"][1])["gradients"] == {"x": -5, "y": 2, "z": 1, "multiply": 1, "add": 1}  # of x·y + z, by hand
    with open(log, encoding="utf-8") as rows:
        losses = [float(row["loss"]) for row in csv.DictReader(rows)]
    assert len(losses) == 20 and losses[-1] < losses[0] and trained.exists()
    assert len(json.loads(answers["sweep"][1])["runs"]) == 2 and len(table.read_text().splitlines()) == 3
    assert json.loads(answers["check"][1])["ok"] is True
    compile(answers["export"][1], "exported", "exec")
    assert "xor" in {entry["name"] for entry in json.loads(answers["examples"][1])["examples"]}

    for name in painting:
        code, out, err = answers[name]
        assert code == 2 and out == "", name
        assert len(err.strip().splitlines()) == 1 and "PySide6" in err and "pip install -r requirements.txt" in err, err
    assert not chart.exists()
    assert broken[:2] == (2, "") and broken[2].count("\n") == 1
    assert "The window cannot start: " in broken[2] and "PySide6" in broken[2], "installed, but it does not load"


def test_a_missing_library_of_the_engine_is_named_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    monkeypatch.setattr("cli.examples.command", lambda options: __import__("openpyxl"))
    assert run_command(["examples"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "openpyxl is not installed" in said and "requirements-engine.txt" in said

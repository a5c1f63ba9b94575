"""What a person who mistyped a call is told: one line, in the app's own words, with what was probably meant."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from cli.version import VERSION
from main import main

ROOT = Path(__file__).resolve().parents[2]

PYTHON_WORDS = ("argument -", "invalid choice", "unrecognized", "expected one", "explicit", "required:", "usage", "None", "Error")

MISTAKES = [
    ("trian xor", "Did you mean train?"), ("exmaples --json", "Did you mean examples?"), ("--verson", "Did you mean --version?"),
    ("--nope", "no option --nope"), ("xor tanh", "tanh is one argument too many"), ("spiral --full", "--full"),
    ("run spirl", "Did you mean spiral?"), ("train tanh-mlp-2-4", "Did you mean tanh-mlp-2-4-2?"),
    ("train xor --optimzer adam", "Did you mean --optimizer?"), ("train xor --optimizer adm", "Did you mean adam?"),
    ("train xor --optimizer magic", "Choose from gd, sgd, perturbed"), ("train xor --device cdua", "Did you mean cuda?"),
    ("render xor -o x.png --theme drak", "Did you mean dark?"), ("run xor --objective los", "Did you mean loss?"),
    ("run xor --jsn", "Did you mean --json?"), ("run xor extra", "extra is one argument too many"),
    ("trian", "Did you mean train?"), ("xro", "Did you mean xor?"), ("run xro.gradwire", "Did you mean xor?"),
    ("run xy-plus-z --set X=3", "this graph has x, y, z. Did you mean x?"),
    ("run saddle --set w1=1", "w1 is no Input: set it with --param"), ("run saddle --param W2=1", "Did you mean w2?"),
    ("train xor --epochs", "--epochs needs a value after it"), ("run --formula", "--formula needs a value after it"),
    ("run xor --json=3", "--json takes no value"), ("train xor --epochs 3 --steps 4", "cannot be used together"),
    ("render xor", "-o/--out is missing"), ("train xor --lr abc", '--lr: "abc" is not a number'),
    ("render xor -o x.png --scale abc", '--scale: "abc" is not a number'),
    ("render xor -o x.png --scale 9", "--scale: 9"), (f"run {'a' * 5000}", "its name is too long"), (f"{'a' * 5000} --json", "--json"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "said"), MISTAKES)
def test_a_mistyped_call_is_answered_in_words(capsys: pytest.CaptureFixture[str], call: str, said: str) -> None:
    assert main(call.split()) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.strip().splitlines()) == 1
    assert said in err, err
    assert not any(word in err for word in PYTHON_WORDS), err


def test_the_version_is_that_of_the_project_and_names_what_it_runs_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    out = capsys.readouterr().out
    assert re.fullmatch(r"Gradwire \d+\.\d+\.\d+ \(Python [\d.]+, PyTorch [\w.+]+, PySide6 [\d.]+\)\n", out)
    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == VERSION

"""The command line as a person calls it: in process for speed, as a process where that is the point."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.edits import SetBypassed
from graph.storage.files import save
from main import main

ROOT = Path(__file__).resolve().parents[2]
XYZ = ["--formula", "x*y + z", "--set", "x=2", "--set", "y=-5", "--set", "z=3"]

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def ask(command: Command, *arguments: str) -> dict[str, Any]:
    code, out, err = command(*arguments)
    assert (code, err) == (0, "")
    assert out.count("\n") == 1
    return json.loads(out, parse_constant=lambda text: pytest.fail(f"{text} is not strict JSON"))


def test_the_lecture_graph_gives_the_lecture_numbers(command: Command) -> None:
    result = ask(command, "run", *XYZ, "--json")
    assert result["output"] == -7
    assert {name: result["gradients"][name] for name in "xyz"} == {"x": -5, "y": 2, "z": 1}
    assert result["values"]["multiply"] == -10
    wires = {(e["from"], e["to"]): (e["value"], e["gradient"]) for e in result["edges"]}
    assert wires == {("x", "multiply.a"): (2, -5), ("y", "multiply.b"): (-5, 2), ("multiply", "add.a"): (-10, 1), ("z", "add.b"): (3, 1)}


def test_a_name_used_twice_reports_the_sum_of_its_edges(command: Command) -> None:
    result = ask(command, "run", "--formula", "x*x + x", "--set", "x=3", "--json")
    own = [e["gradient"] for e in result["edges"] if e["from"] == "x"]
    assert sorted(own) == [1, 3, 3]
    assert result["gradients"]["x"] == 7


def test_the_wires_of_a_bypassed_node_are_in_the_answer(command: Command, tmp_path: Path) -> None:
    """f = (x ∘ y)·y where the product of x and y passes x on: nothing flows along its second wire."""
    path = tmp_path / "bypassed.gradwire"
    graph = build("(x*y)*y", CATALOG, {"x": 3.0, "y": 5.0})
    first = next(node.id for node in graph.nodes.values() if node.type == "math.multiply")
    SetBypassed(first, True).apply(graph)
    save(graph, path)
    result = ask(command, "run", str(path), "--json")
    assert result["output"] == 15 and result["gradients"] == {"x": 5, "y": 3, "multiply": 5, "multiply_2": 1}
    assert [(e["from"], e["gradient"]) for e in result["edges"]] == [("x", 5), ("y", None), ("multiply", 5), ("y", 3)]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("-x*y", -6.0),
        ("x^2", 4.0),
        ("x**y", 8.0),
        ("2*(x - y)/4", -0.5),
        ("exp(log(x)) + sin(0)", 2.0),
        ("--x", 2.0),
        ("maximum(x, y)", 3.0),
    ],
)
def test_formulas(command: Command, formula: str, expected: float) -> None:
    names = [name for name in ("x", "y") if name in _letters(formula)]
    sets = [part for name in names for part in ("--set", f"{name}={2 if name == 'x' else 3}")]
    assert ask(command, "run", "--formula", formula, *sets, "--json")["output"] == pytest.approx(expected, abs=1e-12)


def _letters(formula: str) -> set[str]:
    import re

    return set(re.findall(r"[A-Za-z_]\w*", formula))


@pytest.mark.parametrize(
    ("formula", "sets", "expected", "note"),
    [
        ("λ*x", ["λ=2", "x=3"], 6.0, ""), ("größe + θ_1", ["größe=1,5", "θ_1=1/2"], 2.0, ""), ("µ*x₁", ["µ=2",
        "x₁=π"], 6.283185307179586, ""),
        ("x*y", ["x=5 %", "y=2*(-5)"], -0.5, "--set x: 5 % is 0.05"), ("sum(x)", ["x=0,5 0,25"], 0.75, ""), ("sum(x)", ["x=[1,5]"], 6.0,
        ""),
        ("e^x", ["x=0"], 1.0, ""), ("lambda*x", ["lambda=2", "x=1.234,5"], 2469.0, "--set x: read as 1234.5"),
    ],
)  # fmt: skip
def test_numbers_and_names_are_read_as_in_the_window(command: Command, formula: str, sets: list[str], expected: float, note: str) -> None:
    code, out, err = command("run", "--formula", formula, *(part for text in sets for part in ("--set", text)), "--json")
    assert code == 0 and json.loads(out)["output"] == pytest.approx(expected, rel=1e-15)
    assert note in err and bool(err) == bool(note)


def test_a_gradient_that_does_not_exist_is_null_with_its_reason(command: Command) -> None:
    result = ask(command, "run", "digits-mlp", "--json")
    reasons = set(result["absent"].values())
    assert "not differentiable" in reasons
    assert all(result["gradients"][name] is None for name in result["absent"])


def test_large_tensors_are_summed_up_unless_full(command: Command) -> None:
    short = ask(command, "run", "digits-mlp", "--json")["values"]
    weights = [value for value in short.values() if isinstance(value, dict)]
    assert weights and {"shape", "dtype", "min", "max", "mean", "std", "norm"} == set(weights[0])
    full = ask(command, "run", "digits-mlp", "--json", "--full")["values"]
    name = next(name for name, value in short.items() if isinstance(value, dict))
    tensor = torch.tensor(full[name], dtype=torch.float64)
    assert short[name]["norm"] == pytest.approx(float(tensor.norm()), rel=1e-6)
    assert short[name]["std"] == pytest.approx(float(tensor.std(correction=0)), rel=1e-6)


def test_infinite_values_are_strings(command: Command) -> None:
    code, out, err = command("run", "--formula", "1/x - 1/x", "--set", "x=0", "--json")
    assert code == 0 and json.loads(out)["output"] == "nan"
    begun = "divide: Divide gives ∞ at a = 1, b = 0"
    assert begun in err and any(begun in problem["text"] for problem in json.loads(out)["problems"])


def test_a_gradient_that_is_not_finite_is_said_after_training_too(command: Command) -> None:
    formula = ["--formula", "sqrt(w*w)*c", "--param", "w=0", "--set", "c=0.5"]
    code, _, err = command("train", *formula, "--steps", "1")
    assert code == 1 and "sqrt: the gradient became infinite" in err
    code, _, err = command("train", *formula, "--steps", "0")
    assert code == 0 and "main.py: warning: sqrt: the gradient that Square root passes back to multiply is ∞." in err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["run", "--formula", "x*y", "--set", "x=2"], "y"),
        (["run", "--formula", "x +"], "formula"),
        (["run", "--formula", "__import__('os')"], ""),
        (["run", "--formula", "x", "--set", "x=abc"], "abc"),
        (["run", "--formula", "(" * 5000 + ")" * 5000], ""),
        (["run", "--formula", "x" * 10_001], "10"),
        (["run", "no-such-file"], "no-such-file"),
        (["run"], "FILE"),
        (["run", "xy-plus-z", "--set", "q=1"], "q"),
        (["run", "xy-plus-z", "--objective", "q"], "q"),
        (["train", "xor", "--optimizer", "magic"], "magic"),
        (["train", "xor", "--epochs", "-3"], "-3"),
        (["train", "xor", "--epochs", "3", "--steps", "5"], "--epochs"),
        (["train", "xor", "--epoch", "3"], "--epoch"),
        (["train", "xor", "--lr", "nan"], "nan"),
        (["train", "xor", "--device", "tpu"], "tpu"),
        (["train", "xor", "--out", "no/such/folder/f.gradwire"], "no/such/folder"),
        (["train", "xor", "--log", "no/such/folder/f.csv", "--epochs", "1"], "no/such/folder"),
        (["export", "xor", "-o", "no/such/folder/f.py"], "no/such/folder"),
        (["render", "xor"], "-o"),
        (["render", "xor", "-o", "x.png", "--scale", "9"], "9"),
        (["run", "no-such-example"], "main.py examples"),
        (["run", "README.md"], "README.md"),
        (["run", "xor", "--formula", "x"], "--formula"),
        (["run", "--formula"], "--formula"),
        (["run", "--formula", "x", "--set", "x=1", "--set", "x=2"], "twice"),
        (["run", "--formula", "x", "--set", "x=1", "--set", "q=2"], "q"),
        (["run", "--formula", "x", "--set", "x=1e999"], "finite"),
        (["run", "--formula", "x", "--set", "x=1,000"], "can mean 1000 or 1.0"),
        (["run", "--formula", "x", "--set", "x=5k"], "type all of its digits, such as 5000"),
        (["run", "--formula", "x", "--set", "2x=1"], "name=number"),
        (["train", "xor", "--epochs", "1,000"], "can mean 1000 or 1.0"),
        (["train", "xor", "--epochs", "2.5"], "a whole number is needed"),
        (["train", "xor", "--lr", "1,000"], "can mean 1000 or 1.0"),
        (["train", "xor", "--lr", "fast"], '"fast" is not a number'),
        (["train", "xor", "--seed", str(2**63)], "outside 0 to 2^63 - 1"),
        (["run", "xor", "--nonsense"], "--nonsense"),
        (["render", "xor", "-o", "picture.gif"], "gif"),
        (["frobnicate.gradwire", "--json"], "--json"),
    ],
)
def test_errors_are_one_line_and_exit_2(command: Command, arguments: list[str], named: str) -> None:
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1 and named in err and "Traceback" not in err


def test_an_ambiguous_objective_says_how_to_choose(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "two.gradwire"
    rows = [{"id": f"n{i}", "type": t, "name": name, "params": {}, "x": 0, "y": 0} for i, (t, name) in
            enumerate([("source.input", "x"), ("math.exp", "e"), ("math.sin", "s")])]  # fmt: skip
    edges = [{"id": f"e{i}", "from": ["n0", "y"], "to": [f"n{i}", "x", 0]} for i in (1, 2)]
    path.write_text(json.dumps({"format": "gradwire", "version": 1, "nodes": rows, "edges": edges}))
    code, out, err = command("run", str(path), "--json")
    assert "--objective" in err and "e" in err and "s" in err
    assert json.loads(out)["objective"] is None if code == 0 else code in (1, 2)
    result = ask(command, "run", str(path), "--objective", "e", "--json")
    assert result["output"] == pytest.approx(math.e)


def test_train_twice_with_the_same_seed_gives_the_same_object(command: Command) -> None:
    first, second = (ask(command, "train", "xor", "--epochs", "5", "--seed", "3", "--device", "cpu", "--json") for _ in range(2))
    for timing in ("seconds", "steps_per_second"):
        assert first.pop(timing) > 0 and second.pop(timing) > 0
    assert first == second
    assert {"steps", "epochs", "loss", "metrics", "params", "seed", "threads", "dtype", "device", "optimizer"} <= set(first)


def test_train_writes_a_log_and_a_graph_with_the_trained_values(command: Command, tmp_path: Path) -> None:
    out, log = tmp_path / "trained.gradwire", tmp_path / "curve.csv"
    result = ask(command, "train", "saddle", "--steps", "20", "--out", str(out), "--log", str(log), "--json")
    reread = ask(command, "run", str(out), "--json")
    assert reread["output"] == result["loss"]
    assert reread["values"]["w1"] == result["params"]["w1"]
    assert len(log.read_text().splitlines()) == 21


def test_trained_layers_come_back_from_the_file_bit_for_bit(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "trained.gradwire"
    result = ask(command, "train", "spiral", "--epochs", "2", "--out", str(out), "--json")
    again = ask(command, "train", str(out), "--epochs", "0", "--json")
    assert again["params"] == result["params"] and again["loss"] == result["loss"]


def test_gradient_descent_on_the_sharp_minimum_ends_where_the_lecture_says(command: Command) -> None:
    """(1 − w₂w₁)² from (0.2, 5.01): η = 0.03 stays at w₁² + w₂² = 25.140, η = 0.06 leaves for about 2.56, η = 0.1 overflows."""
    sharp = ask(command, "train", "saddle", "--lr", "0.03", "--steps", "400", "--json")["params"]
    assert sharp["w1"] ** 2 + sharp["w2"] ** 2 == pytest.approx(25.140, abs=0.0006)
    flat = ask(command, "train", "saddle", "--lr", "0.06", "--steps", "400", "--json")["params"]
    assert (abs(flat["w1"]), abs(flat["w2"])) == (pytest.approx(0.693, abs=0.001), pytest.approx(1.443, abs=0.001))
    code, _, err = command("train", "saddle", "--lr", "0.1", "--steps", "15", "--json")
    assert code == 1 and len(err.strip().splitlines()) == 1


def test_a_log_changes_nothing_in_the_run_and_holds_every_step(command: Command, tmp_path: Path) -> None:
    log = tmp_path / "curve.csv"
    arguments = ("train", "iris", "--epochs", "3", "--json")
    plain, logged = ask(command, *arguments), ask(command, *arguments, "--log", str(log))
    assert logged["params"] == plain["params"]
    rows = list(csv.DictReader(log.read_text().splitlines()))
    assert list(rows[0]) == ["step", "epoch", "loss", "train_accuracy", "test_loss", "test_accuracy"]
    assert [int(row["step"]) for row in rows] == list(range(1, plain["steps"] + 1))
    assert all(math.isfinite(float(row["loss"])) for row in rows)
    assert float(rows[-1]["test_loss"]) == plain["metrics"]["test_loss"]


def test_large_trained_tensors_go_into_an_archive_beside_the_graph(command: Command, tmp_path: Path) -> None:
    """More than 64 numbers, in float32: the file is a zip, and everything in it comes back bit for bit."""
    out = tmp_path / "digits.gradwire"
    trained = ask(command, "train", "digits-mlp", "--steps", "5", "--out", str(out), "--json", "--full")
    assert zipfile.is_zipfile(out)
    again = ask(command, "run", str(out), "--json", "--full")
    for name, value in trained["params"].items():
        assert again["values"][name] == value, name
    small = tmp_path / "saddle.gradwire"
    ask(command, "train", "saddle", "--steps", "5", "--out", str(small), "--json")
    with zipfile.ZipFile(small) as archive:
        assert "state.safetensors" not in archive.namelist(), "few numbers are in the document's text"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """saddle after 20 steps, whose own start is w1 = 0.2, w2 = 5.01."""
    path = tmp_path_factory.mktemp("trained") / "trained.gradwire"
    assert main(["train", "saddle", "--steps", "20", "--out", str(path)]) == 0
    return path


def test_every_command_uses_the_trained_values_of_a_file_and_says_so(
    command: Command, trained: Path, tmp_path: Path, qapp: object
) -> None:  # fmt: skip
    said = "main.py: the trained values in trained.gradwire are used, after step 20 (--untrained uses the initial values)\n"
    own = ask(command, "run", "saddle", "--json")
    result = ask(command, "run", str(trained), "--json")
    assert result["trained_steps"] == 20 and result["values"]["w1"] != own["values"]["w1"]
    assert ask(command, "run", str(trained), "--untrained", "--json") == own
    assert command("run", str(trained))[2] == said
    assert ask(command, "check", str(trained), "--json")["trained_steps"] == 20
    assert command("check", str(trained))[2] == said
    code, text, err = command("export", str(trained))
    assert (code, err) == (0, said) and "after step 20" in text
    space: dict[str, Any] = {"__name__": "exported"}
    exec(text, space)
    assert float(space["values"]()["w1"]) == result["values"]["w1"]
    untrained = command("export", str(trained), "--untrained")[1]
    assert "before training" in untrained and "5.01" in untrained
    picture = str(tmp_path / "p.svg")
    assert command("render", str(trained), "--values", "-o", picture)[2] == said
    pictures = [(tmp_path / "p.svg").read_text()]
    assert "Values after step 20" in pictures[0]
    assert command("render", str(trained), "--values", "--untrained", "-o", picture)[2] == ""
    assert (tmp_path / "p.svg").read_text() != pictures[0]


def test_a_parameter_stated_in_the_call_wins_over_the_trained_one(command: Command, trained: Path) -> None:
    result = ask(command, "run", str(trained), "--param", "w1=3", "--json")
    assert result["values"]["w1"] == 3
    assert result["values"]["w2"] == ask(command, "run", str(trained), "--json")["values"]["w2"]


def test_train_goes_on_from_a_file_and_starts_over_when_told(command: Command, trained: Path, tmp_path: Path) -> None:
    """A run that is complete goes on for its full length again, one that is not to its end: 60 steps at once come to the same."""
    whole = ask(command, "train", "saddle", "--steps", "60", "--json")
    again, rest = tmp_path / "again.gradwire", str(trained)
    assert ask(command, "train", rest, "--steps", "20", "--out", str(again), "--json")["steps"] == 40
    third = ask(command, "train", str(again), "--steps", "60", "--json")
    assert (third["steps"], third["trained_steps"]) == (60, 40) and third["params"] == whole["params"]
    over = ask(command, "train", rest, "--untrained", "--steps", "60", "--json")
    assert over["params"] == whole["params"] and "trained_steps" not in over


def test_training_leaves_the_graph_in_the_file_as_it_was(command: Command, trained: Path) -> None:
    from engine.nodes.catalog import CATALOG
    from graph.storage.files import load

    graph, source = load(trained, CATALOG), load(ROOT / "resources" / "examples" / "saddle.gradwire", CATALOG)
    assert graph.nodes == source.nodes and graph.edges == source.edges


def test_train_full_writes_large_parameters_out(command: Command) -> None:
    arguments = ("train", "digits-mlp", "--steps", "1", "--json")
    short, full = ask(command, *arguments)["params"]["hidden.W"], ask(command, *arguments, "--full")["params"]["hidden.W"]
    assert short["shape"] == [64, 64] == [len(full), len(full[0])]


def test_a_device_that_is_not_there_is_named_on_standard_error(command: Command) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    code, out, err = command("train", "xor", "--epochs", "1", "--device", "cuda", "--json")
    assert code == 0 and json.loads(out)["device"] == "cpu"
    assert len(err.splitlines()) == 1 and "CUDA" in err and "CPU" in err


def test_the_objects_have_exactly_the_promised_keys(command: Command) -> None:
    run = ask(command, "run", "fan-out", "--json")
    assert list(run) == ["objective", "output", "dtype", "values", "gradients", "absent", "edges"]
    assert all(list(edge) == ["from", "to", "value", "gradient"] for edge in run["edges"])
    train = ask(command, "train", "iris", "--epochs", "1", "--json")
    assert set(train) == {"steps", "epochs", "loss", "metrics", "params", "seed", "threads", "dtype", "device", "optimizer", "seconds",
                          "steps_per_second", "stopped"}  # fmt: skip
    assert set(train["metrics"]) == {"train_loss", "train_accuracy", "test_loss", "test_accuracy"}
    assert set(train["params"]) == {"hidden.W", "hidden.b", "output.W", "output.b"}


def test_options_go_before_the_settings_of_the_document(command: Command) -> None:
    report = ask(command, "train", "xor", "--optimizer", "sgd", "--lr", "0.1", "--steps", "7", "--batch-size", "0", "--seed", "5", "--json")
    assert (report["optimizer"], report["steps"], report["epochs"], report["seed"]) == ("sgd", 7, 7, 5)


def test_a_run_that_cannot_be_made_fails_with_the_reason(command: Command) -> None:
    code, out, err = command("run", "--formula", "x@y", "--set", "x=[[1,2],[3,4]]", "--set", "y=[1,2,3]", "--json")
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert "matmul" in err and "Traceback" not in err


def test_an_objective_that_is_not_one_number_is_refused(command: Command) -> None:
    for name in ("run", "train", "check", "export"):
        code, _, err = command(name, "xor", "--objective", "hidden")
        assert code == 1 and len(err.splitlines()) == 1 and "single number" in err, name


def test_a_newer_file_is_refused(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "newer.gradwire"
    path.write_text('{"format": "gradwire", "version": 99, "nodes": [], "edges": []}')
    code, out, err = command("run", str(path))
    assert (code, out, len(err.splitlines())) == (2, "", 1) and "99" in err


def test_an_empty_document_says_what_is_missing(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "empty.gradwire"
    path.write_text('{"format": "gradwire", "version": 1, "nodes": [], "edges": []}')
    for name in ("run", "train", "check", "export"):
        code, _, err = command(name, str(path))
        assert code in (0, 1) and len(err.splitlines()) == 1 and "Traceback" not in err, name


def test_a_mistake_of_the_program_is_one_line_too(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(options: Any) -> int:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr("cli.check.command", fail)
    code, out, err = command("check", "xor")
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert "ZeroDivisionError: of all things" in err and "GRADWIRE_TRACEBACK" in err
    monkeypatch.setenv("GRADWIRE_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        main(["check", "xor"])


def test_a_failed_check_is_told_on_standard_error(command: Command) -> None:
    code, out, err = command("check", "--formula", "log(x)", "--set", "x=0", "--json")
    assert code == 1 and json.loads(out)["ok"] is False
    assert len(err.splitlines()) == 1 and "log" in err


@pytest.mark.parametrize("name", [None, "run", "train", "check", "render", "export", "examples"])
def test_help_names_every_option_within_a_terminal(command: Command, monkeypatch: pytest.MonkeyPatch, name: str | None) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    code, out, err = command(*filter(None, [name]), "--help")
    assert (code, err) == (0, "") and max(map(len, out.splitlines())) <= 100
    wanted = {
        None: ["run", "train", "check", "render", "export", "examples", "window", "--formula"],
        "run": ["FILE", "--formula", "--set", "--param", "--objective", "--json", "--full"],
        "train": ["--optimizer", "--lr", "--epochs", "--steps", "--batch-size", "--seed", "--device", "--out", "--log", "--json"],
        "check": ["--formula", "--json"], "render": ["-o", "--theme", "--scale", "--values"], "export": ["-o"], "examples": ["--json"],
    }  # fmt: skip
    assert all(word in out for word in wanted[name])


def test_a_terminal_without_arrows_gets_a_stand_in(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def printed(*arguments: str) -> str:
        written = io.BytesIO()
        monkeypatch.setattr("sys.stdout", terminal := io.TextIOWrapper(written, encoding="ascii"))
        assert (main(list(arguments)), capsys.readouterr().err) == (0, "")
        terminal.flush()
        return written.getvalue().decode()

    assert "x \\u2192 u.a" in printed("check", "fan-out")
    assert json.loads(printed("examples", "--json"))["examples"][0]["title"] == "f = x·y + z"


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal needs a Unix")
def test_the_progress_bar_is_for_a_terminal_only(command: Command) -> None:
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    arguments = ("train", "xor", "--epochs", "3", "--json")
    try:
        done = subprocess.run([sys.executable, "main.py", *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=theirs, timeout=120)
        shown = os.read(ours, 100_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert "steps" in shown and "100%" in shown and json.loads(done.stdout)["steps"] == 15
    assert command(*arguments)[2] == ""


@pytest.mark.skipif(os.name == "nt", reason="a pipe into head needs a Unix")
def test_a_reader_that_stops_reading_is_no_error() -> None:
    command = f"{shlex.quote(sys.executable)} main.py run digits-mlp --full --json | head -c 20"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.startswith('{"objective"') and done.stderr == ""


def test_check_reports_every_wire(command: Command) -> None:
    code, out, _ = command("check", "fan-out")
    assert code == 0
    assert sum("→" in line for line in out.splitlines()) >= 8


@pytest.mark.parametrize("name", ["xy-plus-z", "tanh-mlp-2-4-2"])
def test_the_exported_program_runs_by_itself_with_the_same_loss(command: Command, tmp_path: Path, name: str) -> None:
    path = tmp_path / "model.py"
    assert command("export", name, "-o", str(path))[0] == 0
    done = subprocess.run([sys.executable, "-I", str(path)], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    printed = float(done.stdout.splitlines()[0].removeprefix("loss = "))
    expected = -7.0 if name == "xy-plus-z" else ask(command, "train", name, "--epochs", "0", "--json")["loss"]
    assert printed == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_render_writes_a_picture(tmp_path: Path, suffix: str, command: Command, qapp: object) -> None:
    path = tmp_path / f"graph.{suffix}"
    arguments = ("render", "xor", "-o", str(path), "--values", "--theme", "dark")
    if suffix == "png":  # in a process of its own, where nothing of Qt is there yet
        done = subprocess.run([sys.executable, "main.py", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stderr) == (0, "")
    else:
        code, _out, complaint = command(*arguments)
        assert (code, complaint) == (0, "")
    head = path.read_bytes()[:200]
    assert {"png": head.startswith(b"\x89PNG"), "svg": b"<svg" in head, "pdf": head.startswith(b"%PDF-")}[suffix]


def test_examples_are_listed(command: Command) -> None:
    names = [e["name"] for e in ask(command, "examples", "--json")["examples"]]
    assert names[0] == "xy-plus-z"
    assert set(names) >= {
        "fan-out", "sigmoid-neuron", "least-squares", "logistic-regression", "xor", "tanh-mlp-2-4-2", "spiral", "sine-regression",
        "digits-mlp", "digits-cnn", "iris", "saddle", "valley", "moons",
    }  # fmt: skip

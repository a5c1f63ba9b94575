"""`train` says which part each number is from, and reads the test set only on request where a validation set judges the run."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest

from cli.commands import run_command
from cli.train_loop import train
from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.edits import SetParam
from graph.storage.files import read, save
from tests.support.networks import tanh_net


@pytest.mark.parametrize("asked", [False, True])
def test_the_test_set_is_read_only_on_request(tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: bool) -> None:
    graph = tanh_net(epochs=1)
    SetParam("data", "validation_fraction", 0.2).apply(graph)
    save(graph, tmp_path / "t.gradwire")
    log = tmp_path / "log.csv"
    assert run_command(["train", str(tmp_path / "t.gradwire"), "--log", str(log), *(["--test"] if asked else [])]) == 0
    out = capsys.readouterr().out
    assert "validation loss " in out and ("test loss " in out) == asked and ("The test set was not read" in out) != asked
    assert log.read_text().splitlines()[0] == "step,epoch,loss,train_accuracy,validation_loss,validation_accuracy"


def test_the_log_holds_every_step_s_parameters_and_gradient(tmp_path: Path) -> None:
    """f = 3(a − 2)² + b·1.5 by gradient descent with 0.1: every row has where the step begins, and the gradient there."""
    graph = build("f = 3*(a - 2)^2 + 1.5*b", CATALOG, params={"a": 1.0, "b": 4.0})
    save(graph, tmp_path / "f.gradwire")
    log = tmp_path / "log.csv"
    command = ["train", str(tmp_path / "f.gradwire"), "--optimizer", "sgd", "--lr", "0.1", "--log", str(log), "--log-parameters"]
    assert run_command([*command, "--steps", "4"]) == 0
    with log.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0])[-5:] == ["grad_norm", "a", "b", "grad.a", "grad.b"]
    a, b = 1.0, 4.0
    for step, row in enumerate(rows, 1):
        slope = 6 * (a - 2)
        wanted = {"step": step, "loss": 3 * (a - 2) ** 2 + 1.5 * b, "a": a, "b": b, "grad.a": slope, "grad.b": 1.5}
        assert {name: float(row[name]) for name in wanted} == pytest.approx(wanted, rel=1e-12)
        assert float(row["grad_norm"]) == pytest.approx(math.hypot(slope, 1.5))
        a, b = a - 0.1 * slope, b - 0.1 * 1.5
    assert len(rows) == 4


def test_logged_parameters_of_a_layer_have_their_places_and_a_large_network_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log.csv"
    for name, graph in (("small", tanh_net(epochs=1)), ("large", tanh_net(epochs=1))):
        if name == "large":
            SetParam("hidden", "out_features", 300).apply(graph)
        save(graph, tmp_path / f"{name}.gradwire")
    assert run_command(["train", str(tmp_path / "small.gradwire"), "--log", str(log), "--log-parameters"]) == 0
    with log.open(newline="") as stream:
        head = next(csv.reader(stream))
    assert {"hidden.W[0,1]", "grad.hidden.W[3,1]", "out.b[1]"} <= set(head) and len(head) == 6 + 1 + 2 * 22
    assert run_command(["train", str(tmp_path / "large.gradwire"), "--log", str(log), "--log-parameters"]) == 2
    assert "at most 1,000, but this graph has 1,502" in capsys.readouterr().err
    assert run_command(["train", str(tmp_path / "small.gradwire"), "--log-parameters"]) == 2
    assert "add --log F.csv" in capsys.readouterr().err


@pytest.mark.parametrize("optimizer", ["newton", "lm", "bfgs", "cg", "lbfgs", "gauss_newton"])
def test_every_second_order_method_is_chosen_on_the_command_line(
    optimizer: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = build("f = (10*(b - a^2))^2 + (1 - a)^2", CATALOG, params={"a": -1.2, "b": 1.0})
    save(graph, tmp_path / "f.gradwire")
    limit = "grad<1e-4" if optimizer == "lbfgs" else "grad<1e-6"  # PyTorch's stops moving where gᵀd is above its tolerance of −1e-9
    command = ["train", str(tmp_path / "f.gradwire"), "--optimizer", optimizer, "--steps", "300", "--stop", limit, "--json", "--full"]
    assert run_command(command) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["optimizer"] == optimizer and "norm of the gradient" in result["stopped"]
    assert result["params"] == {"a": pytest.approx(1.0, abs=1e-4), "b": pytest.approx(1.0, abs=1e-4)}


def test_an_optimizer_is_spelled_with_its_own_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """f = a² by the lecture's Nesterov: v ← 0.5v − 0.1·2(a + 0.5v), a ← a + v."""
    save(build("f = a^2", CATALOG, params={"a": 1.0}), tmp_path / "f.gradwire")
    log = tmp_path / "log.csv"
    command = ["train", str(tmp_path / "f.gradwire"), "--steps", "3", "--log", str(log), "--log-parameters", "--optimizer"]
    assert run_command([*command, "nesterov:lr=0.1:momentum=0.5:form=lecture"]) == 0
    with log.open(newline="") as stream:
        reached = [float(row["a"]) for row in csv.DictReader(stream)]
    a, v, wanted = 1.0, 0.0, []
    for _step in range(3):
        wanted.append(a)
        v = 0.5 * v - 0.1 * 2 * (a + 0.5 * v)
        a += v
    assert reached == pytest.approx(wanted, rel=1e-12)
    assert run_command([*command, "adam:form=lecture"]) != 0 and "one of pytorch, keras" in capsys.readouterr().err


def test_settings_that_the_optimizer_takes_no_notice_of_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(tanh_net(epochs=1), tmp_path / "net.gradwire")
    arguments = ["train", str(tmp_path / "net.gradwire"), "--steps", "1", "--clip-norm", "1", "--accumulate", "2", "--optimizer"]
    assert run_command([*arguments, "sgd"]) == 0
    assert not capsys.readouterr().err
    assert run_command([*arguments, "bfgs"]) == 0
    assert "BFGS evaluates the loss itself, so it takes no notice of --clip-norm, --accumulate" in capsys.readouterr().err


def test_a_run_whose_file_cannot_be_written_any_more_goes_on_and_is_saved_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder of --out goes away while the run trains: checkpoints complain once, and the end is in the folder for temporary files."""
    other, gone = tmp_path / "other", tmp_path / "gone"
    other.mkdir()
    gone.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(other))
    monkeypatch.setattr("cli.train.train", lambda *given: (gone.rmdir(), train(*given)))
    save(tanh_net(), tmp_path / "t.gradwire")
    out = gone / "out.gradwire"
    assert run_command(["train", str(tmp_path / "t.gradwire"), "--steps", "7", "--checkpoint-every", "2", "--out", str(out)]) == 1
    printed, said = capsys.readouterr()
    (kept,) = other.glob("out-*.gradwire")
    state = read(kept, CATALOG).state
    assert state is not None and state.step == 7 and printed.startswith("7 steps")
    problem = "main.py: out.gradwire: it cannot be saved: there is no such file or folder."
    assert said.splitlines() == [problem, f"{problem} What was trained is in {kept}"]

"""`train` says which part each number is from, and reads the test set only on request where a validation set judges the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.commands import run_command
from graph.model.edits import SetParam
from graph.storage.files import save
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

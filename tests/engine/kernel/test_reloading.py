"""The kernel goes on with the data it has read until the window asks for the newest; then graph and training follow, weights stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from engine.data.answer import load_data
from engine.data.job import load_job
from engine.data.loading import VERSIONS
from engine.kernel.protocol import StepOnce
from engine.kernel.worker import DocumentWorker
from engine.numerics.job import finished
from graph.storage.files import dumps
from tests.support.networks import network


@pytest.fixture
def worker() -> Iterator[DocumentWorker]:
    VERSIONS.on = True
    yield DocumentWorker()
    VERSIONS.on = False
    VERSIONS.forget()


def test_a_reload_gives_the_graph_new_rows_and_keeps_its_weights(worker: DocumentWorker, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"{i},{2 * i}\n" for i in range(40)))
    settings = {"dataset": "csv", "path": str(path), "test_fraction": 0.5}
    nodes = {"data": ("source.data", settings), "f": ("layer.linear", {"out_features": 1}), "loss": ("loss.squared_error", {})}
    wires = "data.x -> f.x; f -> loss.prediction; data.target -> loss.target"
    text = dumps(network(nodes, wires, optimizer="sgd", hyper={"lr": 1e-4}, epochs=5))
    worker.open(text, 1, (), {})
    worker.command(StepOnce(1))
    assert worker.step == 1, (worker._message, worker.trace().problems)
    assert dict(worker.trace().samples) == {"train": 20, "validation": 0, "test": 20}
    before = {name: tensor.clone() for name, tensor in worker._model.state.parameters.items()}

    path.write_text("a,b\n" + "".join(f"{i},{2 * i}\n" for i in range(60)))
    worker.open(text, None, (), {})
    assert dict(worker.trace().samples) == {"train": 20, "validation": 0, "test": 20}
    finished(load_data(None, load_job([settings], "", newest=True)))
    worker.open(text, None, (), {})
    assert dict(worker.trace().samples) == {"train": 30, "validation": 0, "test": 30} and worker.step == 1
    assert all(torch.equal(before[name], tensor) for name, tensor in worker._model.state.parameters.items())
    worker.command(StepOnce(1))
    assert worker.step == 2

"""A validation part judges a run while it trains; the test part is read only on request."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from engine.data import load
from engine.kernel.protocol import ShowComing, StepOnce
from engine.kernel.worker import DocumentWorker
from engine.numerics.rng import generator
from engine.training.model import Model
from engine.training.run import Run
from graph.model.edits import SetParam
from graph.storage.files import dumps
from tests.support.networks import tanh_net


def test_curve_and_result_read_the_validation_part_and_the_test_part_on_request() -> None:
    graph = tanh_net(batch_size=None, epochs=3)
    SetParam("data", "validation_fraction", 0.2).apply(graph)
    run = Run(Model(graph)).prepare()
    run.train()
    data, parameters = load(graph.settings_of("data")), run.model.state.parameters
    measured = {}
    for part in ("validation", "test"):
        samples = data.part(part)
        hidden = torch.tanh(torch.tensor(samples.x) @ parameters["hidden.W"].T + parameters["hidden.b"])
        scores = hidden @ parameters["out.W"].T + parameters["out.b"]
        measured[f"{part}_loss"] = float(nn.functional.cross_entropy(scores, torch.tensor(samples.y)))
        measured[f"{part}_accuracy"] = float((scores.argmax(1).numpy() == samples.y).mean())
    last = run.curve.points[-1]
    assert (last.test_loss, last.test_accuracy) == (None, None)
    assert last.validation_loss == pytest.approx(measured["validation_loss"], rel=1e-12)
    assert last.validation_accuracy == measured["validation_accuracy"]
    assert not [name for name in run.result()["metrics"] if "test" in name]
    asked = run.result(test=True)["metrics"]
    assert {name: asked[name] for name in measured} == pytest.approx(measured, rel=1e-12)


def test_a_step_made_alone_names_its_mini_batch() -> None:
    worker = DocumentWorker()
    worker.open(dumps(tanh_net()), 1, (), {})
    assert worker.progress({}).rows == ()
    worker.command(StepOnce(1))
    rows = worker.progress({}).rows
    assert rows == tuple(torch.randperm(75, generator=generator(0, "shuffle", 0))[:16].tolist())
    worker.command(ShowComing(1, True))
    coming = worker.trace()
    assert coming.mode == "training" and len(coming.rows) == 16 and not set(coming.rows) & set(rows)
    x = load(tanh_net().settings_of("data")).train.x
    shown = coming.values["data", "x"].data
    assert shown is not None and np.array_equal(shown, x[list(coming.rows)])

"""A graph evaluated on rows that are in no data set, against the same written in torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.learned.evaluate import evaluate
from engine.training import at_once
from engine.training.compiled import RunError
from engine.training.model import Model
from engine.training.run import Run
from tests.support.networks import network, tanh_net

NORMED = {
    "data": ("source.data", {"dataset": "moons", "samples": 60}), "hidden": ("layer.linear", {"out_features": 4}),
    "norm": ("layer.batch_norm1d", {}), "drop": ("layer.dropout", {"p": 0.5}), "out": ("layer.linear", {"out_features": 2}),
    "loss": ("loss.cross_entropy", {}),
}  # fmt: skip
WIRES = "data.x -> hidden.x; hidden -> norm.x; norm -> drop.x; drop -> out.x; out -> loss.scores; data.target -> loss.target"


def test_any_rows_by_running_statistics_and_without_dropout(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model(network(NORMED, WIRES, optimizer="sgd", hyper={"lr": 0.1}, epochs=5, batch_size=16))
    Run(model).train()
    rows = np.random.default_rng(3).normal(size=(37, 2))
    values = evaluate(model, {"data": rows}, [("out", "y"), ("norm", "y")])
    state = model.state.parameters | model.state.buffers
    x = torch.as_tensor(rows) @ state["hidden.W"].T + state["hidden.b"]
    x = torch.nn.functional.batch_norm(
        x, state["norm.running_mean"], state["norm.running_var"], state["norm.gamma"], state["norm.beta"], eps=1e-5
    )  # fmt: skip
    assert values["norm", "y"] == pytest.approx(x.numpy(), abs=1e-12)
    assert values["out", "y"] == pytest.approx((x @ state["out.W"].T + state["out.b"]).numpy(), abs=1e-12)
    monkeypatch.setattr(at_once, "BYTES", 400)
    pieces = evaluate(model, {"data": rows}, [("out", "y")])
    assert at_once.rows_at_once(model, [("out", "y")]) < 5
    assert pieces["out", "y"] == pytest.approx(values["out", "y"], abs=1e-12)


def test_what_does_not_depend_on_the_rows_is_repeated_and_what_mixes_them_is_refused() -> None:
    model = Model(tanh_net(), dtype=torch.float32)
    assert evaluate(model, {"data": np.zeros((3, 2))}, [("out", "y")])["out", "y"].dtype == np.float32
    assert evaluate(model, {"data": np.zeros((0, 2))}, [("out", "y")])["out", "y"].shape == (0, 2)
    with pytest.raises(RunError, match="loss"):
        evaluate(model, {"data": np.zeros((3, 2))}, [("loss", "y")], {"data": np.zeros(3, dtype=np.int64)})
    with pytest.raises(ValueError, match="no rows"):
        evaluate(model, {}, [("out", "y")])

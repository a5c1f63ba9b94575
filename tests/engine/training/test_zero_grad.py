"""Gradients that are not set to zero, and accumulation, against loops with torch's autograd."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.explain.context import ExplainContext
from engine.explain.update.answer import rehearse
from engine.learned.track import WeightStateJob
from engine.learned.track.states import weight_state
from engine.training.model import Model
from engine.training.run import Run
from engine.training.run_views import view_of_coming
from graph.model.graph import Graph
from tests.support.networks import network

POINTS = torch.tensor([[1.0], [2.0], [-1.0], [0.5]], dtype=torch.float64)
TARGETS = torch.tensor([[2.0], [1.0], [0.0], [1.5]], dtype=torch.float64)


def line(**training: Any) -> Graph:
    nodes = {
        "data": ("source.data", {"dataset": "table", "features": POINTS.tolist(), "targets": TARGETS.tolist(), "coding": "real",
                                 "test_fraction": 0}),
        "f": ("layer.linear", {"out_features": 1, "tensors": {"W": [[0.5]], "b": [0.1]}}), "loss": ("loss.squared_error", {}),
    }  # fmt: skip
    wires = "data.x -> f.x; f -> loss.prediction; data.target -> loss.target"
    return network(nodes, wires, **{"optimizer": "momentum", "hyper": {"lr": 0.02}, "batch_size": 4, **training})


@pytest.mark.parametrize("more", [{}, {"clip_norm": 0.7}, {"accumulate": 2}])
def test_without_zero_grad_every_update_goes_along_the_sum_as_in_torch(more: dict[str, Any]) -> None:
    run = Run(Model(line(zero_grad=False, **more)))
    run.train(max_steps=40)
    w, b = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in ([[0.5]], [0.1]))
    optimizer = torch.optim.SGD([w, b], lr=0.02, momentum=0.9)
    parts = more.get("accumulate", 1)
    for step in range(1, 41):
        ((POINTS @ w.T + b - TARGETS) ** 2).mean().div(parts).backward()
        if step % parts == 0:
            if "clip_norm" in more:
                torch.nn.utils.clip_grad_norm_([w, b], more["clip_norm"])
            optimizer.step()
    state = run.state.parameters
    assert torch.allclose(state["f.W"], w, rtol=0, atol=1e-10) and torch.allclose(state["f.b"], b, rtol=0, atol=1e-10)


def test_the_sum_is_said_shown_on_the_weights_and_remembered() -> None:
    model = Model(line(zero_grad=False, optimizer="sgd"))
    run = Run(model)
    run.train(max_steps=3)
    assert rehearse(run).note == "g is the sum of the gradients of 4 steps: they are not set to zero in between."
    steps = weight_state(ExplainContext(model, run), WeightStateJob("sums"))
    with pytest.raises(StopIteration) as end:
        while True:
            next(steps)
    ((key, view), _bias) = end.value.value.tensors
    w, b, total = 0.5, 0.1, 0.0  # the same by hand: ∂/∂w of the mean square is 2·mean(r·x)
    total_b = 0.0
    for _step in range(3):
        rest = [w * x + b - t for x, t in zip(POINTS[:, 0].tolist(), TARGETS[:, 0].tolist(), strict=True)]
        total += 2 * sum(r * x for r, x in zip(rest, POINTS[:, 0].tolist(), strict=True)) / 4
        total_b += 2 * sum(rest) / 4
        w, b = w - 0.02 * total, b - 0.02 * total_b
    assert key == ("f", "W") and view.scalar == pytest.approx(total, rel=1e-12)
    resumed = Run(Model(line(zero_grad=False, optimizer="sgd")))
    resumed.restore(run.capture())
    resumed.train(max_steps=5)
    run.train(max_steps=5)
    assert not resumed.capture().diff(run.capture())


def test_where_gradients_are_set_to_zero_nothing_adds_up() -> None:
    run = Run(Model(line()))
    run.train(max_steps=2)
    steps = weight_state(ExplainContext(run.model, run), WeightStateJob("sums"))
    with pytest.raises(StopIteration) as end:
        while True:
            next(steps)
    assert not end.value.value.tensors and "nothing adds up" in end.value.value.why


def test_a_step_says_which_mini_batch_of_the_update_it_is() -> None:
    run = Run(Model(line(accumulate=4)))
    run.train(max_steps=5)
    assert view_of_coming(run).batch == "iteration 6: all training samples; batch 2 of 4 of an update"
    assert rehearse(run).note == "Mini-batch 2 of 4 of an update: its gradient is added, and the weights stay as they are."

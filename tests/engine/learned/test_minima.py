"""Ends of runs, sharpness, the line between two ends and rescaling, against torch by hand and closed forms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.compile.views import Stamp
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned import minima
from engine.learned.minima import Ends, EndsJob, Line, LineJob, Rescaled, RescaleJob
from engine.learned.minima.answer import ends, line
from engine.learned.minima.rescaling import rescale
from engine.nodes.catalog import CATALOG
from engine.numerics.job import finished
from engine.training.model import Model
from engine.training.run import Run
from graph.model.edits import SetTraining
from graph.model.graph import Graph
from graph.storage.files import load
from tests.support.networks import network, tanh_net

EXAMPLES = Path(__file__).parents[3] / "resources/examples"


def trained(graph: Graph, steps: int) -> Run:
    run = Run(Model(graph), id=1).prepare()
    run.keep(begins=True)
    run.train(max_steps=steps)
    return run


def relu_net(**training: Any) -> Graph:
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 60}), "hidden": ("layer.linear", {"out_features": 4}),
        "relu": ("activation.relu", {}), "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = "data.x -> hidden.x; hidden -> relu.x; relu -> out.x; out -> loss.scores; data.target -> loss.target"
    return network(nodes, wires, **{"optimizer": "sgd", "hyper": {"lr": 0.3}, "epochs": 20, "batch_size": 16, **training})


class ByHand:
    """The same network in torch, as a function of all its numbers in a row."""

    def __init__(self, run: Run, between: nn.Module) -> None:
        self.net = nn.Sequential(nn.Linear(2, 4), between, nn.Linear(4, 2)).double()
        names = {"0.weight": "hidden.W", "0.bias": "hidden.b", "2.weight": "out.W", "2.bias": "out.b"}
        self.net.load_state_dict({name: run.model.state.parameters[mine] for name, mine in names.items()})
        self.x, self.y = run.model.feeds.train["data", "x"], run.model.feeds.train["data", "target"]
        self.flat = torch.nn.utils.parameters_to_vector(self.net.parameters()).detach()

    def output(self, flat: torch.Tensor) -> torch.Tensor:
        w1, b1, w2, b2 = torch.split(flat, [8, 4, 8, 2])
        return nn.functional.linear(self.net[1](nn.functional.linear(self.x, w1.view(4, 2), b1)), w2.view(2, 4), b2)

    def loss(self, flat: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(self.output(flat), self.y)

    def hessian(self, flat: torch.Tensor) -> np.ndarray:
        matrix: torch.Tensor = torch.autograd.functional.hessian(self.loss, flat)
        return matrix.numpy()


def test_two_runs_end_where_torch_says_with_the_line_between_them() -> None:
    run = trained(tanh_net(), 40)
    first = ByHand(run, nn.Tanh())
    run.history.settle()
    run.history.start_over(2)  # as a reset does
    run.model.reset()
    run.configure({**run.training, "hyper": {"lr": 0.1}})
    run.keep(begins=True)
    run.train(max_steps=25)
    second = ByHand(run, nn.Tanh())
    before = run.capture()
    context = ExplainContext(run.model, run)
    now = finished(ends(context, EndsJob(3, 4, 2)))
    assert isinstance(now, Ends) and [(end.run, end.step, end.exact) for end in now.ends] == [(2, 25, True), (1, 40, True)]
    assert (now.numbers, now.rows, now.left_out) == (22, 75, 0)
    for end, hand in zip(now.ends, (second, first), strict=True):
        matrix = hand.hessian(hand.flat)
        assert end.value == pytest.approx(float(hand.loss(hand.flat)), rel=1e-12)
        assert end.largest == pytest.approx(np.linalg.eigvalsh(matrix)[-1], rel=1e-9)
        assert end.trace == pytest.approx(np.trace(matrix), rel=1e-9)
        assert end.gradient == pytest.approx(float(torch.func.grad(hand.loss)(hand.flat).norm()), rel=1e-9)
    way = finished(line(context, LineJob((1, 40), (2, 25))))
    assert isinstance(way, Line) and way.distance == pytest.approx(float((second.flat - first.flat).norm()), rel=1e-12)
    expected = [float(first.loss((1 - t) * first.flat + t * second.flat)) for t in way.t.tolist()]
    np.testing.assert_allclose(way.f, expected, rtol=1e-12)
    assert way.at_ends == pytest.approx((float(first.loss(first.flat)), float(second.loss(second.flat))), rel=1e-12)
    between = way.f[20:101]
    assert way.t[20] == pytest.approx(0, abs=1e-15) and way.t[100] == pytest.approx(1)
    assert way.barrier == pytest.approx(max(between.max() - max(way.at_ends), 0.0), abs=1e-15)
    after = run.capture()
    assert all(torch.equal(after.parameters[name], tensor) for name, tensor in before.parameters.items()) and after.step == 25
    with pytest.raises(Unanswerable, match="not stored"):
        finished(line(context, LineJob((1, 40), (9, 1))))
    with pytest.raises(Unanswerable, match="Pause"):
        finished(ends(ExplainContext(run.model, run, training=True), EndsJob()))


def test_estimates_of_large_networks_are_within_their_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(tanh_net(), 30)
    matrix = ByHand(run, nn.Tanh()).hessian(ByHand(run, nn.Tanh()).flat)
    monkeypatch.setattr("engine.learned.minima.sharpness.EXACT", 5)
    end = finished(ends(ExplainContext(run.model, run), EndsJob())).ends[0]
    assert not end.exact and end.trace_error > 0
    assert end.largest == pytest.approx(np.linalg.eigvalsh(matrix)[-1], abs=max(end.largest_error, 1e-9))
    assert abs(end.trace - np.trace(matrix)) < 4 * end.trace_error
    assert minima.EXACT == 500


@pytest.mark.parametrize("alpha", [0.2, 2.0, 10.0])
def test_rescaled_layers_compute_the_same_with_another_sharpness(alpha: float) -> None:
    run = trained(relu_net(), 30)
    hand = ByHand(run, nn.ReLU())
    now = finished(rescale(ExplainContext(run.model, run), RescaleJob(alpha)))
    assert isinstance(now, Rescaled) and now.pairs == (("hidden", "out.W"),) and now.rows == 45
    factors = torch.tensor([alpha] * 12 + [1 / alpha] * 8 + [1.0] * 2, dtype=torch.float64)
    scaled = hand.flat * factors
    same, other = hand.output(hand.flat), hand.output(scaled)
    assert now.difference < 1e-14 and now.difference == pytest.approx(float((other - same).abs().max()), abs=2e-15)
    assert now.size == pytest.approx(float(same.abs().max())) and now.values[0] == pytest.approx(now.values[1], rel=1e-13)
    for i, flat in enumerate((hand.flat, scaled)):
        matrix = hand.hessian(flat)
        assert now.largest[i] == pytest.approx(np.linalg.eigvalsh(matrix)[-1], rel=1e-9)
        assert now.traces[i] == pytest.approx(np.trace(matrix), rel=1e-9)
    middle = now.curve[len(now.curve) // 2]
    assert now.alphas[len(now.alphas) // 2] == pytest.approx(1) and middle == pytest.approx(now.largest[0], rel=1e-9)


def test_two_factors_of_a_product_are_rescaled_as_the_closed_form_says() -> None:
    """(1 − w₂w₁)² at w₁w₂ = 1 has λmax = 2(w₁² + w₂²), so α makes it 2(α²w₁² + w₂²/α²)."""
    graph = load(EXAMPLES / "saddle.gradwire", CATALOG)
    SetTraining("hyper", {"lr": 0.03}).apply(graph)
    run = trained(graph, 400)
    w = [float(run.model.state.parameters[f"{node.id}.value"]) for node in graph.nodes.values() if node.name in ("w1", "w2")]
    now = finished(rescale(ExplainContext(run.model, run), RescaleJob(2.0)))
    (pair,) = now.pairs
    first, second = (w[0], w[1]) if pair == ("w1", "w2") else (w[1], w[0])
    assert now.largest[0] == pytest.approx(2 * (first**2 + second**2), rel=1e-6) == pytest.approx(2 * 25.140, rel=1e-3)
    assert now.largest[1] == pytest.approx(2 * (4 * first**2 + second**2 / 4), rel=1e-6)
    assert now.difference < 1e-15


def test_what_cannot_be_rescaled_says_so() -> None:
    run = trained(tanh_net(), 1)
    now = finished(rescale(ExplainContext(run.model, run), RescaleJob(2.0)))
    assert now.pairs == () and np.isnan(now.largest[0])
    with pytest.raises(Unanswerable, match="positive"):
        finished(rescale(ExplainContext(run.model, run), RescaleJob(-1.0)))


def test_a_rise_within_round_off_is_no_barrier_and_one_that_is_not_finite_is_said() -> None:
    seen = Line(Stamp(0, 0, 0, 0), (1, 1), (2, 1), np.array([-0.25, 0.0, 0.5, 1.0]), np.array([9.0, 1.0, 1.0 + 4e-16, 1.0]), 2.0,
                (1.0, 1.0), 1e-14)  # fmt: skip
    assert seen.barrier == 0.0
    assert replace(seen, f=np.array([9.0, 1.0, 1.5, 1.0])).barrier == 0.5
    assert np.isnan(replace(seen, f=np.array([9.0, 1.0, np.nan, 1.0])).barrier)

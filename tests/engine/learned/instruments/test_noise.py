"""Gradients of single samples against torch, one autograd call each; mean, covariance and step against NumPy and torch.optim."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.instruments.noise import BatchSizes, SampleGradients, SamplesJob, SizesJob, correction, ellipse
from engine.learned.instruments.noise.answer import samples
from engine.learned.instruments.noise.sizes import sizes
from engine.numerics.job import finished
from engine.training.model import Model
from engine.training.run import Run
from graph.model.address import Address
from graph.model.graph import Graph
from tests.support.networks import network, product, tanh_net

PLACES = (Address("parameter", "hidden", "W", index=(1, 0)), Address("parameter", "out", "b", index=(1,)))
COLUMNS = [2, 8 + 4 + 8 + 1]
"""Of those numbers among all: hidden.W (4, 2), hidden.b (4,), out.W (2, 4), out.b (2,)."""


def trained(graph: Graph, steps: int) -> Run:
    run = Run(Model(graph)).prepare()
    run.train(max_steps=steps)
    return run


def asked(run: Run, **more: Any) -> SampleGradients:
    answer = finished(samples(ExplainContext(run.model, run), SamplesJob(PLACES, structure=3, revision=4, run=5, **more)))
    assert isinstance(answer, SampleGradients)
    return answer


class ByHand:
    """The same network in torch."""

    def __init__(self, run: Run) -> None:
        self.net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2)).double()
        names = {"0.weight": "hidden.W", "0.bias": "hidden.b", "2.weight": "out.W", "2.bias": "out.b"}
        self.net.load_state_dict({name: run.model.state.parameters[mine] for name, mine in names.items()})
        self.x, self.y = run.model.feeds.train["data", "x"], run.model.feeds.train["data", "target"]

    def gradient(self, rows: Any) -> np.ndarray:
        """(P,) of the mean loss of these rows."""
        loss = nn.functional.cross_entropy(self.net(self.x[rows]), self.y[rows])
        return torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, list(self.net.parameters()))]).numpy()

    def weights(self) -> np.ndarray:
        return torch.cat([p.detach().reshape(-1) for p in self.net.parameters()]).numpy()

    def each(self, rows: Any) -> np.ndarray:
        return np.array([self.gradient([row]) for row in rows])


@pytest.mark.parametrize("of", ["batch", "part"])
def test_gradients_of_samples_are_those_of_autograd_one_by_one(of: str) -> None:
    run = trained(tanh_net(), 7)
    now, hand = asked(run, of=of), ByHand(run)
    rows = run.coming_rows().tolist() if of == "batch" else list(range(75))
    every = hand.each(rows)
    assert now.rows.tolist() == rows and now.kept.all() and (now.part_rows, now.of_all, now.numbers) == (75, len(rows), 22)
    np.testing.assert_allclose(now.gradients, every[:, COLUMNS], rtol=0, atol=1e-15)
    np.testing.assert_allclose(now.mean, hand.gradient(rows)[COLUMNS], rtol=0, atol=1e-15)
    np.testing.assert_allclose(now.full, hand.gradient(range(75))[COLUMNS], rtol=0, atol=1e-15)
    np.testing.assert_allclose(now.covariance, np.cov(every[:, COLUMNS], rowvar=False), rtol=1e-12)
    np.testing.assert_allclose(now.error, every[:, COLUMNS].std(0, ddof=1) / math.sqrt(len(rows)), rtol=1e-12)
    assert now.length == pytest.approx(np.linalg.norm(every.mean(0)), rel=1e-12)
    assert now.variance == pytest.approx(np.trace(np.cov(every, rowvar=False)), rel=1e-12)
    assert now.stamp.step == 7 and now.names == ("hidden.W[1, 0]", "out.b[1]")


def test_without_some_samples_mean_and_step_are_those_of_the_others() -> None:
    run = trained(tanh_net(optimizer="adam", hyper={"lr": 0.05}), 1)
    rows = run.coming_rows().tolist()
    now, hand = asked(run, removed=(rows[0], rows[5], 1000)), ByHand(run)
    kept = [row for row in rows if row not in (rows[0], rows[5])]
    assert now.count == 14 and now.rows[~now.kept].tolist() == [rows[0], rows[5]]
    np.testing.assert_allclose(now.mean, hand.gradient(kept)[COLUMNS], rtol=0, atol=1e-15)
    np.testing.assert_allclose(now.covariance, np.cov(hand.each(kept)[:, COLUMNS], rowvar=False), rtol=1e-12)
    for taken, after in ((kept, now.after), (rows, now.after_all)):
        again = trained(tanh_net(), 0)  # Adam's second step in torch, after the first one with the first mini-batch
        twin = ByHand(again)
        adam = torch.optim.Adam(twin.net.parameters(), lr=0.05)
        for batch in (again.coming_rows().tolist(), taken):
            adam.zero_grad()
            nn.functional.cross_entropy(twin.net(twin.x[batch]), twin.y[batch]).backward()
            adam.step()
        np.testing.assert_allclose(after, twin.weights()[COLUMNS], rtol=0, atol=1e-12)
    before = {name: tensor.clone() for name, tensor in run.model.state.parameters.items()}
    run.train(max_steps=1)
    assert any(not torch.equal(before[name], tensor) for name, tensor in run.model.state.parameters.items())
    np.testing.assert_allclose(now.after_all, ByHand(run).weights()[COLUMNS], rtol=0, atol=1e-15)  # nothing was changed by looking


@pytest.mark.parametrize("replacement", [False, True])
def test_mini_batches_spread_as_sigma_over_the_root_of_their_size(replacement: bool) -> None:
    run = trained(tanh_net(), 7)
    now = finished(sizes(ExplainContext(run.model, run), SizesJob(PLACES, replacement, draws=2000)))
    assert isinstance(now, BatchSizes) and now.sizes == (1, 2, 4, 8, 16, 32, 64, 75)
    every = ByHand(run).each(range(75))[:, COLUMNS]
    np.testing.assert_allclose(now.sigma, every.std(0), rtol=1e-12)
    for size, spread in zip(now.sizes, now.spread, strict=True):
        expected = every.std(0) / math.sqrt(size) * (1 if replacement else math.sqrt((75 - size) / 74))
        np.testing.assert_allclose(now.expected(size), expected, rtol=1e-12)
        np.testing.assert_allclose(spread, expected, rtol=0.1, atol=1e-15)  # 2000 draws: 1.6 % a standard error, more with long tails
    assert correction(75, 75) == 0 and correction(1, 1) == 0


def test_the_ellipse_is_so_many_standard_deviations_away_in_every_direction() -> None:
    covariance = np.array([[2.0, -0.5], [-0.5, 0.25]])
    around = ellipse(np.array([1.0, -3.0]), covariance, 2.0) - [1.0, -3.0]
    np.testing.assert_allclose(np.einsum("ni,ij,nj->n", around, np.linalg.inv(covariance), around), 4.0, rtol=1e-12)
    np.testing.assert_allclose(around.max(0), 2 * np.sqrt([2.0, 0.25]), rtol=5e-3)
    flat = ellipse(np.zeros(2), np.array([[1.0, 1.0], [1.0, 1.0]]), 1.0)
    np.testing.assert_allclose(flat[:, 0], flat[:, 1], atol=1e-7)


def test_what_single_samples_cannot_say_is_refused_with_the_reason() -> None:
    nodes: dict[str, tuple[str, Any]] = {
        "data": ("source.data", {"dataset": "moons", "samples": 40}), "hidden": ("layer.linear", {"out_features": 4}),
        "norm": ("layer.batch_norm1d", {}), "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = "data.x -> hidden.x; hidden -> norm.x; norm -> out.x; out -> loss.scores; data.target -> loss.target"
    mixed = trained(network(nodes, wires, optimizer="sgd", hyper={"lr": 0.1}, epochs=1, batch_size=8), 0)
    with pytest.raises(Unanswerable, match="mixes samples"):
        asked(mixed)
    alone = trained(tanh_net(), 0)
    with pytest.raises(Unanswerable, match="Put some back"):
        asked(alone, removed=tuple(alone.coming_rows().tolist()))
    context = ExplainContext(Model(product()))
    with pytest.raises(Unanswerable):
        finished(samples(context, SamplesJob(PLACES)))
    with pytest.raises(Unanswerable, match="no trained number"):
        finished(samples(ExplainContext(alone.model, alone), SamplesJob((Address("parameter", "nowhere", "W", index=(0, 0)),))))
    one = asked(alone, removed=tuple(alone.coming_rows().tolist()[1:]))
    assert one.count == 1 and np.isnan(one.covariance).all() and math.isnan(one.variance)

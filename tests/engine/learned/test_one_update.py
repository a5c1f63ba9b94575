"""The microscope: a free point as the sample, and one update from it alone, against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.compile.spot import Spot
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.explain.shown_pass import shown_pass
from engine.learned.plane import Axis, Plane
from engine.learned.plane.one_update import AfterUpdate, OneUpdateJob
from engine.learned.plane.updating import one_update
from engine.numerics.job import finished
from engine.training.model import Model
from engine.training.run import Run
from tests.support.networks import tanh_net

PLANE = Plane((Axis(0, 9, (-1.5, 2.0)), Axis(1, 7, (-1.0, 1.5))))


def test_a_free_point_is_the_sample_with_the_target_of_its_neighbour() -> None:
    model = Model(tanh_net())
    Run(model).train(max_steps=20)
    state, dice = model.state.parameters, np.random.default_rng(1)
    labels = model.feeds.train["data", "target"]
    for _round in range(100):
        x, place = dice.uniform(-2, 2, 2), int(dice.integers(len(labels)))
        model.spot = Spot("train", place, len(labels), (("data", 0, float(x[0])), ("data", 1, float(x[1]))))
        trace = model.trace()
        weights = {k: v.detach().clone().requires_grad_() for k, v in state.items()}
        given = torch.tensor(x, requires_grad=True)
        h = torch.tanh(weights["hidden.W"] @ given + weights["hidden.b"])
        loss = torch.nn.functional.cross_entropy((weights["out.W"] @ h + weights["out.b"])[None], labels[place : place + 1])
        loss.backward()
        again = shown_pass(ExplainContext(model))
        assert torch.equal(again.feeds[again.program.feeds.index(("data", "x"))][0], given.detach())
        assert torch.allclose(trace.values["data", "x"][0], given.detach(), rtol=0, atol=0)
        assert abs(float(trace.values["loss", "y"]) - loss.item()) < 1e-12
        upstream = trace.gradients["tanh", "y"]
        assert isinstance(upstream, torch.Tensor)
        assert torch.allclose(upstream[0], _upstream(weights, given, labels[place]), rtol=0, atol=1e-12)


def _upstream(weights: dict[str, torch.Tensor], x: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """∂ℓ/∂h = Wᵀ(softmax(s) − y)."""
    h = torch.tanh(weights["hidden.W"] @ x + weights["hidden.b"]).detach()
    delta = torch.softmax(weights["out.W"] @ h + weights["out.b"], 0).detach()
    delta[label] -= 1
    return weights["out.W"].detach().T @ delta


def test_one_update_is_one_step_of_torch_from_this_sample_and_changes_nothing() -> None:
    model = Model(tanh_net())
    Run(model).train(max_steps=20)
    lr = 0.5
    before = {k: v.clone() for k, v in model.state.parameters.items()}
    spot = Spot("train", 3, model.feeds.rows["train"], (("data", 0, 0.25), ("data", 1, -0.5)))
    seen: AfterUpdate = finished(one_update(ExplainContext(model), OneUpdateJob(PLANE, spot, 1, 2, 3)))
    assert all(torch.equal(v, before[k]) for k, v in model.state.parameters.items())
    weights = {k: v.clone().requires_grad_() for k, v in before.items()}

    def scores(x: torch.Tensor) -> torch.Tensor:
        return weights["out.W"] @ torch.tanh(weights["hidden.W"] @ x + weights["hidden.b"]) + weights["out.b"]

    target = model.feeds.train["data", "target"][3:4]
    point = torch.tensor([0.25, -0.5], dtype=torch.float64)
    optimizer = torch.optim.SGD(weights.values(), lr=lr)
    loss = torch.nn.functional.cross_entropy(scores(point)[None], target)
    loss.backward()
    optimizer.step()
    assert seen.probability is not None and seen.predicted is not None
    for i, y in enumerate(np.linspace(-1.0, 1.5, 7)):
        for j, x in enumerate(np.linspace(-1.5, 2.0, 9)):
            probable = torch.softmax(scores(torch.tensor([x, y])), 0).detach()
            assert abs(seen.probability[i, j] - float(probable.max())) < 1e-12
            apart = scores(torch.tensor([x, y])).detach().diff().abs()
            assert seen.lead is not None and abs(seen.lead[i, j] - float(apart)) < 1e-12
    assert seen.before == pytest.approx(loss.item(), abs=1e-12)
    assert seen.after == pytest.approx(torch.nn.functional.cross_entropy(scores(point)[None], target).item(), abs=1e-12)


def test_a_sample_that_is_gone_makes_no_update() -> None:
    with pytest.raises(Unanswerable):
        finished(one_update(ExplainContext(Model(tanh_net())), OneUpdateJob(PLANE, Spot("train", 10**6, 1), 1, 2, 3)))

"""The learning-rate finder trains a copy, by a rule that a reader can check, and leaves the run as it is."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from engine.data import load
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.rate_finder import DIVERGED, FIRST, FindRate, Sweep, steepest
from engine.learned.rate_finder.answer import find_rate
from engine.numerics.job import finished
from engine.training.model import Model
from engine.training.run import Run
from tests.engine.training.test_checkpoints import lively_net
from tests.support.networks import tanh_net


def sweep(run: Run, **job: Any) -> Sweep:
    answer = finished(find_rate(ExplainContext(run.model, run), FindRate(**job)))
    assert isinstance(answer, Sweep)
    return answer


@pytest.mark.parametrize("settings", [{}, {"accumulate": 3, "lr_schedule": "plateau", "clip_norm": 0.5}], ids=["plain", "everything"])
def test_the_run_is_untouched_to_the_last_bit(settings: dict[str, Any]) -> None:
    graph = lively_net("adam", {}, **settings)
    alone, run = Run(Model(graph)).prepare(), Run(Model(graph)).prepare()
    for each in (alone, run):
        each.train(max_steps=7)
    before = run.capture()
    assert len(sweep(run).rates) > FIRST and run.capture().diff(before) == {}
    for each in (alone, run):
        each.train(max_steps=9)
    assert run.capture().diff(alone.capture()) == {}


def test_the_losses_are_those_of_pytorchs_own_loop() -> None:
    """Plain descent on the whole set, with the rate in equal ratios; smoothing and rule by hand."""
    run = Run(Model(tanh_net(batch_size=None))).prepare()
    run.train(max_steps=3)
    net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    start = run.state.parameters
    net.load_state_dict({"0.weight": start["hidden.W"], "0.bias": start["hidden.b"], "2.weight": start["out.W"], "2.bias": start["out.b"]})
    data = load(run.model.graph.settings_of("data"))
    x, y = torch.tensor(data.train.x), torch.tensor(data.train.y)
    found = sweep(run, low=1e-3, high=1e3, steps=60)
    mean, means = 0.0, []
    for i, rate in enumerate(found.rates):
        assert rate == pytest.approx(1e-3 * 10 ** (6 * i / 59))
        net.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        with torch.no_grad():
            for parameter in net.parameters():
                assert parameter.grad is not None
                parameter -= rate * parameter.grad
            loss = float(nn.functional.cross_entropy(net(x), y))
        assert found.losses[i] == pytest.approx(loss, rel=1e-9)
        mean = 0.9 * mean + 0.1 * loss
        means.append(mean / (1 - 0.9 ** (i + 1)))
    assert found.smoothed == pytest.approx(means, rel=1e-9)
    assert found.diverged == found.rates[-1] and means[-1] > DIVERGED * min(means) >= 0 < min(means)
    assert all(mean <= DIVERGED * min(means[: i + 1]) for i, mean in enumerate(means[:-1]))
    slopes = {rate: (means[i + 1] - means[i - 1]) / (2 * 6 / 59 * math.log(10)) for i, rate in enumerate(found.rates[:-1]) if i >= FIRST}
    assert found.suggested == min(slopes, key=lambda rate: slopes[rate])


def test_nothing_is_suggested_where_the_loss_does_not_fall() -> None:
    rates = [10.0**i for i in range(30)]
    assert steepest(rates, [1.0 + 0.001 * i for i in range(30)]) is None
    assert steepest(rates, [1.0] * 20 + [0.999] * 10) is None
    assert steepest(rates[:5], [5.0, 4.0, 3.0, 2.0, 1.0]) is None


def test_an_optimizer_that_finds_its_steps_itself_is_refused_in_words() -> None:
    with pytest.raises(Unanswerable, match="L-BFGS chooses the length of its steps itself"):
        sweep(Run(Model(tanh_net(optimizer="lbfgs", hyper={}))).prepare())

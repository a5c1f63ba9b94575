"""The loss of every step is kept as it is; of a very long run, the extremes and the mean of a few steps. NumPy is the oracle."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from engine.training.curve import Curve
from engine.training.losses import Losses
from engine.training.model import Model
from engine.training.run import Run
from tests.support.networks import tanh_net


def test_added_in_pieces_every_loss_is_there_and_a_run_that_went_back_replaces_what_followed() -> None:
    values, losses = np.random.default_rng(0).normal(size=5000), Losses()
    for at in range(0, 5000, 137):
        losses.add(at + 1, values[at : at + 137].tolist())
    assert np.array_equal(losses.low, values) and losses.low is not losses.high and np.array_equal(losses.high, values)
    assert losses.at(138) == (138, 138, values[137], values[137]) and losses.at(0) is None and losses.at(5001) is None
    fork = losses.until(3000)
    losses.add(1001, [7.0])
    assert losses.last == 1001 and losses.at(1001) == (1001, 1001, 7.0, 7.0)
    assert np.array_equal(fork.low, values[:3000])  # the other branch keeps its own
    losses.add(1500, [1.0])
    assert (losses.first, losses.last) == (1500, 1500)


@pytest.mark.parametrize("piece", [1, 7, 100, 5000])
def test_a_run_beyond_the_limit_keeps_minimum_maximum_and_mean_of_its_steps(piece: int) -> None:
    values, losses = np.random.default_rng(1).normal(size=4321), Losses(limit=500)
    for at in range(0, values.size, piece):
        losses.add(at + 1, values[at : at + piece])
    stride = losses.stride
    assert stride == 16 and losses.low.size <= 500 and losses.last == values.size
    for block in range(losses.low.size):
        part = values[block * stride : (block + 1) * stride]
        assert (losses.low[block], losses.high[block]) == (part.min(), part.max())
        assert losses.mean[block] == pytest.approx(part.mean(), abs=1e-12)
    first, last, low, high = losses.at(values.size) or (0, 0, 0.0, 0.0)
    assert last == values.size and (low, high) == (values[first - 1 :].min(), values[first - 1 :].max())


def test_a_listener_that_asks_now_and_then_knows_every_loss_whatever_the_run_does() -> None:
    run, heard = Run(Model(tanh_net(batch_size=None, epochs=9000))).prepare(), Losses()

    def listen(known: bool = True) -> None:
        news = run.curve.tell_losses(known)
        if news is not None:
            heard.take(pickle.loads(pickle.dumps(news)))
        assert np.array_equal(heard.low, run.curve.losses.low) and heard.last == run.curve.losses.last

    run.keep()
    run.train(max_steps=30)
    listen(known=False)
    run.train(max_steps=300)
    listen()
    listen()
    assert heard.last == 330
    assert run.go_to(100)
    run.configure({**run.training, "hyper": {"lr": 0.3}})
    run.keep()
    run.train(max_steps=5)
    run.curve.tell_again()
    listen(known=False)
    assert heard.last == 105 and heard.at(105) == (105, 105, run.loss, run.loss)
    assert pickle.loads(pickle.dumps(run.curve)).losses.steps == 0  # the window has them already


def test_a_curve_that_nobody_listens_to_keeps_no_second_copy() -> None:
    curve = Curve()
    curve.tell_losses(known=False)
    for at in range(0, 400_000, 1000):
        curve.add(at + 1, [0.5] * 1000)
    assert curve._untold.bytes < 3_000_000
    news = curve.tell_losses(known=True)
    assert news is not None and news.first == 1 and news.last == 400_000

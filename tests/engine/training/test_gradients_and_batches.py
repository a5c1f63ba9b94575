"""Clipping, accumulation and dropping the last batch are PyTorch's, and exact after going back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.data import load
from engine.explain.context import ExplainContext
from engine.explain.update import UpdateOf
from engine.explain.update.answer import update
from engine.training.model import Model
from engine.training.run import Run
from engine.training.saved import pack_state, unpack_state
from tests.engine.training.test_checkpoints import lively_net
from tests.support.networks import tanh_net

Step = Callable[[list[Tensor], torch.optim.Optimizer, int], None]


def by_hand(run: Run, updates: Step, lr: float = 0.5, momentum: float = 0.9) -> list[Tensor]:
    """The same network in PyTorch, over the same mini-batches: `updates` is what happens after each backward pass."""
    model = run.model
    net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    start = {name: tensor.clone() for name, tensor in model.state.parameters.items()}
    net.load_state_dict({"0.weight": start["hidden.W"], "0.bias": start["hidden.b"], "2.weight": start["out.W"], "2.bias": start["out.b"]})
    data = load(model.graph.settings_of("data"))
    x, y = torch.tensor(data.train.x), torch.tensor(data.train.y)
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=momentum)
    made = 0
    for epoch in range(3):
        order = torch.cat([run._rows_at(epoch, position) for position in range(run._batches.count)])
        drop = bool(run.training.get("drop_last"))
        rows_in_order: Any = order.tolist()
        for rows in torch.utils.data.DataLoader(rows_in_order, batch_size=16, drop_last=drop):
            nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
            made += 1
            updates(list(net.parameters()), optimizer, made)
    return [p.detach() for p in net.parameters()]


def clip(parameters: list[Tensor], optimizer: torch.optim.Optimizer, made: int) -> None:
    nn.utils.clip_grad_value_(parameters, 0.05)
    nn.utils.clip_grad_norm_(parameters, 0.1)
    optimizer.step()
    optimizer.zero_grad()


def accumulate(parameters: list[Tensor], optimizer: torch.optim.Optimizer, made: int) -> None:
    if made % 4 == 0:
        for parameter in parameters:
            assert parameter.grad is not None
            parameter.grad /= 4
        optimizer.step()
        optimizer.zero_grad()


def plain(parameters: list[Tensor], optimizer: torch.optim.Optimizer, made: int) -> None:
    optimizer.step()
    optimizer.zero_grad()


@pytest.mark.parametrize(
    ("settings", "updates"),
    [({"clip_norm": 0.1, "clip_value": 0.05}, clip), ({"accumulate": 4}, accumulate), ({"drop_last": True}, plain)],
    ids=["clipping", "accumulation", "drop last"],
)
def test_it_is_what_pytorch_does(settings: dict[str, Any], updates: Step) -> None:
    run = Run(Model(tanh_net(optimizer="momentum", hyper={"lr": 0.5}, epochs=3, **settings))).prepare()
    reference = by_hand(run, updates)
    run.train()
    for name, expected in zip(("hidden.W", "hidden.b", "out.W", "out.b"), reference, strict=True):
        torch.testing.assert_close(run.state.parameters[name], expected, rtol=1e-10, atol=1e-12)
    if "drop_last" in settings:
        rows = len(run._batches._order)
        assert run._batches.count == rows // 16 and rows % 16, "the last batch would be a smaller one"


def test_the_order_of_samples_may_have_a_seed_of_its_own() -> None:
    """Initial values and dropout masks stay those of the seed."""
    plain, other, ordered = (Run(Model(lively_net("sgd", {}, **more))).prepare() for more in ({}, {"seed": 5}, {"order_seed": 5}))
    orders = [[run._rows_at(epoch, 0).tolist() for epoch in range(3)] for run in (plain, other, ordered)]
    assert orders[2] == orders[1] != orders[0]
    assert ordered.state.diff(plain.state) == {} != other.state.diff(plain.state)
    assert ordered.model.random(3) == plain.model.random(3) != other.model.random(3)
    assert not plain.conditions().same(ordered.conditions())


EVERYTHING = {"order_seed": 9, "clip_norm": 0.3, "clip_value": 0.2, "accumulate": 3, "drop_last": True}


@pytest.mark.parametrize("key", ["adam", "lbfgs"])
def test_going_back_and_on_from_a_saved_state_gives_the_same_bits(key: str) -> None:
    """In the middle of an accumulated update, with dropout and batch norm; L-BFGS gets its gradients as they are."""
    graph = lively_net(key, {}, **EVERYTHING)
    whole = Run(Model(graph)).prepare()
    whole.keep()
    whole.train(max_steps=17)
    middle = whole.capture()
    whole.keep(single=True)
    whole.train(max_steps=9)
    later = whole.capture()
    assert whole.go_to(17) and whole.capture().diff(middle) == {}
    whole.train(max_steps=9)
    assert whole.capture().diff(later) == {}
    fresh = Run(Model(graph)).prepare()
    fresh.restore(unpack_state(pack_state(middle, key)))
    fresh.train(max_steps=9)
    assert fresh.capture().diff(later) == {}


def test_a_change_of_these_settings_holds_from_the_next_step_on_and_the_steps_before_stay_exact() -> None:
    run = Run(Model(tanh_net(optimizer="adam", hyper={}))).prepare()
    run.keep()
    run.train(max_steps=20)
    at_20 = run.capture()
    run.keep()
    run.configure({**run.training, **EVERYTHING})
    run.keep()
    run.train(max_steps=11)
    at_31 = run.capture()
    run.keep(single=True)
    assert run.go_to(13) and run.go_to(20)
    assert {name for name in run.capture().diff(at_20) if not name.startswith("optimizer/accumulated")} == set()
    assert run.go_to(31) and run.capture().diff(at_31) == {}


def test_the_update_card_rehearses_the_step_that_follows() -> None:
    graph = tanh_net(optimizer="momentum", hyper={"lr": 0.5}, clip_norm=0.1, accumulate=2)
    run = Run(Model(graph)).prepare()
    context = ExplainContext(run.model, run)
    for _ in range(4):
        before = {name: t.clone() for name, t in run.state.parameters.items()}
        told = update(context, UpdateOf())
        run.train(max_steps=1)
        for row in told.parameters:
            moved = run.state.parameters[f"{row.node}.{row.name}"] - before[f"{row.node}.{row.name}"]
            assert row.numbers[2] == pytest.approx(float(moved[row.entry]), abs=1e-15)

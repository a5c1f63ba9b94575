"""Going back through a run: every step held comes back bit for bit, and so does what follows it."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.training.history import OVERHEAD, Past
from engine.training.model import Model
from engine.training.optimizers.registry import OPTIMIZERS
from engine.training.run import Run
from engine.training.state import PARTS, State
from graph.model.graph import Graph
from tests.support.networks import network, tanh_net

VARIANTS: list[tuple[str, dict[str, Any]]] = [(key, {}) for key in OPTIMIZERS] + [
    ("adam", {"amsgrad": True, "weight_decay": 0.01}), ("rmsprop", {"momentum": 0.9, "centered": True}),
    ("momentum", {"dampening": 0.5, "weight_decay": 0.1}), ("lbfgs", {"line_search": "none", "lr": 0.1, "max_iter": 3}),
]  # fmt: skip


def lively_net(optimizer: str, hyper: dict[str, Any], **training: Any) -> Graph:
    """All that has state or chance: batch norm, dropout, shuffled mini-batches, the optimizer's memory."""
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 60}), "hidden": ("layer.linear", {"out_features": 6}),
        "norm": ("layer.batch_norm1d", {}), "relu": ("activation.relu", {}), "drop": ("layer.dropout", {"p": 0.3}),
        "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = "data.x -> hidden.x; hidden -> norm.x; norm -> relu.x; relu -> drop.x; drop -> out.x"
    wires += "; out -> loss.scores; data.target -> loss.target"
    return network(nodes, wires, **{"optimizer": optimizer, "hyper": hyper, "epochs": 1000, "batch_size": 16, **training})


def same(a: State, b: State) -> bool:
    """Equal bit for bit, names and counters included."""
    return a.counters == b.counters and all(
        sorted(getattr(a, part)) == sorted(getattr(b, part))
        and all(torch.equal(t, getattr(b, part)[name]) for name, t in getattr(a, part).items())
        for part in PARTS
    )


@pytest.mark.parametrize(("optimizer", "hyper"), VARIANTS)
def test_every_step_comes_back_bit_for_bit_and_so_does_its_future(optimizer: str, hyper: dict[str, Any]) -> None:
    trainer = Run(Model(lively_net(optimizer, hyper))).prepare()
    past, true, losses = Past(), [trainer.capture()], [trainer.loss]
    for step in range(12):
        if step % 3 == 0:
            past.add(trainer.capture(), trainer.loss)
        trainer.train(max_steps=1)
        true.append(trainer.capture())
        losses.append(trainer.loss)
    past.reached(12)

    for target in (11, 4, 0, 7, 12, 3):
        moment = past.nearest(target)
        assert moment is not None
        trainer.rewind(moment.state, moment.loss, target)
        assert same(trainer.capture(), true[target]) and trainer.loss == losses[target]
        trainer.train(max_steps=12 - target)
        assert same(trainer.capture(), true[12]) and trainer.loss == losses[12]


def test_a_single_precision_net_comes_back_too() -> None:
    trainer = Run(Model(lively_net("adam", {}), dtype=torch.float32)).prepare()
    start = trainer.capture()
    trainer.train(max_steps=9)
    end = trainer.capture()

    trainer.rewind(start, None, 0)
    assert same(trainer.capture(), start) and trainer.loss is None
    trainer.train(max_steps=9)

    assert same(trainer.capture(), end)


def test_the_coming_pass_is_the_step_that_is_made_next() -> None:
    """θ − η·g with the gradient of the pass shown is what the step makes, dropout mask and batch included."""
    trainer = Run(Model(lively_net("sgd", {"lr": 0.25}))).prepare()
    for _ in range(5):
        trace = trainer.coming_trace()
        before = trainer.capture()
        trainer.train(max_steps=1)
        assert trace.objective is not None and float(trace.values[trace.objective]) == trainer.loss
        for (node, name), gradient in trace.parameter_gradients.items():
            assert isinstance(gradient, torch.Tensor)
            wanted = before.parameters[f"{node}.{name}"] - 0.25 * gradient
            torch.testing.assert_close(trainer.model.state.parameters[f"{node}.{name}"], wanted, rtol=1e-12, atol=1e-14)


def test_the_curve_stays_while_looking_back_and_is_made_anew_from_where_training_goes_on() -> None:
    trainer = Run(Model(tanh_net())).prepare()
    start = trainer.capture()
    trainer.train(max_steps=10)
    whole = [(p.step, p.loss) for p in trainer.curve.points]

    trainer.rewind(start, None, 4)
    assert [(p.step, p.loss) for p in trainer.curve.points] == whole
    trainer.train(max_steps=2)
    assert [(p.step, p.loss) for p in trainer.curve.points] == whole[:6]


def state_of(step: int, numbers: int) -> State:
    return State({"w": torch.zeros(numbers, dtype=torch.float64)}, {}, {}, step)


@settings(deadline=None)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=60), st.integers(1, 40_000))
def test_what_is_held_never_takes_more_than_the_budget_and_ends_with_the_newest(sizes: list[int], budget: int) -> None:
    past = Past(budget)
    for step, size in enumerate(sizes):
        fits = past.add(state_of(step, size), None)
        assert fits == (OVERHEAD + 8 * size <= budget)
        counted = sum(OVERHEAD + 8 * sizes[m.step] for m in past)
        assert past.bytes == counted <= budget
        if fits:
            assert list(past)[-1].step == step


def test_the_oldest_go_first() -> None:
    past = Past(3 * (OVERHEAD + 80))
    for step in range(6):
        past.add(state_of(step, 10), None)
    past.reached(9)
    assert past.ranges() == ((3, 9),)
    assert past.nearest(2) is None and past.nearest(8) is not None


def test_nothing_is_replayed_across_a_change_of_the_conditions() -> None:
    past = Past()
    for step in (0, 10, 11):
        past.add(state_of(step, 1), None)
    past.reached(20)
    past.turn(state_of(15, 1), None)  # the learning rate changed at step 15, after going back there
    past.reached(18)
    assert past.ranges() == ((0, 0), (10, 11), (15, 18))
    assert past.nearest(5) is None and past.nearest(14) is None and past.nearest(20) is None
    assert past.nearest(10) is not None and past.nearest(17) is not None


def test_ranges_name_exactly_the_steps_that_can_be_returned_to() -> None:
    for seed in range(60):
        draw = random.Random(seed)
        past, at = Past(), 0
        for _ in range(draw.randint(1, 12)):
            at += draw.randint(0, 5)
            if draw.random() < 0.2:
                past.turn(state_of(at, 1), None)
            elif draw.random() < 0.6:
                past.add(state_of(at, 1), None)
            past.reached(at)
        within = {step for first, last in past.ranges() for step in range(first, last + 1)}
        assert within == {step for step in range(at + 9) if past.nearest(step) is not None}

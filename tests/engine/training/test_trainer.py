"""Training: the same as PyTorch's own loop, repeatable, pausable, following edits."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.data import load
from engine.nodes.catalog import CATALOG
from engine.training.compiled import RunError
from engine.training.curve import Curve
from engine.training.model import Model
from engine.training.run import Run
from engine.training.run_views import view_of_last
from graph.model.edits import SetParam, SetTraining
from graph.model.graph import Graph
from graph.storage.files import load as read_file
from tests.support.networks import network, tanh_net

EXAMPLES = Path(__file__).resolve().parents[3] / "resources" / "examples"


def result(graph: Graph) -> dict[str, Any]:
    trainer = Run(Model(graph)).prepare()
    trainer.train()
    outcome = trainer.result()
    return {name: value for name, value in outcome.items() if name not in ("seconds", "steps_per_second")}


def saddle(lr: float, w1: float = 0.2, w2: float = 5.01, **training: Any) -> Graph:
    """(1 − w₂w₁)²."""
    nodes = {
        "w1": ("parameter.parameter", {"value": w1}), "w2": ("parameter.parameter", {"value": w2}), "m": ("math.multiply", {}),
        "one": ("source.constant", {"value": 1.0}), "e": ("math.subtract", {}), "f": ("math.square", {}),
    }  # fmt: skip
    wires = "w1 -> m.a; w2 -> m.b; one -> e.a; m -> e.b; e -> f.x"
    return network(nodes, wires, **{"optimizer": "sgd", "hyper": {"lr": lr}, "epochs": 1000, **training})


def dropout_net(**training: Any) -> Graph:
    """Everything that has state or chance: batch norm, dropout, shuffled batches."""
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 100}), "hidden": ("layer.linear", {"out_features": 8}),
        "norm": ("layer.batch_norm1d", {}), "relu": ("activation.relu", {}), "drop": ("layer.dropout", {"p": 0.3}),
        "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = "data.x -> hidden.x; hidden -> norm.x; norm -> relu.x; relu -> drop.x; drop -> out.x"
    wires += "; out -> loss.scores; data.target -> loss.target"
    return network(nodes, wires, **{"optimizer": "adam", "hyper": {"lr": 0.01}, "epochs": 60, "batch_size": 16, **training})


def test_full_batch_training_equals_pytorchs_own_loop() -> None:
    graph = tanh_net(batch_size=None, epochs=50, optimizer="momentum", hyper={"lr": 0.2})
    session = Model(graph)
    net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    start = session.state.parameters
    net.load_state_dict({"0.weight": start["hidden.W"], "0.bias": start["hidden.b"], "2.weight": start["out.W"], "2.bias": start["out.b"]})
    data = load(graph.settings_of("data"))
    x, y = torch.tensor(data.train.x), torch.tensor(data.train.y)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.2, momentum=0.9)
    for _ in range(50):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
    Run(session).train()
    for name, reference in zip(("hidden.W", "hidden.b", "out.W", "out.b"), net.parameters(), strict=True):
        torch.testing.assert_close(session.state.parameters[name], reference.detach(), rtol=1e-10, atol=1e-12)


def test_an_epoch_shows_every_sample_once_and_keeps_the_last_partial_batch() -> None:
    trainer = Run(Model(tanh_net(batch_size=32))).prepare()
    batches = trainer._batches.lay_out(0)
    assert [len(feeds[0]) for feeds in batches] == [32, 32, 11]
    seen = torch.cat([feeds[0] for feeds in batches]).numpy()
    everything = load(trainer.model.graph.settings_of("data")).train.x
    assert sorted(map(tuple, seen)) == sorted(map(tuple, everything))
    second = torch.cat([feeds[0] for feeds in trainer._batches.lay_out(1)]).numpy()
    assert not np.array_equal(seen, second)


@pytest.mark.parametrize("make", [tanh_net, dropout_net])
def test_the_same_seed_gives_the_same_result_bit_for_bit_and_another_seed_another(make: Any) -> None:
    first = result(make(seed=3))
    assert first == result(make(seed=3))
    assert first["params"] != result(make(seed=4))["params"]


@pytest.mark.parametrize("make", [tanh_net, dropout_net])
def test_slices_pauses_and_traces_in_between_change_nothing(make: Any) -> None:
    straight = result(make())
    trainer = Run(Model(make())).prepare()
    sizes = iter([1, 2, 3, 50] * 100)
    while not trainer.finished:
        trainer.train(max_steps=next(sizes))
        view_of_last(trainer)
        trainer.model.trace_view()
        trainer.metrics()
    assert {k: v for k, v in trainer.result().items() if k in straight} == straight


@pytest.mark.parametrize(("make", "hyper", "optimizer"), [
    (dropout_net, {"lr": 0.01}, "adam"), (tanh_net, {"lr": 0.5}, "nesterov"), (tanh_net, {}, "lbfgs"), (dropout_net, {}, "nadam"),
])  # fmt: skip
def test_a_captured_state_goes_on_in_another_session_as_if_nothing_had_happened(make: Any, hyper: dict[str, float], optimizer: str) -> None:
    settings = {"optimizer": optimizer, "hyper": hyper, "steps": 30}
    straight = result(make(**settings))
    first = Run(Model(make(**settings))).prepare()
    first.train(max_steps=13)
    second = Run(Model(make(**settings))).prepare()
    second.restore(first.capture())
    second.train()
    assert {k: v for k, v in second.result().items() if k in straight} == straight


def test_batch_norm_trains_where_the_last_batch_of_an_epoch_is_a_single_sample() -> None:
    graph = dropout_net(batch_size=37, epochs=2)  # 75 samples: 37, 37 and 1
    trainer = Run(Model(graph)).prepare()
    trainer.train(max_steps=2)
    before = {name: t.clone() for name, t in trainer.model.state.buffers.items()}
    trainer.train(max_steps=1)
    assert trainer.problem is None
    assert all(torch.equal(t, before[name]) for name, t in trainer.model.state.buffers.items())


def test_steps_limit_the_run_where_they_are_set() -> None:
    assert result(tanh_net(steps=7))["steps"] == 7
    outcome = result(tanh_net(epochs=4, batch_size=32))
    assert (outcome["steps"], outcome["epochs"]) == (12, 4)


def test_the_result_has_exactly_the_documented_keys_and_is_json() -> None:
    trainer = Run(Model(tanh_net())).prepare()
    trainer.train()
    outcome = trainer.result()
    assert list(outcome) == [
        "steps", "epochs", "loss", "metrics", "params", "seed", "threads", "dtype", "device", "optimizer", "seconds", "steps_per_second",
    ]  # fmt: skip
    assert list(outcome["metrics"]) == ["train_loss", "train_accuracy", "test_loss", "test_accuracy"]
    assert list(outcome["params"]) == ["hidden.W", "hidden.b", "out.W", "out.b"]
    json.dumps(outcome, allow_nan=False)


def test_the_loss_is_the_objective_over_the_whole_training_part() -> None:
    trainer = Run(Model(tanh_net())).prepare()
    trainer.train()
    outcome, p = trainer.result(), trainer.model.state.parameters
    data = load(trainer.model.graph.settings_of("data"))
    scores = torch.tanh(torch.tensor(data.train.x) @ p["hidden.W"].T + p["hidden.b"]) @ p["out.W"].T + p["out.b"]
    expected = nn.functional.cross_entropy(scores, torch.tensor(data.train.y))
    assert outcome["loss"] == pytest.approx(float(expected), rel=1e-12)
    assert outcome["metrics"]["train_accuracy"] == float((scores.argmax(1).numpy() == data.train.y).mean())


@pytest.mark.parametrize(("lr", "w1", "flatness"), [(0.03, None, 25.140), (0.06, 0.693, 2.56)])
def test_small_and_large_rates_end_in_the_minima_of_the_lecture(lr: float, w1: float | None, flatness: float) -> None:
    weights = result(saddle(lr))["params"]
    assert weights["w1"] ** 2 + weights["w2"] ** 2 == pytest.approx(flatness, abs=0.005)
    if w1 is not None:
        assert weights["w1"] == pytest.approx(w1, abs=0.001)


def test_the_learning_rate_takes_effect_with_the_next_step() -> None:
    graph = saddle(0.03)
    trainer = Run(Model(graph)).prepare()
    trainer.train(max_steps=5)
    before = trainer.model.state.copy()
    trainer.configure({**graph.training, "hyper": {"lr": 0.0}})
    trainer.train(max_steps=5)
    assert trainer.model.state.diff(before).keys() == {"step", "epoch"}


def test_a_smaller_number_of_batches_in_the_middle_of_an_epoch_begins_the_next() -> None:
    graph = tanh_net(batch_size=10, epochs=1000)
    trainer = Run(Model(graph)).prepare()
    trainer.train(max_steps=5)
    trainer.configure({**graph.training, "batch_size": 25})  # three batches of 75 samples: the fifth does not exist
    trainer.train(max_steps=1)
    assert (trainer.model.state.epoch, trainer.model.state.position) == (1, 1)


def test_another_optimizer_starts_without_the_memory_of_the_one_before() -> None:
    graph = tanh_net(optimizer="momentum", hyper={"lr": 0.1})
    trainer = Run(Model(graph)).prepare()
    trainer.train(max_steps=5)
    trainer.configure({**graph.training, "optimizer": "nesterov"})
    memory = trainer.capture().optimizer
    assert int(memory["t"]) == 0
    assert not any(bool(tensor.any()) for name, tensor in memory.items() if name.startswith("m."))


def test_a_run_without_time_makes_one_step() -> None:
    assert Run(Model(tanh_net(epochs=1000))).train(max_seconds=0.0) == 1


def test_a_run_goes_on_as_long_as_it_may() -> None:
    answers = iter([True] * 4 + [False])
    assert Run(Model(tanh_net(epochs=1000))).train(max_seconds=0.0, go_on=lambda: next(answers)) == 5
    assert Run(Model(tanh_net(epochs=2, batch_size=None))).train(max_seconds=0.0, go_on=lambda: True) == 2
    limited = Run(Model(tanh_net(epochs=10**6, stop_seconds=0.01)))
    limited.train(max_seconds=0.0, go_on=lambda: True)
    assert limited.stopped is not None and limited.stopped.setting == "stop_seconds"


def test_every_step_draws_its_own_mask_and_the_trace_shows_the_one_of_the_last_step() -> None:
    """The gradient of the sum of dropped-out weights is the mask, so the weights tell which masks were drawn."""
    nodes = {
        "w": ("parameter.parameter", {"initialisation": "ones", "shape": [50]}), "drop": ("layer.dropout", {}), "f": ("math.sum", {})
    }  # fmt: skip
    trainer = Run(Model(network(nodes, "w -> drop.x; drop -> f.x", hyper={"lr": 1.0}, epochs=10))).prepare()
    seen = []
    for _ in range(3):
        before = trainer.model.state.parameters["w.value"].clone()
        trainer.train(max_steps=1)
        seen.append(before - trainer.model.state.parameters["w.value"])
        torch.testing.assert_close(trainer.trace().kept["drop"], seen[-1])
    assert not torch.equal(seen[0], seen[1]) and not torch.equal(seen[1], seen[2])


def test_the_trace_while_training_shows_the_mini_batch_last_computed() -> None:
    trainer = Run(Model(tanh_net(batch_size=32))).prepare()
    batches = [feeds[trainer._program.feeds.index(("data", "x"))].clone() for feeds in trainer._batches.lay_out(0)]
    for batch in batches:
        trainer.train(max_steps=1)
        assert torch.equal(trainer.trace().values["data", "x"], batch)


def test_a_slider_moved_while_training_is_what_is_trained_with() -> None:
    nodes = {
        "w": ("parameter.parameter", {"value": 0.0}),
        "x": ("source.input", {"value": 2.0}),
        "d": ("math.subtract", {}),
        "f": ("math.square", {}),
    }
    graph = network(nodes, "w -> d.a; x -> d.b; d -> f.x", hyper={"lr": 0.25}, epochs=1000)
    trainer = Run(Model(graph)).prepare()
    trainer.train(max_steps=100)
    assert trainer.model.state.parameters["w.value"].item() == pytest.approx(2.0)
    SetParam("x", "value", -3.0).apply(graph)
    trainer.model.update(graph)
    trainer.train(max_steps=100)
    assert trainer.model.state.parameters["w.value"].item() == pytest.approx(-3.0)


def test_a_structural_edit_while_training_keeps_the_optimizers_memory_where_it_fits() -> None:
    graph = tanh_net(optimizer="adam", hyper={"lr": 0.01}, epochs=1000)
    trainer = Run(Model(graph)).prepare()
    trainer.train(max_steps=50)
    memory = trainer.capture().optimizer
    SetParam("hidden", "out_features", 6).apply(graph)
    trainer.model.update(graph)
    trainer.train(max_steps=1)
    assert trainer.model.state.step == 51
    now = trainer.capture().optimizer
    assert int(now["t"]) == 51
    torch.testing.assert_close(now["r.out.b"], memory["r.out.b"], rtol=0.05, atol=1e-4)
    assert now["m.hidden.W"].shape == (6, 2)


def test_the_curve_never_exceeds_its_limit_and_always_has_the_newest_point() -> None:
    trainer = Run(Model(saddle(0.001, epochs=9000))).prepare()
    while not trainer.finished:
        trainer.train(max_steps=777)
        points = trainer.curve.points
        assert len(points) <= 2000
        assert points[-1].step == trainer.model.state.step
        assert [p.step for p in points] == sorted({p.step for p in points})


def test_a_curve_full_of_measurements_keeps_its_limit_and_every_step_once() -> None:
    curve = Curve(limit=100)
    for step in range(1, 1000):
        curve.add(step, [1.0 / step])
        curve.measure(step, 0.5, test_loss=2.0 / step, test_accuracy=0.5)
        points = curve.points
        assert curve.measured == next((p.measured for p in reversed(points) if p.accuracy is not None), {})
        assert len(points) <= 100 and points[-1].step == step
        assert all(a.step < b.step for a, b in pairwise(points))


def test_what_was_measured_last_is_known_also_after_steps_without_measurements_and_after_going_back() -> None:
    curve = Curve()
    for step in (1, 2, 3):
        curve.add(step, [1.0])
        curve.measure(step, step / 10)
    curve.add(4, [1.0] * 9)
    assert curve.measured == {"train_accuracy": 0.3}
    curve.cut(2)
    assert curve.measured == {"train_accuracy": 0.2}
    curve.cut(0)
    assert curve.measured == {}


def test_a_batch_as_large_as_the_data_is_the_whole_data_in_its_own_order() -> None:
    assert result(tanh_net(batch_size=75)) == result(tanh_net(batch_size=None)) == result(tanh_net(batch_size=1000))


def test_a_listener_that_asks_again_and_again_has_the_same_curve() -> None:
    trainer = Run(Model(tanh_net(epochs=1000))).prepare()
    told: list[Any] = []
    while not trainer.finished:
        trainer.train(max_steps=123)
        first, more = trainer.curve.tell(len(told))
        told = [*told[:first], *more]
    assert told == trainer.curve.points


def test_measurements_on_the_curve_are_those_of_the_whole_parts() -> None:
    trainer = Run(Model(tanh_net())).prepare()
    trainer.train()
    last, metrics = trainer.curve.points[-1], trainer.metrics()
    assert (last.accuracy, last.test_loss, last.test_accuracy) == (
        metrics["train_accuracy"],
        metrics["test_loss"],
        metrics["test_accuracy"],
    )


def test_lbfgs_takes_the_whole_training_part() -> None:
    trainer = Run(Model(tanh_net(optimizer="lbfgs", hyper={}, batch_size=8, steps=5))).prepare()
    assert trainer._batches.whole
    trainer.train()
    assert trainer.metrics()["train_loss"] < 0.1


def test_frozen_parameters_stay() -> None:
    graph = tanh_net()
    SetParam("hidden", "frozen", True).apply(graph)
    trainer = Run(Model(graph)).prepare()
    before = trainer.model.state.parameters["hidden.W"].clone()
    trainer.train(max_steps=10)
    assert torch.equal(trainer.model.state.parameters["hidden.W"], before)


def test_a_run_that_cannot_go_on_yet_keeps_its_momentum_until_it_can() -> None:
    """v ← 0.9v + g, w ← w − 0.1v on (1 − w₂w₁)², stopped after two steps and taken up where first nothing could be trained."""
    settings: dict[str, Any] = {"optimizer": "momentum", "hyper": {"lr": 0.1, "momentum": 0.9}}
    first = Run(Model(saddle(0.1, 0.2, 0.5, **settings))).prepare()
    first.train(max_steps=2)
    graph = saddle(0.1, 0.2, 0.5, **settings)
    for node in ("w1", "w2"):
        SetParam(node, "frozen", True).apply(graph)
    session = Model(graph)
    session.restore(first.capture())
    with pytest.raises(RunError, match="nothing to train"):
        Run(session).prepare()
    for node in ("w1", "w2"):
        SetParam(node, "frozen", False).apply(graph)
    session.update(graph)
    Run(session).train(max_steps=1)

    w = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.2, 0.5)]
    optimizer = torch.optim.SGD(w, 0.1, momentum=0.9)
    for _ in range(3):
        optimizer.zero_grad()
        (1 - w[1] * w[0]).square().backward()
        optimizer.step()
    assert [float(session.state.parameters[f"{n}.value"]) for n in ("w1", "w2")] == pytest.approx([t.item() for t in w], rel=1e-14)


@pytest.mark.parametrize(("name", "batch_size"), [("iris", 16), ("iris", None), ("spiral", 32)])
def test_every_one_of_the_first_epochs_is_measured_at_its_end(name: str, batch_size: int | None) -> None:
    """Twelve epochs are twelve accuracies, over a whole part, and not one where the curve happens to be looked at."""
    graph = read_file(EXAMPLES / f"{name}.gradwire", CATALOG)
    for key, value in {"epochs": 12, "steps": None, "batch_size": batch_size}.items():
        SetTraining(key, value).apply(graph)
    trainer = Run(Model(graph)).prepare()
    trainer.train(max_steps=5)
    trainer.train()

    rows = trainer.model.feeds.rows["train"]
    batches = 1 if batch_size is None else -(-rows // batch_size)
    measured = [point.step for point in trainer.curve.points if point.accuracy is not None]
    assert {epoch * batches for epoch in range(1, 13)} <= set(measured)
    assert trainer.curve.points[-1].accuracy == trainer.model.evaluate("train")["accuracy"]


def test_a_long_run_is_not_slowed_down_by_measuring_every_epoch() -> None:
    graph = read_file(EXAMPLES / "xor.gradwire", CATALOG)
    for key, value in {"epochs": 1500, "steps": None}.items():
        SetTraining(key, value).apply(graph)
    trainer = Run(Model(graph)).prepare()
    trainer.train()
    first = 200 * (trainer.model.state.step // 1500)  # the steps of 200 epochs
    later = [point.step for point in trainer.curve.points if point.accuracy is not None and point.step > first]
    assert trainer.model.state.epoch == 1500 and 1 <= len(later) <= 200

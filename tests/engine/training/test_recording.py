"""Steps that are recorded on a card and replayed, against the same steps made one after another; no card is needed for it."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
import torch

from engine.training import steps as steps_module
from engine.training.model import Model
from engine.training.run import Run
from graph.model.edits import SetParam, SetTraining
from graph.model.graph import Graph
from tests.support.fake_card import FakeRecorder
from tests.support.networks import network, tanh_net


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> FakeRecorder:
    """From here on, runs find a card."""
    recorder = FakeRecorder()
    monkeypatch.setattr(steps_module, "recorder_for", lambda device: recorder)
    return recorder


def line(rate: float, **training: Any) -> Graph:
    """Linear regression with mini-batches of 8 of 30 rows; with a rate above the limit its loss grows without end."""
    nodes = {"data": ("source.data", {"dataset": "plane", "samples": 30}), "f": ("layer.linear", {"out_features": 1}),
             "loss": ("loss.squared_error", {})}  # fmt: skip
    settings = {"optimizer": "sgd", "hyper": {"lr": rate}, "batch_size": 8, "epochs": 60, **training}
    return network(nodes, "data.x -> f.x; f -> loss.prediction; data.target -> loss.target", **settings)


def normed(**training: Any) -> Graph:
    """A network with buffers: batch norm between two layers."""
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 100}), "hidden": ("layer.linear", {"out_features": 4}),
        "norm": ("layer.batch_norm1d", {}), "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = "data.x -> hidden.x; hidden -> norm.x; norm -> out.x; out -> loss.scores; data.target -> loss.target"
    return network(nodes, wires, **{"optimizer": "sgd", "hyper": {"lr": 0.1}, "epochs": 12, "batch_size": 16, **training})


def losses_of(run: Run) -> list[float]:
    losses = run.curve.losses
    return [losses.at(step)[2] for step in range(losses.first, losses.last + 1)]  # type: ignore[index]


def assert_alike(ours: Run, theirs: Run, within: float = 0.0) -> None:
    assert ours.state.counters == theirs.state.counters
    apart = ours.capture().diff(theirs.capture())
    assert max(apart.values(), default=0.0) <= within, apart
    if not within:
        assert losses_of(ours) == losses_of(theirs)


def both(monkeypatch: pytest.MonkeyPatch, graph: Any, recorder: FakeRecorder | None = None) -> tuple[Run, Run, FakeRecorder]:
    """The same run on what seems to be a card, and without one."""
    theirs = Run(Model(graph()))
    theirs.train()
    recorder = recorder or FakeRecorder()
    monkeypatch.setattr(steps_module, "recorder_for", lambda device: recorder)
    ours = Run(Model(graph()))
    ours.train()
    return ours, theirs, recorder


@pytest.mark.parametrize(
    ("make", "within"),
    [
        (lambda: tanh_net(hyper={"lr": 0.1}), 0.0),
        (lambda: tanh_net(batch_size=None, epochs=70), 0.0),
        (lambda: tanh_net(optimizer="momentum", hyper={"lr": 0.1, "dampening": 0.5, "weight_decay": 0.01}), 0.0),
        (lambda: tanh_net(optimizer="rmsprop", hyper={"lr": 0.01}, clip_norm=0.5), 0.0),
        (lambda: tanh_net(optimizer="adam", hyper={"lr": 0.01, "amsgrad": True}), 1e-14),
        (lambda: tanh_net(optimizer="adamw", hyper={"lr": 0.01, "weight_decay": 0.1}, lr_schedule="cosine"), 1e-14),
        (lambda: tanh_net(optimizer="nesterov", hyper={"lr": 0.1, "weight_decay": 0.1, "decoupled": True}, warmup=20), 1e-14),
        (lambda: tanh_net(hyper={"lr": 0.1}, lr_schedule="cosine", drop_last=True), 1e-14),
        (normed, 0.0),
        (lambda: dropped(epochs=20), 0.0),
        (lambda: bowl(), 0.0),
    ],
)
def test_a_replayed_run_is_the_run(monkeypatch: pytest.MonkeyPatch, make: Any, within: float) -> None:
    ours, theirs, recorder = both(monkeypatch, make)
    assert ours.steps.recorded and recorder.replays > len(recorder.lengths) > 0
    assert_alike(ours, theirs, within)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: tanh_net(optimizer="lbfgs", hyper={}, batch_size=None, epochs=3), "L-BFGS evaluates the graph more than once in a step"),
        (lambda: tanh_net(optimizer="muon", epochs=3), "steps of Muon are not made to be recorded"),
        (lambda: tanh_net(optimizer="rmsprop", hyper={"lr": 0.01}, lr_schedule="cosine", epochs=3), "a learning rate that changes"),
        (lambda: tanh_net(optimizer="adam", hyper={"form": "keras"}, epochs=3), "follows its equations in this form"),
        (lambda: tanh_net(accumulate=2, epochs=3), "gradients are added up"),
    ],
)
def test_what_cannot_be_recorded_is_made_plainly_and_says_why(monkeypatch: pytest.MonkeyPatch, make: Any, why: str) -> None:
    ours, theirs, recorder = both(monkeypatch, make)
    assert why in ours.steps.recording_note and not theirs.steps.recording_note
    assert not ours.steps.recorded and not recorder.warmed
    assert_alike(ours, theirs, 1e-12)


def bowl() -> Graph:
    """No data: f = (x − 3)²."""
    nodes = {"x": ("parameter.parameter", {"value": 1.0}), "three": ("source.input", {"value": 3.0}), "d": ("math.subtract", {}),
             "f": ("math.square", {})}  # fmt: skip
    return network(nodes, "x -> d.a; three -> d.b; d -> f.x", optimizer="momentum", hyper={"lr": 0.01}, steps=150)


def dropped(**training: Any) -> Graph:
    nodes = {"data": ("source.data", {"dataset": "moons", "samples": 50}), "drop": ("layer.dropout", {}),
             "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {})}  # fmt: skip
    wires = "data.x -> drop.x; drop -> out.x; out -> loss.scores; data.target -> loss.target"
    return network(nodes, wires, **{"optimizer": "sgd", "hyper": {"lr": 0.1}, "batch_size": 16, **training})


@pytest.mark.parametrize("refused", [1, 3])
def test_where_cuda_refuses_in_the_middle_the_run_goes_on_plainly(monkeypatch: pytest.MonkeyPatch, refused: int) -> None:
    ours, theirs, recorder = both(monkeypatch, normed, FakeRecorder(refused))
    assert "CUDA refused" in ours.steps.not_recorded and len(recorder.lengths) == refused - 1
    assert_alike(ours, theirs)


def looking(x: torch.Tensor) -> torch.Tensor:
    """Tanh with a look at its numbers."""
    return x if x.device.type != "meta" and math.isnan(float(x.max())) else torch.tanh(x)


def test_a_node_that_reads_from_the_card_is_found_before_anything_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.nodes.activations.Tanh.forward", lambda self, s, x: looking(x))
    ours, theirs, recorder = both(monkeypatch, tanh_net)
    assert "reads numbers back" in ours.steps.not_recorded and not recorder.lengths
    assert_alike(ours, theirs)


def test_the_run_stops_at_the_very_step_whose_loss_is_not_finite(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs, recorder = both(monkeypatch, lambda: line(3.0, epochs=400))
    assert ours.problem is not None and theirs.problem is not None and recorder.replays
    assert ours.problem.text == theirs.problem.text and "step" in ours.problem.text
    assert_alike(ours, theirs)
    assert all(math.isfinite(loss) for loss in losses_of(ours))


@pytest.mark.parametrize(
    "stop",
    [
        {"stop_divergence": 1e6},
        {"stop_gradient": 0.05, "hyper": {"lr": 0.05}},
        {"stop_loss": 1.0, "hyper": {"lr": 0.05}, "batch_size": None},
    ],
)
def test_a_limit_ends_the_run_before_the_same_step(monkeypatch: pytest.MonkeyPatch, stop: dict[str, Any]) -> None:
    ours, theirs, _recorder = both(monkeypatch, lambda: line(3.0, **stop))
    assert ours.stopped is not None and ours.stopped == theirs.stopped
    assert_alike(ours, theirs)


def test_a_changed_value_is_recorded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(run: Run) -> Run:
        graph = run.model.graph
        run.train(max_steps=40)
        SetParam("three", "value", -5.0).apply(graph)
        run.model.update(graph)
        run.train(max_steps=40)
        return run

    theirs = changed(Run(Model(bowl())))
    monkeypatch.setattr(steps_module, "recorder_for", lambda device: FakeRecorder())
    ours = changed(Run(Model(bowl())))
    assert ours.state.parameters["x.value"].item() < 0  # on its way to −5
    assert_alike(ours, theirs)


def test_a_changed_rate_or_batch_size_is_recorded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(run: Run) -> Run:
        run.train(max_steps=40)
        SetTraining("hyper", {"lr": 0.02}).apply(run.model.graph)
        run.configure(run.model.graph.training)
        run.train(max_steps=1)
        run.train(max_steps=40)
        run.configure({**run.model.graph.training, "batch_size": 10})
        run.train(max_steps=40)
        return run

    theirs = changed(Run(Model(tanh_net(epochs=100))))
    recorder = FakeRecorder()
    monkeypatch.setattr(steps_module, "recorder_for", lambda device: recorder)
    ours = changed(Run(Model(tanh_net(epochs=100))))
    assert_alike(ours, theirs)


def test_going_back_makes_the_same_bits_again(card: FakeRecorder) -> None:
    run = Run(Model(tanh_net(optimizer="adam", hyper={"lr": 0.01})))
    run.keep(begins=True)
    run.train(max_steps=60)
    there = run.capture()
    assert run.go_to(23)
    run.train(max_steps=37)
    assert run.capture().diff(there) == {}


def test_a_deadline_ends_a_slice_early(card: FakeRecorder) -> None:
    run = Run(Model(tanh_net(epochs=100))).prepare()
    with torch.no_grad():
        feeds = run.steps.batches.lay_out(0)
        run.steps.make(feeds, 0, time.perf_counter())
    assert len(run.steps.losses) == 1


def test_mini_batches_that_need_much_memory_are_laid_out_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.training.recording.BYTES", 2 * 16 * (2 * 8 + 8))  # two batches of 16 rows: two numbers and a class
    ours, theirs, recorder = both(monkeypatch, tanh_net)
    assert sorted({length // min(recorder.lengths) for length in recorder.lengths}) == [1, 2]
    assert_alike(ours, theirs)


def test_the_steps_of_an_epoch_become_one_replay_and_one_for_the_shorter_last_batch(card: FakeRecorder) -> None:
    run = Run(Model(tanh_net(epochs=30, batch_size=10)))
    run.train(max_steps=80)
    before = card.replays
    run.train(max_steps=160)
    assert (run.steps.batches.count, run.steps.batches.rows % 10 > 0, run.state.epoch) == (8, True, 30)
    assert 2 * 20 <= card.replays - before < 3 * 20  # a measurement or a copy of the state may fall into an epoch

"""Training that breaks: it stops with the node's name, at the last finite state."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from engine.training.compiled import RunError
from engine.training.model import Model
from engine.training.optimizers.adam import Adam
from engine.training.run import SNAPSHOT, Run
from graph.model.edits import SetParam, SetTraining
from graph.model.graph import Graph
from tests.engine.training.test_trainer import saddle
from tests.support.networks import network, tanh_net


def test_training_stops_at_an_overflow_with_the_nodes_name_and_the_last_finite_state() -> None:
    trainer = Run(Model(saddle(0.1)))
    trainer.train()
    problem = trainer.problem
    assert problem is not None
    assert problem.text.startswith("m: the value became infinite at step")
    assert problem.nodes == ("m",)
    assert trainer.model.state.step <= 15
    w1, w2 = np.float64(0.2), np.float64(5.01)
    for _ in range(trainer.model.state.step):
        e = 1 - w2 * w1
        w1, w2 = w1 + 0.1 * 2 * e * w2, w2 + 0.1 * 2 * e * w1
    assert trainer.model.state.parameters["w1.value"].item() == pytest.approx(w1, rel=1e-9)
    assert np.isfinite(trainer.metrics()["train_loss"])


def test_the_last_finite_state_is_replayed_exactly_from_far_away() -> None:
    """x ← x·(1 − 2η) with η just above 1 grows by 1.02 a step: the square overflows after thousands of steps."""
    nodes = {"x": ("parameter.parameter", {"value": 1.0}), "f": ("math.square", {})}
    trainer = Run(Model(network(nodes, "x -> f.x", hyper={"lr": 1.01}, epochs=100_000)))
    trainer.train()
    assert trainer.problem is not None and trainer.problem.nodes == ("f",)
    step = trainer.model.state.step
    assert step > 10 * SNAPSHOT
    x = np.float64(1.0)
    for _ in range(step):
        x = x - 1.01 * (2 * x)
    assert trainer.model.state.parameters["x.value"].item() == pytest.approx(x, rel=1e-9)
    with np.errstate(over="ignore"):
        assert np.isfinite(x**2) and not np.isfinite((x - 1.01 * 2 * x) ** 2)
    assert trainer.curve.points[-1].step == step


@pytest.mark.parametrize("epochs", [10, 1000])
def test_an_infinite_weight_behind_a_finite_loss_stops_training_too(epochs: int) -> None:
    """w ← w + 10⁶ · 10³⁰³ (1 − tanh²(−10³⁰³ w)): infinite after one step, and the loss stays −1."""
    nodes = {
        "w": ("parameter.parameter", {"value": 1e-303}), "k": ("source.constant", {"value": -1e303}), "m": ("math.multiply", {}),
        "f": ("activation.tanh", {}),
    }  # fmt: skip
    trainer = Run(Model(network(nodes, "w -> m.a; k -> m.b; m -> f.x", hyper={"lr": 1e6}, epochs=epochs)))
    trainer.train()
    assert trainer.problem is not None and trainer.problem.text.startswith("w: the value became infinite at step 2")
    assert trainer.model.state.step == 0
    assert trainer.model.state.parameters["w.value"].item() == 1e-303


def test_the_last_finite_state_is_exact_after_the_rate_was_changed_in_the_middle() -> None:
    """f = x², x ← x (1 − 2η): 30 steps with η = 0.4, then η = 6 until it overflows."""
    nodes = {"x": ("parameter.parameter", {"value": 1.0}), "f": ("math.square", {})}
    graph = network(nodes, "x -> f.x", hyper={"lr": 0.4}, epochs=100_000)
    trainer = Run(Model(graph))
    trainer.train(max_steps=30)
    trainer.configure({**graph.training, "hyper": {"lr": 6.0}})
    trainer.train()
    x = np.float64(1.0)
    for step in range(trainer.model.state.step):
        x = x - (0.4 if step < 30 else 6.0) * (2 * x)
    assert trainer.problem is not None
    assert trainer.model.state.parameters["x.value"].item() == pytest.approx(x, rel=1e-9)


def test_after_a_failure_the_running_statistics_are_those_of_the_last_finite_state() -> None:
    """Minus a mean square has no lower end: the weights grow until it overflows."""
    nodes = {
        "data": ("source.data", {"dataset": "moons"}), "norm": ("layer.batch_norm1d", {}), "lin": ("layer.linear", {"out_features": 1}),
        "sq": ("math.square", {}), "mean": ("math.mean", {"over_batch": True}), "f": ("math.negate", {}),
    }  # fmt: skip
    graph = network(nodes, "data.x -> norm.x; norm -> lin.x; lin -> sq.x; sq -> mean.x; mean -> f.x", hyper={"lr": 2.0}, batch_size=40)
    trainer = Run(Model(graph))
    trainer.train()
    assert trainer.problem is not None and trainer.model.state.step > 1
    again = Run(Model(graph))
    again.train(max_steps=trainer.model.state.step)
    assert trainer.capture().diff(again.capture()) == {}


def test_an_infinite_gradient_at_a_finite_loss_names_the_node_that_made_it() -> None:
    nodes = {
        "w": ("parameter.parameter", {"value": 0.0}),
        "root": ("math.sqrt", {}),
        "more": ("math.add", {}),
        "one": ("source.constant", {}),
    }
    trainer = Run(Model(network(nodes, "w -> root.x; root -> more.a; one -> more.b", hyper={"lr": 0.1})))
    trainer.train()
    assert trainer.problem is not None
    assert trainer.problem.nodes == ("root",)
    assert "gradient" in trainer.problem.text
    assert trainer.model.state.parameters["w.value"].item() == 0.0


def test_an_infinite_gradient_of_a_weight_alone_names_its_layer() -> None:
    """∂f/∂W = 10¹⁵⁰ · 10²⁰⁰ overflows; f = 10¹⁵⁰ · W x, and its gradient along every wire, does not."""
    nodes = {
        "x": ("source.input", {"value": [1e200]}), "lin": ("layer.linear", {"out_features": 1, "bias": False, "initialisation": "zeros"}),
        "k": ("source.constant", {"value": 1e150}), "m": ("math.multiply", {}), "f": ("math.sum", {}),
    }  # fmt: skip
    trainer = Run(Model(network(nodes, "x -> lin.x; lin -> m.a; k -> m.b; m -> f.x", hyper={"lr": 0.1})))
    trainer.train()
    assert trainer.problem is not None and trainer.problem.text.startswith("lin: the gradient became infinite at step 1")


def test_after_a_failure_a_smaller_rate_goes_on_from_the_last_finite_state() -> None:
    graph = saddle(0.1)
    trainer = Run(Model(graph))
    trainer.train()
    SetParam("w1", "value", 0.2).apply(graph)
    trainer.model.reset()
    SetTraining("hyper", {"lr": 0.03}).apply(graph)
    trainer.configure(graph.training)
    trainer.train()
    assert trainer.problem is None
    assert trainer.metrics()["train_loss"] < 1e-12


def test_what_cannot_be_trained_says_why() -> None:
    with pytest.raises(RunError, match="nothing to train"):
        Run(Model(network({"x": ("source.input", {}), "f": ("math.square", {})}, "x -> f.x"))).prepare()
    with pytest.raises(RunError, match="no optimizer called 'magic'"):
        Run(Model(tanh_net(optimizer="magic"))).prepare()
    with pytest.raises(RunError, match="must be a number from 0"):
        Run(Model(tanh_net(hyper={"lr": -1.0}))).prepare()


@pytest.mark.parametrize("optimizer", ["sgd", "lbfgs"])
def test_a_node_that_refuses_its_numbers_stops_training_by_name(optimizer: str) -> None:
    nodes = {
        "data": ("source.data", {"dataset": "moons", "coding": "zero_one"}),
        "f": ("layer.linear", {"out_features": 1}),
        "loss": ("loss.bce", {}),
    }
    graph = network(nodes, "data.x -> f.x; f -> loss.probabilities; data.target -> loss.target", optimizer=optimizer, hyper={})
    trainer = Run(Model(graph))
    before = trainer.model.state.copy()
    trainer.train()
    assert trainer.problem is not None
    assert trainer.problem.nodes == ("loss",)
    assert "between 0 and 1" in trainer.problem.text
    if trainer.model.state.step == 0:
        assert trainer.model.state.diff(before) == {}


@pytest.mark.parametrize("optimizer", ["lm", "no such method"])
def test_refused_settings_make_no_steps_until_they_change(optimizer: str) -> None:
    """Two steps of SGD with momentum, settings that cannot train a cross-entropy, then two more: as if those settings had not been."""
    good = {"optimizer": "momentum", "hyper": {"lr": 0.1}, "epochs": 100, "batch_size": 16}
    straight, trainer = (Run(Model(tanh_net(epochs=100, batch_size=16)), good) for _ in range(2))
    straight.train(max_steps=4)
    trainer.train(max_steps=2)
    refused = {**good, "optimizer": optimizer}
    with pytest.raises(RunError):
        trainer.configure(refused)
    for _ in range(2):
        with pytest.raises(RunError):
            trainer.keep()
        with pytest.raises(RunError):
            trainer.train(max_steps=1)
    with pytest.raises(RunError):
        trainer.configure({**refused, "batch_size": 4})
    assert trainer.state.step == 2
    trainer.configure(good)
    trainer.train(max_steps=2)
    assert not trainer.capture().diff(straight.capture())


def waves(**training: Any) -> Graph:
    nodes = {"data": ("source.data", {"dataset": "moons", "samples": 100}), "hidden": ("layer.linear", {"out_features": 4}),
             "sine": ("math.sin", {}), "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {})}  # fmt: skip
    wires = "data.x -> hidden.x; hidden -> sine.x; sine -> out.x; out -> loss.scores; data.target -> loss.target"
    return network(nodes, wires, **{"optimizer": "adam", "hyper": {"lr": 0.01}, "epochs": 20, "batch_size": 32, **training})


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """A card on which a sine of more than so many `rows` has no room."""
    limit = {"rows": math.inf}

    def forward(self: Any, s: Any, x: torch.Tensor) -> torch.Tensor:
        if len(x) > limit["rows"]:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return torch.sin(x)

    monkeypatch.setattr("engine.nodes.math_elementwise.Sine.forward", forward)
    return limit


def test_a_step_that_needs_too_much_memory_names_the_batch_size_that_fits(room: dict[str, float]) -> None:
    run = Run(Model(waves()))
    run.train(max_steps=7)
    there, room["rows"] = run.capture(), 10
    assert run.train() == 0
    assert run.problem is not None and run.problem.code == "batch-too-large"
    assert "a step with 32 samples. Set the batch size to 8: a step of that size was tried, and it fits." in run.problem.text
    assert run.capture().diff(there) == {}
    edit = run.problem.repairs[0].edits[0]
    run.configure({**run.training, edit["name"]: edit["value"]})
    assert run.train(max_steps=5) == 5 and run.problem is None


def test_an_update_that_runs_out_of_memory_half_way_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(Model(waves()))
    run.train(max_steps=7)
    there, own = run.capture(), Adam.step

    def half(self: Adam, gradients: list[torch.Tensor]) -> None:
        if self.t == 7:
            self.t += 1
            self.state["m"][0].fill_(9.0)
            self.parameters[0].fill_(9.0)
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        own(self, gradients)

    monkeypatch.setattr(Adam, "step", half)
    run.train()
    assert run.problem is not None and "16" in run.problem.text
    assert run.capture().diff(there) == {}


def test_where_no_batch_fits_the_node_is_named(room: dict[str, float]) -> None:
    run = Run(Model(waves()))
    run.train(max_steps=1)
    room["rows"] = 0
    run.train()
    assert run.problem is not None and run.problem.text == "sine: there is not enough memory for its result"
    assert run.state.step == 1

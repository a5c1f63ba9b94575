"""What an output does not depend on is independent, not 0: no gradient, and nothing that the optimizer decays."""

from __future__ import annotations

from typing import Any

import torch

from engine.compile.views import Absent
from engine.training.model import Model
from engine.training.run import Run
from graph.model.graph import Graph
from tests.support.networks import network

INDEPENDENT = Absent("independent")


def recurrent(previous: bool) -> Graph:
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 20, "coding": "zero_one"}), "step": ("layer.recurrent", {"hidden": 3}),
        "out": ("layer.linear", {"out_features": 1}), "loss": ("loss.bce_logits", {}), "h": ("source.constant", {"value": [1.0, 2.0, 3.0]}),
    }  # fmt: skip
    wires = "data.x -> step.x; step -> out.x; out -> loss.scores; data.target -> loss.target" + ("; h -> step.h" if previous else "")
    return network(nodes, wires, optimizer="sgd", hyper={"lr": 0.1, "weight_decay": 0.5}, steps=5, batch_size=None)


def test_without_a_previous_state_nothing_depends_on_u_and_weight_decay_leaves_it_alone() -> None:
    session = Model(recurrent(previous=False))
    start = {name: t.clone() for name, t in session.state.parameters.items()}
    trace = session.trace(training=True)
    assert trace.parameter_gradients["step", "U"] == INDEPENDENT and isinstance(trace.parameter_gradients["step", "W"], torch.Tensor)
    Run(session).train()
    assert torch.equal(session.state.parameters["step.U"], start["step.U"])
    assert not torch.equal(session.state.parameters["step.W"], start["step.W"])


def test_with_one_u_learns() -> None:
    session = Model(recurrent(previous=True))
    start = session.state.parameters["step.U"].clone()
    Run(session).train()
    assert not torch.equal(session.state.parameters["step.U"], start)


def test_a_parameter_wired_to_u_is_independent_too() -> None:
    nodes = {
        "x": ("source.input", {"value": [1.0, 2.0]}), "U": ("parameter.parameter", {"initialisation": "normal", "shape": [3, 3]}),
        "step": ("layer.recurrent", {"hidden": 3}), "y": ("math.sum", {}),
    }  # fmt: skip
    graph = network(nodes, "x -> step.x; U -> step.U; step -> y.x")
    trace = Model(graph).trace()
    assert trace.gradients["U", "y"] == INDEPENDENT and trace.edge_gradients["e1"] == INDEPENDENT


def test_a_running_average_depends_on_x_while_training_and_never_on_what_x_is_a_statistic_of() -> None:
    nodes = {
        "w": ("parameter.parameter", {"value": [1.0, 2.0, 3.0]}), "mean": ("math.mean", {}), "kept": ("layer.running_average", {}),
        "y": ("math.square", {}),
    }  # fmt: skip
    session = Model(network(nodes, "w -> mean.x; mean -> kept.x; w -> kept.over; kept -> y.x"))
    training, evaluation = session.trace(training=True), session.trace(training=False)
    assert training.edge_gradients["e2"] == INDEPENDENT == evaluation.edge_gradients["e2"]
    assert isinstance(training.edge_gradients["e1"], torch.Tensor) and float(training.edge_gradients["e1"]) == 4.0
    assert evaluation.edge_gradients["e1"] == INDEPENDENT and evaluation.gradients["w", "y"] == INDEPENDENT
    gradient = training.gradients["w", "y"]
    assert isinstance(gradient, torch.Tensor) and torch.allclose(gradient, torch.full((3,), 4.0 / 3, dtype=torch.float64))


def test_in_evaluation_an_infinite_x_does_not_spoil_the_average() -> None:
    kept: Any = ("layer.running_average", {})
    nodes = {"x": ("source.input", {"value": 0.0}), "log": ("math.log", {}), "kept": kept, "y": ("math.square", {})}
    trace = Model(network(nodes, "x -> log.x; log -> kept.x; kept -> y.x")).trace()
    assert trace.values["y", "y"].item() == 0.0

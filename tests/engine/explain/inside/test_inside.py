"""The question about the inside of an optimizer: numbers of the coming step, and the derivative of the loss after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from engine.compile.trace import Trace
from engine.explain.answer import answer
from engine.explain.context import ExplainContext
from engine.explain.inside import Inside, InsideOf
from engine.explain.inside.derive import structure
from engine.explain.inside.rule import rule_of
from engine.explain.question import Refusal
from engine.nodes.catalog import CATALOG
from engine.training.evaluation import Evaluation
from engine.training.model import Model
from engine.training.optimizers.registry import OPTIMIZERS, declared
from engine.training.run import Run
from engine.training.state import state_key
from graph.storage.files import loads
from tests.support.networks import tanh_net

TENSORS = [("hidden", "W"), ("hidden", "b"), ("out", "W"), ("out", "b")]


def ask(run: Run, **question: Any) -> Inside | Refusal:
    said = answer(ExplainContext(run.model, run), InsideOf(**question))
    assert isinstance(said, Inside | Refusal)
    return said


def asked(run: Run, **question: Any) -> Inside:
    said = ask(run, **question)
    assert isinstance(said, Inside), said
    return said


def run_of(steps: int, optimizer: str, hyper: dict[str, Any], **more: Any) -> Run:
    run = Run(Model(tanh_net(batch_size=None, optimizer=optimizer, hyper=hyper, **more))).prepare()
    run.train(max_steps=steps)
    return run


def traced(said: Inside) -> Trace:
    """The pass of the graph itself, forward and backward."""
    return Model(loads(said.text, CATALOG)).trace()


def value(trace: Trace, node: str) -> np.ndarray:
    return trace.values[node, "y"].numpy()


def flat(run: Run) -> np.ndarray:
    return np.concatenate([run.model.state.parameters[state_key(key)].numpy().ravel() for key in TENSORS])


STEPS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("adam", {}, {"clip_norm": 0.05}), ("momentum", {"weight_decay": 0.1}, {}),
    ("nesterov", {"form": "lecture"}, {"lr_schedule": "cosine"}),
    ("adamw", {"weight_decay": 0.3}, {"decay_biases": False}), ("vsgd", {"lr": 1.0}, {}),
    ("perturbed", {"only_small": True, "threshold": 10.0}, {"seed": 3}),
]  # fmt: skip


@pytest.mark.parametrize(("key", "hyper", "training"), STEPS)
def test_one_number_one_tensor_and_all_of_them_give_the_step_that_is_made(
    key: str, hyper: dict[str, Any], training: dict[str, Any]
) -> None:
    run = run_of(3, key, {"lr": 0.05, **hyper}, **training)
    own = {"node": "hidden", "name": "W"}
    one, tensor, everything = asked(run, **own, entry=(2, 1)), asked(run, **own), asked(run)
    given = [value(traced(said), "next_theta") for said in (one, tensor, everything)]
    run.train(max_steps=1)
    made = run.model.state.parameters["hidden.W"].numpy()
    np.testing.assert_allclose(given[0], made[2, 1], rtol=1e-12)
    np.testing.assert_allclose(given[1], made, rtol=1e-12)
    np.testing.assert_allclose(given[2], flat(run), rtol=1e-12)
    assert (one.shape, tensor.shape, everything.shape) == (made.shape, made.shape, (len(flat(run)),))
    assert (one.iteration, one.t) == (3, 4)


def loss_after(run: Run, **changed: float) -> float:
    """L(θ⁺) where the coming step is made with other settings: by the fast step and the network itself."""
    conditions = replace(run.conditions(), hyper={**run.hyper, **changed})
    program, (feeds, key) = run.model.program(training=True), run.coming()
    parameters = [tensor.clone() for tensor in run.model.parameters(program)]
    optimizer = conditions.optimizer_on([parameters[i] for i in program.trainable], changed.get("lr", run.hyper["lr"]))
    optimizer.load_state_dict([state_key(k) for k in program.trainable_keys], run.capture().optimizer)
    evaluation = Evaluation(program, feeds, parameters, [], key)
    with torch.no_grad():
        optimizer.minimise(evaluation)
        return float(evaluation()[0])


@pytest.mark.parametrize(("key", "names"), [("adam", {"lr": "set_lr", "beta1": "set_beta1"}), ("momentum", {"momentum": "set_momentum"})])
def test_backward_gives_the_derivative_of_the_loss_after_the_step_by_each_setting(key: str, names: dict[str, str]) -> None:
    run = run_of(4, key, {"lr": 0.3})
    trace = traced(asked(run))
    assert value(trace, "loss") == pytest.approx(loss_after(run), rel=1e-12)
    for name, node in names.items():
        h = 1e-5
        difference = (loss_after(run, **{name: run.hyper[name] + h}) - loss_after(run, **{name: run.hyper[name] - h})) / (2 * h)
        slope = trace.gradients[node, "y"]
        assert isinstance(slope, torch.Tensor)
        assert float(slope) == pytest.approx(difference, rel=1e-6)
        parts = [traced(asked(run, node=n, name=p)).gradients[node, "y"] for n, p in TENSORS]
        assert sum(float(part) for part in parts) == pytest.approx(float(slope), rel=1e-9)  # type: ignore[arg-type]


def test_the_first_step_of_another_optimizer_starts_from_here_with_the_same_rate() -> None:
    run = run_of(3, "adam", {"lr": 0.05})
    said = asked(run, node="hidden", name="b", optimizer="rmsprop")
    here, trace = run.model.state.parameters["hidden.b"], traced(said)
    g = trace.values["gradient", "y"]
    expected = here - 0.05 * g / (torch.sqrt(0.01 * g * g) + 1e-8)
    assert said.t == 1 and said.key == "rmsprop"
    torch.testing.assert_close(trace.values["next_theta", "y"], expected, rtol=1e-12, atol=0.0)


def test_what_has_no_such_graph_is_refused_in_words() -> None:
    run = run_of(0, "lbfgs", {})
    said = ask(run)
    assert isinstance(said, Refusal) and "evaluates the loss itself in every step" in said.text
    said = ask(run_of(0, "muon", {}), node="hidden", name="W")
    assert isinstance(said, Refusal) and "makes the momentum of a matrix orthogonal" in said.text
    assert asked(run_of(0, "muon", {}), node="hidden", name="b").shape == (4,)
    run = run_of(0, "adam", {})
    said = ask(run, node="loss", name="W")
    assert isinstance(said, Refusal) and "does not change this parameter" in said.text


def test_the_graph_of_a_kept_rule_can_be_run_backward() -> None:
    """A rule is kept without its graph's settings; opened again, its derivatives are those of the loss after the step."""
    adam = OPTIMIZERS["adam"]
    wired = structure(adam, adam.with_defaults({}), CATALOG)
    again = structure(declared({"optimizer": "custom", "rule": rule_of(wired, "Mine", "adam")}), adam.with_defaults({}), CATALOG)
    assert again.settings["objective"] == {"node": "loss", "port": "y"} and again.settings["dtype"] == "float64"

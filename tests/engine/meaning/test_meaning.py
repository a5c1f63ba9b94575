"""Networks whose shapes fit and whose meaning does not: each is told, with a repair that is one undoable edit and ends the problem."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from engine.meaning.network import EFFORT
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.run import Run
from graph.lessons.lesson_graph import graph_at
from graph.model.edits import SetParam, SetTraining
from graph.model.graph import Graph
from graph.model.problem import Problem
from graph.model.repairs import apply_repair
from graph.storage.files import load
from tests.support.lesson_support import EXAMPLES, FOLDER, NAMES, open_lesson
from tests.support.networks import network

GRAPHS = Path(__file__).parents[2] / "data" / "cases" / "graphs"
IRIS = {"dataset": "iris"}
MOONS = {"dataset": "moons", "coding": "zero_one"}
SIGNS = {"dataset": "moons", "coding": "plus_minus"}
PLANE = {"dataset": "plane"}
LINEAR, RELU, TANH = "layer.linear", "activation.relu", "activation.tanh"
SIGMOID, SOFTMAX, LOG_SOFTMAX = "activation.sigmoid", "activation.softmax", "activation.log_softmax"

CROSS, BCE_LOGITS, SQUARED = "loss.cross_entropy", "loss.bce_logits", "loss.squared_error"
NORM, DROPOUT, ACCURACY = "layer.batch_norm1d", "layer.dropout", "probe.accuracy"
TO_ACCURACY = "acc.prediction; data.target -> acc.target"


def chain(data: dict[str, Any], *layers: Any, loss: str, more: str = "", extra: dict[str, Any] | None = None, **training: Any) -> Graph:
    """Data through layers (a type, or a type and its settings; named a, b, c …) into a loss."""
    nodes: dict[str, tuple[str, dict[str, Any]]] = {"data": ("source.data", data)}
    wires, source = [], "data.x"
    for name, layer in zip("abcdefgh", layers, strict=False):
        nodes[name] = layer if isinstance(layer, tuple) else (layer, {})
        wires.append(f"{source} -> {name}.x")
        source = name
    nodes["loss"] = (loss, {})
    port = CATALOG[loss].inputs[0].name
    return network(nodes | (extra or {}), "; ".join([*wires, f"{source} -> loss.{port}", "data.target -> loss.target"]) + more, **training)


def hidden(out: int) -> tuple[str, dict[str, Any]]:
    return LINEAR, {"out_features": out}


def told(graph: Graph) -> list[Problem]:
    return Model(graph).compiled.meanings


def repaired(graph: Graph, problem: Problem, place: int = 0) -> Graph:
    """The graph after one of the problem's repairs; and undoing it gives the graph from before."""
    after = graph.copy()
    undo = apply_repair(after, problem.repairs[place]).apply(after)
    twin = after.copy()
    undo.apply(twin)
    assert twin == graph
    return after


CASES = [
    ("softmax", chain(IRIS, hidden(3), SOFTMAX, loss=CROSS), "cannot fall below 0.551"),
    ("softmax seen through reshape", chain(IRIS, hidden(3), SOFTMAX, "math.flatten", loss=CROSS), "cannot fall below 0.551"),
    ("log softmax", chain(IRIS, hidden(3), LOG_SOFTMAX, loss=CROSS), "contains log-softmax already"),
    ("sigmoid on class scores", chain(IRIS, hidden(3), SIGMOID, loss=CROSS), "squeezes every score into (0, 1)"),
    ("tanh on class scores", chain(IRIS, hidden(3), TANH, loss=CROSS), "cannot fall below 0.24"),
    ("relu on class scores", chain(IRIS, hidden(3), RELU, loss=CROSS), "makes every negative score 0"),
    ("sigmoid", chain(MOONS, hidden(1), SIGMOID, loss=BCE_LOGITS), "It contains the sigmoid itself"),
    ("relu on a score", chain(MOONS, hidden(1), RELU, loss=BCE_LOGITS), "needs negative scores, which never occur"),
    ("sigmoid on a margin", chain(SIGNS, hidden(1), SIGMOID, loss="loss.hinge"), "needs negative scores, which never occur"),
    ("tanh on a logistic score", chain(SIGNS, hidden(1), TANH, loss="loss.logistic"), "cannot fall below 0.313"),
    ("softmax to nll", chain(IRIS, hidden(3), SOFTMAX, loss="loss.nll"), "needs the logarithms of probabilities"),
    ("scores to nll", chain(IRIS, hidden(3), loss="loss.nll"), "gives scores: the loss falls without limit"),
    ("scores to bce", chain(MOONS, hidden(1), loss="loss.bce"), "needs probabilities, but a gives scores"),
    ("tanh to bce", chain(MOONS, hidden(1), TANH, loss="loss.bce"), "gives numbers outside [0, 1]"),
    ("softmax of one", chain(MOONS, hidden(1), SOFTMAX, loss="loss.bce"), "over a single number is always 1"),
    ("sigmoid for a plane", chain(PLANE, hidden(1), SIGMOID, loss=SQUARED), "only gives numbers in (0, 1)"),
    ("tanh for a plane", chain(PLANE, hidden(1), TANH, loss="loss.l1"), "of the targets lie outside"),
    ("relu for a plane", chain(PLANE, hidden(1), RELU, loss="loss.huber"), "only gives numbers in [0, ∞)"),
    ("sigmoid for ±1", chain(SIGNS, hidden(1), SIGMOID, loss=SQUARED), "only gives numbers in (0, 1)"),
    ("distances between classes", chain({**IRIS, "coding": "real"}, hidden(1), loss=SQUARED), "as if versicolor lay between"),
    ("dropout on scores", chain(IRIS, hidden(3), DROPOUT, loss=CROSS), "dropout after the last layer"),
    ("dropout on probabilities", chain(MOONS, hidden(1), SIGMOID, DROPOUT, loss="loss.bce"), "dropout after the last layer"),
    ("dropout before the last activation", chain(MOONS, hidden(1), DROPOUT, SIGMOID, loss="loss.bce"), "dropout after the last layer"),
    ("batch norm on scores", chain(IRIS, hidden(3), NORM, loss=CROSS), "batch norm after the last layer"),
    ("relu twice", chain(IRIS, hidden(5), RELU, RELU, hidden(3), loss=CROSS), "changes nothing the second time"),
    ("sigmoid twice", chain(MOONS, hidden(1), SIGMOID, SIGMOID, loss="loss.bce"), "two activations in a row (Sigmoid, then Sigmoid)"),
    ("log softmax twice", chain(IRIS, hidden(3), LOG_SOFTMAX, LOG_SOFTMAX, loss="loss.nll"), "changes nothing the second time"),
    ("softmax before log softmax", chain(IRIS, hidden(3), SOFTMAX, LOG_SOFTMAX, loss="loss.nll"), "applied to the output of Softmax"),
    ("relu before softmax", chain(IRIS, hidden(3), RELU, LOG_SOFTMAX, loss="loss.nll"), "limits the scores"),
    ("tanh, then relu", chain(IRIS, hidden(5), TANH, RELU, hidden(3), loss=CROSS), "two activations in a row (Tanh, then ReLU)"),
    ("linear twice", chain(IRIS, hidden(5), hidden(3), loss=CROSS), "no more than a single one"),
    ("dropout twice", chain(IRIS, hidden(5), DROPOUT, DROPOUT, hidden(3), loss=CROSS), "keep only 25% of the numbers"),
    ("all dropped", chain(IRIS, hidden(5), (DROPOUT, {"p": 1.0}), hidden(3), loss=CROSS), "sets every number to 0"),
    ("dropout before batch norm", chain(IRIS, hidden(5), DROPOUT, NORM, hidden(3), loss=CROSS), "dropped numbers"),
    ("batches of one", chain(IRIS, hidden(5), NORM, RELU, hidden(3), loss=CROSS, batch_size=1), "every mini-batch has one sample"),
    ("a last batch of one", chain(IRIS, hidden(5), NORM, RELU, hidden(3), loss=CROSS, batch_size=37), "the last one has a single sample"),
    ("frozen", chain(IRIS, (LINEAR, {"out_features": 3, "frozen": True}), loss=CROSS), "training changes nothing"),
    ("accuracy of a regression", chain(PLANE, hidden(1), loss=SQUARED, extra={"acc": (ACCURACY, {})},
                                       more=f"; a -> {TO_ACCURACY}"), "a real number without classes"),
    ("threshold of probabilities", chain(MOONS, hidden(1), SIGMOID, "math.flatten", loss="loss.bce", extra={"acc": (ACCURACY, {})},
                                         more=f"; c -> {TO_ACCURACY}"), "every sample counts as positive"),
    ("threshold of scores", chain(MOONS, hidden(1), loss=BCE_LOGITS, extra={"acc": (ACCURACY, {"decision": "above ½"})},
                                  more=f"; a -> {TO_ACCURACY}"), "whose threshold is 0 and not ½"),
    ("targets among the inputs", network(
        {"data": ("source.data", PLANE), "join": ("math.concatenate", {}), "a": hidden(1), "loss": (SQUARED, {})},
        "data.x -> join.xs#0; data.target -> join.xs#1; join -> a.x; a -> loss.prediction; data.target -> loss.target"),
     "the answer it is compared with"),
    ("standardized targets", network(
        {"data": ("source.data", PLANE), "std": ("source.standardize", {}), "a": hidden(1), "loss": (SQUARED, {})},
        "data.x -> a.x; data.target -> std.x; a -> loss.prediction; std -> loss.target"), "in standard deviations of the target"),
    ("two units", network(
        {"data": ("source.data", PLANE), "std": ("source.standardize", {}), "a": hidden(1), "loss": (SQUARED, {}), "mae": ("loss.l1", {})},
        "data.x -> a.x; data.target -> std.x; a -> loss.prediction; std -> loss.target; a -> mae.prediction; data.target -> mae.target",
        settings={"objective": {"node": "loss", "port": "y"}}), "the two are in different units"),
    ("a loss without data", network(
        {"data": ("source.data", PLANE), "a": hidden(1), "loss": (SQUARED, {}), "w": ("parameter.parameter", {"shape": [1]}),
         "c": ("source.constant", {"value": [1.0]}), "other": (SQUARED, {})},
        "data.x -> a.x; a -> loss.prediction; data.target -> loss.target; w -> other.prediction; c -> other.target",
        settings={"objective": {"node": "other", "port": "y"}}), "does not depend on the data"),
]  # fmt: skip


@pytest.mark.parametrize(("graph", "part"), [pytest.param(graph, part, id=name) for name, graph, part in CASES])
def test_what_is_not_meant_is_told_and_one_click_mends_it(graph: Graph, part: str) -> None:
    problems = told(graph)
    (problem,) = [p for p in problems if part in p.text]
    assert problem.severity != "error" and problem.nodes[0] in graph.nodes
    assert len([p for p in problems if set(p.nodes) == set(problem.nodes)]) == 1  # one mistake, one problem
    for place in range(len(problem.repairs)):
        after = repaired(graph, problem, place)
        assert not [p.text for p in told(after) if p.text == problem.text or p.nodes == problem.nodes]
        assert not Model(after).inference.errors
    assert problem.repairs


def test_the_window_is_told_with_the_numbers() -> None:
    """Whether they can be computed or not: on a trace, and on one that fails."""
    session = Model(chain(IRIS, hidden(3), SOFTMAX, loss=CROSS))
    assert [p.nodes for p in session.trace_view().problems] == [("b", "loss")]
    broken = Model(chain({"dataset": "csv"}, hidden(3), loss=CROSS))
    assert "data: choose a CSV file" in [p.text for p in broken.trace_view().problems]


def test_cross_entropy_of_probabilities_cannot_fall_below_what_is_said() -> None:
    """The floors that the texts state, computed by torch at the best possible input."""
    right = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)
    zero = torch.tensor(0)
    assert f"{F.cross_entropy(right, zero):.3g}" == "0.551"
    assert f"{F.cross_entropy(2 * right - 1, zero):.3g}" == "0.24"
    one = torch.tensor(1.0, dtype=torch.float64)
    assert f"{F.binary_cross_entropy_with_logits(one * 0, one * 0):.3g}" == "0.693"
    assert f"{torch.sigmoid(one):.3g}" == "0.731" and f"{F.softplus(-one):.3g}" == "0.313"


@pytest.mark.parametrize(("name", "before", "after"), [
    ("10a_double_softmax", 0.56, 0.1), ("10b_sigmoid_before_bce_logits", 0.5, 0.1), ("10c_softmax_into_nll", -1.0, 0.1),
    ("10d_relu_on_scores", 0.2, 0.1),
])  # fmt: skip
def test_the_repair_of_a_stuck_loss_lets_it_fall(name: str, before: float, after: float) -> None:
    graph = load(GRAPHS / f"{name}.gradwire", CATALOG)
    (problem,) = told(graph)
    stuck = Run(Model(graph))
    stuck.train()
    assert stuck.metrics()["train_loss"] > before
    mended = Run(Model(repaired(graph, problem)))
    mended.train()
    assert 0 < mended.metrics()["train_loss"] < after
    assert mended.metrics()["train_accuracy"] > 0.95


def test_a_batch_of_one_is_told_until_the_batch_size_is_another() -> None:
    graph = load(GRAPHS / "11_batch_norm_batch_of_one.gradwire", CATALOG)
    session = Model(graph)
    (problem,) = session.compiled.meanings
    assert problem.nodes == ("n9",)
    SetTraining("batch_size", 16).apply(graph)
    session.update(graph)
    assert not session.compiled.meanings
    SetTraining("batch_size", 37).apply(graph)  # 112 = 3 · 37 + 1
    session.update(graph)
    assert "the last one has a single sample" in session.compiled.meanings[0].text
    SetTraining("optimizer", "lbfgs").apply(graph)  # takes all samples in every step
    session.update(graph)
    assert not session.compiled.meanings


def test_a_repair_keeps_a_node_that_something_else_needs() -> None:
    extra: dict[str, Any] = {"acc": (ACCURACY, {}), "p": ("probe.value", {})}
    graph = chain(IRIS, hidden(3), SOFTMAX, loss=CROSS, extra=extra, more="; b -> acc.prediction; data.target -> acc.target; b -> p.x")
    (problem,) = told(graph)
    after = repaired(graph, problem)
    assert problem.repairs[0].title == "Go past b"
    assert "b" in after.nodes and {edge.target[0] for edge in after.outputs_of("b")} == {"acc", "p"}


def test_cross_entropy_in_place_of_distances_trains() -> None:
    training: dict[str, Any] = {"optimizer": "adam", "hyper": {"lr": 0.05}, "epochs": 60}
    graph = chain({**IRIS, "coding": "real"}, "source.standardize", hidden(1), loss=SQUARED, **training)
    (problem,) = told(graph)
    trainer = Run(Model(repaired(graph, problem)))
    trainer.train()
    assert trainer.metrics()["train_accuracy"] > 0.9


@pytest.mark.parametrize(("data", "loss"), [
    ({"dataset": "table", "targets": [0, 1, 1, 0]}, "loss.hinge"), ({"dataset": "table", "targets": [-1, 1, 1, -1]}, BCE_LOGITS),
    ({"dataset": "table", "targets": [0, 1, 2, 0]}, CROSS), (MOONS, "loss.logistic"), (SIGNS, BCE_LOGITS),
    ({**IRIS, "coding": "index"}, SQUARED),
])  # fmt: skip
def test_a_loss_refuses_targets_in_another_coding_and_offers_its_own(data: dict[str, Any], loss: str) -> None:
    graph = chain(data, hidden(3 if loss == CROSS else 1), loss=loss)
    (problem,) = [p for p in Model(graph).inference.errors if p.nodes[0] == "loss"]
    assert "the target must be" in problem.text and problem.repairs
    after = repaired(graph, problem)
    assert not [p for p in Model(after).inference.errors if "the target must be" in p.text]


def test_cross_entropy_with_one_output_offers_as_many_as_there_are_classes() -> None:
    graph = chain(IRIS, hidden(1), loss=CROSS)
    (problem,) = Model(graph).inference.errors
    assert "with one class the loss is always 0" in problem.text
    after = repaired(graph, problem)
    assert after.setting("a", "out_features") == 3 and not Model(after).inference.errors


SOUND = [
    chain(IRIS, hidden(8), RELU, hidden(3), loss=CROSS, batch_size=16),
    chain(IRIS, hidden(8), RELU, DROPOUT, hidden(3), LOG_SOFTMAX, loss="loss.nll"),
    chain(IRIS, hidden(8), NORM, RELU, hidden(3), loss=CROSS, batch_size=16),
    chain(MOONS, hidden(8), TANH, hidden(1), SIGMOID, loss="loss.bce"),
    chain(MOONS, hidden(8), TANH, hidden(1), SIGMOID, loss=SQUARED),
    chain(SIGNS, hidden(8), TANH, hidden(1), TANH, loss=SQUARED),
    chain({**IRIS, "coding": "one_hot"}, hidden(3), SOFTMAX, loss=SQUARED),
    chain({"dataset": "sine"}, hidden(8), TANH, hidden(1), loss=SQUARED),
    chain({"dataset": "sine", "noise": 0.0}, hidden(1), TANH, loss=SQUARED),  # sin x lies in [−1, 1]
    chain({**MOONS, "coding": "real"}, hidden(1), loss=SQUARED),  # least squares on 0 and 1 is a method
    chain(IRIS, hidden(8), RELU, hidden(3), loss=CROSS, batch_size=16, extra={"acc": (ACCURACY, {})},
          more=f"; c -> {TO_ACCURACY}"),
    chain(MOONS, hidden(1), SIGMOID, loss="loss.bce", extra={"acc": (ACCURACY, {})}, more=f"; b -> {TO_ACCURACY}"),
    network({"data": ("source.data", {"dataset": "digits", "image": True}), "conv": ("layer.conv2d", {}), "bn": ("layer.batch_norm2d", {}),
             "relu": (RELU, {}), "flat": ("math.flatten", {}), "a": hidden(10), "loss": (CROSS, {})},
            "data.x -> conv.x; conv -> bn.x; bn -> relu.x; relu -> flat.x; flat -> a.x; a -> loss.scores; data.target -> loss.target",
            batch_size=1),
    network({"x": ("source.input", {}), "a": (TANH, {}), "b": (SIGMOID, {}), "c": (SIGMOID, {})}, "x -> a.x; a -> b.x; b -> c.x"),
    # an autoencoder: its target is its input
    network({"data": ("source.data", IRIS), "a": hidden(2), "r": (RELU, {}), "b": hidden(4), "loss": (SQUARED, {})},
            "data.x -> a.x; a -> r.x; r -> b.x; b -> loss.prediction; data.x -> loss.target"),
]  # fmt: skip


@pytest.mark.parametrize("graph", SOUND)
def test_what_is_meant_is_left_alone(graph: Graph) -> None:
    assert [problem.text for problem in told(graph)] == []


def test_no_example_and_no_lesson_has_such_a_problem_unless_it_shows_it() -> None:
    """At every step of every lesson. One lesson shows that two linear layers are one."""
    graphs = [(path.stem, load(path, CATALOG)) for folder in (EXAMPLES, FOLDER) for path in sorted(folder.glob("*.gradwire"))]
    for name in NAMES:
        lesson, graph = open_lesson(name)
        graphs += [(name, graph_at(graph, lesson, step)) for step in range(len(lesson.steps))]
    notes = {(name, problem.text) for name, graph in graphs for problem in told(graph)}
    assert notes == {("activations", "second: two linear layers in a row (first, then second) can do no more than a single one")}
    assert len(graphs) > 100


def test_many_problems_in_a_large_graph_do_not_cost_a_copy_each() -> None:
    count = 300
    nodes: dict[str, Any] = {"data": ("source.data", IRIS), "r0": hidden(3), "loss": (CROSS, {})}
    nodes |= {f"r{i}": (RELU, {}) for i in range(1, count)}
    wires = [f"r{i} -> r{i + 1}.x" for i in range(count - 1)]
    graph = network(nodes, "; ".join(["data.x -> r0.x", *wires, f"r{count - 1} -> loss.scores", "data.target -> loss.target"]))
    problems = told(graph)
    assert len(problems) == count - 1
    assert 0 < sum(bool(problem.repairs) for problem in problems) <= EFFORT // len(graph.nodes)


def test_settings_that_decide_a_problem_are_followed() -> None:
    graph = chain(IRIS, (LINEAR, {"out_features": 3, "frozen": True}), loss=CROSS)
    session = Model(graph)
    assert session.compiled.meanings
    SetParam("a", "frozen", False).apply(graph)
    session.update(graph)
    assert not session.compiled.meanings and math.isfinite(session.evaluate("train")["loss"])

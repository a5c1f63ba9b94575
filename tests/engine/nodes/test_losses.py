"""Losses against the lecture's figures and torch.nn, penalties, accuracy, and the targets each refuses."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.compile.shape import Shape
from engine.compile.shapes import Inference, infer
from engine.nodes import TYPES
from engine.nodes.base import NodeError, Result, Settings
from graph.model.edits import edit_from_json
from graph.model.graph import Graph
from graph.model.problem import Problem
from tests.support.networks import network

LOSSES = [key for key, node_type in TYPES.items() if node_type.loss]


def settings(key: str, batched: tuple[str, ...] = (), **values: Any) -> Settings:
    return Settings(**{**TYPES[key].spec.defaults(), **values}, name="node", training=True, batched=frozenset(batched), dtype=torch.float64)


def value(key: str, prediction: Any, target: Any, **values: Any) -> Tensor:
    """One sample's loss."""
    tensors = [t if isinstance(t, Tensor) else torch.tensor(t, dtype=torch.float64) for t in (prediction, target)]
    result = TYPES[key].forward(settings(key, **values), *tensors)
    return result.outputs[0] if isinstance(result, Result) else result


def only_error(graph: Graph) -> Problem:
    (problem,) = infer(graph).errors
    return problem


def repaired(graph: Graph, problem: Problem, title: str) -> Inference:
    """What is inferred after pressing the repair of that title."""
    (repair,) = [r for r in problem.repairs if r.title == title]
    for edit in repair.edits:
        edit_from_json(edit).apply(graph)
    return infer(graph)


def classifier(loss: str, coding: str, outputs: int = 3, port: str = "scores") -> Graph:
    """Three blobs through one linear layer into a loss."""
    data = {"dataset": "blobs", "coding": coding}
    nodes = {"d": ("source.data", data), "l": ("layer.linear", {"out_features": outputs}), "loss": (loss, {})}
    return network(nodes, f"d.x -> l.x; l -> loss.{port}; d.target -> loss.target")


# the lecture's figures

SCORES = (0.1, -0.8, 1.4, 1.1)


@pytest.mark.parametrize(("target", "figure"), [(1, 2.95), (2, 0.75)])
def test_cross_entropy_of_the_lectures_scores(target: int, figure: float) -> None:
    assert round(float(value("loss.cross_entropy", SCORES, torch.tensor(target))), 2) == figure


def test_cross_entropy_gradient_is_softmax_minus_one_hot() -> None:
    scores, target = torch.tensor([SCORES, SCORES], dtype=torch.float64), torch.tensor([1, 2])
    s, node = settings("loss.cross_entropy", ("scores", "target")), TYPES["loss.cross_entropy"]
    result = node.forward(s, scores, target)
    gradient = node.gradients["scores"](s, torch.ones((), dtype=torch.float64), result.outputs[0], result.kept, scores, target)
    one_hot = torch.tensor([[0, 1, 0, 0], [0, 0, 1, 0]])
    torch.testing.assert_close(gradient, (torch.softmax(scores, 1) - one_hot) / 2)


def test_least_squares_gradient_is_the_lectures() -> None:
    """∇(y − aᵀx)² = −2a(y − aᵀx), with a = (1, 2), x = (3, −1), y = 4: aᵀx = 1, error 3, so the gradient of the prediction is −6."""
    s, node = settings("loss.squared_error"), TYPES["loss.squared_error"]
    prediction, target = torch.tensor(1.0), torch.tensor(4.0)
    result = node.forward(s, prediction, target)
    assert result.outputs[0] == 9
    assert node.gradients["prediction"](s, torch.ones(()), result.outputs[0], result.kept, prediction, target) == -6


def test_half_the_squared_error_has_the_plain_error_as_gradient() -> None:
    s, node = settings("loss.squared_error", factor="half"), TYPES["loss.squared_error"]
    prediction, target = torch.tensor(1.0), torch.tensor(4.0)
    result = node.forward(s, prediction, target)
    assert result.outputs[0] == 4.5
    assert node.gradients["prediction"](s, torch.ones(()), result.outputs[0], result.kept, prediction, target) == -3


def test_hand_figures_of_the_margin_losses() -> None:
    assert value("loss.hinge", 0.3, -1) == pytest.approx(1.3)
    assert value("loss.hinge", 2, 1) == 0
    assert value("loss.logistic", 0, 1) == pytest.approx(math.log(2))
    assert value("loss.logistic", 2, -1) == pytest.approx(math.log(1 + math.exp(2)))


# far out


@pytest.mark.parametrize("score", [-1e4, 1e4])
def test_scores_far_out_neither_overflow_nor_vanish(score: float) -> None:
    """The wrong side costs |f| in all of them."""
    sign = -1.0 if score > 0 else 1.0
    assert value("loss.logistic", score, sign) == 1e4
    assert value("loss.bce_logits", score, (sign + 1) / 2) == 1e4
    assert value("loss.cross_entropy", [score, 0.0], torch.tensor(int(score > 0))) == 1e4


def test_certain_and_wrong_probabilities_cost_one_hundred_as_in_torch() -> None:
    assert value("loss.bce", 0.0, 1.0) == 100 == nn.BCELoss()(torch.tensor(0.0), torch.tensor(1.0))


def test_certain_and_right_probabilities_cost_nothing() -> None:
    assert value("loss.bce", [0.0, 1.0], [0.0, 1.0]) == 0


@pytest.mark.parametrize(
    ("probabilities", "target", "port"), [([0.2, 1.7], [0.0, 1.0], "probabilities"), ([0.2, 0.7], [-1.0, 1.0], "target")]
)
def test_numbers_that_are_no_probabilities_are_named(probabilities: list[float], target: list[float], port: str) -> None:
    with pytest.raises(NodeError, match=f"every number in {port} must lie between 0 and 1") as caught:
        value("loss.bce", probabilities, target)
    assert caught.value.port == port


def test_nan_passes_through_binary_cross_entropy() -> None:
    assert value("loss.bce", [math.nan, 0.5], [0.0, 1.0]).isnan()


def test_a_class_that_does_not_exist_is_named() -> None:
    with pytest.raises(NodeError, match="numbered 0 to 3, but targets go from 4 to 4"):
        value("loss.cross_entropy", SCORES, torch.tensor(4))


# reductions


@pytest.mark.parametrize(("reduction", "expected"), [("mean", 14 / 4), ("sum", 14.0), ("batch_mean", 14 / 2)])
def test_reductions_divide_by_numbers_nothing_or_samples(reduction: str, expected: float) -> None:
    """Errors 1, 2 in the first sample and 3, 0 in the second: squares add up to 14."""
    s = settings("loss.squared_error", ("prediction", "target"), reduction=reduction)
    result = TYPES["loss.squared_error"].forward(s, torch.tensor([[1.0, 2], [3, 0]]), torch.zeros(2, 2))
    assert result.outputs[0] == expected


@pytest.mark.parametrize("key", LOSSES)
def test_every_loss_shows_its_reduction_in_its_formula(key: str) -> None:
    spec = TYPES[key].spec
    formulas = {choice: spec.formula_for({"reduction": choice}) for choice in spec.setting("reduction").choices}
    assert len(set(formulas.values())) == len(formulas)
    assert all(r"\sum" in text and "<" not in text.replace(" < ", "") for text in formulas.values())
    assert formulas[spec.setting("reduction").default] == spec.formula


@pytest.mark.parametrize("key", LOSSES)
def test_every_loss_declares_its_target(key: str) -> None:
    codings = {"real", "index", "zero_one", "plus_minus", "one_hot"}
    assert TYPES[key].target_coding and set(TYPES[key].target_coding) <= codings


# wrong targets


@pytest.mark.parametrize("key", LOSSES)
@pytest.mark.parametrize("coding", ["real", "index", "zero_one", "plus_minus", "one_hot"])
def test_a_loss_takes_the_codings_it_declares_and_no_other(key: str, coding: str) -> None:
    node = TYPES[key]
    prediction = Shape((3,), True)
    target = Shape((), True, "index", coding="index", classes=2) if coding == "index" else Shape((3,), True, coding=coding, classes=2)
    shapes = {node.inputs[0].name: prediction, "target": target}
    if coding in node.target_coding:
        node.check(settings(key), shapes)
        return
    with pytest.raises(NodeError, match="the target must be") as caught:
        node.check(settings(key), shapes)
    assert [repair[1] for repair in caught.value.repairs] == [("source", {"coding": wanted}) for wanted in node.target_coding]


def test_cross_entropy_lets_the_data_give_class_indices() -> None:
    graph = classifier("loss.cross_entropy", "one_hot")
    assert not repaired(graph, only_error(graph), "Let the data give its target as class indices").errors


def test_squared_error_on_class_indices_offers_one_hot_rows() -> None:
    graph = classifier("loss.squared_error", "index", port="prediction")
    assert not repaired(graph, only_error(graph), "Let the data give its target as one-hot rows").errors


def test_too_few_scores_for_the_classes_offer_more_outputs() -> None:
    graph = classifier("loss.cross_entropy", "index", outputs=2)
    shapes = repaired(graph, only_error(graph), "Give the layer before it 3 outputs")
    assert not shapes.errors and shapes.outputs["l", "y"].dims == (3,)


def test_a_column_is_not_compared_with_a_row() -> None:
    """(N, 1) against (N,) would broadcast to N × N."""
    nodes = {"d": ("source.data", {"dataset": "sine"}), "l": ("layer.linear", {"out_features": 1}),
             "f": ("math.reshape", {"shape": []}), "loss": ("loss.squared_error", {})}  # fmt: skip
    graph = network(nodes, "d.x -> l.x; l -> f.x; f -> loss.prediction; d.target -> loss.target")
    problem = only_error(graph)
    assert "prediction is (N,), target is (N, 1)" in problem.text
    assert not repaired(graph, problem, "Insert Reshape before prediction").errors


def test_one_target_for_all_samples_is_fine() -> None:
    nodes = {"d": ("source.data", {"dataset": "sine"}), "t": ("source.input", {"value": 2}), "loss": ("loss.l1", {})}
    assert not infer(network(nodes, "d.x -> loss.prediction; t -> loss.target")).errors


# penalties


def test_l2_penalty_takes_the_weights_of_named_layers_but_not_their_biases() -> None:
    nodes = {"x": ("source.input", {"value": [1, 2]}), "l": ("layer.linear", {"out_features": 3}), "p": ("penalty.l2", {"layers": "l"})}
    shapes = infer(network(nodes, "x -> l.x"))
    assert not shapes.errors and [leaf.key for leaf in shapes.wirings["p"].leaves()] == [("l", "W")]


def test_a_penalty_of_nothing_is_zero() -> None:
    assert TYPES["penalty.l1"].forward(settings("penalty.l1"), ()) == 0


def test_penalties_by_hand() -> None:
    weights = (torch.tensor([3.0, -4.0]), torch.tensor(-2.0))
    assert TYPES["penalty.l1"].forward(settings("penalty.l1", lam=0.5), weights) == 4.5
    assert TYPES["penalty.l2"].forward(settings("penalty.l2", lam=0.5), weights) == 14.5
    assert TYPES["penalty.l2"].forward(settings("penalty.l2", lam=0.5, factor="half"), weights) == 7.25


def test_a_penalty_on_data_is_refused() -> None:
    nodes: dict[str, Any] = {"d": ("source.data", {}), "p": ("penalty.l1", {})}
    assert "a penalty is for parameters" in only_error(network(nodes, "d.x -> p.parameters")).text


# accuracy


def accuracy(prediction: Tensor, target: Tensor, **values: Any) -> float:
    s = settings("probe.accuracy", ("prediction", "target"), **values)
    share: Any = TYPES["probe.accuracy"].forward(s, prediction, target)
    return float(share)


def test_accuracy_behind_a_sigmoid_decides_at_one_half() -> None:
    probabilities, target = torch.tensor([[0.2], [0.9], [0.4], [0.6]]), torch.tensor([[0.0], [1], [1], [1]])
    assert accuracy(probabilities, target, producers={"prediction": "activation.sigmoid"}) == 0.75
    assert accuracy(torch.logit(probabilities), target) == 0.75


@pytest.mark.parametrize("target", [torch.tensor([0, 1, 2, 1]), torch.eye(3)[[0, 1, 2, 1]]])
def test_accuracy_takes_indices_and_one_hot_rows(target: Tensor) -> None:
    scores = torch.tensor([[5.0, 1, 1], [0, 2, 1], [0, 2, 1], [-3, -1, -2]])
    assert accuracy(scores, target) == 0.75


def test_accuracy_of_classes_that_cannot_be_compared_is_refused() -> None:
    shapes = {"prediction": Shape((3,), True), "target": Shape((4,), True)}
    with pytest.raises(NodeError, match="cannot be compared"):
        TYPES["probe.accuracy"].check(settings("probe.accuracy"), shapes)

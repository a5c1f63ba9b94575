"""Predictions for every sample: against plain torch on the same numbers, and against a pass over the sample alone."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from engine.data import load
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.predictions import Predictions, PredictionsJob, by_loss, confident_mistakes
from engine.learned.reading import Probability, Reading
from engine.numerics.job import finished
from engine.training.measures import Above, LargestScore
from engine.training.model import Model
from engine.training.run import Run
from graph.model.graph import Graph
from tests.support.networks import network, product, tanh_net


def predict(model: Model, part: Any = "train") -> Predictions:
    job = PredictionsJob(part, 3, 4, 5)
    module, _, name = job.done_by.partition(":")
    answer = finished(getattr(import_module(module), name)(ExplainContext(model), job))
    assert isinstance(answer, Predictions)
    return answer


def net(loss: str, coding: str, outputs: int, last: str = "", **settings: Any) -> Graph:
    """Moons through one layer, an activation `last` where there is one, and this loss."""
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 150, "coding": coding, "test_fraction": 0.2}),
        "out": ("layer.linear", {"out_features": outputs}), "loss": (f"loss.{loss}", settings),
    }  # fmt: skip
    end = "out"
    if last:
        nodes["last"], end = (f"activation.{last}", {}), "last"
    first = {"cross_entropy": "scores", "nll": "log_probabilities", "logistic": "scores", "hinge": "scores", "bce": "probabilities",
             "bce_logits": "scores"}.get(loss, "prediction")  # fmt: skip
    wires = f"data.x -> out.x; {end} -> loss.{first}; data.target -> loss.target" + ("; out -> last.x" if last else "")
    return network(nodes, wires)


def scores_of(model: Model, part: str = "train") -> torch.Tensor:
    data = load(model.graph.settings_of("data"))
    state = model.values()
    x = torch.tensor(data.train.x if part == "train" else data.test.x)
    return x @ state["out", "W"].T + state["out", "b"]


NETS: dict[str, tuple[Graph, Any]] = {
    "cross-entropy": (net("cross_entropy", "index", 2), lambda s: torch.softmax(s, 1)),
    "nll": (net("nll", "index", 2, "log_softmax", reduction="sum"), lambda s: torch.softmax(s, 1)),
    "logits": (net("bce_logits", "zero_one", 1), lambda s: torch.cat([torch.sigmoid(-s), torch.sigmoid(s)], 1)),
    "probabilities": (net("bce", "zero_one", 1, "sigmoid"), lambda s: torch.cat([1 - torch.sigmoid(s), torch.sigmoid(s)], 1)),
    "logistic": (net("logistic", "plus_minus", 1), lambda s: torch.cat([torch.sigmoid(-s), torch.sigmoid(s)], 1)),
    "hinge": (net("hinge", "plus_minus", 1), None),
    "squares of two scores": (net("squared_error", "one_hot", 2, reduction="batch_mean"), None),
    "squares of probabilities": (net("squared_error", "one_hot", 2, "softmax"), lambda s: torch.softmax(s, 1)),
}


@pytest.mark.parametrize("graph, probable", NETS.values(), ids=NETS)
def test_classes_probabilities_and_losses_are_those_of_torch(graph: Graph, probable: Any) -> None:
    model = Model(graph)
    for part in ("train", "test"):
        found = predict(model, part)
        data = load(graph.settings_of("data"))
        y, rows = (data.train.y, data.train.rows) if part == "train" else (data.test.y, data.test.rows)
        true = y if y.ndim == 1 else y.argmax(1) if y.shape[1] == 2 else (y[:, 0] > 0).astype(int)
        scores = scores_of(model, part)
        predicted = scores.argmax(1) if scores.shape[1] == 2 else (scores[:, 0] > 0).long()
        assert np.array_equal(found.rows, rows) and np.array_equal(found.true, true)
        assert np.array_equal(found.predicted, predicted.numpy()) and np.array_equal(found.right, predicted.numpy() == true)
        if probable is None:
            assert found.probabilities is None and found.confidence is None
        else:
            assert found.probabilities is not None and found.confidence is not None
            np.testing.assert_allclose(found.probabilities, probable(scores).numpy(), rtol=1e-12, atol=1e-15)
            assert (found.confidence >= 0.5).all()
        assert found.part == part and (found.stamp.structure, found.stamp.revision, found.stamp.run, found.stamp.step) == (3, 4, 5, 0)
    alone = [float(model.trace([place]).values["loss", "y"]) for place in (0, 7, 101)]
    np.testing.assert_allclose(predict(model).loss[[0, 7, 101]], alone, rtol=1e-12)


def test_the_losses_of_all_samples_are_cross_entropys() -> None:
    model = Model(NETS["cross-entropy"][0])
    losses = F.cross_entropy(scores_of(model), torch.tensor(load(model.graph.settings_of("data")).train.y), reduction="none")
    np.testing.assert_allclose(predict(model).loss, losses.numpy(), rtol=1e-12)


def test_an_objective_without_a_loss_node_is_computed_sample_by_sample_and_penalties_do_not_count() -> None:
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 60, "coding": "zero_one"}), "out": ("layer.linear", {"out_features": 1}),
        "gap": ("math.subtract", {}), "square": ("math.multiply", {}), "loss": ("math.mean", {"over_batch": True}),
        "probe": ("probe.accuracy", {"decision": "above ½"}), "decay": ("penalty.l2", {}), "sum": ("math.add", {}),
    }  # fmt: skip
    wires = (
        "data.x -> out.x; out -> gap.a; data.target -> gap.b; gap -> square.a; gap -> square.b; square -> loss.x; out -> probe.prediction;"
        "data.target -> probe.target; loss -> sum.a; decay -> sum.b"
    )
    model = Model(network(nodes, wires))
    found = predict(model)
    data = load(model.graph.settings_of("data"))
    np.testing.assert_allclose(found.loss, ((scores_of(model).numpy() - data.train.y) ** 2)[:, 0], rtol=1e-12)
    assert found.probabilities is None and found.classes == ("upper", "lower")


def test_numbers() -> None:
    nodes = {
        "data": ("source.data", {"dataset": "diabetes"}), "out": ("layer.linear", {"out_features": 1}),
        "loss": ("loss.squared_error", {"factor": "half"}),
    }  # fmt: skip
    model = Model(network(nodes, "data.x -> out.x; out -> loss.prediction; data.target -> loss.target"))
    found, data = predict(model, "test"), load({"dataset": "diabetes"})
    predicted = scores_of(model, "test").numpy()
    assert found.kind == "numbers" and found.names == ("progression",) and np.array_equal(found.true, data.test.y)
    np.testing.assert_allclose(found.predicted, predicted, rtol=1e-12)
    np.testing.assert_allclose(found.loss, (predicted - data.test.y)[:, 0] ** 2 / 2, rtol=1e-12)


def test_predictions_are_those_of_the_step_at_which_they_were_asked_for() -> None:
    model = Model(tanh_net())
    run = Run(model).prepare()
    before = predict(model)
    module, _, name = PredictionsJob.done_by.partition(":")
    steps = getattr(import_module(module), name)(ExplainContext(model, run), PredictionsJob("train", 0, 0, 0))
    run.train(max_steps=5)
    later = finished(steps)
    assert np.array_equal(before.scores, later.scores) and later.stamp.step == 0
    now = predict(model)
    assert now.stamp.step == 5 and not np.array_equal(now.scores, before.scores)
    measured = model.evaluate("train")
    assert now.right.mean() == pytest.approx(measured["accuracy"]) and now.loss.mean() == pytest.approx(measured["loss"], rel=1e-12)


def test_orders() -> None:
    found = predict(Model(NETS["logits"][0]))
    assert found.probabilities is not None and found.confidence is not None
    assert (np.diff(found.loss[by_loss(found)]) <= 0).all()
    mistakes = confident_mistakes(found)
    assert set(mistakes) == set(np.flatnonzero(~found.right)) and (np.diff(found.confidence[mistakes]) <= 0).all()
    curve = found.for_roc
    assert curve is not None and np.array_equal(curve, found.scores[:, 0])


def test_what_cannot_be_read_is_refused_with_the_reason() -> None:
    with pytest.raises(Unanswerable, match="No single loss"):
        predict(Model(product()))


def test_a_part_without_samples_has_empty_predictions() -> None:
    none = network({"data": ("source.data", {"dataset": "moons", "samples": 10, "test_fraction": 0.0}), "out": ("layer.linear", {}),
                    "loss": ("loss.cross_entropy", {})}, "data.x -> out.x; out -> loss.scores; data.target -> loss.target")  # fmt: skip
    nothing = predict(Model(none), "test")
    assert nothing.samples == 0 and nothing.probabilities is not None and nothing.probabilities.shape[0] == 0


KEY = ("n1", "out")


def test_how_clearly_a_class_leads_is_the_distance_of_logits() -> None:
    logits = torch.tensor([[2.0, -1.0, 0.5], [0.0, 0.0, -3.0]], dtype=torch.float64)
    known: list[tuple[Probability, torch.Tensor]] = [
        ("softmax", logits), ("exp", logits.log_softmax(1)), ("itself", logits.softmax(1)), ("", logits),
    ]  # fmt: skip
    for probability, numbers in known:
        lead = Reading(KEY, KEY, LargestScore(), probability, ("a", "b", "c")).lead(numbers)
        assert lead is not None and torch.allclose(lead, torch.tensor([1.5, 0.0], dtype=torch.float64), atol=1e-12)
    score = torch.tensor([[-0.7], [0.2]], dtype=torch.float64)
    single: list[tuple[Probability, torch.Tensor, float]] = [
        ("sigmoid", score, 0.0), ("itself", score.sigmoid(), 0.5), ("", score + 1, 1.0),
    ]  # fmt: skip
    for probability, numbers, threshold in single:
        lead = Reading(KEY, KEY, Above(threshold), probability, ("no", "yes")).lead(numbers)
        assert lead is not None and torch.allclose(lead, torch.tensor([0.7, 0.2], dtype=torch.float64), atol=1e-12)
    assert Reading(KEY, KEY, None, "").lead(score) is None and Reading(KEY, KEY, LargestScore(), "", ("a",)).lead(score) is None

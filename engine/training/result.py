"""The result of a run: loss and metrics over whole parts of the data, and the learned values by node name."""

from __future__ import annotations

from typing import Any

from engine.compile.environment import Key
from engine.numerics.plain import tensor_json
from engine.training.model import Model


def evaluated(model: Model, tested: bool) -> tuple[float, dict[str, float]]:
    """The objective over the whole training part, penalties included, and those of `train_loss, train_accuracy, test_loss,
    test_accuracy, penalty` that apply, in evaluation mode. `tested`: whether the test part has anything to say."""
    train = model.evaluate("train")
    metrics = {"train_loss": train["loss"]}
    if "accuracy" in train:
        metrics["train_accuracy"] = train["accuracy"]
    if tested:
        test = model.evaluate("test")
        metrics["test_loss"] = test["loss"]
        if "accuracy" in test:
            metrics["test_accuracy"] = test["accuracy"]
    if "penalty" in train:
        metrics["penalty"] = train["penalty"]
    return train["objective"], metrics


def learned(model: Model, full: bool) -> dict[str, Any]:
    """Every learned tensor as JSON, by its name."""
    parameters = model.inference.parameters
    return {_shown(model, key): tensor_json(tensor, full) for key, tensor in model.values().items() if key in parameters}


def _shown(model: Model, key: Key) -> str:
    """`hidden.W` for a layer's tensor; a Parameter node is its own name."""
    graph = model.graph
    return graph.nodes[key[0]].name if graph.spec(key[0]).role == "parameter" else model.name(key)

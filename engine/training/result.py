"""The result of a run: loss and metrics over whole parts of the data, and the learned values by node name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.compile.environment import Key
from engine.data.parts import PARTS, Part
from engine.numerics.plain import tensor_json
from engine.training.model import Model


def parts_read(model: Model, test: bool) -> tuple[Part, ...]:
    """The held-out parts that a result reads: the one that judges the run, and the test part where it is asked for."""
    feeds = model.feeds
    return tuple(part for part in PARTS[1:] if feeds.rows[part] and (part == feeds.held_out or (part == "test" and test)))


def evaluated(model: Model, parts: Sequence[Part]) -> tuple[float, dict[str, float]]:
    """The objective over the whole training part, penalties included, and those of `train_loss, train_accuracy, validation_loss,
    validation_accuracy, test_loss, test_accuracy, penalty` that apply, in evaluation mode. `parts` are read beside the training part."""
    train = model.evaluate("train")
    metrics = {"train_loss": train["loss"]}
    if "accuracy" in train:
        metrics["train_accuracy"] = train["accuracy"]
    for part in parts:
        measured = model.evaluate(part)
        metrics |= {f"{part}_{name}": measured[name] for name in ("loss", "accuracy") if name in measured}
    if "penalty" in train:
        metrics["penalty"] = train["penalty"]
    return train["objective"], metrics


def learned(model: Model, full: bool) -> dict[str, Any]:
    """Every learned tensor as JSON, by its name."""
    parameters = model.inference.parameters
    return {shown_name(model, key): tensor_json(tensor, full) for key, tensor in model.values().items() if key in parameters}


def shown_name(model: Model, key: Key) -> str:
    """`hidden.W` for a layer's tensor; a Parameter node is its own name."""
    graph = model.graph
    return graph.nodes[key[0]].name if graph.spec(key[0]).role == "parameter" else model.name(key)

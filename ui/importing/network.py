"""A network that is ready to train on a table: one hidden layer between standardized features and the loss that fits the target.

A target of numbers is standardized too, in a node of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.data.table_reading import TableReading
from graph.model.edits import AddNode, Connect, Edit, SetTraining
from graph.model.elements import Edge, Node
from graph.model.graph import Graph
from graph.text.messages import _

HIDDEN = 16
STEPS = 2000
"""About as many steps are trained."""
ACROSS = 280.0
HIGH = 224.0
"""Height of a card with the numbers of several samples."""


def network(graph: Graph, data: Node, reading: TableReading) -> tuple[list[Edit], dict[str, float]]:
    """The edits that put a network behind a Data node, and how high some cards will be once their shapes are known."""
    classes = len(reading.classes)
    outputs = classes or sum(column.role == "target" for column in reading.columns)
    rows: list[tuple[str, str, str, str, Mapping[str, Any]]] = [
        ("standard", "source.standardize", "standardized", "", {}),
        ("hidden", "layer.linear", "hidden", _("Hidden layer"), {"out_features": HIDDEN}),
        ("relu", "activation.relu", "h", "", {}),
        ("output", "layer.linear", "output", _("Output layer"), {"out_features": outputs}),
        ("loss", "loss.cross_entropy" if classes else "loss.squared_error", "loss", "", {}),
        ("accuracy", "probe.accuracy", "accuracy", "", {}) if classes else
        ("scaled", "source.standardize", "scaled_target", _("Target, standardized"), {}),
    ]  # fmt: skip
    ids = {"data": data.id} | {key: graph.fresh_id() for key, *_rest in rows}
    edits: list[Edit] = [
        AddNode(Node(ids[key], kind, graph.fresh_name(name), label, dict(params), data.x + at * ACROSS, data.y))
        for at, (key, kind, name, label, params) in enumerate(rows, 1)
    ]
    wires: list[tuple[str, str, str, str]] = [
        ("data", "x", "standard", "x"), ("standard", "y", "hidden", "x"), ("hidden", "y", "relu", "x"), ("relu", "y", "output", "x"),
    ]  # fmt: skip
    if classes:
        wires += [("output", "y", "loss", "scores"), ("data", "target", "loss", "target"),
                  ("output", "y", "accuracy", "prediction"), ("data", "target", "accuracy", "target")]  # fmt: skip
    else:  # prices in thousands or years would need thousands of steps until the weights are as large
        wires += [("output", "y", "loss", "prediction"), ("data", "target", "scaled", "x"), ("scaled", "y", "loss", "target")]
    edits += [Connect(Edge(graph.fresh_id("e"), (ids[a], port), (ids[b], into))) for a, port, b, into in wires]
    return edits, {ids[key]: HIGH for key in ("data", "standard", "loss", "scaled") if key in ids}


def training(graph: Graph, rows: int) -> list[Edit]:
    """The changes to the training settings that learn from so many rows in a few seconds."""
    batch = 16 if rows <= 1000 else 64 if rows <= 10_000 else 256
    epochs = max(1, min(80, round(STEPS * batch / max(1, rows))))
    wanted: dict[str, Any] = {"optimizer": "adam", "hyper": {"lr": 0.01}, "batch_size": batch, "epochs": epochs}
    return [SetTraining(name, value) for name, value in wanted.items() if graph.training.get(name) != value]

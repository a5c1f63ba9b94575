"""Ten objectives, each as a document and as a gradient written down by hand in NumPy: what whole paths of optimizers are compared on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import torch

from engine.nodes.catalog import CATALOG
from engine.numerics.rng import generator
from engine.training.compiled import Compiled
from graph.formula.to_graph import build
from graph.model.edits import SetTraining
from graph.model.graph import Graph
from tests.support.networks import network

Array = Any
Parameters = dict[str, Array]
Gradient = Callable[[Parameters, Array | None, Array | None], Parameters]
STEPS = 100


@dataclass(frozen=True)
class Objective:
    """`gradient` is of (parameters by name, inputs of the mini-batch, targets of it). `curvature`: about the largest on the way."""

    name: str
    graph: Callable[[], Graph]
    gradient: Gradient
    curvature: float
    batch_size: int | None = None
    seed: int = 3
    kept: dict[str, Any] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return self.name

    def compiled(self) -> Compiled:
        """Compiled once, for all methods."""
        if "compiled" not in self.kept:
            graph = self.graph()
            for name, value in (("batch_size", self.batch_size), ("steps", 10 * STEPS), ("epochs", None), ("seed", self.seed)):
                SetTraining(name, value).apply(graph)
            self.kept["compiled"] = Compiled(graph, "cpu")
        compiled: Compiled = self.kept["compiled"]
        return compiled

    def document(self, optimizer: str, hyper: Mapping[str, Any]) -> Graph:
        graph = self.compiled().graph.copy()
        SetTraining("optimizer", optimizer).apply(graph)
        SetTraining("hyper", dict(hyper)).apply(graph)
        return graph

    def samples(self, whole: bool) -> list[tuple[Array | None, Array | None]]:
        """Inputs and targets of each of the steps: mini-batches in the order of the seed, or all."""
        feeds = self.compiled().feeds
        columns = {port: tensor.numpy() for (_node, port), tensor in feeds.train.items()}
        if not columns:
            return [(None, None)] * STEPS
        x, target = columns["x"], columns["target"]
        if self.batch_size is None or whole:
            return [(x, target)] * STEPS
        rows: list[Array] = []
        epoch = 0
        while len(rows) < STEPS:
            permuted = order_of(len(x), self.seed, epoch)
            rows += [permuted[i : i + self.batch_size] for i in range(0, len(x), self.batch_size)]
            epoch += 1
        return [(x[r], target[r]) for r in rows[:STEPS]]


def order_of(rows: int, seed: int, epoch: int) -> Array:
    """The documented order of samples: a permutation seeded by (seed, epoch)."""
    return torch.randperm(rows, generator=generator(seed, "shuffle", epoch)).numpy()


def formula(text: str, **values: float) -> Callable[[], Graph]:
    return cache(lambda: build(text, CATALOG, params=values))


def of_numbers(gradient: Callable[..., tuple[float, ...]]) -> Gradient:
    """A gradient of scalar parameters in the order of their names."""
    return lambda p, _x, _t: dict(zip(sorted(p), map(np.asarray, gradient(*(float(p[name]) for name in sorted(p)))), strict=True))


def beale(p: float, q: float) -> tuple[float, float]:
    r = (1.5 - p * (1 - q), 2.25 - p * (1 - q**2), 2.625 - p * (1 - q**3))
    return (
        -2 * (r[0] * (1 - q) + r[1] * (1 - q**2) + r[2] * (1 - q**3)),
        2 * p * (r[0] + 2 * q * r[1] + 3 * q**2 * r[2]),
    )  # fmt: skip


def rotated(p: float, q: float) -> tuple[float, float]:
    u, v = 0.8 * p + 0.6 * q, 0.8 * q - 0.6 * p
    return 100 * u * 0.8 - v * 0.6, 100 * u * 0.6 + v * 0.8


A = np.random.default_rng(1).normal(size=(6, 3)).round(3)
B = np.random.default_rng(2).normal(size=6).round(3)


def least_squares() -> Graph:
    return build("f = mean((A@w - b)^2)", CATALOG, sets={"A": A.tolist(), "b": B.tolist()}, params={"w": [0.5, -1.0, 2.0]})


def table(features: Array, target: Array, **more: Any) -> tuple[str, dict[str, Any]]:
    return "source.data", {"dataset": "table", "features": features.tolist(), "targets": target.tolist(), "test_fraction": 0.0, **more}


POINTS = np.random.default_rng(4).normal(size=(40, 2)).round(3)
SIDE = (POINTS @ [1.0, -2.0] + 0.3 * np.random.default_rng(5).normal(size=40) > 0).astype(float)
THREE = np.argmax(POINTS @ np.array([[1.0, 0.2, -1.0], [0.0, 1.0, -1.0]]), axis=1)


def logistic() -> Graph:
    nodes = {
        "data": table(POINTS, SIDE, coding="zero_one"), "w": ("parameter.parameter", {"value": [[0.5], [0.1]]}),
        "z": ("math.matmul", {}), "loss": ("loss.bce_logits", {}),
    }  # fmt: skip
    return network(nodes, "data.x -> z.a; w -> z.b; z -> loss.scores; data.target -> loss.target")


def softmax() -> Graph:
    nodes = {
        "data": table(POINTS, THREE, coding="index"), "out": ("layer.linear", {"out_features": 3}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    return network(nodes, "data.x -> out.x; out -> loss.scores; data.target -> loss.target")


def tanh_network() -> Graph:
    nodes = {
        "data": table(POINTS, SIDE.astype(int), coding="index"), "hidden": ("layer.linear", {"out_features": 4}),
        "tanh": ("activation.tanh", {}),
        "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    return network(nodes, "data.x -> hidden.x; hidden -> tanh.x; tanh -> out.x; out -> loss.scores; data.target -> loss.target")


def logistic_gradient(p: Parameters, x: Array, target: Array) -> Parameters:
    ((name, w),) = p.items()
    return {name: x.T @ (1 / (1 + np.exp(-(x @ w))) - target) / len(x)}


def error(scores: Array, target: Array) -> Array:
    """ŷ − y, divided by the number of samples; `target` are class indices."""
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True) - np.eye(scores.shape[1])[target]) / len(target)


def softmax_gradient(p: Parameters, x: Array, target: Array) -> Parameters:
    d = error(x @ p["out.W"].T + p["out.b"], target)
    return {"out.W": d.T @ x, "out.b": d.sum(axis=0)}


def network_gradient(p: Parameters, x: Array, target: Array) -> Parameters:
    h = np.tanh(x @ p["hidden.W"].T + p["hidden.b"])
    d = error(h @ p["out.W"].T + p["out.b"], target)
    below = (1 - h**2) * (d @ p["out.W"])
    return {"hidden.W": below.T @ x, "hidden.b": below.sum(axis=0), "out.W": d.T @ h, "out.b": d.sum(axis=0)}


OBJECTIVES = [
    Objective(
        "quadratic", formula("f = (w1 - 1)^2 + 3*(w2 + 2)^2", w1=3.0, w2=1.3), of_numbers(lambda p, q: (2 * (p - 1), 6 * (q + 2))), 6.0
    ),
    Objective(
        "ill-conditioned", formula("f = (100*(0.8*w1 + 0.6*w2)^2 + (0.8*w2 - 0.6*w1)^2)/2", w1=1.0, w2=-0.7), of_numbers(rotated), 100.0,
    ),
    Objective(
        "Rosenbrock", formula("f = 100*(w2 - w1^2)^2 + (1 - w1)^2", w1=-1.2, w2=1.0),
        of_numbers(lambda p, q: (-400 * p * (q - p**2) - 2 * (1 - p), 200 * (q - p**2))), 1500.0,
    ),
    Objective(
        "(1 - w2 w1)²", formula("f = (1 - w2*w1)^2", w1=0.4, w2=1.7),
        of_numbers(lambda p, q: (-2 * q * (1 - p * q), -2 * p * (1 - p * q))), 8.0,
    ),
    Objective("x² + 3 sin²x", formula("f = x^2 + 3*sin(x)^2", x=2.9), of_numbers(lambda x: (2 * x + 3 * np.sin(2 * x),)), 8.0),
    Objective("Beale", formula("f = (1.5 - p*(1 - q))^2 + (2.25 - p*(1 - q^2))^2 + (2.625 - p*(1 - q^3))^2", p=1.0, q=0.6),
              of_numbers(beale), 60.0),
    Objective("least squares", least_squares, lambda p, _x, _t: {n: 2 * A.T @ (A @ w - B) / 6 for n, w in p.items()}, 4.0),
    Objective("logistic regression", logistic, logistic_gradient, 1.0, batch_size=8),
    Objective("softmax regression", softmax, softmax_gradient, 1.0, batch_size=16),
    Objective("2-4-2 network", tanh_network, network_gradient, 3.0, batch_size=10),
]  # fmt: skip

"""Scalar graphs at random, with fan-out, and their value written in plain torch: an oracle that shares nothing with the engine."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from graph.model.graph import Graph
from tests.support.networks import network

FUNCTIONS: Mapping[str, Callable[..., Tensor]] = {
    "math.add": lambda a, b: a + b, "math.subtract": lambda a, b: a - b, "math.multiply": lambda a, b: a * b,
    "math.divide": lambda a, b: a / b, "math.negate": lambda x: -x, "math.square": lambda x: x * x, "math.sqrt": torch.sqrt,
    "math.exp": torch.exp, "math.log": torch.log, "math.sin": torch.sin, "math.cos": torch.cos, "math.reciprocal": lambda x: 1 / x,
    "activation.tanh": torch.tanh, "activation.sigmoid": torch.sigmoid, "activation.softplus": lambda x: torch.log1p(torch.exp(x)),
    "activation.silu": lambda x: x * torch.sigmoid(x), "activation.identity": lambda x: x,
}  # fmt: skip
_BINARY = ("math.add", "math.subtract", "math.multiply")
_UNARY = ("math.sin", "math.cos", "activation.tanh", "activation.sigmoid", "activation.softplus", "activation.silu", "math.negate",
          "activation.identity")  # fmt: skip
_TAMED = ("math.exp", "math.square", "math.sqrt", "math.log", "math.reciprocal", "math.divide")
"""Functions that need their argument kept in bounds: they come with a sigmoid in front of it."""


def scalar_graph(seed: int, smallest: int = 5, largest: int = 40) -> Graph:
    """5 to 40 nodes between numbers: Inputs and Parameters, functions of what is there, and one objective that nothing is lost to."""
    rng = random.Random(seed)
    size = rng.randint(smallest, largest)
    nodes: dict[str, tuple[str, dict[str, Any]]] = {}
    wires: list[str] = []
    for i in range(rng.randint(1, 3)):
        kind = rng.choice(["source.input", "parameter.parameter"])
        nodes[f"v{i}"] = (kind, {"value": round(rng.uniform(-1.5, 1.5), 3)})
    loose = list(nodes)

    def put(kind: str, **wired: str) -> str:
        name = f"n{len(nodes)}"
        nodes[name] = (kind, {})
        wires.extend(f"{source} -> {name}.{port}" for port, source in wired.items())
        loose[:] = [n for n in loose if n not in wired.values()] + [name]
        return name

    while len(nodes) + len(loose) < size:
        any_one, other = rng.choice(list(nodes)), rng.choice(list(nodes)[-6:])
        draw = rng.random()
        if draw < 0.45:
            put(rng.choice(_BINARY), a=any_one, b=other)
        elif draw < 0.8:
            put(rng.choice(_UNARY), x=other)
        else:
            kind, tame = rng.choice(_TAMED), put("activation.sigmoid", x=other)
            put(kind, a=any_one, b=tame) if kind == "math.divide" else put(kind, x=tame)
    while len(loose) > 1 or len(nodes) < smallest:
        a = loose[0]
        put(rng.choice(_BINARY), a=a, b=loose[-1] if len(loose) > 1 else a)
    return network(nodes, ";".join(wires))


def values_of(graph: Graph) -> dict[str, float]:
    """The numbers of the Inputs and Parameters, by node."""
    return {n: float(graph.setting(n, "value")) for n, node in graph.nodes.items() if node.type.startswith(("source", "parameter"))}


def evaluate(graph: Graph, leaves: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Every node's value."""
    values = dict(leaves)
    for node in graph.order():
        if node not in values:
            wired = {e.target[1]: values[e.source[0]] for e in graph.inputs_of(node)}
            values[node] = FUNCTIONS[graph.nodes[node].type](**wired) if "a" in wired else FUNCTIONS[graph.nodes[node].type](wired["x"])
    return values


def objective_of(graph: Graph) -> str:
    (sink,) = (n for n in graph.nodes if not graph.outputs_of(n))
    return sink


def derivatives(graph: Graph) -> tuple[float, dict[str, float]]:
    """(objective, its derivative by every Input and Parameter), by torch's autograd over `evaluate`."""
    leaves = {n: torch.tensor(v, dtype=torch.float64, requires_grad=True) for n, v in values_of(graph).items()}
    f = evaluate(graph, leaves)[objective_of(graph)]
    gradients = torch.autograd.grad(f, list(leaves.values()), allow_unused=True)
    return float(f.detach()), {n: 0.0 if g is None else float(g) for n, g in zip(leaves, gradients, strict=True)}

"""Small graphs for tests, written as text: `wire("x -> multiply.a")`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.nodes.catalog import CATALOG
from graph.model.build import build
from graph.model.graph import Graph


def network(nodes: Mapping[str, tuple[str, Any]], wires: str, *, settings: Mapping[str, Any] | None = None, **training: Any) -> Graph:
    """Nodes by name as (type, params); wires as `from[.port] -> to.port`, one a line or separated by `;`. A node's id is its name."""
    edges = []
    for number, line in enumerate(w for w in wires.replace(";", "\n").splitlines() if w.strip()):
        source, target = (part.strip() for part in line.split("->"))
        start, _, port = source.partition(".")
        end, _, place = target.partition(".")
        name, _, slot = place.partition("#")
        edges.append({"id": f"e{number}", "from": [start, port or "y"], "to": [end, name, int(slot or 0)]})
    rows = [{"id": n, "type": kind, "name": n, "params": params, "x": 0, "y": 0} for n, (kind, params) in nodes.items()]
    return build({"nodes": rows, "edges": edges, "settings": settings or {}, "training": training}, CATALOG)


def tanh_net(**training: Any) -> Graph:
    """Moons through 2–4–2 with tanh and cross-entropy."""
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 100}), "hidden": ("layer.linear", {"out_features": 4}),
        "tanh": ("activation.tanh", {}), "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = "data.x -> hidden.x; hidden -> tanh.x; tanh -> out.x; out -> loss.scores; data.target -> loss.target"
    return network(nodes, wires, **{"optimizer": "sgd", "hyper": {"lr": 0.5}, "epochs": 20, "batch_size": 16, **training})


def product(**values: float) -> Graph:
    """f = x·y + z."""
    at = {"x": 2.0, "y": -5.0, "z": 3.0} | values
    nodes: dict[str, tuple[str, dict[str, Any]]] = {n: ("source.input", {"value": v}) for n, v in at.items()}
    nodes |= {"d": ("math.multiply", {}), "f": ("math.add", {})}
    return network(nodes, "x -> d.a; y -> d.b; d -> f.a; z -> f.b")

"""Graphs of all node types, wired at random and kept where they have no problem; and edits of their values and structure."""

from __future__ import annotations

import random
from typing import Any

from engine.compile.shapes import infer
from engine.nodes import TYPES
from graph.model.edits import Disconnect, Edit, Rename, SetGraphSetting, SetParam, SetTraining, connect, remove_nodes
from graph.model.graph import Graph
from graph.model.spec import Setting
from tests.engine.compile.test_any_wiring import some_settings
from tests.support.networks import network

Output = tuple[str, str]
_DATA: tuple[dict[str, Any], ...] = ({}, {"coding": "one_hot"}, {"coding": "plus_minus"})
_SHAPES: tuple[list[int], ...] = ([], [2], [3], [2, 2], [3, 2], [1, 2, 2])
_WILD = ("math.log", "math.log2", "math.log10", "math.sqrt", "math.reciprocal", "math.divide", "math.power", "math.exp", "loss.bce",
         "loss.kl", "math.one_hot", "layer.embedding")  # fmt: skip
"""Types that make infinities or NaN of many numbers, or refuse some."""
_COLUMNS: tuple[Any, ...] = (
    None, {}, {"x1": {"role": "feature", "missing": "mean"}},
    {"x2": {"kind": "category", "code": "index"}}, {"x1": {"role": "neither"}}, [1],
)  # fmt: skip
"""Choices for the columns of a table; the last two are wrong."""


def random_graph(seed: int, size: int = 14, wild: bool = True) -> Graph:
    """`size` nodes without problems, and an objective that takes in a bounded number for everything that is left over."""
    rng = random.Random(seed)
    keys = [key for key, node_type in TYPES.items() if node_type.spec.inputs and (wild or key not in _WILD)]
    nodes: dict[str, tuple[str, dict[str, Any]]] = {"data": ("source.data", {"dataset": "moons", "samples": 12, **rng.choice(_DATA)})}
    outputs: list[Output] = [("data", "x"), ("data", "target")]
    wires: list[str] = []
    for i, shape in enumerate(rng.sample(_SHAPES, 3)):
        nodes[f"p{i}"] = ("parameter.parameter", {"initialisation": "normal", "shape": shape, "frozen": rng.random() < 0.2})
        outputs.append((f"p{i}", "y"))
    nodes["x"] = ("source.input", {"value": rng.choice([0.7, [0.5, -1.0]])})
    outputs.append(("x", "y"))
    for i in range(10 * size):
        key, name = rng.choice(keys), f"n{i}"
        new = [f"{n}.{port} -> {name}.{place}" for place, (n, port) in _arriving(key, outputs, rng)]
        more = {"layers": rng.choice(["", "all"])} if TYPES[key].penalizes else {}
        tried = {**nodes, name: (key, some_settings(key, rng) | more)}
        if len(nodes) < size and not infer(network(tried, ";".join([*wires, *new]))).errors:
            nodes, wires = tried, [*wires, *new]
            outputs += [(name, "y")] if not TYPES[key].spec.probe else []
    return _with_objective(nodes, wires, outputs)


def _arriving(key: str, outputs: list[Output], rng: random.Random) -> list[tuple[str, Output]]:
    arriving = []
    for port in TYPES[key].spec.inputs:
        if port.many:
            arriving += [(f"{port.name}#{slot}", rng.choice(outputs)) for slot in range(rng.randrange(1, 4))]
        elif rng.random() > (0.7 if port.parameter else 0.4 if port.optional else 0.0):
            arriving.append((port.name, rng.choice(outputs)))
    return arriving


def _with_objective(nodes: dict[str, tuple[str, dict[str, Any]]], wires: list[str], outputs: list[Output]) -> Graph:
    nodes, wires, total = dict(nodes), list(wires), ""
    shapes = infer(network(nodes, ";".join(wires))).outputs
    used = {wire.split(" -> ")[0] for wire in wires}
    for i, (node, port) in enumerate(outputs):
        if shapes[node, port].dtype != "float" or f"{node}.{port}" in used:
            continue
        nodes |= {f"m{i}": ("math.mean", {"over_batch": True}), f"t{i}": ("activation.tanh", {})}
        wires += [f"{node}.{port} -> m{i}.x", f"m{i} -> t{i}.x"]
        if total:
            nodes[f"a{i}"] = (("math.add", "math.multiply")[i % 2], {})
            wires += [f"{total} -> a{i}.a", f"t{i} -> a{i}.b"]
        total = f"a{i}" if total else f"t{i}"
    return network(nodes, ";".join(wires), settings={"objective": {"node": total, "port": "y"}}, batch_size=4)


def random_edit(graph: Graph, rng: random.Random) -> Edit | None:
    """A change of a value, a name, a training setting, or of the structure."""
    node, draw = rng.choice(list(graph.nodes)), rng.random()
    if draw < 0.55:
        settings = [s for s in graph.spec(node).settings if s.name not in ("path", "dataset")]
        setting = rng.choice(settings) if settings else None
        return SetParam(node, setting.name, _value(setting, graph, rng)) if setting else None
    if draw < 0.65:
        return Rename(node, graph.fresh_name("renamed"))
    if draw < 0.72:
        return rng.choice([SetTraining("seed", rng.randrange(3)), SetTraining("batch_size", rng.choice([None, 4, 8]))])
    if draw < 0.8:
        return rng.choice([SetGraphSetting("dtype", rng.choice(["float32", "float64"])), SetGraphSetting("demo", rng.choice([None, [3]]))])
    if draw < 0.86 or not graph.edges:
        return remove_nodes(graph, [node])
    if draw < 0.93:
        return Disconnect(rng.choice(list(graph.edges)))
    target, inputs = node, graph.spec(node).inputs
    source = rng.choice(list(graph.nodes))
    return connect(graph, (source, rng.choice(graph.spec(source).outputs).name), (target, rng.choice(inputs).name)) if inputs else None


def _value(setting: Setting, graph: Graph, rng: random.Random) -> Any:
    low, high = setting.minimum, setting.maximum
    return {
        "choice": lambda: rng.choice(setting.choices), "bool": lambda: rng.random() < 0.5, "text": lambda: rng.choice(["", "all"]),
        "int": lambda: max(int(low or 0), rng.randrange(1, 6)), "ints": lambda: rng.choice([[], [2], [-1], [1, 2]]),
        "float": lambda: rng.uniform(max(-2.0, -2.0 if low is None else low + 0.01), min(2.0, 2.0 if high is None else high - 0.01)),
        "shape": lambda: rng.choice(_SHAPES), "tensor": lambda: rng.choice([0.5, 1.5, [1.0, 2.0], [[1.0, 2.0], [3.0, 4.0]]]),
        "json": lambda: rng.choice(_COLUMNS),
    }[setting.kind]()  # fmt: skip

"""Which shapes the engine will find, as far as settings and wires tell: so that cards have their size before the engine has started.

What is not known here is left out, and the engine's own shapes take the place of these when they come.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graph.model.elements import Node
from graph.model.graph import Graph
from ui.canvas.model.card_body import UNKNOWN, Dims, Shapes

MOST = 400
"""Nodes up to which shapes are looked for: the cards of larger graphs are too small for numbers when all of it is shown."""
_SAMPLES: dict[str, Dims] = {
    "circles": (2,), "moons": (2,), "xor": (2,), "spiral": (2,), "blobs": (2,), "sine": (1,), "plane": (2,), "iris": (4,),
}  # fmt: skip
"""The shape of one sample of a data set."""
_SAME = ("source.standardize", "layer.dropout", "layer.batch_norm1d", "layer.layer_norm", "math.clamp")
_NUMBERS = {"circles", "moons", "xor", "spiral", "blobs", "iris"}
"""Data sets of classes, whose targets are single numbers where they are coded as an index."""


def expected(graph: Graph) -> Shapes:
    """The shapes of outputs, learned tensors and numbers on the way."""
    if len(graph.nodes) > MOST:
        return UNKNOWN
    outputs, parameters, inner = dict[tuple[str, str], Dims](), dict[str, dict[str, Dims]](), dict[str, dict[str, Dims]]()
    for identity in graph.order():
        node, inputs = graph.nodes[identity], dict[str, Dims | None]()
        spec = graph.spec(node)
        for edge in graph.inputs_of(identity):
            inputs[edge.target[1]] = outputs.get(edge.source)
        if node.bypassed or any(port.parameter and port.name in inputs for port in spec.inputs):
            continue
        taken = inputs.get(spec.inputs[0].name) if spec.inputs else None
        learned = _learned(node, graph.settings_of(identity), taken)
        if learned:
            parameters[identity] = learned
        for port, dims in _outputs(node, graph.settings_of(identity), inputs, taken, learned).items():
            outputs[identity, port] = dims
        if taken is not None and node.type in _INNER:
            inner[identity] = _INNER[node.type](taken)
    return Shapes(outputs, parameters, inner)


_INNER: dict[str, Callable[[Dims], dict[str, Dims]]] = {
    "loss.cross_entropy": lambda dims: {"ŷ": dims, "ℓ": ()},
    "loss.nll": lambda dims: {"ℓ": ()},
    "loss.bce_logits": lambda dims: {"ŷ": dims},
}


def _learned(node: Node, settings: dict[str, Any], taken: Dims | None) -> dict[str, Dims]:
    """By name, in the order of the declaration."""
    if taken is None or len(taken) != 1:
        return {}
    if node.type == "layer.linear":
        out = int(settings["out_features"])
        return {"W": (out, taken[0])} | ({"b": (out,)} if settings["bias"] else {})
    if node.type == "layer.recurrent":
        size = int(settings["hidden"])
        return {"W": (size, taken[0]), "U": (size, size)} | ({"b": (size,)} if settings["bias"] else {})
    if node.type in ("layer.batch_norm1d", "layer.layer_norm") and settings["affine"]:
        return {"gamma": taken, "beta": taken}
    return {}


def _outputs(
    node: Node, settings: dict[str, Any], inputs: dict[str, Dims | None], taken: Dims | None, learned: dict[str, Dims]
) -> dict[str, Dims]:  # fmt: skip
    """By port."""
    category, _, name = node.type.partition(".")
    dims: Dims | None = None
    typed = node.type == "parameter.parameter" and settings.get("initialisation") == "value"
    if typed or node.type in ("source.input", "source.constant"):
        dims = _nested(settings.get("value"))
    elif node.type == "source.data":
        return _data(settings)
    elif node.type in ("layer.linear", "layer.recurrent") and learned:
        dims = learned["W"][:1]
    elif category == "loss":
        dims = () if inputs and None not in inputs.values() and settings.get("reduction", "mean") != "none" else None
    elif category == "activation" or node.type in _SAME or (category == "math" and list(inputs) == ["x"] and name in _ENTRYWISE):
        dims = taken
    elif category == "math" and name in _PAIRWISE and len(inputs) == 2:
        dims = _together(*inputs.values())
    return {} if dims is None else {"y": dims}


_ENTRYWISE = (
    "negate", "square", "sqrt", "reciprocal", "exp", "log", "sin", "cos", "abs", "tan", "atan", "log10", "log2", "sinh", "cosh", "sign",
)  # fmt: skip
_PAIRWISE = ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "atan2")


def _nested(value: object) -> Dims | None:
    """The shape of a number or of lists of numbers."""
    if isinstance(value, int | float):
        return ()
    if not isinstance(value, list) or not value:
        return None
    inside = _nested(value[0])
    return None if inside is None else (len(value), *inside)


def _data(settings: dict[str, Any]) -> dict[str, Dims]:
    name = settings["dataset"]
    rows = _nested(settings["features"]) if name == "table" else None
    sample = rows[1:] if rows else _SAMPLES.get(name)
    target = {"target": ()} if settings["coding"] == "index" and (rows or name in _NUMBERS) else {}
    return {} if sample is None else {"x": sample, **target}


def _together(a: Dims | None, b: Dims | None) -> Dims | None:
    """Two shapes of which one is that of a single number, or which are alike."""
    if a is None or b is None or not (a == b or () in (a, b)):
        return None
    return a or b

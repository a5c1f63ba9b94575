"""Which learned tensors are biases, or scales and shifts of a normalisation: those that weight decay may leave out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.compile.environment import Key
from graph.model.graph import Graph

ADDS = "math.add"


def is_bias(graph: Graph, key: Key) -> bool:
    """Whether a layer declares this parameter as one; a parameter of its own is one where it is only added to something.

    What was a layer's before it was opened stays what it was.
    """
    node, name = key
    spec = graph.spec(node)
    if spec.role != "parameter":
        return any(parameter.bias for parameter in spec.parameters if parameter.name == name)
    origin = graph.nodes[node].params.get("origin")
    if isinstance(origin, Mapping):
        declared = graph.catalog.find(str(origin.get("type")))
        if declared is not None:
            return any(parameter.bias for parameter in declared.parameters if parameter.name == origin.get("parameter"))
    ends = graph.successors(node)
    return bool(ends) and all(graph.nodes[end].type == ADDS for end in ends)


def biases(graph: Graph, keys: Sequence[Key]) -> frozenset[int]:
    """The places of the biases among these parameters."""
    return frozenset(i for i, key in enumerate(keys) if is_bias(graph, key))

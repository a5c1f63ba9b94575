"""What a graph computes, as a key: equal for graphs that differ in places, names and learned values only."""

from __future__ import annotations

import hashlib
import json

from graph.model.document_settings import decisive
from graph.model.graph import Graph


def computation_key(graph: Graph) -> str:
    """16 hexadecimal digits that two graphs share when they compute the same function of data, inputs and learned values.

    Places, names, groups, notes, training settings and the values that training changes do not count. The rows of a file that a node reads
    are not looked at.
    """
    nodes = []
    for node in graph.nodes.values():
        spec = graph.catalog.find(node.type)
        learned = {"tensors"} | ({"value"} if spec is not None and spec.role == "parameter" else set())
        nodes.append([node.id, node.type, node.bypassed, {name: value for name, value in node.params.items() if name not in learned}])
    edges = [[*edge.source, *edge.target, edge.slot] for edge in graph.edges.values()]
    content = [sorted(nodes, key=lambda row: str(row[0])), sorted(edges, key=str), decisive(graph.settings)]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

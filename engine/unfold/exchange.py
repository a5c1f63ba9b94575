"""What opening and folding share: how the inside is remembered, and how wires come back to their old places."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping

from graph.model.edits import Connect, Edit
from graph.model.edits.memory import FOLDED, ORIGIN
from graph.model.elements import Edge, Node
from graph.model.graph import Graph


def node_mark(node: Node) -> list[str]:
    """A node's name and a digest of what it computes. Its place and label are left out, and where its numbers come from."""
    params = {name: value for name, value in node.params.items() if name not in ("tensors", ORIGIN)}
    text = json.dumps([node.type, params, node.bypassed], sort_keys=True)
    return [node.name, hashlib.blake2b(text.encode(), digest_size=8).hexdigest()]


def edge_mark(edge: Edge) -> list[str | int]:
    """Both ends of a wire."""
    return [*edge.source, *edge.target, edge.slot]


def following(order: Iterable[str], ids: Collection[str]) -> str | None:
    """The id after the last of these, None at the end."""
    before: str | None = None
    waiting = False
    for identity in order:
        if identity in ids:
            waiting = True
        elif waiting:
            before, waiting = identity, False
    return None if waiting else before


def reconnected(graph: Graph, wires: Mapping[str, Edge]) -> list[Edit]:
    """Connect wires of the graph that were taken off, each with its id and where it stood among the others."""
    behind: str | None = None
    connects: list[Edit] = []
    for identity in reversed(list(graph.edges)):
        if identity in wires:
            connects.append(Connect(wires[identity], behind))
        behind = identity
    return connects


__all__ = ["FOLDED", "edge_mark", "following", "node_mark", "reconnected"]

"""Bypass: a node that is passed over. It stays in the document with its wires and settings; what runs has an identity in its place.

`effective` is the only place where that is done, so that values, gradients, training, checks and exported code agree about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from graph.model.build import add_groups
from graph.model.elements import Edge, End, Node
from graph.model.graph import Graph, GraphError
from graph.text.messages import _

IDENTITY = "activation.identity"
Dims = tuple[int, ...]


def refusal(graph: Graph, node_id: str, shapes: Mapping[End, tuple[Dims, bool]] | None = None) -> str | None:
    """Why a node cannot be passed over; `shapes` are the known sample shapes of outputs. None when it can."""
    node, spec = graph.nodes[node_id], graph.spec(node_id)
    wired = graph.inputs_of(node_id)
    if spec.category == "unknown" or len(spec.outputs) != 1 or spec.outputs[0].name != "y":
        return _("{name} cannot be bypassed: it has no single output").format(name=node.name)
    if len(wired) != 1:
        return _("{name} cannot be bypassed: it has {count} wired inputs, and exactly one can be passed through").format(
            name=node.name, count=len(wired) or "no"
        )
    known = shapes or {}
    before, after = known.get(wired[0].source), known.get((node_id, "y"))
    if before is not None and after is not None and before != after:
        return _("{name} cannot be bypassed: it turns {before} into {after}, so the nodes after it would not fit").format(
            name=node.name, before=_text(before[0]), after=_text(after[0])
        )
    return None


def effective(graph: Graph) -> Graph:
    """The graph that runs: the same one when nothing is bypassed, else a copy with identities in place of bypassed nodes.

    Ids and names stay. A wire into a bypassed node beyond its first carries nothing.
    """
    passed = {node.id for node in graph.nodes.values() if node.bypassed}
    if not passed or IDENTITY not in graph.catalog:
        return graph
    twin = Graph(graph.catalog)
    add_groups(twin, list(graph.groups.values()))
    for node in graph.nodes.values():
        twin._add_node(_identity(node) if node.id in passed else node)
    twin._ranks.fill(graph.order())
    for edge in graph.edges.values():
        with suppress(GraphError):
            if led := _led(graph, edge, passed):
                twin._add_edge(led)
    twin._settings, twin._training = dict(graph.settings), dict(graph.training)
    twin.extra, twin.attachments, twin.folder = graph.extra, graph.attachments, graph.folder
    return twin


def _identity(node: Node) -> Node:
    return replace(node, type=IDENTITY, params={}, bypassed=False)


def _led(graph: Graph, edge: Edge, passed: set[str]) -> Edge | None:
    """The wire as it runs: into the identity's only input; None for a second one."""
    if edge.target[0] not in passed:
        return edge
    first = graph.inputs_of(edge.target[0])[0]
    return replace(edge, target=(edge.target[0], "x"), slot=0) if first.id == edge.id else None


def _text(dims: Dims) -> str:
    return f"[{', '.join(map(str, dims))}]" if dims else _("a number")

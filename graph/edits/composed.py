"""Edits made of others: what a gesture on the canvas asks for. Each function looks at the graph and changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from graph.edits.base import Compound, Edit
from graph.edits.structure import AddNode, Connect, Disconnect, RemoveItem, RemoveNode
from graph.edits.values import SetGraphSetting, SetItem
from graph.graph import Graph, GraphError
from graph.model import Edge, End, Group, Node


def remove_nodes(graph: Graph, ids: Iterable[str]) -> Edit:
    """Remove nodes with all their wires; ids of wires, frames, notes and groups are removed too (a group's content stays)."""
    chosen = dict.fromkeys(ids)
    nodes = [identity for identity in chosen if identity in graph.nodes]
    wires = dict.fromkeys(identity for identity in chosen if identity in graph.edges)
    for identity in nodes:
        wires |= dict.fromkeys(edge.id for edge in (*graph.inputs_of(identity), *graph.outputs_of(identity)))
    edits: list[Edit] = [Disconnect(wire) for wire in wires]
    objective = graph.settings.get("objective")
    if objective and objective["node"] in chosen:
        edits.append(SetGraphSetting("objective", None))
    edits += [RemoveNode(identity) for identity in nodes]
    edits += _remove_groups(graph, [identity for identity in chosen if identity in graph.groups], set(nodes))
    edits += [RemoveItem(identity) for identity in chosen if identity in graph.frames or identity in graph.notes]
    return Compound(tuple(edits), "Delete")


def connect(graph: Graph, source: End, target: End, slot: int | None = None) -> Edit:
    """Draw a wire. An occupied input gives up its wire; on a port that takes many, the wire goes to `slot` or the first free one.

    Raises GraphError with the graph's refusal.
    """
    if wrong := graph.refusal(source, target):
        raise GraphError(wrong)
    port = graph.spec(target[0]).input(target[1])
    if slot is None:
        slot = 0
        if port is not None and port.many:
            while graph.edge_into(*target, slot):
                slot += 1
    wire: Edit = Connect(Edge(graph.fresh_id("e"), source, target, slot))
    occupied = graph.edge_into(*target, slot)
    return Compound((Disconnect(occupied.id), wire), "Connect") if occupied else Compound((wire,), "Connect")


def insert_on_wire(graph: Graph, edge: str, node: Node | str, in_port: str, out_port: str) -> Edit:
    """Lead a wire through a node: a new one, or one that is on the canvas, given by id. Raises GraphError."""
    wire = graph._edge(edge)
    new = isinstance(node, Node)
    identity = node.id if isinstance(node, Node) else node
    edits: list[Edit] = [AddNode(node)] if isinstance(node, Node) else []
    edits.append(Disconnect(edge))
    if not new and (occupied := graph.edge_into(identity, in_port)):
        edits.append(Disconnect(occupied.id))
    edits.append(Connect(Edge(graph.fresh_id("e"), wire.source, (identity, in_port))))
    edits.append(Connect(Edge(graph.fresh_id("e"), (identity, out_port), wire.target, wire.slot)))
    edit = Compound(tuple(edits), "Insert")
    edit.apply(graph.copy())  # raises here, not on the person's canvas, when the node does not fit
    return edit


def dissolve(graph: Graph, node_id: str) -> Edit:
    """Remove a node and join what fed its first wired input to everything it fed, where the ports allow; else just remove it."""
    into, out = graph.inputs_of(node_id), graph.outputs_of(node_id)
    removal = remove_nodes(graph, [node_id])
    if not into or not out:
        return removal
    source = into[0].source
    joined: list[Edit] = []
    for wire in out:
        if graph.refusal(source, wire.target) is None:
            joined.append(Connect(Edge(graph.fresh_id("e"), source, wire.target, wire.slot)))
    return Compound((removal, *joined), "Dissolve")


def duplicate(graph: Graph, ids: Iterable[str], dx: float = 40.0, dy: float = 40.0) -> Edit:
    """Copies of nodes, with the wires among them and the wires that enter them, moved by (dx, dy); trained weights follow."""
    chosen = [identity for identity in graph.nodes if identity in set(ids)]
    inside = set(chosen)
    wires = [edge for edge in graph.edges.values() if edge.target[0] in inside]
    edit, renewed = copies(graph, [graph.nodes[identity] for identity in chosen], wires, dx, dy)
    moves = tuple(
        ((old, parameter.name), (renewed[old], parameter.name)) for old in chosen for parameter in graph.spec(old).parameters
    )
    return Compound(edit.edits, "Duplicate", moves)


def copies(graph: Graph, nodes: Collection[Node], edges: Iterable[Edge], dx: float, dy: float) -> tuple[Compound, dict[str, str]]:
    """Add nodes and wires under fresh ids and names; returns the edit and the new id of each node.

    A wire from a node that is not among `nodes` keeps its source; text settings that name a copied node are left alone.
    """
    renewed = {node.id: graph.fresh_id("n") for node in nodes}
    taken: set[str] = set()
    edits: list[Edit] = []
    for node in nodes:
        name = graph.fresh_name(node.name, taken)
        taken.add(name)
        group = node.group if node.group in graph.groups else None
        edits.append(AddNode(replace(node, id=renewed[node.id], name=name, x=node.x + dx, y=node.y + dy, group=group)))
    for edge in edges:
        source = (renewed.get(edge.source[0], edge.source[0]), edge.source[1])
        via = tuple((x + dx, y + dy) for x, y in edge.via)
        target = (renewed[edge.target[0]], edge.target[1])
        edits.append(Connect(replace(edge, id=graph.fresh_id("e"), source=source, target=target, via=via)))
    return Compound(tuple(edits), "Copy"), renewed


def _remove_groups(graph: Graph, groups: list[str], removed: set[str]) -> list[Edit]:
    """Dissolve groups: what is left inside moves up to the nearest group that stays."""
    from graph.edits.values import SetGroup

    gone = set(groups)

    def above(group: str | None) -> str | None:
        while group in gone:
            group = graph.groups[group].parent
        return group

    edits: list[Edit] = [SetGroup(n.id, above(n.group)) for n in graph.nodes.values() if n.group in gone and n.id not in removed]
    edits += [SetItem(replace(g, parent=above(g.parent))) for g in graph.groups.values() if g.parent in gone and g.id not in gone]
    depth: Mapping[str, int] = {group: _depth(graph, graph.groups[group]) for group in groups}
    return [*edits, *(RemoveItem(group) for group in sorted(groups, key=lambda group: -depth[group]))]


def _depth(graph: Graph, group: Group) -> int:
    depth = 0
    while group.parent is not None:
        group, depth = graph.groups[group.parent], depth + 1
    return depth


__all__: list[Any] = ["connect", "copies", "dissolve", "duplicate", "insert_on_wire", "remove_nodes"]

"""Edits made of others: what a gesture on the canvas asks for. Each function looks at the graph and changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from graph.model.edits.base import Compound, Edit, StateMove
from graph.model.edits.memory import copied_memory, copied_settings
from graph.model.edits.structure import AddItem, AddNode, Connect, Disconnect, RemoveItem, RemoveNode
from graph.model.edits.values import SetGraphSetting, SetGroup, SetItem
from graph.model.elements import Edge, End, Group, Node
from graph.model.goal import SETTING
from graph.model.graph import MISSING, Graph, GraphError
from graph.model.group_view import expand
from graph.model.membership import depths
from graph.model.several_objectives import without
from graph.text.messages import _


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
    if (objectives := without(graph, chosen)) is not None:
        edits.append(SetGraphSetting(SETTING, objectives or MISSING))
    edits += [RemoveNode(identity) for identity in nodes]
    edits += _remove_groups(graph, [identity for identity in chosen if identity in graph.groups], set(nodes))
    edits += [RemoveItem(identity) for identity in chosen if identity in graph.frames or identity in graph.notes]
    return Compound(tuple(edits), _("Delete"))


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
    return Compound((Disconnect(occupied.id), wire), _("Connect")) if occupied else Compound((wire,), _("Connect"))


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
    edit = Compound(tuple(edits), _("Insert"))
    edit.apply(graph.copy())  # raises here, not on the user's canvas, when the node does not fit
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
    return Compound((removal, *joined), _("Dissolve"))


def duplicate(graph: Graph, ids: Iterable[str], dx: float = 40.0, dy: float = 40.0) -> Edit:
    """Copies of nodes, and of groups with all they hold, with the wires among them and the wires that enter them, moved by (dx, dy);
    trained weights follow. A copy lies in the group its original lies in."""
    chosen = expand(graph, ids)
    nodes = [graph.nodes[identity] for identity in chosen if identity in graph.nodes]
    groups = [graph.groups[identity] for identity in chosen if identity in graph.groups]
    wires = sorted((edge for node in nodes for edge in graph.inputs_of(node.id)), key=lambda edge: graph._edges.place(edge.id))
    edit, renewed = copies(graph, nodes, wires, dx, dy, groups)
    return Compound(edit.edits, _("Duplicate"), state_moves(graph, nodes, renewed))


def state_moves(graph: Graph, nodes: Iterable[Node], renewed: Mapping[str, str]) -> tuple[StateMove, ...]:
    """State moves that give copied nodes the trained values of their originals."""
    return tuple(
        ((node.id, parameter.name), (renewed[node.id], parameter.name)) for node in nodes for parameter in graph.spec(node).parameters
    )


def copies(
    graph: Graph,
    nodes: Collection[Node],
    edges: Iterable[Edge],
    dx: float,
    dy: float,
    groups: Iterable[Group] = (),
    inside: str | None = None,
) -> tuple[Compound, dict[str, str]]:
    """Add nodes, wires and groups (each after the one around it) under fresh ids and names; returns the edit and the new id of each
    node and group.

    A wire from a node that is not among `nodes` keeps its source; text settings that name a copied node are left alone. What lies in a
    group that is not copied stays there; what lies in none comes to lie in `inside`.
    """
    renewed = {node.id: graph.fresh_id("n") for node in nodes}
    homes: dict[str, str] = {}
    edits: list[Edit] = []

    def home(group: str | None) -> str | None:
        return homes.get(group or "", group if group in graph.groups else inside)

    groups, edges = list(groups), list(edges)
    wires = {edge.id: graph.fresh_id("e") for edge in edges}
    names = _names(graph, nodes)
    by_name = {node.name: names[node.id] for node in nodes} if groups else {}
    titles, counts = {group.name for group in graph.groups.values()} if groups else set(), dict[str, int]()
    for old in groups:
        homes[old.id] = graph.fresh_id("g")
        title = _title(old.name, titles, counts)
        extra = copied_memory(old.extra, homes[old.id], renewed, wires, by_name) if old.extra else old.extra
        copy = replace(old, id=homes[old.id], name=title, parent=home(old.parent), x=old.x + dx, y=old.y + dy, extra=extra)
        edits.append(AddItem(copy))
    for node in nodes:
        params = copied_settings(node.params, renewed[node.id], homes)
        copied = replace(node, id=renewed[node.id], name=names[node.id], params=params, group=home(node.group))
        edits.append(AddNode(copied.at(node.x + dx, node.y + dy)))
    for edge in edges:
        source = (renewed.get(edge.source[0], edge.source[0]), edge.source[1])
        via = tuple((x + dx, y + dy) for x, y in edge.via)
        target = (renewed[edge.target[0]], edge.target[1])
        edits.append(Connect(replace(edge, id=wires[edge.id], source=source, target=target, via=via)))
    return Compound(tuple(edits), _("Copy")), renewed | homes


def _names(graph: Graph, nodes: Iterable[Node]) -> dict[str, str]:
    """A free name for the copy of each node, by the node's id."""
    taken: set[str] = set()
    names: dict[str, str] = {}
    for node in nodes:
        names[node.id] = graph.fresh_name(node.name, taken)
        taken.add(names[node.id])
    return names


def fresh_group_name(graph: Graph, base: str) -> str:
    """`base`, or `base_2`, `base_3` … the first that no group has."""
    return _title(base, {group.name for group in graph.groups.values()}, {})


def _title(base: str, used: set[str], counts: dict[str, int]) -> str:
    """A title that is not in `used`, and is from then on; `counts` remembers how far each was counted."""
    stem, _, number = base.rpartition("_")
    stem = stem if stem and number.isdecimal() else base
    count, title = counts.get(stem, 1), stem
    while title in used:
        count += 1
        title = f"{stem}_{count}"
    counts[stem] = count
    used.add(title)
    return title


def _remove_groups(graph: Graph, groups: list[str], removed: set[str]) -> list[Edit]:
    """Dissolve groups: what is left inside moves up to the nearest group that stays."""
    gone = set(groups)

    def above(group: str | None) -> str | None:
        while group in gone:
            group = graph.groups[group].parent
        return group

    edits: list[Edit] = []
    for group in groups:
        home = above(group)
        edits += [SetGroup(node, home) for node in graph.members(group) if node not in removed]
        edits += [SetItem(replace(graph.groups[subgroup], parent=home)) for subgroup in graph.subgroups(group) if subgroup not in gone]
    depth = depths(graph.groups[group] for group in groups)
    return [*edits, *(RemoveItem(group) for group in sorted(groups, key=lambda group: -depth[group]))]


__all__: list[Any] = ["connect", "copies", "dissolve", "duplicate", "fresh_group_name", "insert_on_wire", "remove_nodes"]

"""What leads from one graph to another: few edits, of which nothing that stays the same is touched."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from graph.model.edits import (
    MISSING,
    AddItem,
    AddNode,
    Compound,
    Connect,
    Disconnect,
    Edit,
    Move,
    RemoveItem,
    RemoveNode,
    Rename,
    SetBypassed,
    SetCollapsed,
    SetGraphSetting,
    SetGroup,
    SetItem,
    SetLabel,
    SetParam,
    SetTraining,
    SetVia,
)
from graph.model.elements import Edge, Frame, Group, Node, Note
from graph.model.graph import Graph
from graph.model.membership import depths

T = TypeVar("T")


def difference(old: Graph, new: Graph, text: str = "") -> Compound:
    """An edit that makes a graph equal to `old` equal to `new`, ids and order included; empty when they are equal.

    What no edit can change (unknown keys of the file, attachments) has to be the same in both.
    """
    nodes = _kept(old.nodes, new.nodes, _same_node)
    edges = [i for i in _kept(old.edges, new.edges, _same_edge) if {old.edges[i].source[0], old.edges[i].target[0]} <= set(nodes)]
    groups = _kept(old.groups, new.groups)
    edits: list[Edit] = []
    edits += [Disconnect(edge) for edge in old.edges if edge not in set(edges)]
    objective = old.settings.get("objective")
    if objective and objective["node"] not in set(nodes):
        edits.append(SetGraphSetting("objective", None))
    edits += [RemoveNode(node) for node in old.nodes if node not in set(nodes)]
    edits += _groups(old, new, nodes, groups)
    edits += _renamed(old, new, nodes)
    edits += [AddNode(node, before) for node, before in _added(new.nodes, nodes)]
    for node in nodes:
        edits += _changed_node(old.nodes[node], new.nodes[node], set(groups))
    edits += _placed(old, new, nodes)
    edits += [Connect(edge, before) for edge, before in _added(new.edges, edges)]
    edits += [SetVia(edge, new.edges[edge].via) for edge in edges if old.edges[edge].via != new.edges[edge].via]
    edits += _items(old.frames, new.frames) + _items(old.notes, new.notes)
    standing = dict(old.settings) | ({"objective": None} if any(isinstance(e, SetGraphSetting) for e in edits) else {})
    edits += [SetGraphSetting(name, value) for name, value in _changed(standing, new.settings)]
    edits += [SetTraining(name, value) for name, value in _changed(old.training, new.training)]
    return Compound(tuple(edits), text)


def _same_node(a: Node, b: Node) -> bool:
    return a.type == b.type and a.extra == b.extra


def _same_edge(a: Edge, b: Edge) -> bool:
    return (a.source, a.target, a.slot, a.extra) == (b.source, b.target, b.slot, b.extra)


def _kept(old: Mapping[str, T], new: Mapping[str, T], same: Any = lambda a, b: True) -> list[str]:
    """Ids that may stay where they are: in both, alike, and most of those whose order is the same."""
    places = {identity: place for place, identity in enumerate(old)}
    common = [identity for identity in new if identity in old and same(old[identity], new[identity])]
    ends: list[int] = []  # of the rising sequences found so far, by length, the lowest last place
    chains: list[tuple[str, Any]] = []
    for identity in common:
        at = bisect_left(ends, places[identity])
        chain = (identity, chains[at - 1] if at else None)
        if at == len(ends):
            ends.append(places[identity])
            chains.append(chain)
        else:
            ends[at], chains[at] = places[identity], chain
    ids: list[str] = []
    link = chains[-1] if chains else None
    while link is not None:
        ids.append(link[0])
        link = link[1]
    return ids[::-1]


def _added(new: Mapping[str, T], kept: Collection[str]) -> list[tuple[T, str | None]]:
    """What is to be inserted, in order, each with the next one that is there by then."""
    there, following, insertions = set(kept), None, []
    for identity in reversed([*new]):
        if identity in there:
            following = identity
        else:
            insertions.append((new[identity], following))
    return insertions[::-1]


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, Any]]:
    missing = [(name, MISSING) for name in old if name not in new]
    return missing + [(name, new[name]) for name in new if name not in old or not _alike(old[name], new[name])]


def _alike(a: Any, b: Any) -> bool:
    """Equal, and written alike: 1 and 1.0 and True are three things in a file."""
    return type(a) is type(b) and bool(a == b)


def _changed_node(old: Node, new: Node, groups: Collection[str]) -> list[Edit]:
    edits: list[Edit] = [SetParam(new.id, name, value) for name, value in _changed(old.params, new.params)]
    if old.label != new.label:
        edits.append(SetLabel(new.id, new.label))
    if (old.group if old.group in groups else None) != new.group:
        edits.append(SetGroup(new.id, new.group))
    if old.collapsed != new.collapsed:
        edits.append(SetCollapsed(new.id, new.collapsed))
    if old.bypassed != new.bypassed:
        edits.append(SetBypassed(new.id, new.bypassed))
    return edits


def _placed(old: Graph, new: Graph, nodes: Iterable[str]) -> list[Edit]:
    there = [new.nodes[node] for node in nodes]
    moved = tuple((n.id, n.x, n.y) for n in there if (n.x, n.y) != (old.nodes[n.id].x, old.nodes[n.id].y))
    return [Move(moved)] if moved else []


def _renamed(old: Graph, new: Graph, nodes: Sequence[str]) -> list[Edit]:
    """New names; where one is still in use, all of them pass through unused names."""
    wanted = [(node, new.nodes[node].name) for node in nodes if old.nodes[node].name != new.nodes[node].name]
    used = {old.nodes[node].name for node in nodes}
    if not any(name in used for _, name in wanted):
        return [Rename(node, name) for node, name in wanted]
    used |= {node.name for node in new.nodes.values()}
    spare = (name for name in (f"renamed_{count}" for count in range(1, 2 * len(used) + len(wanted) + 2)) if name not in used)
    return [*(Rename(node, next(spare)) for node, _ in wanted), *(Rename(node, name) for node, name in wanted)]


def _groups(old: Graph, new: Graph, nodes: Iterable[str], kept: Sequence[str]) -> list[Edit]:
    """Groups that go are emptied first; those that come, or move, find their parents there."""
    staying = set(kept)
    edits: list[Edit] = [SetGroup(n, None) for n in nodes if old.nodes[n].group is not None and old.nodes[n].group not in staying]
    moving = [g for g in kept if old.groups[g].parent != new.groups[g].parent or old.groups[g].parent not in {None, *staying}]
    edits += [SetItem(_rooted(old.groups[group])) for group in moving if old.groups[group].parent is not None]
    old_depths, new_depths = depths(old.groups.values()), depths(new.groups.values())
    edits += [RemoveItem(g) for g in sorted((g for g in old.groups if g not in staying), key=lambda g: -old_depths[g])]
    order = [*new.groups]
    for group in sorted((g for g in order if g not in staying), key=lambda g: new_depths[g]):
        edits.append(AddItem(_rooted(new.groups[group]), next((g for g in order[order.index(group) + 1 :] if g in staying), None)))
        staying.add(group)
    now = {g: _rooted(old.groups[g]) if g in moving else old.groups[g] for g in kept}
    now |= {g: _rooted(new.groups[g]) for g in order if g not in now}
    return edits + [SetItem(new.groups[g]) for g in sorted(order, key=lambda g: new_depths[g]) if now[g] != new.groups[g]]


def _rooted(group: Group) -> Group:
    return Group(group.id, group.name, None, group.collapsed, group.x, group.y, group.extra)


def _items(old: Mapping[str, Frame] | Mapping[str, Note], new: Mapping[str, Frame] | Mapping[str, Note]) -> list[Edit]:
    kept: list[str] = _kept(old, new)
    edits: list[Edit] = [RemoveItem(item) for item in old if item not in set(kept)]
    edits += [AddItem(item, before) for item, before in _added(new, kept)]  # type: ignore[arg-type]
    return edits + [SetItem(new[item]) for item in kept if old[item] != new[item]]

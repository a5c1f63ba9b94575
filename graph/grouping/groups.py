"""Grouping as edits: collapse a selection into a group, dissolve, nest, rename, fill, move, delete.

A selection is a set of ids of nodes and of groups (their cards). Each function looks at the graph, changes nothing and returns an
Edit; what runs is the same before and after, because groups are memberships and nothing else. How they look: `graph.model.group_view`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from graph.model.edits import AddItem, Compound, Edit, Move, RemoveItem, SetCollapsed, SetGroup, SetItem, SetVia, remove_nodes
from graph.model.edits.composed import fresh_group_name
from graph.model.elements import Group
from graph.model.graph import Graph, GraphError
from graph.model.group_view import (
    GroupCard,
    GroupPort,
    Level,
    LevelWire,
    card,
    crossing_edges,
    expand,
    members,
    path,
    subtree,
    visible_items,
)
from graph.text.messages import _
from graph.text.quoting import quoted


def group(graph: Graph, ids: Iterable[str], name: str = "group") -> tuple[Edit, str]:
    """Collapse nodes and groups into a new group, where they are; returns the edit and the group's id.

    The new group lies in the innermost group that holds everything chosen. Groups that this empties go. Raises GraphError when
    nothing is chosen.
    """
    nodes, groups = _chosen(graph, ids)
    if not nodes and not groups:
        raise GraphError(_("nothing is selected that could be grouped"))
    homes = [graph.nodes[node].group for node in nodes] + [graph.groups[identity].parent for identity in groups]
    home = _common(graph, homes)
    corners = [(graph.nodes[node].x, graph.nodes[node].y) for node in nodes] + [(graph.groups[g].x, graph.groups[g].y) for g in groups]
    x, y = ((min(values) + max(values)) / 2 for values in zip(*corners, strict=True))
    new_group = Group(graph.fresh_id("g"), fresh_group_name(graph, name), home, True, round(x), round(y))
    inside = _filled(graph, nodes, groups, new_group.id)
    return Compound((AddItem(new_group), *inside, *_emptied(graph, nodes, groups, home)), _("Group")), new_group.id


def ungroup(graph: Graph, ids: Iterable[str]) -> Edit:
    """Dissolve groups; what they hold moves up to the group around them. Raises GraphError when no group is among `ids`."""
    chosen = [identity for identity in dict.fromkeys(ids) if identity in graph.groups]
    if not chosen:
        raise GraphError(_("no group is selected"))
    edit = remove_nodes(graph, chosen)
    return Compound(edit.edits if isinstance(edit, Compound) else (edit,), _("Ungroup"))


def put_into(graph: Graph, ids: Iterable[str], into: str | None) -> Edit:
    """Put nodes and groups into a group, or with None into none. Groups that this empties stay. Raises GraphError."""
    nodes, groups = _chosen(graph, ids)
    if into is not None and into not in graph.groups:
        raise GraphError(_("there is no group {into}").format(into=quoted(into)))
    around = {above.id for above in path(graph, into)}
    if inside_itself := next((identity for identity in groups if identity in around), None):
        raise GraphError(_('the group "{name}" would lie inside itself').format(name=graph.groups[inside_itself].name))
    return Compound(_filled(graph, nodes, groups, into), _("Move into group") if into is not None else _("Move out of group"))


def nest(graph: Graph, group: str, parent: str | None) -> Edit:
    """Put a group into another, or with None into none. Raises GraphError where it would lie inside itself."""
    return put_into(graph, [_known(graph, group).id], parent)


def rename_group(graph: Graph, group: str, name: str) -> Edit:
    """Give a group another name. Raises GraphError for an empty one."""
    name = " ".join(name.split())[:200]
    if not name:
        raise GraphError(_("a group needs a name"))
    return Compound((SetItem(replace(_known(graph, group), name=name)),), _("Rename group"))


def set_open(graph: Graph, group: str, open_: bool) -> Edit:
    """Show what a group holds in its place, or hide it behind its card."""
    return SetCollapsed(_known(graph, group).id, not open_)


def delete(graph: Graph, ids: Iterable[str]) -> Edit:
    """Remove nodes, and groups with everything in them, with all their wires; wires, frames and notes among `ids` as well."""
    return remove_nodes(graph, expand(graph, ids))


def moved(graph: Graph, ids: Iterable[str], dx: float, dy: float) -> Edit:
    """Move things by a distance. A group takes along what it holds, so that its content is near its card when it is opened."""
    everything = expand(graph, ids)
    places = []
    for identity in everything:
        item = graph.nodes.get(identity) or graph.groups.get(identity) or graph.frames.get(identity) or graph.notes.get(identity)
        if item is not None:
            places.append((identity, item.x + dx, item.y + dy))
    nodes = {node for node in everything if node in graph.nodes}
    bends: list[Edit] = []
    for node in everything:
        if node in nodes:
            for edge in graph.outputs_of(node):
                if edge.via and edge.target[0] in nodes:
                    bends.append(SetVia(edge.id, tuple((x + dx, y + dy) for x, y in edge.via)))
    return Compound((Move(tuple(places)), *bends), _("Move")) if bends else Move(tuple(places))


def _known(graph: Graph, group: str) -> Group:
    if group not in graph.groups:
        raise GraphError(_("there is no group {group}").format(group=quoted(group)))
    return graph.groups[group]


def _chosen(graph: Graph, ids: Iterable[str]) -> tuple[list[str], list[str]]:
    """The nodes and the groups of a selection, without what lies in a chosen group anyway."""
    wanted = set(ids)
    groups = sorted((identity for identity in wanted if identity in graph.groups), key=graph._groups.place)
    covered = {inner for chosen in groups for inner in subtree(graph, chosen)} if groups else set()
    tops = [identity for identity in groups if not any(above.id in wanted for above in path(graph, graph.groups[identity].parent))]
    nodes = [identity for identity in wanted if identity in graph.nodes and graph.nodes[identity].group not in covered]
    return sorted(nodes, key=graph._nodes.place), tops


def _common(graph: Graph, homes: Iterable[str | None]) -> str | None:
    """The innermost group around all of these groups."""
    paths = [[above.id for above in path(graph, home)] for home in set(homes)]
    shared: str | None = None
    for steps in zip(*paths, strict=False):
        if len(set(steps)) > 1:
            break
        shared = steps[0]
    return shared


def _filled(graph: Graph, nodes: Iterable[str], groups: Iterable[str], into: str | None) -> tuple[Edit, ...]:
    hung = [SetItem(replace(graph.groups[identity], parent=into)) for identity in groups if graph.groups[identity].parent != into]
    return (*(SetGroup(node, into) for node in nodes if graph.nodes[node].group != into), *hung)


def _emptied(graph: Graph, nodes: Collection[str], groups: Collection[str], home: str | None) -> list[Edit]:
    """The groups between the chosen things and `home` that hold nothing once these are gone."""
    leaving, gone = set(nodes), set(groups)
    waiting = dict.fromkeys([*(graph.nodes[node].group for node in nodes), *(graph.groups[holder].parent for holder in groups)])
    removed: list[Edit] = []
    queue = [emptied for emptied in waiting if emptied is not None]
    for identity in queue:  # grows while it is walked: an emptied group may empty the one around it
        holds = set(graph.members(identity)) <= leaving and set(graph.subgroups(identity)) <= gone
        if identity == home or identity in gone or not holds:
            continue
        gone.add(identity)
        removed.append(RemoveItem(identity))
        if (above := graph.groups[identity].parent) is not None:
            queue.append(above)
    return removed


__all__ = [
    "GroupCard", "GroupPort", "Level", "LevelWire", "card", "crossing_edges", "delete", "expand", "group", "members", "moved", "nest",
    "path",
    "put_into", "rename_group", "set_open", "subtree", "ungroup", "visible_items",
]  # fmt: skip

"""Folding: one edit that puts an opened node back in the place of its group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.unfold.exchange import FOLDED, edge_mark, following, node_mark, reconnected
from graph.model.edits import AddNode, Compound, Disconnect, Edit, RemoveItem, RemoveNode, SetGraphSetting
from graph.model.elements import Edge, Group, Node
from graph.model.goal import SETTING
from graph.model.graph import Graph, GraphError
from graph.model.group_view import crossing_edges, members, path, subtree
from graph.model.several_objectives import goals_of, redirected
from graph.text.messages import _


@dataclass(frozen=True, slots=True)
class Kept:
    """What a group remembers of the node it was opened from."""

    node: Node
    entries: Mapping[str, tuple[str, str]]
    exit: str
    nodes: Mapping[str, list[str]]
    edges: Mapping[str, list[Any]]
    parameters: tuple[tuple[str, str, str], ...]
    marked: bool

    @classmethod
    def of(cls, group: Group) -> Kept:
        """Raises GraphError where the group was not opened from anything, or its memory is damaged."""
        row = group.extra.get(FOLDED)
        if row is None:
            raise GraphError(_("{name} is a group that was made by hand: there is no node to fold it back into").format(name=group.name))
        try:
            entries = {str(port): (str(end[0]), str(end[1])) for port, end in row["entries"].items()}
            parameters = tuple((str(node), str(own), str(name)) for node, own, name in row["parameters"])
            nodes = {str(node): [str(part) for part in mark] for node, mark in row["nodes"].items()}
            edges = {str(edge): list(mark) for edge, mark in row["edges"].items()}
            named = {row["exit"], *(end[0] for end in entries.values()), *(parameter[0] for parameter in parameters)}
            named |= {end for mark in edges.values() for end in (mark[0], mark[2])}
            if not named <= nodes.keys() or not all(len(mark) == 2 for mark in nodes.values()):
                raise ValueError
            return cls(Node.from_json(row["node"]), entries, str(row["exit"]), nodes, edges, parameters, bool(row["marked"]))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            raise GraphError(
                _("{name} cannot be folded: the record of its original node is damaged in the file").format(name=group.name)
            ) from None


def opened_from(group: Group) -> Kept | None:
    """What a group was opened from; None where the user made the group, or its record is damaged."""
    try:
        return Kept.of(group) if FOLDED in group.extra else None
    except GraphError:
        return None


def opened(graph: Graph, group_id: str) -> bool:
    """Whether a group was opened from a node."""
    return group_id in graph.groups and FOLDED in graph.groups[group_id].extra


def folded_around(graph: Graph, item: str | None) -> str | None:
    """The innermost opened group that an item is, or lies in."""
    home = graph.nodes[item].group if item is not None and item in graph.nodes else item
    if home is None or home not in graph.groups:
        return None
    return next((group.id for group in reversed(path(graph, home)) if FOLDED in group.extra), None)


def fold(graph: Graph, group_id: str) -> tuple[Edit, str]:
    """(edit, id of the node that comes back). Where nothing was edited since, the document is the one from before it was opened.

    What was done outside stays, also to the wires that enter and leave; trained values that were kept inside are kept by the node.
    Raises GraphError with the reason where the inside is not what it was.
    """
    if group_id not in graph.groups:
        raise GraphError(_("Select an opened layer to fold it back"))
    group = graph.groups[group_id]
    kept = Kept.of(group)
    inside = members(graph, group_id)
    _refuse_nodes(graph, group, kept, inside)
    _refuse_wires(graph, group, kept, set(inside))
    identity = kept.node.id if kept.node.id == group_id or not graph.has_id(kept.node.id) else graph.fresh_id("n")
    node = replace(
        kept.node, id=identity, name=_name(graph, kept, inside), group=group.parent, x=group.x, y=group.y, params=_params(graph, kept)
    )
    first, last = _objective(graph, group, kept, identity)
    moves = tuple(((inner, own), (identity, name)) for inner, own, name in kept.parameters)
    return Compound((*first, *_exchange(graph, group, kept, node, inside), *last), _("Fold back"), moves), identity


def _exchange(graph: Graph, group: Group, kept: Kept, node: Node, inside: tuple[str, ...]) -> list[Edit]:
    """Wires off, content and groups away, the node in their place, wires on again where they were."""
    ports = {end: port for port, end in kept.entries.items()}
    entering, leaving = crossing_edges(graph, group.id)
    outside: dict[str, Edge] = {edge.id: replace(edge, target=(node.id, ports[edge.target]), slot=0) for edge in entering}
    outside |= {edge.id: replace(edge, source=(node.id, "y")) for edge in leaving}
    groups = subtree(graph, group.id)
    return [
        *map(Disconnect, outside), *map(Disconnect, kept.edges), *map(RemoveNode, inside), *map(RemoveItem, reversed(groups)),
        AddNode(node, following(graph.nodes, set(inside))), *reconnected(graph, outside),
    ]  # fmt: skip


def _refuse_nodes(graph: Graph, group: Group, kept: Kept, inside: tuple[str, ...]) -> None:
    what = _("{name} was edited inside and cannot be folded").format(name=group.name)
    if not set(inside) & kept.nodes.keys():
        raise GraphError(_("{name} is a copy of an opened node, or empty: only the original folds back").format(name=group.name))
    for node in inside:
        if node not in kept.nodes:
            raise GraphError(_("{what}: {name} was put into it").format(what=what, name=graph.nodes[node].name))
    for node, (name, digest) in kept.nodes.items():
        if node not in graph.nodes:
            raise GraphError(_("{what}: {name} was deleted").format(what=what, name=name))
        here = graph.nodes[node]
        if node not in inside:
            raise GraphError(_("{what}: {name} was moved out of it").format(what=what, name=here.name))
        if here.name != name:
            raise GraphError(_("{what}: {old_name} was renamed to {new_name}").format(what=what, old_name=name, new_name=here.name))
        if node_mark(here)[1] != digest:
            raise GraphError(_("{what}: the settings of {name} were changed").format(what=what, name=name))


def _refuse_wires(graph: Graph, group: Group, kept: Kept, inside: set[str]) -> None:
    what = _("{name} was edited inside and cannot be folded").format(name=group.name)
    names = {node: graph.nodes[node].name for node in inside}
    for edge, mark in kept.edges.items():
        if edge not in graph.edges:
            raise GraphError(
                _("{what}: the wire from {source} to {target} was removed").format(what=what, source=names[mark[0]], target=names[mark[2]])
            )
        if edge_mark(graph.edges[edge]) != mark:
            raise GraphError(_("{what}: the wire into {target} was reconnected").format(what=what, target=names[mark[2]]))
    for node in inside:
        for wire in graph.inputs_of(node):
            if wire.id in kept.edges or (wire.source[0] not in inside and wire.target in kept.entries.values()):
                continue
            raise GraphError(
                _("{what}: a wire from {source} into {target} was added").format(
                    what=what, source=graph.nodes[wire.source[0]].name, target=names[node]
                )
            )
        for wire in graph.outputs_of(node):
            if wire.target[0] not in inside and wire.source != (kept.exit, "y"):
                raise GraphError(
                    _("{name} cannot be folded: {inner} inside it feeds {outer} outside").format(
                        name=group.name, inner=names[node], outer=graph.nodes[wire.target[0]].name
                    )
                )
    marked = graph.settings.get("objective")
    if marked and marked["node"] in inside and marked["node"] != kept.exit:
        raise GraphError(
            _("{name} cannot be folded: {node} inside it is the objective").format(name=group.name, node=names[marked["node"]])
        )
    for goal in goals_of(graph):
        if goal.node in inside and goal.node != kept.exit:
            raise GraphError(
                _("{name} cannot be folded: {node} inside it is an objective").format(name=group.name, node=names[goal.node])
            )


def _objective(graph: Graph, group: Group, kept: Kept, identity: str) -> tuple[list[Edit], list[Edit]]:
    objectives = redirected(graph, kept.exit, identity, "y")
    several: list[Edit] = [] if objectives is None else [SetGraphSetting(SETTING, objectives)]
    marked = graph.settings.get("objective")
    if not marked or marked["node"] != kept.exit:
        return [], several
    after = [] if kept.marked else [SetGraphSetting("objective", {"node": identity, "port": "y"})]
    return [SetGraphSetting("objective", None)], [*after, *several]


def _name(graph: Graph, kept: Kept, inside: tuple[str, ...]) -> str:
    """The node's own name; the result inside bears it meanwhile, so that it is free."""
    owner = graph.named(kept.node.name)
    return kept.node.name if owner is None or owner.id in inside else graph.fresh_name(kept.node.name)


def _params(graph: Graph, kept: Kept) -> dict[str, Any]:
    """The node's settings; trained values as they are kept inside now."""
    params = {name: value for name, value in kept.node.params.items() if name != "tensors"}
    known = {name.partition("[")[0] for _, _, name in kept.parameters}
    before = kept.node.params.get("tensors")
    tensors = {name: value for name, value in before.items() if name not in known} if isinstance(before, Mapping) else {}
    pieces: dict[str, dict[tuple[int, ...], Any]] = {}
    for inner, own, name in kept.parameters:
        held = graph.nodes[inner].params.get("tensors")
        value = held.get(own) if isinstance(held, Mapping) else None
        whole, _bracket, index = name.partition("[")
        if index:
            pieces.setdefault(whole, {})[tuple(map(int, index.rstrip("]").split(",")))] = value
        elif value is not None:
            tensors[whole] = value
    for whole, numbers in pieces.items():
        there = [value is not None for value in numbers.values()]
        if any(there) and not all(there):
            raise GraphError(
                _("{name} cannot be folded: inside it only some numbers of {whole} keep trained values").format(
                    name=kept.node.name, whole=whole
                )
            )
        if all(there):
            tensors[whole] = _assembled(numbers)
    return params | ({"tensors": tensors} if tensors else {})


def _assembled(numbers: Mapping[tuple[int, ...], Any]) -> Any:
    """Nested lists of numbers by their indices, row by row."""
    if () in numbers:
        return numbers[()]
    size = 1 + max(index[0] for index in numbers)
    return [_assembled({index[1:]: value for index, value in numbers.items() if index[0] == i}) for i in range(size)]

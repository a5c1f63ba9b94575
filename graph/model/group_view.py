"""Groups as they are seen: what is on the canvas at one level, which ports a card has, and where each wire is drawn.

Nothing here changes the graph, and nothing that runs depends on it: a group is a set of memberships, its ports are read off the
wires that cross its edge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from graph.model.address import output_name
from graph.model.elements import Edge, End, Group
from graph.model.graph import Graph

ENTRIES = "entries"
"""The key in a group's `extra` for what its inputs are called: name → [node, port] inside."""


@dataclass(frozen=True, slots=True)
class GroupPort:
    """A port on a group's card. It stands for `end` inside (an input at `slot`, or an output); no `edges`: nothing is wired to it yet."""

    name: str
    end: End
    slot: int = 0
    edges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupCard:
    """A group's ports. `inputs` in the order of the nodes inside, one for each inner input that is fed from outside or has to be wired;
    `outputs` one for each inner output that feeds something outside, or nothing at all."""

    group: str
    inputs: tuple[GroupPort, ...] = ()
    outputs: tuple[GroupPort, ...] = ()

    def input(self, name: str) -> GroupPort | None:
        return next((port for port in self.inputs if port.name == name), None)

    def output(self, name: str) -> GroupPort | None:
        return next((port for port in self.outputs if port.name == name), None)


@dataclass(frozen=True, slots=True)
class LevelWire:
    """A wire of the document as it is drawn at a level: each end is a node and its port, or a group and the port of its card."""

    edge: str
    source: End
    target: End
    slot: int = 0


class Level:
    """What the canvas shows inside a group (None: in no group).

    `nodes` are the nodes in insertion order, those in open groups included; `cards` the collapsed groups; `open` the open ones, with what
    lies directly in them. `boundary` is the card of the group that is open: in wires its id stands for everything outside.
    """

    def __init__(self, graph: Graph, inside: str | None = None) -> None:
        self.graph, self.inside = graph, inside
        self._place = _places(graph, inside)
        cards = [group for group, place in self._place.items() if place == group]
        self.nodes: tuple[str, ...] = tuple(self._visible_nodes())
        self.cards: dict[str, GroupCard] = {group: card(graph, group) for group in cards}
        self.open = {
            group: (*graph.members(group), *graph.subgroups(group))
            for group, place in self._place.items()
            if place == "" and group != inside
        }
        self.boundary = card(graph, inside) if inside is not None else None
        ends = self.cards if self.boundary is None else {**self.cards, self.boundary.group: self.boundary}
        self._inputs = {(group, port.end, port.slot): port.name for group, named in ends.items() for port in named.inputs}
        self._outputs = {(group, port.end): port.name for group, named in ends.items() for port in named.outputs}

    def item_of(self, node: str) -> str | None:
        """Where a node is at this level: itself, the card it is hidden in, or None when it lies outside."""
        group = self.graph.nodes[node].group
        if group == self.inside:
            return node
        if group is None:
            return None
        place = self._place.get(group)
        return node if place == "" else place

    def wire(self, edge: str | Edge) -> LevelWire | None:
        """Where a wire is drawn; None when it runs inside one card, or outside altogether."""
        edge = self.graph.edges[edge] if isinstance(edge, str) else edge
        give, take = self.item_of(edge.source[0]), self.item_of(edge.target[0])
        if give is None and take is None or (give == take and give is not None):
            return None
        assert self.inside is not None or (give is not None and take is not None)
        return LevelWire(edge.id, *self._ends(edge, give or self.inside or "", take or self.inside or ""))

    def wires(self) -> Iterator[LevelWire]:
        """Every wire that is drawn at this level, in the order of the document."""
        for edge in self.graph.edges.values():
            if wire := self.wire(edge):
                yield wire

    def _ends(self, edge: Edge, give: str, take: str) -> tuple[End, End, int]:
        source, target, slot = edge.source, edge.target, edge.slot
        if give == self.inside:  # from outside: through the port that stands for the inner input
            source = (give, self._inputs[give, target, slot])
        elif give != source[0]:
            source = (give, self._outputs[give, source])
        if take == self.inside:
            return source, (take, self._outputs[take, edge.source]), 0
        if take != target[0]:
            return source, (take, self._inputs[take, target, slot]), 0
        return source, target, slot

    def _visible_nodes(self) -> Iterator[str]:
        if not self.graph.groups:
            return iter(self.graph.nodes)
        here = {group for group, place in self._place.items() if place == ""}
        if self.inside is None:
            return (node.id for node in self.graph.nodes.values() if node.group is None or node.group in here)
        nodes = [node for group in here for node in self.graph.members(group)]
        return iter(sorted(nodes, key=self.graph._nodes.place))


def visible_items(graph: Graph, inside: str | None = None) -> Level:
    """What the canvas shows inside a group. Raises KeyError when there is no such group."""
    if inside is not None and inside not in graph.groups:
        raise KeyError(inside)
    return Level(graph, inside)


def path(graph: Graph, inside: str | None) -> tuple[Group, ...]:
    """The groups one is in, from the outermost to `inside`."""
    groups: list[Group] = []
    while inside is not None:
        groups.append(graph.groups[inside])
        inside = groups[-1].parent
    return tuple(reversed(groups))


def subtree(graph: Graph, group: str) -> tuple[str, ...]:
    """A group and all groups inside it, each before what it holds."""
    groups = [group]
    for inner in groups:  # grows while it is walked
        groups.extend(graph.subgroups(inner))
    return tuple(groups)


def members(graph: Graph, group: str) -> tuple[str, ...]:
    """All nodes in a group and in the groups inside it, in insertion order."""
    inside = subtree(graph, group)
    nodes = [node for inner in inside for node in graph._membership.nodes.get(inner, ())]
    return tuple(sorted(nodes, key=graph._nodes.place))


def expand(graph: Graph, ids: Iterable[str]) -> tuple[str, ...]:
    """The ids, and behind those of groups everything in them: groups before what they hold, nodes in insertion order."""
    chosen = dict.fromkeys(ids)
    groups = dict.fromkeys(inner for wanted in chosen if wanted in graph.groups for inner in subtree(graph, wanted))
    inside = [node for identity in groups for node in graph.members(identity)]
    nodes = dict.fromkeys([*(identity for identity in chosen if identity in graph.nodes), *inside])
    others = [identity for identity in chosen if identity not in graph.nodes and identity not in graph.groups]
    return (*groups, *sorted(nodes, key=graph._nodes.place), *others)


def crossing_edges(graph: Graph, group: str) -> tuple[tuple[Edge, ...], tuple[Edge, ...]]:
    """The wires that enter a group and those that leave it, each by the order of the nodes inside."""
    order = members(graph, group)
    inside = set(order)
    entering = tuple(edge for node in order for edge in graph.inputs_of(node) if edge.source[0] not in inside)
    return entering, tuple(edge for node in order for edge in graph.outputs_of(node) if edge.target[0] not in inside)


def card(graph: Graph, group: str) -> GroupCard:
    """The ports of a group's card."""
    order = members(graph, group)
    inside = set(order)
    inputs = [port for node in order for port in _inputs(graph, node, inside)]
    outputs = [port for node in order for port in _outputs(graph, node, inside)]
    short = Counter(end[1] for end, _, _ in inputs)
    slots = Counter(end for end, _, _ in inputs)
    given = _given_names(graph.groups[group])
    named = []
    for end, slot, edges in inputs:
        if end in given:
            named.append(GroupPort(given[end], end, slot, edges))
            continue
        long = f"{graph.nodes[end[0]].name}.{end[1]}" + (f"[{slot}]" if slots[end] > 1 else "")
        named.append(GroupPort(end[1] if short[end[1]] == 1 else long, end, slot, edges))
    return GroupCard(group, tuple(named), tuple(outputs))


def _given_names(group: Group) -> dict[End, str]:
    """The names of inputs that the group keeps itself, under ENTRIES; those of ends that are gone mean nothing."""
    entries = group.extra.get(ENTRIES)
    if not isinstance(entries, Mapping):
        return {}
    ends = {str(port): end for port, end in entries.items() if isinstance(end, list | tuple) and len(end) == 2}
    return {(str(end[0]), str(end[1])): port for port, end in ends.items()}


def _inputs(graph: Graph, node: str, inside: Collection[str]) -> Iterator[tuple[End, int, tuple[str, ...]]]:
    """What enters a node from outside, and what has to be wired and is not, in the order of its ports."""
    wired = graph.inputs_of(node)
    by_port: dict[str, list[Edge]] = {}
    for edge in wired:
        by_port.setdefault(edge.target[1], []).append(edge)
    for port in graph.spec(node).inputs:
        for edge in by_port.get(port.name, ()):
            if edge.source[0] not in inside:
                yield edge.target, edge.slot, (edge.id,)
        if not port.optional and port.name not in by_port:
            yield (node, port.name), 0, ()


def _outputs(graph: Graph, node: str, inside: Collection[str]) -> Iterator[GroupPort]:
    spec = graph.spec(node)
    leaving: dict[str, list[str]] = {}
    used = set()
    for edge in graph.outputs_of(node):
        used.add(edge.source[1])
        if edge.target[0] not in inside:
            leaving.setdefault(edge.source[1], []).append(edge.id)
    for port in spec.outputs:
        if port.name in leaving or (port.name not in used and not spec.probe):
            yield GroupPort(output_name(graph, node, port.name), (node, port.name), 0, tuple(leaving.get(port.name, ())))


def _places(graph: Graph, inside: str | None) -> dict[str, str]:
    """For every group that shows at a level, the card that hides its content; "" where the content itself shows."""
    cards: dict[str, str] = {} if inside is None else {inside: ""}
    waiting = [group.id for group in graph.groups.values() if group.parent is None] if inside is None else list(graph.subgroups(inside))
    for group in waiting:  # grows while it is walked
        above = graph.groups[group].parent
        hidden = cards.get(above, "") if above is not None else ""
        cards[group] = hidden or (group if graph.groups[group].collapsed else "")
        waiting.extend(graph.subgroups(group))
    return cards

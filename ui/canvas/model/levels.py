"""What one level of a document shows: its nodes, a card for every collapsed group, and the wires between them.

A view of the flat graph. What a hand does to a group's port is done to the node inside that the port stands for.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from PySide6.QtCore import QRectF

from graph.grouping.groups import moved
from graph.model import edits
from graph.model.elements import Edge, End, Group, Node
from graph.model.graph import Graph, GraphError
from graph.model.group_view import GroupCard as Ports
from graph.model.group_view import GroupPort, LevelWire, expand, members, path, visible_items
from graph.text.messages import ngettext
from ui.canvas.model import text_metrics, titles
from ui.canvas.model.geometry import PAD, PITCH, TITLE, NodeCard, PortSpot

AWAY = 168.0
"""Distance between a group's content and its own inputs and outputs, seen from inside."""
TAG_HIGH = 22.0
"""Height of the pill that such an input or output is."""
_NARROW, _WIDE = 128.0, 264.0


class CanvasLevel:
    """One level: `cards` are the groups on it, `tags` the inputs and outputs of the group on show, once they have places."""

    def __init__(self, graph: Graph, inside: str | None) -> None:
        self.graph, self.inside = graph, inside
        self.seen = visible_items(graph, inside)
        self.ids: list[str] = [*self.seen.nodes, *self.seen.cards]
        self.wires: dict[str, LevelWire] = {wire.edge: wire for wire in self.seen.wires()}
        self.cards: dict[str, NodeCard] = {group: build(graph, ports) for group, ports in self.seen.cards.items()}
        self.tags: NodeCard | None = None

    def item_of(self, node: str) -> str | None:
        """Where a node of the document is seen here: itself, the card it is in, or nowhere."""
        return self.seen.item_of(node) if node in self.graph.nodes else None

    def attached(self, item: str) -> list[str]:
        """The wires at a group's card."""
        ports = self.seen.cards[item]
        return [edge for port in (*ports.inputs, *ports.outputs) for edge in port.edges]

    def output_of(self, end: End) -> End | None:
        """The output that stands for a node's output here."""
        item = self.item_of(end[0])
        if item is None or item == end[0]:
            return end if item is not None else None
        spot = next((port for port in self.seen.cards[item].outputs if port.end == end), None)
        return (item, spot.name) if spot is not None else None

    def real(self, item: str, port: str, output: bool, slot: int = 0) -> tuple[str, str, int]:
        """The node, port and slot behind a port that is seen here."""
        if item == self.inside:  # an input of the group, which gives inside what comes from a node outside
            ports = self.seen.boundary
            held = ports.input(port) if ports is not None else None
            source = self.graph.edges[held.edges[0]].source if held is not None and held.edges else (item, port)
            return (*source, 0)
        if item not in self.seen.cards:
            return item, port, slot
        shown = self.seen.cards[item]
        spot = shown.output(port) if output else shown.input(port)
        return (*spot.end, spot.slot) if spot is not None else (item, port, slot)

    def place_tags(self, around: QRectF, heights: dict[str, float]) -> None:
        """Put the group's own inputs left and its outputs right of its content, near what they are wired to.

        `heights` says for a wire how high its end inside the content is.
        """
        boundary = self.seen.boundary
        if boundary is None:
            return
        inputs = self._column([port for port in boundary.inputs if port.edges], around.left() - AWAY, heights, True)
        outputs = self._column([port for port in boundary.outputs if port.edges], around.right() + AWAY, heights, False)
        self.tags = NodeCard(
            titles.worded("", 1.0), "groups", 0.0, 0.0, titles.NOTHING, titles.NOTHING, "number", QRectF(), None, outputs, inputs, False
        )  # fmt: skip

    def _column(self, ports: list[GroupPort], x: float, heights: dict[str, float], giving: bool) -> tuple[PortSpot, ...]:
        """Seen from inside, an input of the group gives and an output takes."""
        wanted = sorted((sum(heights.get(e, 0.0) for e in port.edges) / len(port.edges), i) for i, port in enumerate(ports))
        spots, lowest = [], -1e12
        for y, index in wanted:
            lowest = max(y, lowest + PITCH * 1.5)
            spots.append(PortSpot(ports[index].name, 0, giving, x, lowest, ports[index].name))
        return tuple(spots)


def tag_rect(spot: PortSpot) -> QRectF:
    """The pill of an input or output of the group whose inside is shown: its name, with the port at its inner end."""
    wide = text_metrics.text_width("small", spot.text) + 30
    return QRectF(spot.x - wide + 6 if spot.output else spot.x - 6, spot.y - TAG_HIGH / 2, wide, TAG_HIGH)


def build(graph: Graph, ports: Ports) -> NodeCard:
    """The card of a collapsed group: its name, what it holds, and its ports by name."""
    group = graph.groups[ports.group]
    count = len(members(graph, group.id))
    title = titles.worded(group.name, 1e6)
    says = titles.words(ngettext("{number} node", "{number} nodes", count).format(number=count), 1e6)
    left = max((text_metrics.text_width("tiny", port.name) for port in ports.inputs), default=0.0)
    right = max((text_metrics.text_width("tiny", port.name) for port in ports.outputs), default=0.0)
    wanted = max(title.width + says.width + 2 * PAD + 12, left + right + 44, _NARROW)
    width = 8 * round(min(wanted, _WIDE) / 8 + 0.49)
    rows = max(len(ports.inputs), len(ports.outputs), 1)
    height = 8 * round((TITLE + rows * PITCH + 12) / 8 + 0.49)
    room = (width - 40) / (left + right) if left + right > width - 40 else 1.0
    return NodeCard(
        titles.worded(group.name, width - 2 * PAD - says.width - 8), "groups", width, height, says, titles.NOTHING,
        "number", QRectF(), None,
        _spots(ports.inputs, False, 0.0, height, left * room), _spots(ports.outputs, True, width, height, right * room), False,
    )  # fmt: skip


def _spots(ports: Iterable[GroupPort], output: bool, x: float, height: float, room: float) -> tuple[PortSpot, ...]:
    listed = list(ports)
    first = (TITLE + height) / 2 - PITCH * (len(listed) - 1) / 2
    return tuple(
        PortSpot(port.name, 0, output, x, first + PITCH * i, text_metrics.elided("tiny", port.name, room + 2))
        for i, port in enumerate(listed)
    )


def level(graph: Graph, inside: str | None) -> CanvasLevel | None:
    """The level to show; None where that is the flat graph itself."""
    return CanvasLevel(graph, inside) if graph.groups else None


def stand_in(graph: Graph, seen: CanvasLevel) -> Graph:
    """What a level shows as a graph of its own, a plain node for each card, so that it can be laid out. Wires that would close a circle
    through a card are left out."""
    graph_of_cards = Graph(graph.catalog)
    for item in seen.ids:
        held = graph.nodes.get(item) or graph.groups[item]
        edits.AddNode(Node(item, "", graph_of_cards.fresh_name("node"), x=held.x, y=held.y)).apply(graph_of_cards)
    for wire in seen.wires.values():
        if seen.inside not in (wire.source[0], wire.target[0]):
            with suppress(GraphError):
                edits.Connect(Edge(wire.edge, wire.source, wire.target, wire.slot)).apply(graph_of_cards)
    return graph_of_cards


def surviving(graph: Graph, way: Iterable[str]) -> str | None:
    """Of the groups one had gone into, from the outermost, the last that is still there with all before it."""
    innermost: str | None = None
    for group in way:
        if group not in graph.groups:
            break
        innermost = group
    return innermost


def way_in(graph: Graph, inside: str | None) -> tuple[Group, ...]:
    return path(graph, inside)


def home_of(graph: Graph, item: str) -> str | None:
    """The group one has to be inside of to see a node, a group's card or a wire: the innermost that is not open."""
    if item in graph.edges:
        above = [home_of(graph, end[0]) for end in (graph.edges[item].source, graph.edges[item].target)]
        ways = [[group.id for group in path(graph, home)] for home in above]
        return above[0] if len(ways[0]) <= len(ways[1]) else above[1]
    home = graph.nodes[item].group if item in graph.nodes else graph.groups[item].parent if item in graph.groups else None
    while home is not None and not graph.groups[home].collapsed:
        home = graph.groups[home].parent
    return home


def placed(edit: edits.Edit, inside: str | None) -> edits.Edit:
    """The edit as it is meant inside a group: what it adds and puts nowhere else belongs to that group."""
    if inside is None:
        return edit
    if isinstance(edit, edits.Compound):
        return replace(edit, edits=tuple(placed(part, inside) for part in edit.edits))
    if isinstance(edit, edits.AddNode) and edit.node.group is None:
        return replace(edit, node=replace(edit.node, group=inside))
    if isinstance(edit, edits.AddItem) and isinstance(edit.item, Group) and edit.item.parent is None:
        return replace(edit, item=replace(edit.item, parent=inside))
    return edit


def with_content(graph: Graph, move: edits.Move) -> tuple[edits.Edit, ...]:
    """A move of groups' cards takes what they hold along, so that it is near when the group is opened or dissolved."""
    named = {row[0] for row in move.positions}
    changes: list[edits.Edit] = [move]
    for item, x, y in move.positions:
        if item in graph.groups:
            inner = [node for node in expand(graph, [item]) if node not in named]
            if inner:
                changes.append(moved(graph, inner, x - graph.groups[item].x, y - graph.groups[item].y))
    return tuple(changes)

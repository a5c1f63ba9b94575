"""Where the inside of an opened node stands: from left to right, with room for what comes in and goes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from engine.unfold.box import Box
from graph.graph import Graph
from graph.layout import GRID, SIZE, layout
from graph.model import Edge, Group, Node

Size = Callable[[Graph, str], tuple[float, float]]
"""Graph and node id → width and height of its card."""
Place = tuple[float, float]
GAP_X, GAP_Y = 96.0, 40.0
"""Narrower than on the level around, where lines are shorter."""
MOST = 5
"""Columns in a line: what is wider could not be read at a glance."""


def placed(box: Box, size: Size | None = None) -> tuple[list[Node], list[Group]]:
    """The box's nodes and the groups in it, each in its place; what comes first stands where the opened node stood."""
    scratch = _scratch(box)
    sizes = {node.id: size(scratch, node.id) if size is not None else SIZE for node in box.nodes}
    places = _rows(box, sizes) if box.groups else _columns(box, scratch, sizes)
    left, top = min(x for x, _ in places.values()), min(y for _, y in places.values())
    x, y = box.node.x - left, box.node.y - top
    nodes = [node.at(_snap(places[node.id][0] + x), _snap(places[node.id][1] + y)) for node in box.nodes]
    return nodes, [_around(group, nodes) for group in box.groups]


def _scratch(box: Box) -> Graph:
    """The content as a graph of its own, with a node in the place of everything that comes in or goes out."""
    scratch = Graph(box.graph.catalog)
    for node in box.nodes:
        scratch._add_node(replace(node, group=None))
    for edge in box.edges:
        scratch._add_edge(edge)
    for count, target in enumerate(box.entries.values()):
        scratch._add_node(Node(f"in{count}", "", scratch.fresh_name("entry")))
        scratch._add_edge(Edge(f"entry{count}", (f"in{count}", "y"), target))
    return scratch


def _columns(box: Box, scratch: Graph, sizes: Mapping[str, Place]) -> dict[str, Place]:
    """The usual layout, its columns closer together, and a long chain in several lines."""
    wide = {**sizes, **{f"in{count}": (SIZE[0], GAP_Y) for count in range(len(box.entries))}}
    found = layout(scratch, wide)
    middle = {node: found[node][0] + sizes[node][0] / 2 for node in sizes}
    columns: list[list[str]] = []
    for node in sorted(sizes, key=middle.__getitem__):
        if columns and middle[node] - middle[columns[-1][0]] <= 2 * GRID:
            columns[-1].append(node)
        else:
            columns.append([node])
    lines = -(-len(columns) // MOST)
    length = -(-len(columns) // lines)
    places: dict[str, Place] = {}
    top = 0.0
    for line in (columns[start : start + length] for start in range(0, len(columns), length)):
        up = min(found[node][1] for column in line for node in column)
        x = 0.0
        for column in line:
            width = max(sizes[node][0] for node in column)
            places |= {node: (x + (width - sizes[node][0]) / 2, top + found[node][1] - up) for node in column}
            x += width + GAP_X
        top = max(places[node][1] + sizes[node][1] for column in line for node in column) + 2 * GAP_Y
    return places


def _rows(box: Box, sizes: Mapping[str, Place]) -> dict[str, Place]:
    """Neurons one below the other: what comes in, then in a row for every input weight, product and sum, then the whole vector."""
    at: dict[str, tuple[int, float]] = {}
    row = 0.0
    for group in box.groups:
        inner = [node for node in box.nodes if node.group == group.id]
        products = [node.id for node in inner if node.type == "math.multiply"]
        for count, product in enumerate(products):
            at[product] = (3, row + count)
            weight = next(edge.source[0] for edge in box.edges if edge.target == (product, "a"))
            at[weight] = (2, row + count)
        sums = [node.id for node in inner if node.type == "math.add"]
        for count, total in enumerate(sums):
            at[total] = (4 + count, row + min(count + 0.5, len(products) - 0.5))
        if len(sums) == len(products):
            bias = next(edge.source[0] for edge in box.edges if edge.target == (sums[-1], "b"))
            at[bias] = (2 + len(sums), row + len(products))
            row += 1
        row += len(products) + 0.5
    entries = [node.id for node in box.nodes if node.type == "math.slice"]
    for count, entry in enumerate(entries):
        at[entry] = (1, (row - 1) * (count + 1) / (len(entries) + 1))
    gate, last = box.nodes[0].id, box.exit
    at[gate], at[last] = (0, (row - 1) / 2), (1 + max(column for column, _ in at.values()), (row - 1) / 2)
    high = max(height for _, height in sizes.values()) + GAP_Y
    widths = [max((sizes[node][0] for node in at if at[node][0] == column), default=0.0) for column in range(at[last][0] + 1)]
    left = [sum(widths[:column]) + GAP_X * column for column in range(len(widths))]
    middle = [start + width / 2 for start, width in zip(left, widths, strict=True)]
    return {node: (middle[column] - sizes[node][0] / 2, place * high - sizes[node][1] / 2) for node, (column, place) in at.items()}


def _around(group: Group, nodes: list[Node]) -> Group:
    """The group's card in the middle of what it holds."""
    inner = [node for node in nodes if node.group == group.id]
    x, y = ((min(values) + max(values)) / 2 for values in ([node.x for node in inner], [node.y for node in inner]))
    return replace(group, x=_snap(x), y=_snap(y))


def _snap(value: float) -> float:
    return GRID * round(value / GRID)

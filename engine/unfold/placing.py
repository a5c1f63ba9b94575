"""Positions for the inside of an opened node: from left to right, with room for its inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from engine.unfold.box import Box
from graph.grouping.layout import SIZE, layout
from graph.grouping.packing import GRID
from graph.model.elements import Edge, Group, Node
from graph.model.graph import Graph

Size = Callable[[Graph, str], tuple[float, float]]
"""Graph and node id → width and height of its card."""
Place = tuple[float, float]
Sizes = Mapping[str, Place]
GAP_X, GAP_Y = 96.0, 40.0
"""Narrower than on the level around, where lines are shorter."""
BESIDE = 24.0
"""Between a card and a number that only it uses."""
MOST = 5
"""Columns in a line: what is wider could not be read at a glance."""


def placed(box: Box, size: Size | None = None) -> tuple[list[Node], list[Group]]:
    """The box's nodes and the groups in it, with their positions; the first is where the opened node was."""
    scratch = _scratch(box)
    sizes = {node.id: size(scratch, node.id) if size is not None else SIZE for node in box.nodes}
    cards = bool(box.groups) and box.groups[0].collapsed
    places = _cards(box, sizes) if cards else _neurons(box, sizes) if box.groups else _columns(box, scratch, sizes)
    left, top = min(x for x, _ in places.values()), min(y for _, y in places.values())
    x, y = box.node.x - left, box.node.y - top
    at = {node: (_snap(place[0] + x), _snap(place[1] + y)) for node, place in places.items()}
    groups = [replace(group, x=at[group.id][0], y=at[group.id][1]) for group in box.groups]
    return [node.at(*at[node.id]) for node in box.nodes], groups


def _scratch(box: Box) -> Graph:
    """The content as a graph of its own, with a node in the place of everything that comes in."""
    scratch = Graph(box.graph.catalog)
    for node in box.nodes:
        scratch._add_node(replace(node, group=None))
    for edge in box.edges:
        scratch._add_edge(edge)
    for count, target in enumerate(box.entries.values()):
        scratch._add_node(Node(f"in{count}", "", scratch.fresh_name("entry")))
        scratch._add_edge(Edge(f"entry{count}", (f"in{count}", "y"), target))
    return scratch


def _columns(box: Box, scratch: Graph, sizes: Sizes) -> dict[str, Place]:
    """The usual layout, its columns closer together, and a long chain in several lines. A number that only one node uses stands before
    that node, above or below the way."""
    beside = {node.id: edges[0] for node in box.nodes if not scratch.inputs_of(node.id) and len(edges := scratch.outputs_of(node.id)) == 1}
    entries = {f"in{count}": (SIZE[0], GAP_Y) for count in range(len(box.entries))}
    chosen = {node: place for node, place in sizes.items() if node not in beside}
    laid_out = layout(scratch, {**chosen, **entries}, [*chosen, *entries])
    columns = _sorted(laid_out, chosen)
    length = -(-len(columns) // -(-len(columns) // MOST))
    places: dict[str, Place] = {}
    top = 0.0
    for line in (columns[start : start + length] for start in range(0, len(columns), length)):
        at: dict[str, Place] = {}
        x = 0.0
        for column in line:
            width = max(sizes[node][0] for node in column)
            at |= {node: (x + (width - sizes[node][0]) / 2, laid_out[node][1]) for node in column}
            x += width + GAP_X
        for node, edge in beside.items():
            if edge.target[0] in at:
                at[node] = _beside(scratch, node, edge, at, sizes)
        up = min(y for _, y in at.values())
        places |= {node: (x, y - up + top) for node, (x, y) in at.items()}
        top = max(places[node][1] + sizes[node][1] for node in at) + 1.6 * GAP_Y
    return places


def _sorted(laid_out: Mapping[str, Place], sizes: Sizes) -> list[list[str]]:
    """Nodes by the column they were laid out in."""
    middle = {node: laid_out[node][0] + size[0] / 2 for node, size in sizes.items()}
    columns: list[list[str]] = []
    for node in sorted(sizes, key=middle.__getitem__):
        if columns and middle[node] - middle[columns[-1][0]] <= 2 * GRID:
            columns[-1].append(node)
        else:
            columns.append([node])
    return columns


def _beside(scratch: Graph, node: str, edge: Edge, at: Mapping[str, Place], sizes: Sizes) -> Place:
    """Left of the node that it feeds, above for its first input and below for the others, clear of everything."""
    target = edge.target[0]
    (x, y), (width, height) = at[target], sizes[node]
    first = edge.target[1] == scratch.spec(target).inputs[0].name
    left, top = x - BESIDE - width, y - BESIDE - height if first else y + sizes[target][1] + BESIDE
    while hit := next((other for other in at if _touch((left, top), (width, height), at[other], sizes[other])), None):
        top = at[hit][1] - BESIDE - height if first else at[hit][1] + sizes[hit][1] + BESIDE
    return left, top


def _touch(one: Place, size: Place, other: Place, its_size: Place) -> bool:
    """Whether two cards are less than a step of the grid apart."""
    across = one[0] < other[0] + its_size[0] + GRID and other[0] < one[0] + size[0] + GRID
    return across and one[1] < other[1] + its_size[1] + GRID and other[1] < one[1] + size[1] + GRID


def _neurons(box: Box, sizes: Sizes) -> dict[str, Place]:
    """Neurons one below the other: what comes in, then in a row for every input weight, product and sum, then the whole vector."""
    at: dict[str, tuple[int, float]] = {}
    homes: dict[str, tuple[int, float]] = {}
    row = 0.0
    for group in box.groups:
        inner = _neuron(box, group)
        at |= {node: (column + 2, place + row) for node, (column, place) in inner.items()}
        homes[group.id] = (3, row)
        row += max(place for _, place in inner.values()) + 1.25
    row = (row - 1.25) / 2
    return _on_grid(at | homes | _ends(box, row, row * 2, 1 + max(column for column, _ in at.values())), sizes)


def _cards(box: Box, sizes: Sizes) -> dict[str, Place]:
    """Neurons as cards one below the other; what each of them holds begins where its card stands."""
    homes = {group.id: (2, float(count)) for count, group in enumerate(box.groups)}
    last = len(box.groups) - 1
    places = _on_grid(homes | _ends(box, last / 2, last, 3), sizes, 3 * GAP_X)
    for group in box.groups:
        inner = _on_grid(_neuron(box, group), sizes)
        left, top = min(x for x, _ in inner.values()), min(y for _, y in inner.values())
        x, y = places[group.id]
        places |= {node: (px - left + x, py - top + y) for node, (px, py) in inner.items()}
    return places


def _neuron(box: Box, group: Group) -> dict[str, tuple[int, float]]:
    """Column and row of everything in a neuron: weights, products, and the sums descending. A weight stands a little lower than its
    product, so that the other factor's wire passes above it."""
    inner = [node for node in box.nodes if node.group == group.id]
    feeding = {edge.target: edge.source[0] for edge in box.edges}
    products = [node.id for node in inner if node.type == "math.multiply"]
    sums = [node.id for node in inner if node.type == "math.add"]
    at: dict[str, tuple[int, float]] = {product: (1, float(row)) for row, product in enumerate(products)}
    at |= {feeding[product, "b"]: (0, row + 0.44) for row, product in enumerate(products)}
    at |= {total: (2 + count, min(count + 0.5, len(products) - 0.5)) for count, total in enumerate(sums)}
    if len(sums) == len(products):
        at[feeding[sums[-1], "b"]] = (len(sums), len(products) + 0.2)
    return at


def _ends(box: Box, middle: float, last: float, column: int) -> dict[str, tuple[int, float]]:
    """What comes in left of the neurons, spread over their height, and the result right of them."""
    entries = [node.id for node in box.nodes if node.type == "math.slice"]
    spread = {entry: (1, (last + 1) * (count + 0.5) / len(entries) - 0.5) for count, entry in enumerate(entries)}
    return spread | {box.nodes[0].id: (0, middle), box.exit: (column, middle)}


def _on_grid(at: Mapping[str, tuple[int, float]], sizes: Sizes, gap: float = GAP_X) -> dict[str, Place]:
    """Columns as wide as their widest card, rows as high as the highest."""
    high = max(sizes.get(node, SIZE)[1] for node in at) + GAP_Y
    wide = {column: max(sizes.get(node, SIZE)[0] for node in at if at[node][0] == column) for column, _ in at.values()}
    left = {column: sum(wide[other] + gap for other in wide if other < column) for column in wide}
    positions = {}
    for node, (column, row) in at.items():
        width, height = sizes.get(node, SIZE)
        positions[node] = (left[column] + (wide[column] - width) / 2, row * high - height / 2)
    return positions


def _snap(value: float) -> float:
    return GRID * round(value / GRID)

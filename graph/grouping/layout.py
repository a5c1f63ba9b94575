"""Layered layout, left to right, with few crossings and straight wires; a long graph in several lines, like a text.

The framework of Sugiyama, Tagawa and Toda (1981): layers by longest path, long wires through lanes of their own, the order within a layer
with the fewest crossings (`crossings`), and heights by least squares with minimal distances. Where the canvas is known, what would be too
small on it is broken into lines. A wire that would run under a card is led through points.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from graph.grouping import curves
from graph.grouping.crossings import RANKS, Layers, ordered
from graph.grouping.packing import AROUND, GAP_X, GAP_Y, GRID, Arrangement, Place, packed, shown_at
from graph.model.elements import Edge
from graph.model.graph import Graph

STEP = 4.0
"""What heights are rounded to."""
SIZE = (176.0, 96.0)
"""Size of a node for which `sizes` has none."""
LANE, CHANNEL, TURN, BESIDE = 30.0, 104.0, 28.0, 64.0
"""Between a card and a wire that passes it, between lines, how far beyond a line a wire turns to the next, and between such wires."""
SMALL, BETTER = 0.62, 1.25
"""A graph is broken into lines where it would be shown smaller than this, and only if that makes it so many times larger."""
_GUARDED = 300
"""Nodes up to which wires are led around cards."""

Sizes = Mapping[str, Place]
Hook = Callable[[str, str, bool, int], Place]
"""Node, port, whether it is an output, slot → where a wire hangs, from the card's top left corner."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A wire between two nodes that are laid out: the ranks of its ports among theirs, and how far each lies from its card's corner."""

    id: str
    source: str
    target: str
    out: int
    into: int
    start: Place
    end: Place


def layout(
    graph: Graph, sizes: Sizes | None = None, ids: Collection[str] | None = None, canvas: Place | None = None
) -> dict[str, tuple[float, float]]:
    """Top left corners for nodes (all, or those in `ids`), on the grid; the old top left corner of the whole is kept."""
    return arranged(graph, sizes, ids, canvas).places


def arranged(
    graph: Graph, sizes: Sizes | None = None, ids: Collection[str] | None = None, canvas: Place | None = None, hook: Hook | None = None
) -> Arrangement:
    """The same with the points that wires are led through. `canvas` is the size of the view it should fill."""
    wanted = set(graph.nodes if ids is None else ids)
    chosen = [node for node in graph.order() if node in wanted]
    if not chosen:
        return Arrangement({})
    size = {node: (sizes or {}).get(node, SIZE) for node in chosen}
    wires = [wire_of(graph, edge, size, hook) for node in chosen for edge in graph.outputs_of(node) if edge.target[0] in size]
    parts = [component(part, own, size, canvas) for part, own in components(chosen, wires)]
    left, up = min(graph.nodes[node].x for node in chosen), min(graph.nodes[node].y for node in chosen)
    return packed(parts, canvas).shifted(left, up)


def wire_of(graph: Graph, edge: Edge, size: Sizes, hook: Hook | None = None) -> Wire:
    """What the layout has to know of a wire. Without `hook` ports are spread over the middle of a side."""
    (source, given), (target, taken) = edge.source, edge.target
    outputs = [port.name for port in graph.spec(source).outputs]

    def height(other: Edge) -> tuple[float, str, int]:
        return (hook(target, other.target[1], False, other.slot)[1], "", 0) if hook else _order(graph, other)

    entering = sorted(graph.inputs_of(target), key=height)
    out, into = outputs.index(given) if given in outputs else 0, entering.index(edge)
    start = hook(source, given, True, 0) if hook else (size[source][0], size[source][1] / 2 + 24 * (out - (len(outputs) - 1) / 2))
    end = hook(target, taken, False, edge.slot) if hook else (0.0, size[target][1] / 2 + 24 * (into - (len(entering) - 1) / 2))
    return Wire(edge.id, source, target, min(out, RANKS - 1), min(into, RANKS - 1), start, end)


def _order(graph: Graph, edge: Edge) -> tuple[int, str, int]:
    ports = [port.name for port in graph.spec(edge.target[0]).inputs]
    return ports.index(edge.target[1]) if edge.target[1] in ports else len(ports), edge.target[1], edge.slot


def components(nodes: Sequence[str], wires: Sequence[Wire]) -> list[tuple[list[str], list[Wire]]]:
    """Connected parts, each in the given order with its wires; parts in the order of their first node, single nodes last."""
    neighbours: dict[str, list[str]] = {node: [] for node in nodes}
    for wire in wires:
        neighbours[wire.source].append(wire.target)
        neighbours[wire.target].append(wire.source)
    part: dict[str, int] = {}
    for number, start in enumerate(nodes):
        if start in part:
            continue
        part[start], stack = number, [start]
        while stack:
            for other in neighbours[stack.pop()]:
                if other not in part:
                    part[other] = number
                    stack.append(other)
    parts: dict[int, tuple[list[str], list[Wire]]] = {}
    for node in nodes:
        parts.setdefault(part[node], ([], []))[0].append(node)
    for wire in wires:
        parts[part[wire.source]][1].append(wire)
    return sorted(parts.values(), key=lambda members: len(members[0]) == 1)


@dataclass(slots=True)
class _Plan:
    """Layers with lanes: `after` and `before` hold for each node or lane the links to the neighbouring layer, as (other, rank here, rank
    there, height of the link here, height there), heights from the middle of a card. `lanes` are the lanes each wire runs through."""

    layers: Layers
    after: dict[str, list[tuple[str, int, int, float, float]]]
    before: dict[str, list[tuple[str, int, int, float, float]]]
    lanes: dict[str, list[str]]


def component(nodes: Sequence[str], wires: Sequence[Wire], size: Sizes, canvas: Place | None) -> Arrangement:
    """One connected part, from (0, 0) on."""
    plan = _planned(nodes, wires, size)
    lines = _lines(plan, size, canvas)
    gap = _gap(lines, size, canvas)
    middles: dict[str, float] = {}
    left: dict[str, float] = {}
    columns: list[tuple[float, float]] = []
    top = 0.0
    gaps: list[float] = []
    turning = _turning(plan, lines, wires)
    for line, outputs in zip(lines, turning, strict=True):
        heights = _heights(line, plan, size)
        up = min(heights[node] - size[node][1] / 2 if node in size else heights[node] - LANE / 2 for layer in line for node in layer)
        low = max(heights[node] + size[node][1] / 2 if node in size else heights[node] + LANE / 2 for layer in line for node in layer)
        middles |= {node: y - up + top for node, y in heights.items()}
        gaps.append(top - CHANNEL / 2 - BESIDE * max(len(outputs) - 1, 0))
        top += low - up + CHANNEL + BESIDE * max(len(turning[len(gaps) % len(lines)]) - 1, 0)
        x = 0.0
        for layer in line:
            width = max((size[node][0] for node in layer if node in size), default=0.0)
            left |= {node: x + (width - size[node][0]) / 2 if node in size else x for node in layer}
            columns.append((x, width))
            x += width + gap
    places = {node: (GRID * round(left[node] / GRID), STEP * round((middles[node] - size[node][1] / 2) / STEP)) for node in nodes}
    via = _led(plan, lines, wires, places, size, middles, columns, gaps, turning)
    wide = max(x + size[node][0] for node, (x, _) in places.items())
    high = max(y + size[node][1] for node, (_, y) in places.items())
    return Arrangement(places, via, (wide, max(high, top - CHANNEL)))


def _turning(plan: _Plan, lines: Sequence[Layers], wires: Sequence[Wire]) -> list[list[tuple[str, int]]]:
    """For each line the outputs whose wires come to it from the line above, in the order of their heights there."""
    line_of = {node: index for index, line in enumerate(lines) for layer in line for node in layer}
    rank = {node: position for line in lines for layer in line for position, node in enumerate(layer)}
    found: list[dict[tuple[str, int], float]] = [{} for _ in lines]
    for wire in wires:
        way = (wire.source, *plan.lanes[wire.id], wire.target)
        for before, after in zip(way, way[1:], strict=False):
            if line_of[after] != line_of[before]:
                found[line_of[after]][wire.source, wire.out] = rank[before]
    return [sorted(outputs, key=outputs.__getitem__) for outputs in found]


def _planned(nodes: Sequence[str], wires: Sequence[Wire], size: Sizes) -> _Plan:
    following: dict[str, list[str]] = {node: [] for node in nodes}
    for wire in wires:
        following[wire.source].append(wire.target)
    plan = _with_lanes(_layer(nodes, following), wires, size)
    order = {node: [link[:3] for link in links] for node, links in plan.after.items()}
    back = {node: [link[:3] for link in links] for node, links in plan.before.items()}
    plan.layers = ordered(plan.layers, back, order)
    return plan


def _layer(nodes: Sequence[str], following: Mapping[str, list[str]]) -> Layers:
    """Longest path from the left; a node that nothing enters stands directly before what it feeds first."""
    depth = dict.fromkeys(nodes, 0)
    entered = {other for others in following.values() for other in others}
    for node in nodes:
        for other in following[node]:
            depth[other] = max(depth[other], depth[node] + 1)
    for node in nodes:
        if node not in entered and following[node]:
            depth[node] = min(depth[other] for other in following[node]) - 1
    layers: Layers = [[] for _ in range(max(depth.values()) + 1)]
    for node in nodes:
        layers[depth[node]].append(node)
    return layers


def _with_lanes(layers: Layers, wires: Sequence[Wire], size: Sizes) -> _Plan:
    """The layers with lanes where wires pass through.

    All wires of one output share their lanes, and short ways get theirs first: the budget keeps a sum of a thousand terms quick.
    """
    depth = {node: index for index, layer in enumerate(layers) for node in layer}
    layers = [list(layer) for layer in layers]
    plan = _Plan(layers, {node: [] for node in depth}, {node: [] for node in depth}, {})
    shared: dict[tuple[str, int], list[Wire]] = {}
    for wire in wires:
        shared.setdefault((wire.source, wire.out), []).append(wire)
    budget = 4 * len(depth) + 200
    for (source, out), own in sorted(shared.items(), key=lambda row: max(depth[wire.target] for wire in row[1]) - depth[row[0][0]]):
        reach = max(depth[wire.target] for wire in own) - depth[source] - 1
        budget -= max(reach, 0)
        chain = [source] + ([f"\0{source}\0{out}\0{step}" for step in range(reach)] if budget > 0 else [])
        above = own[0].start[1] - size[source][1] / 2
        for step, lane in enumerate(chain[1:], 1):
            layers[depth[source] + step].append(lane)
            plan.after[lane], plan.before[lane] = [], []
            _link(plan, chain[step - 1], lane, out if step == 1 else 0, 0, above if step == 1 else 0.0, 0.0)
        for wire in own:
            step = depth[wire.target] - depth[source] - 1
            plan.lanes[wire.id] = chain[1 : step + 1]
            if step < len(chain):
                start = (out, above) if step == 0 else (0, 0.0)
                _link(plan, chain[step], wire.target, start[0], wire.into, start[1], wire.end[1] - size[wire.target][1] / 2)
    return plan


def _link(plan: _Plan, source: str, target: str, out: int, into: int, start: float, end: float) -> None:
    plan.after[source].append((target, out, into, start, end))
    plan.before[target].append((source, into, out, end, start))


def _lines(plan: _Plan, size: Sizes, canvas: Place | None) -> list[Layers]:
    """The layers in as many lines as make the graph readable on the canvas."""
    layers = plan.layers
    widths = [max((size[node][0] for node in layer if node in size), default=0.0) for layer in layers]
    heights = [sum(size[node][1] + GAP_Y if node in size else LANE for node in layer) for layer in layers]

    def measured(cuts: Sequence[int]) -> tuple[float, list[Layers]]:
        spans = list(zip((0, *cuts), (*cuts, len(layers)), strict=True))
        wide = max(sum(widths[a:b]) + GAP_X * (b - a - 1) for a, b in spans)
        high = sum(max(heights[a:b]) for a, b in spans) + (CHANNEL - GAP_Y) * (len(spans) - 1)
        crossing = sum(len(plan.after[node]) for cut in cuts for node in layers[cut - 1])
        scale = shown_at((wide + 2 * TURN * (len(spans) > 1), high), canvas) if canvas else 1.0
        return scale * (1 - 0.06 * crossing), [layers[a:b] for a, b in spans]

    whole, one = measured(())
    if canvas is None or whole >= SMALL or len(layers) < 4:
        return one
    best, largest = one, whole * BETTER
    for count in range(1, min(4, len(layers) // 2)):
        choices = combinations(range(2, len(layers) - 1), count) if len(layers) <= 24 else [_even(widths, count + 1)]
        for cuts in choices:
            if all(b - a > 1 for a, b in zip(cuts, cuts[1:], strict=False)) and (found := measured(cuts))[0] > largest:
                largest, best = found
    return best


def _gap(lines: Sequence[Layers], size: Sizes, canvas: Place | None) -> float:
    """Between columns: more than the least where the canvas would stay empty beside the graph, for the numbers on the wires."""
    if canvas is None:
        return GAP_X
    widths = [[max((size[node][0] for node in layer if node in size), default=0.0) for layer in line] for line in lines]
    longest = max(widths, key=lambda line: sum(line) + GAP_X * (len(line) - 1))
    high = sum(max(sum(size[node][1] + GAP_Y if node in size else LANE for node in layer) for layer in line) for line in lines)
    free = canvas[0] / shown_at((sum(longest) + GAP_X * (len(longest) - 1), high), canvas) - AROUND[0] - sum(longest)
    return min(max(GAP_X, GRID * (free // max(len(longest) - 1, 1) // GRID)), 1.5 * GAP_X)


def _even(widths: Sequence[float], lines: int) -> tuple[int, ...]:
    """Where to break so that all lines are about equally long."""
    total, gone, cuts = sum(widths) + GAP_X * len(widths), 0.0, list[int]()
    for index, width in enumerate(widths):
        if gone >= total * (len(cuts) + 1) / lines:
            cuts.append(index)
        gone += width + GAP_X
    return tuple(cuts[: lines - 1])


def _heights(layers: Layers, plan: _Plan, size: Sizes) -> dict[str, float]:
    """Middles: each layer is drawn towards its neighbours, wires level, as far as the distances within it allow."""
    here = {node for layer in layers for node in layer}
    middle: dict[str, float] = {}
    for layer in layers:
        middle |= _spread(layer, [0.0] * len(layer), size)
    before = {node: [link for link in plan.before[node] if link[0] in here] for node in here}
    after = {node: [link for link in plan.after[node] if link[0] in here] for node in here}
    for sweep in range(2 * max(3, min(12, 20_000 // len(plan.after)))):
        forward = sweep % 2 == 0
        for layer in layers if forward else reversed(layers):
            near = [(before if forward else after)[node] or (after if forward else before)[node] for node in layer]
            wishes = [_wish(node, links, middle, size) for node, links in zip(layer, near, strict=True)]
            middle |= _spread(layer, [wish for wish, _ in wishes], size, [weight for _, weight in wishes])
    return middle


def _wish(node: str, links: Sequence[tuple[str, int, int, float, float]], middle: Mapping[str, float], size: Sizes) -> tuple[float, float]:
    """The height at which the wires of a node are level, and how much it matters: little where a wire has a lane to choose."""
    pulls = [0.15 if (other in size) != (node in size) else 1.0 for other, *_ in links]
    if not links:
        return middle[node], 0.001
    return sum(pull * (middle[o] + there - own) for pull, (o, _, _, own, there) in zip(pulls, links, strict=True)) / sum(pulls), sum(pulls)


def _spread(layer: Sequence[str], wishes: Sequence[float], size: Sizes, weights: Sequence[float] | None = None) -> dict[str, float]:
    """The middles nearest to the wishes (least squares) that keep order and distances: isotonic regression after a shift."""
    offsets, total = [], 0.0
    for index, node in enumerate(layer):
        if index:
            total += _apart(layer[index - 1], node, size)
        offsets.append(total)
    blocks: list[tuple[float, float, int]] = []  # mean, weight and length; means ascending
    for wish, offset, own in zip(wishes, offsets, weights or [1.0] * len(layer), strict=True):
        mean, weight, length = wish - offset, own, 1
        while blocks and blocks[-1][0] > mean:
            other, heavy, count = blocks.pop()
            mean, weight, length = (mean * weight + other * heavy) / (weight + heavy), weight + heavy, length + count
        blocks.append((mean, weight, length))
    levels = [mean for mean, _, length in blocks for _ in range(length)]
    return {node: level + offset for node, level, offset in zip(layer, levels, offsets, strict=True)}


def _apart(upper: str, lower: str, size: Sizes) -> float:
    """Between the middles of neighbours: room between cards, and less to a wire that passes."""
    high = [size[node][1] / 2 if node in size else 0.0 for node in (upper, lower)]
    return sum(high) + (GAP_Y if upper in size and lower in size else LANE)


def _led(
    plan: _Plan, lines: Sequence[Layers], wires: Sequence[Wire], places: Mapping[str, Place], size: Sizes, middles: Mapping[str, float],
    columns: Sequence[tuple[float, float]], gaps: Sequence[float], turning: Sequence[Sequence[tuple[str, int]]],
) -> dict[str, tuple[Place, ...]]:  # fmt: skip
    """The points of every wire: none where it runs free, else as few of its lanes as keep it from running under a card."""
    column = {node: index for index, layer in enumerate(layer for line in lines for layer in line) for node in layer}
    line_of = {node: index for index, line in enumerate(lines) for layer in line for node in layer}
    rights = [max(places[node][0] + size[node][0] for layer in line for node in layer if node in places) for line in lines]
    cards = [(x - 6, y - 6, x + size[node][0] + 6, y + size[node][1] + 6, node) for node, (x, y) in places.items()]
    via: dict[str, tuple[Place, ...]] = {}
    for wire in wires:
        start = places[wire.source][0] + wire.start[0], places[wire.source][1] + wire.start[1]
        end = places[wire.target][0] + wire.end[0], places[wire.target][1] + wire.end[1]
        points: list[tuple[Place, bool]] = []
        row = line_of[wire.source]
        for node in (*plan.lanes[wire.id], wire.target):
            if line_of[node] != row:
                left, row = row, line_of[node]
                place = turning[row].index((wire.source, wire.out))
                inner, y = TURN + 10.0 * place, STEP * round((gaps[row] + BESIDE * (len(turning[row]) - 1 - place)) / STEP)
                points += [((rights[left] + TURN + 10.0 * (len(turning[row]) - 1 - place), y), True), ((-inner, y), True)]
            if node != wire.target:
                x, width = columns[column[node]]
                y = STEP * round(middles[node] / STEP)
                points += [((x, y), False), ((x + width, y), False)] if width else [((x, y), False)]
        via[wire.id] = _needed(start, end, points, [card for card in cards if card[4] not in (wire.source, wire.target)])
    return via


def _needed(
    start: Place, end: Place, points: Sequence[tuple[Place, bool]], cards: Sequence[tuple[float, float, float, float, str]]
) -> tuple[Place, ...]:
    """The fewest of the points that keep the wire clear of the cards; those that turn it to another line always."""
    fixed = [point for point, kept in points if kept]
    if len(fixed) == len(points) or len(cards) > _GUARDED or not (least := _hits(start, end, fixed, cards)):
        return tuple(fixed)
    kept = list(points)
    if (least := min(least, hits := _hits(start, end, [point for point, _ in kept], cards))) < hits:
        return tuple(fixed)
    for row in [row for row in points if not row[1]]:
        without = [other for other in kept if other is not row]
        if _hits(start, end, [point for point, _ in without], cards) <= least:
            kept = without
    return tuple(point for point, _ in kept)


def _hits(start: Place, end: Place, via: Sequence[Place], cards: Iterable[tuple[float, float, float, float, str]]) -> int:
    """How many places along the wire lie under a card, or very near one."""
    path = list(curves.along(curves.cubics(start, end, via)))
    low, high = min(y for _, y in path), max(y for _, y in path)
    near = [card for card in cards if card[1] < high and card[3] > low]
    return sum(left < x < right and top < y < bottom for x, y in path for left, top, right, bottom, _ in near)

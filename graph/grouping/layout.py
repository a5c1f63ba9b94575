"""Layered layout, left to right, with few crossings and straight wires.

The framework of Sugiyama, Tagawa and Toda (1981): layers by longest path, long wires through invisible points, order within a layer by
repeated barycentres (the order with the fewest crossings is kept), and heights by least squares with minimal distances.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Mapping, Sequence

from graph.model.graph import Graph

GAP_X, GAP_Y, GRID = 128.0, 48.0, 8.0
"""Horizontal room for the numbers on the wires, vertical room between cards, and what places are rounded to."""
SIZE = (176.0, 96.0)
"""Size of a node for which `sizes` has none."""


Layers = list[list[str]]
Links = dict[str, list[str]]
Place = tuple[float, float]


def layout(
    graph: Graph, sizes: Mapping[str, tuple[float, float]] | None = None, ids: Collection[str] | None = None
) -> dict[str, tuple[float, float]]:
    """Top left corners for nodes (all, or those in `ids`), on an 8 px grid; the old top left corner of the whole is kept."""
    wanted = set(graph.nodes if ids is None else ids)
    chosen = [node for node in graph.order() if node in wanted]
    if not chosen:
        return {}
    size = {node: (sizes or {}).get(node, SIZE) for node in chosen}
    following = {node: [edge.target[0] for edge in graph.outputs_of(node) if edge.target[0] in size] for node in chosen}
    places: dict[str, tuple[float, float]] = {}
    top = 0.0
    for part in _components(chosen, following):
        placed, height = _component(part, {node: following[node] for node in part}, size)
        places |= {node: (x, y + top) for node, (x, y) in placed.items()}
        top += height + 2 * GAP_Y
    left, up = min(graph.nodes[node].x for node in chosen), min(graph.nodes[node].y for node in chosen)
    return {node: (_snap(x + left), _snap(y + up)) for node, (x, y) in places.items()}


def _component(nodes: Sequence[str], following: Links, size: Mapping[str, Place]) -> tuple[dict[str, Place], float]:
    """Places of one connected part, from (0, 0) on, and its height."""
    layers, after = _with_points(_layer(nodes, following), following)
    before: Links = {node: [] for node in after}
    for node, others in after.items():
        for other in others:
            before[other].append(node)
    layers = _ordered(layers, before, after)
    heights = _heights(layers, before, after, {node: size.get(node, (0.0, 0.0))[1] for node in after})
    places: dict[str, tuple[float, float]] = {}
    x = 0.0
    for layer in layers:
        real = [node for node in layer if node in size]
        width = max(size[node][0] for node in real)
        places |= {node: (x + (width - size[node][0]) / 2, heights[node] - size[node][1] / 2) for node in real}
        x += width + GAP_X
    top = min(y for _, y in places.values())
    height = max(y + size[node][1] for node, (_, y) in places.items()) - top
    return {node: (x, y - top) for node, (x, y) in places.items()}, height


def _components(nodes: Sequence[str], following: Links) -> list[list[str]]:
    """Connected parts, each in the given order; parts in the order of their first node, single nodes last."""
    neighbours: Links = {node: list(others) for node, others in following.items()}
    for node, others in following.items():
        for other in others:
            neighbours[other].append(node)
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
    parts: dict[int, list[str]] = {}
    for node in nodes:
        parts.setdefault(part[node], []).append(node)
    return sorted(parts.values(), key=lambda members: len(members) == 1)


def _layer(nodes: Sequence[str], following: Links) -> Layers:
    """Longest path from the left; a node without inputs is placed directly before the first node it feeds."""
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


def _with_points(layers: Layers, following: Links) -> tuple[Layers, Links]:
    """The layers with invisible points where wires pass through, and the links between neighbouring layers.

    All wires of one node share their points, and short ways get theirs first: the budget keeps a sum of a thousand terms quick.
    """
    depth = {node: index for index, layer in enumerate(layers) for node in layer}
    reach = {node: max((depth[other] for other in others), default=0) - depth[node] - 1 for node, others in following.items()}
    layers = [list(layer) for layer in layers]
    after: Links = {node: [] for layer in layers for node in layer}
    budget = 4 * len(after) + 200
    for node in sorted(list(after), key=lambda node: reach[node]):
        budget -= max(reach[node], 0)
        chain = [node] + [f"\0{node}\0{step}" for step in range(reach[node])] if budget > 0 else [node]
        for step, point in enumerate(chain[1:], 1):
            layers[depth[node] + step].append(point)
            after[point] = []
            after[chain[step - 1]].append(point)
        for other in dict.fromkeys(following[node]):
            step = depth[other] - depth[node] - 1
            if step < len(chain):
                after[chain[step]].append(other)
    return layers, after


def _ordered(layers: Layers, before: Links, after: Links) -> Layers:
    """Barycentre sweeps to and fro; the best order met."""
    best, fewest = layers, _crossings(layers, after)
    current = [list(layer) for layer in layers]
    for sweep in range(_sweeps(after)):
        if not fewest:
            break
        forward = sweep % 2 == 0
        indices = range(1, len(current)) if forward else range(len(current) - 2, -1, -1)
        for index in indices:
            fixed, links = (current[index - 1], before) if forward else (current[index + 1], after)
            place = {node: float(position) for position, node in enumerate(fixed)}
            own = {node: float(position) for position, node in enumerate(current[index])}
            current[index].sort(key=lambda node, place=place, own=own, links=links: _mean([place[n] for n in links[node]], own[node]))  # type: ignore[misc]
        crossings = _crossings(current, after)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in current], crossings
    return best


def _crossings(layers: Layers, after: Links) -> int:
    """How many pairs of links cross: inversions between neighbouring layers."""
    count = 0
    for index, layer in enumerate(layers[:-1]):
        place = {node: position for position, node in enumerate(layers[index + 1])}
        seen: list[int] = []
        for node in layer:
            ends = sorted(place[other] for other in after[node])
            count += sum(len(seen) - bisect_left(seen, end + 1) for end in ends)
            for end in ends:
                insort(seen, end)
    return count


def _heights(layers: Layers, before: Links, after: Links, height: Mapping[str, float]) -> dict[str, float]:
    """Centres: each layer is drawn towards its neighbours' means, as far as the distances within it allow."""
    centre: dict[str, float] = {}
    for layer in layers:
        centre |= _spread(layer, [0.0] * len(layer), height)
    for sweep in range(2 * _sweeps(after)):
        forward = sweep % 2 == 0
        for layer in layers if forward else reversed(layers):
            near = [(before if forward else after)[node] or (after if forward else before)[node] for node in layer]
            wishes = [_mean([centre[other] for other in others], centre[node]) for node, others in zip(layer, near, strict=True)]
            centre |= _spread(layer, wishes, height)
    return centre


def _spread(layer: Sequence[str], wishes: Sequence[float], height: Mapping[str, float]) -> dict[str, float]:
    """The centres nearest to the wishes (least squares) that keep order and distances: isotonic regression after a shift."""
    offsets, total = [], 0.0
    for index, node in enumerate(layer):
        if index:
            total += (height[layer[index - 1]] + height[node]) / 2 + GAP_Y
        offsets.append(total)
    blocks: list[tuple[float, int]] = []  # mean and length, means ascending
    for wish, offset in zip(wishes, offsets, strict=True):
        mean, length = wish - offset, 1
        while blocks and blocks[-1][0] > mean:
            other, count = blocks.pop()
            mean, length = (mean * length + other * count) / (length + count), length + count
        blocks.append((mean, length))
    levels = [mean for mean, length in blocks for _ in range(length)]
    return {node: level + offset for node, level, offset in zip(layer, levels, offsets, strict=True)}


def _mean(values: Iterable[float], default: float) -> float:
    numbers = list(values)
    return sum(numbers) / len(numbers) if numbers else default


def _snap(value: float) -> float:
    return round(value / GRID) * GRID


def _sweeps(after: Links) -> int:
    """Fewer rounds for thousands of nodes."""
    return max(3, min(12, 20_000 // len(after)))

"""The order of nodes within layers that makes the fewest links cross: sweeps, exchanges of neighbours, and for small graphs the proof.

The framework of Sugiyama, Tagawa and Toda (1981). Ports count: two wires into one node cross where their sources stand the other way
round than their inputs.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise, permutations
from math import factorial

Layers = list[list[str]]
Link = tuple[str, int, int]
"""The node at the other end, the rank of this end's port, the rank of the other's."""
Links = Mapping[str, Sequence[Link]]

RANKS = 64
EXACT = 200_000
"""Pairs of orders of neighbouring layers up to which all are tried."""
_EXCHANGED = 600
"""Nodes up to which neighbours are exchanged one by one."""


def crossings(layers: Layers, after: Links) -> int:
    """How many pairs of links cross: inversions between neighbouring layers."""
    count = 0
    for layer, following in pairwise(layers):
        place = {node: position * RANKS for position, node in enumerate(following)}
        seen: list[int] = []
        for node in layer:
            for rank in sorted({link[1] for link in after[node]}):
                ends = [place[other] + into for other, out, into in after[node] if out == rank]
                count += sum(len(seen) - bisect_right(seen, end) for end in ends)
                for end in ends:
                    insort(seen, end)
    return count


def ordered(layers: Layers, before: Links, after: Links) -> Layers:
    """The layers in the order with the fewest crossings that was found; of several, the one with the shortest links."""
    best, cost = layers, _cost(layers, after)
    for start in _starts(layers, before, after):
        for current in _swept(start, before, after):
            if (found := _cost(current, after)) < cost:
                best, cost = [list(layer) for layer in current], found
        if not cost[0]:
            break
    if cost[0] and _pairs(layers) <= EXACT:
        fewest, exact = _fewest(layers, after)
        if fewest < cost[0]:
            return exact
    return best


def _cost(layers: Layers, after: Links) -> tuple[int, float]:
    middle = {node: (2 * i + 1 - len(layer)) / 2 for layer in layers for i, node in enumerate(layer)}
    length = sum(abs(middle[node] - middle[other]) for node, links in after.items() for other, _, _ in links)
    return crossings(layers, after), length


def _starts(layers: Layers, before: Links, after: Links) -> Iterator[Layers]:
    """Orders to begin with: as given, upside down, and along the links from the last layer and from the first."""
    yield [list(layer) for layer in layers]
    if sum(map(len, layers)) > _EXCHANGED:
        return
    yield [list(reversed(layer)) for layer in layers]
    for links, sources in ((before, layers[-1] + [n for layer in layers for n in layer]), (after, [n for layer in layers for n in layer])):
        rank: dict[str, int] = {}
        stack = list(reversed(sources))
        while stack:
            node = stack.pop()
            if node not in rank:
                rank[node] = len(rank)
                stack += [other for other, _, _ in sorted(links[node], key=lambda link: -link[1])]
        yield [sorted(layer, key=rank.__getitem__) for layer in layers]


def _swept(layers: Layers, before: Links, after: Links) -> Iterator[Layers]:
    """Barycentre and median sweeps to and fro, neighbours exchanged in between."""
    current = [list(layer) for layer in layers]
    small = sum(map(len, layers)) <= _EXCHANGED
    yield current
    for sweep in range(max(3, min(12, 20_000 // max(len(after), 1)))):
        forward = sweep % 2 == 0
        middle: Callable[[list[float]], float] = _mean if sweep % 4 < 2 else _median
        for index in range(1, len(current)) if forward else range(len(current) - 2, -1, -1):
            fixed, links = (current[index - 1], before) if forward else (current[index + 1], after)
            place = {node: float(position) for position, node in enumerate(fixed)}
            wish = {
                node: middle([place[other] + (into + 1) / RANKS for other, _, into in links[node]]) if links[node] else float(position)
                for position, node in enumerate(current[index])
            }
            current[index].sort(key=wish.__getitem__)
        if small:
            _exchange(current, before, after)
        yield current


def _exchange(layers: Layers, before: Links, after: Links) -> None:
    """Exchange neighbours in a layer as long as that removes crossings."""
    place = {node: position for layer in layers for position, node in enumerate(layer)}
    for _ in range(8):
        better = False
        for layer in layers:
            for i in range(len(layer) - 1):
                a, b = layer[i], layer[i + 1]
                now = _between(a, b, before, place) + _between(a, b, after, place)
                if now and _between(b, a, before, place) + _between(b, a, after, place) < now:
                    layer[i], layer[i + 1] = b, a
                    place[a], place[b] = i + 1, i
                    better = True
        if not better:
            return


def _between(first: str, second: str, links: Links, place: Mapping[str, int]) -> int:
    """Crossings of the links of two nodes that stand in this order."""
    upper = [place[other] * RANKS + into for other, _, into in links[first]]
    lower = [place[other] * RANKS + into for other, _, into in links[second]]
    return sum(a > b for a in upper for b in lower)


def _pairs(layers: Layers) -> int:
    if max(map(len, layers)) > 6:
        return EXACT + 1
    return sum(factorial(len(a)) * factorial(len(b)) for a, b in pairwise(layers))


def _fewest(layers: Layers, after: Links) -> tuple[int, Layers]:
    """The least number of crossings of all orders, and an order that has it: layer by layer, the best way to each order of a layer."""
    known: list[tuple[int, tuple[tuple[str, ...], ...], tuple[str, ...]]] = [(0, (), order) for order in permutations(layers[0])]
    for layer, following in pairwise(layers):
        links = [(node, out, other, into) for node in layer for other, out, into in after[node]]
        heads = [(*_signs([(link[0], link[1]) for link in links], order), cost, way, order) for cost, way, order in known]
        arrived = []
        for order in permutations(following):
            above, below = _signs([(link[2], link[3]) for link in links], order)
            best = min(heads, key=lambda head: head[2] + ((head[0] & below) | (head[1] & above)).bit_count())  # noqa: B023
            cost = best[2] + ((best[0] & below) | (best[1] & above)).bit_count()
            arrived.append((cost, (*best[3], best[4]), order))
        known = arrived
    cost, way, order = min(known, key=lambda row: row[0])
    return cost, [list(part) for part in (*way, order)]


def _signs(ends: Sequence[tuple[str, int]], order: Sequence[str]) -> tuple[int, int]:
    """For every pair of links a bit: in the first number where the first lies above the second at this end, in the second where below."""
    place = {node: position * RANKS for position, node in enumerate(order)}
    keys = [place[node] + rank for node, rank in ends]
    above = below = 0
    bit = 1
    for i, key in enumerate(keys):
        for other in keys[:i]:
            if key < other:
                above |= bit
            elif key > other:
                below |= bit
            bit <<= 1
    return above, below


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _median(values: list[float]) -> float:
    values = sorted(values)
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2

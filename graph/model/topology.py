"""Keeping a graph acyclic while it is edited, at a cost that does not grow with the graph.

An incremental topological order after Pearce and Kelly (2006, "A dynamic topological sort algorithm for directed acyclic
graphs", ACM JEA 11): every node has a rank, every wire goes up in rank, and a new wire that goes down re-ranks only nodes
between its ends. Both sides are searched in turns, and the nodes of the one that ends first move past the other end: a node
that comes back among 100,000 moves alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush
from math import ceil

Neighbours = Callable[[str], Iterable[str]]


class Ranks:
    """Ranks of the nodes. `successors` and `predecessors` look into the owning graph."""

    __slots__ = ("_next", "_predecessors", "_rank", "_successors")

    def __init__(self, successors: Neighbours, predecessors: Neighbours) -> None:
        self._rank: dict[str, float] = {}
        self._next = 0
        self._successors, self._predecessors = successors, predecessors

    def add(self, node: str) -> None:
        self._rank[node] = self._next
        self._next += 1

    def drop(self, node: str) -> None:
        del self._rank[node]

    def fill(self, order: Iterable[str]) -> None:
        """Start from a known topological order."""
        self._rank = {node: rank for rank, node in enumerate(order)}
        self._next = len(self._rank)

    def closes_cycle(self, source: str, target: str) -> bool:
        """Whether a wire from `source` to `target` would lead back to itself."""
        return source == target or (self._rank[target] < self._rank[source] and self._between(source, target) is None)

    def connect(self, source: str, target: str) -> None:
        """Make room for an acyclic wire: afterwards `source` ranks below `target`."""
        if self._rank[source] < self._rank[target]:
            return
        found = self._between(source, target)
        assert found is not None, "the wire closes a cycle"
        nodes, before = found
        rank, outside = self._rank, self._predecessors if before else self._successors
        ordered = sorted(nodes, key=rank.__getitem__)
        around = [rank[other] for node in nodes for other in outside(node) if other not in nodes]
        if before:  # those that lead to the source go below the target, above all that leads to them
            low, high = max(around, default=rank[target] - len(nodes) - 1), rank[target]
        else:
            low, high = rank[source], min(around, default=rank[source] + len(nodes) + 1)
        step = (high - low) / (len(nodes) + 1)
        places = [low + step * (index + 1) for index in range(len(nodes))]
        if any(a >= b for a, b in zip([low, *places], [*places, high], strict=True)):  # no float left in between
            self._spread()
            self.connect(source, target)
            return
        for node, place in zip(ordered, places, strict=True):
            rank[node] = place
        self._next = max(self._next, ceil(places[-1]) + 1)

    def _spread(self) -> None:
        """Whole numbers again, in the order there is."""
        self.fill(sorted(self._rank, key=self._rank.__getitem__))

    def _between(self, source: str, target: str) -> tuple[set[str], bool] | None:
        """The nodes that lead to `source` and do not rank below `target`, and True, or those that `target` leads to and that do not rank
        above `source`, and False: those that are found first, which are fewer as a rule. None where one leads to the other.
        """
        rank = self._rank
        low, high = rank[target], rank[source]
        before, after, back, forth = {source}, {target}, [source], [target]
        while back and forth:
            for other in self._predecessors(back.pop()):
                if other == target:
                    return None
                if other not in before and rank[other] >= low:
                    before.add(other)
                    back.append(other)
            for other in self._successors(forth.pop()):
                if other == source:
                    return None
                if other not in after and rank[other] <= high:
                    after.add(other)
                    forth.append(other)
        return (after, False) if back else (before, True)

    def ascends(self, source: str, target: str) -> bool:
        return self._rank[source] < self._rank[target]


def topological_order(
    nodes: Iterable[str], successors: Mapping[str, Iterable[str]] | Neighbours, indegree: dict[str, int]
) -> Iterator[str]:
    """Kahn's algorithm; among the nodes that are ready, the one inserted first goes first. `indegree` is used up.

    Yields fewer nodes than there are when there is a cycle.
    """
    following = successors if callable(successors) else successors.__getitem__
    place = {node: index for index, node in enumerate(nodes)}
    names = list(place)
    ready = [place[node] for node in names if not indegree.get(node)]
    heapify(ready)
    while ready:
        node = names[heappop(ready)]
        yield node
        for other in following(node):
            indegree[other] -= 1
            if not indegree[other]:
                heappush(ready, place[other])

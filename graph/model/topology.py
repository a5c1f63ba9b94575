"""Keeping a graph acyclic while it is edited, at a cost that does not grow with the graph.

The incremental topological order of Pearce and Kelly (2006, "A dynamic topological sort algorithm for directed acyclic
graphs", ACM JEA 11): every node has a rank, every wire goes up in rank, and a new wire that goes down re-ranks only the
nodes between its ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush

Neighbours = Callable[[str], Iterable[str]]


class Ranks:
    """Ranks of the nodes. `successors` and `predecessors` look into the owning graph."""

    __slots__ = ("_next", "_predecessors", "_rank", "_successors")

    def __init__(self, successors: Neighbours, predecessors: Neighbours) -> None:
        self._rank: dict[str, int] = {}
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
        if source == target:
            return True
        return self._rank[target] < self._rank[source] and source in self._reach(target, self._successors, 1, self._rank[source])

    def connect(self, source: str, target: str) -> None:
        """Make room for an acyclic wire: afterwards `source` ranks below `target`."""
        low, high = self._rank[target], self._rank[source]
        if high < low:
            return
        rank = self._rank.__getitem__
        after = sorted(self._reach(target, self._successors, 1, high), key=rank)
        before = sorted(self._reach(source, self._predecessors, -1, low), key=rank)
        nodes = before + after
        for node, place in zip(nodes, sorted(map(rank, nodes)), strict=True):
            self._rank[node] = place

    def ascends(self, source: str, target: str) -> bool:
        return self._rank[source] < self._rank[target]

    def _reach(self, start: str, neighbours: Neighbours, sign: int, bound: int) -> set[str]:
        seen, stack = {start}, [start]
        while stack:
            for node in neighbours(stack.pop()):
                if node not in seen and sign * self._rank[node] <= sign * bound:
                    seen.add(node)
                    stack.append(node)
        return seen


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

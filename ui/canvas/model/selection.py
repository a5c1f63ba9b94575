"""What a person has chosen: ids of nodes, wires, frames and notes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from graph.model.graph import Graph


class Selection:
    """`changed` is called after every change, with the ids whose state flipped."""

    def __init__(self, changed: Callable[[set[str]], None]) -> None:
        self._ids: dict[str, None] = {}
        self._changed = changed

    def __contains__(self, item: object) -> bool:
        return item in self._ids

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self._ids)

    def nodes(self, graph: Graph) -> list[str]:
        return [i for i in self._ids if i in graph.nodes]

    def edges(self, graph: Graph) -> list[str]:
        return [i for i in self._ids if i in graph.edges]

    def movable(self, graph: Graph) -> list[str]:
        """Everything that has a place of its own."""
        return [i for i in self._ids if any(i in table for table in (graph.nodes, graph.groups, graph.frames, graph.notes))]

    def set(self, ids: Iterable[str]) -> None:
        fresh = dict.fromkeys(ids)
        flipped = self._ids.keys() ^ fresh.keys()
        self._ids = fresh
        if flipped:
            self._changed(set(flipped))

    def toggle(self, item: str) -> None:
        self.set([i for i in self._ids if i != item] if item in self._ids else [*self._ids, item])

    def keep(self, graph: Graph, seen: Callable[[str], bool]) -> None:
        """Forget what is no longer there, or not to be seen."""
        tables = (graph.nodes, graph.edges, graph.groups, graph.frames, graph.notes)
        self.set([i for i in self._ids if any(i in table for table in tables) and seen(i)])

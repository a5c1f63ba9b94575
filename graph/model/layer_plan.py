"""Which nodes count as layers: one rule for everything that is shown layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from graph.model.reach import reachable

if TYPE_CHECKING:
    from graph.model.graph import Graph

FEW = 12
"""Up to so many nodes on the way to the objective, each is a layer; with more, those that learn."""

MANY, MOST = 60, 200
"""With more than `MANY`, those at the same distance from the sources are one layer, and there are at most `MOST`."""


def layer_plan(graph: Graph, objective: str) -> list[list[str]]:
    """The nodes of each layer, in the order of computation: it changes only with the structure."""
    chosen = _chosen(graph, objective)
    return [[node] for node in chosen] if len(chosen) <= MANY else _by_depth(graph, chosen)


def _chosen(graph: Graph, objective: str) -> list[str]:
    """The nodes between the sources and the objective, or of many those with parameters of their own."""
    reached = reachable([objective], graph.predecessors)
    between = [node for node in graph.order() if node in reached and graph.spec(node).inputs and graph.spec(node).outputs]
    learning = [node for node in between if graph.spec(node).parameters]
    return learning if len(between) > FEW and len(learning) > 1 else between


def _by_depth(graph: Graph, chosen: Sequence[str]) -> list[list[str]]:
    """The nodes with the longest way from a source equally long, neighbouring lengths together where there are too many."""
    depth: dict[str, int] = {}
    for node in graph.order():
        depth[node] = max((depth[edge.source[0]] + 1 for edge in graph.inputs_of(node)), default=0)
    levels = {level: at for at, level in enumerate(sorted({depth[node] for node in chosen}))}
    together = -(-len(levels) // MOST)
    layers: dict[int, list[str]] = {}
    for node in chosen:
        layers.setdefault(levels[depth[node]] // together, []).append(node)
    return [layers[at] for at in sorted(layers)]

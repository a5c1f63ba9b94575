"""Which nodes count as layers, and how large the gradient of each one's output is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.compile.views import Absent
from graph.formula.latex import display_name
from graph.model.graph import Graph
from graph.model.reach import reachable
from ui.canvas.model.content import Content

FEW = 12
"""Up to so many nodes on the way to the objective, each has a bar; with more, those that learn."""

MANY, BARS = 60, 200
"""With more than `MANY`, those at the same distance from the sources share a bar, and there are at most `BARS`."""

State = Literal["number", "hidden", "waiting", "none"]


@dataclass(frozen=True, slots=True)
class Layer:
    """A node, and the Euclidean norm of the gradient of its output; `size` means nothing unless the state is `number`."""

    node: str
    name: str
    state: State
    size: float = 0.0


def plan(graph: Graph, objective: str) -> list[list[str]]:
    """The nodes of each bar, in the order of computation: it changes only with the structure."""
    chosen = _chosen(graph, objective)
    return [[node] for node in chosen] if len(chosen) <= MANY else _by_depth(graph, chosen)


def layers(content: Content, bars: Sequence[Sequence[str]] | None = None) -> list[Layer]:
    """The layers as they may be seen now; nothing without an objective. `bars` is the plan, where it is known already."""
    objective = content.objective()
    if content.trace is None or objective is None:
        return []
    return [_largest(content, nodes) for nodes in (plan(content.graph, objective[0]) if bars is None else bars)]


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
    together = -(-len(levels) // BARS)
    bars: dict[int, list[str]] = {}
    for node in chosen:
        bars.setdefault(levels[depth[node]] // together, []).append(node)
    return [bars[at] for at in sorted(bars)]


def _largest(content: Content, nodes: Sequence[str]) -> Layer:
    """The node whose gradient is largest stands for all of them."""
    if len(nodes) == 1:
        return _layer(content, nodes[0])
    found = [_layer(content, node) for node in nodes]
    return max(found, key=lambda layer: (layer.state == "number", math.inf if math.isnan(layer.size) else layer.size))


def _layer(content: Content, node: str) -> Layer:
    port, name = content.graph.spec(node).outputs[0].name, display_name(content.graph.nodes[node].name)
    gradient = content.node_gradient(node, port)
    if isinstance(gradient, Absent):
        return Layer(node, name, "waiting" if gradient.reason == "not computed" else "none")
    return Layer(node, name, "hidden") if gradient.covered else Layer(node, name, "number", gradient.norm)

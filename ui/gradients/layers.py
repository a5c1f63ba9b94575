"""Which nodes count as layers, and how large the gradient of each one's output is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.compile.views import Absent
from graph.formula.latex import display_name
from graph.model.graph import Graph
from ui.canvas.model.content import Content

FEW = 12
"""Up to so many nodes on the way to the objective, each has a bar; with more, those that learn."""

State = Literal["number", "hidden", "waiting", "none"]


@dataclass(frozen=True, slots=True)
class Layer:
    """A node, and the Euclidean norm of the gradient of its output; `size` means nothing unless the state is `number`."""

    node: str
    name: str
    state: State
    size: float = 0.0


def layers(content: Content) -> list[Layer]:
    """The layers in the order of computation; nothing without an objective."""
    objective = content.objective()
    if content.trace is None or objective is None:
        return []
    graph = content.graph
    return [_layer(content, node) for node in _chosen(graph, objective[0])]


def _chosen(graph: Graph, objective: str) -> list[str]:
    """The nodes between the sources and the objective, or of many those with parameters of their own."""
    reached, waiting = set[str](), [objective]
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting += [edge.source[0] for edge in graph.inputs_of(node)]
    between = [node for node in graph.order() if node in reached and graph.spec(node).inputs and graph.spec(node).outputs]
    learning = [node for node in between if graph.spec(node).parameters]
    return learning if len(between) > FEW and len(learning) > 1 else between


def _layer(content: Content, node: str) -> Layer:
    port, name = content.graph.spec(node).outputs[0].name, display_name(content.graph.nodes[node].name)
    gradient = content.node_gradient(node, port)
    if isinstance(gradient, Absent):
        return Layer(node, name, "waiting" if gradient.reason == "not computed" else "none")
    return Layer(node, name, "hidden") if gradient.covered else Layer(node, name, "number", gradient.norm)

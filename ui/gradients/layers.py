"""How large the gradient of each layer's output is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.compile.views import Absent
from graph.formula.latex import display_name
from graph.model.layer_plan import layer_plan
from ui.canvas.model.content import Content

State = Literal["number", "hidden", "waiting", "none"]


@dataclass(frozen=True, slots=True)
class Layer:
    """A node, and the Euclidean norm of the gradient of its output; `size` means nothing unless the state is `number`."""

    node: str
    name: str
    state: State
    size: float = 0.0


def layers(content: Content, bars: Sequence[Sequence[str]] | None = None) -> list[Layer]:
    """The layers as they may be seen now; nothing without an objective. `bars` is the plan, where it is known already."""
    objective = content.objective()
    if content.trace is None or objective is None:
        return []
    return [_largest(content, nodes) for nodes in (layer_plan(content.graph, objective[0]) if bars is None else bars)]


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

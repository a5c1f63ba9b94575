"""A node dropped on a wire: which wire is meant, and by which ports it would run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF

from graph.model.graph import Graph
from graph.model.spec import NodeSpec
from ui.canvas.model import wires
from ui.canvas.model.scene import CanvasScene


@dataclass(frozen=True, slots=True)
class WireSpot:
    """A wire, and the ports by which it would run through a node."""

    node: str
    edge: str
    into: str
    out: str


def ports(graph: Graph, spec: NodeSpec, edge_id: str) -> tuple[str, str] | None:
    """The first input and output of a type that the wire's ends go together with, by their kinds."""
    edge = graph.edges[edge_id]
    give, take = graph.spec(edge.source[0]).output(edge.source[1]), graph.spec(edge.target[0]).input(edge.target[1])
    given, taken = (give.dtype if give else "any"), (take.dtype if take else "any")
    into = [p.name for p in spec.inputs if not p.parameter and (p.dtype == given or "any" in (p.dtype, given))]
    out = [p.name for p in spec.outputs if p.dtype == taken or "any" in (p.dtype, taken)]
    return (into[0], out[0]) if into and out else None


def place_for(graph: Graph, scene: CanvasScene, node_id: str, at: QPointF, reach: float) -> WireSpot | None:
    """The wire under the pointer or across the middle of the carried card, if the node is free and fits into it."""
    node = graph.nodes[node_id]
    if graph.outputs_of(node_id) or node_id not in scene.row:
        return None
    rect = scene.rect(node_id)
    near = [e for e in scene.edges_in(rect) if node_id not in (graph.edges[e].source[0], graph.edges[e].target[0])]
    if not near:
        return None
    points = scene.points_of(scene.wire_rows.of(near))
    middle = wires.distances(points, (rect.center().x(), rect.center().y())) / max(rect.height() / 3, 1.0)
    away = np.minimum(middle, wires.distances(points, (at.x(), at.y())) / max(reach, 1e-6))
    for row in np.argsort(away):
        if away[row] > 1.0:
            return None
        pair = ports(graph, graph.spec(node), near[row])
        if pair is None or graph.edge_into(node_id, pair[0]) is not None:
            continue
        edge = graph.edges[near[row]]
        if graph.refusal(edge.source, (node_id, pair[0])) is None and graph.refusal((node_id, pair[1]), edge.target) is None:
            return WireSpot(node_id, near[row], *pair)
    return None

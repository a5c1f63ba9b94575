"""Leading a wire through a node, and making room for what comes in."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF

from graph.model import edits
from graph.text.messages import _
from ui.canvas.input import commands
from ui.canvas.model import inserting
from ui.canvas.model.canvas_model import CanvasModel

ROOM = 64.0
"""Space for a wire and its numbers between a card that came in and the next one."""


def insert(model: CanvasModel, key: str, at: QPointF, edge_id: str) -> str | None:
    """Add a node in the middle of a wire, and push what follows to the right; where it does not fit, beside it."""
    graph = model.document.graph
    spec = graph.catalog[key]
    ports = inserting.ports(graph, spec, edge_id)
    if ports is not None:
        node = commands.new_node(graph, key, at)
        try:
            edit = edits.insert_on_wire(graph, edge_id, node, *ports)
        except edits.GraphError as wrong:
            model.message.emit(str(wrong))
        else:
            with model.document.gesture(_("Insert {title}").format(title=spec.title)):
                model.do(edit)
                make_room(model, node.id)
            model.select([node.id])
            return node.id
    return commands.add(model, key, at)


def lead_through(model: CanvasModel, place: inserting.WireSpot, first: edits.Edit | None = None) -> None:
    """Lead a wire through a node that is on the canvas, after `first`; those behind make room. One step."""
    graph = model.document.graph
    with model.document.gesture(_("Insert on wire")):
        if first is not None:
            model.do(first)
        try:
            edit = edits.insert_on_wire(graph, place.edge, place.node, place.into, place.out)
        except edits.GraphError as wrong:
            model.message.emit(str(wrong))
            return
        model.do(edit)
        make_room(model, place.node)


def make_room(model: CanvasModel, node_id: str) -> None:
    """Push the nodes downstream of a node to the right, as one block, until nothing overlaps it or is too close."""
    graph, scene = model.document.graph, model.scene
    right = scene.rect(node_id).right() + ROOM
    far = max((right - scene.rect(n).left() for n in graph.successors(node_id) if n in scene.row), default=0.0)
    if far <= 0:
        return
    behind: dict[str, None] = {}
    waiting = list(graph.successors(node_id))
    while waiting:
        node = waiting.pop()
        if node not in behind:
            behind[node] = None
            waiting += graph.successors(node)
    step = 8.0 * np.ceil(far / 8.0)
    moves = edits.Move(tuple((n, graph.nodes[n].x + step, graph.nodes[n].y) for n in behind))
    bent = [graph.edges[e] for e in scene.bent if graph.edges[e].source[0] in behind and graph.edges[e].target[0] in behind]
    model.do(edits.Compound((moves, *(edits.SetVia(e.id, tuple((x + step, y) for x, y in e.via)) for e in bent))))

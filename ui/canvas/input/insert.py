"""Leading a wire through a node, and making room for what comes in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from PySide6.QtCore import QPointF

from graph.model import edits
from graph.text.messages import _
from ui.canvas.input import commands
from ui.canvas.input.beside import nearest_free
from ui.canvas.model import geometry, inserting
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.levels import with_content
from ui.canvas.model.scene import CanvasScene

ROOM = 96.0
"""Space for a wire and its numbers between a card that came in and the next one."""
GROWTH = 128.0
"""Space more for a layer whose matrices are yet to come."""
CLEAR = 24.0
"""Space to cards that have no wire in common with it."""


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
                _stand_clear(model, node.id)
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
    """Push what follows a node to the right, as one block with what it would run into, until nothing is too close to the node."""
    graph, scene = model.document.graph, model.scene
    item = scene.item_of(node_id)
    if item is None:
        return
    after = links(scene, forward=True)
    right = scene.rect(item).right() + ROOM + (GROWTH if _grows(scene, node_id) else 0.0)
    far = max((right - scene.rect(other).left() for other in after.get(item, ())), default=0.0)
    if far <= 0:
        return
    step = 8.0 * float(np.ceil(far / 8.0))
    behind = run_into(scene, closure(after, item), {item, *closure(links(scene, forward=False), item)}, step)
    moves = with_content(graph, edits.Move(tuple((n, scene.place(n)[0] + step, scene.place(n)[1]) for n in behind)))
    ends = {edge: scene.ends(edge) for edge in scene.bent}
    bent = [graph.edges[edge] for edge, (source, target, _slot) in ends.items() if source[0] in behind and target[0] in behind]
    model.do(edits.Compound((*moves, *(edits.SetVia(e.id, tuple((x + step, y) for x, y in e.via)) for e in bent))))
    if model.viewport.fitted:
        model.viewport.follow(scene.bounds())


def _grows(scene: CanvasScene, node_id: str) -> bool:
    """Whether a card will be wider once the shapes of its learned tensors are known."""
    return bool(scene.graph.spec(node_id).parameters) and node_id not in scene.shapes.parameters


def _stand_clear(model: CanvasModel, node_id: str) -> None:
    """Set a node that came in on a wire level with that wire, right of what it follows, and clear of what has no part in this."""
    scene, rect = model.scene, model.scene.rect(node_id)
    after, before = links(scene, forward=True), links(scene, forward=False)
    card = scene.cards[node_id]
    level = rect.translated(0, geometry.TITLE / 2 - card.hook(card.inputs[0].port, False)[1])
    givers = [scene.rect(other) for other in before.get(node_id, ())]
    least = max((giver.right() + ROOM for giver in givers if giver.left() < level.left()), default=level.left())
    level.moveLeft(float(round(max(level.left(), least))))
    behind = closure(after, node_id)
    others = [scene.rect(other) for other in scene.ids if other != node_id and other not in behind]
    model.do(edits.Move(((node_id, *nearest_free(level, others, CLEAR)),)))


def links(scene: CanvasScene, forward: bool) -> dict[str, list[str]]:
    """For every card what its wires lead to, or where they come from."""
    links: dict[str, list[str]] = {}
    for edge in scene.edges:
        (source, _port), (target, _taken), _slot = scene.ends(edge)
        if source in scene.row and target in scene.row:
            links.setdefault(source if forward else target, []).append(target if forward else source)
    return links


def closure(links: Mapping[str, Sequence[str]], *items: str) -> dict[str, None]:
    """Everything that these links lead to from some cards."""
    reached: dict[str, None] = {}
    waiting = [other for item in items for other in links.get(item, ())]
    while waiting:
        other = waiting.pop()
        if other not in reached:
            reached[other] = None
            waiting += links.get(other, ())
    return reached


def run_into(scene: CanvasScene, block: Mapping[str, None], staying: Collection[str], step: float) -> dict[str, None]:
    """The block, and the cards that it would run into on its way; those run into others in turn."""
    pushed, waiting = dict(block), list(block)
    while waiting:
        swept = scene.rect(waiting.pop()).adjusted(0, 0, step + CLEAR, 0)
        hit = [other for other in scene.nodes_in(swept) if other not in pushed and other not in staying]
        pushed |= dict.fromkeys(hit)
        waiting += hit
    return pushed

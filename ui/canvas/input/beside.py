"""Adding a node beside the selected cards, wired to them and clear of everything else: how a graph grows by keyboard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF

from graph.grouping.packing import GAP_X, GAP_Y
from graph.model import edits
from graph.model.elements import End
from graph.text.messages import _
from ui.canvas.input import commands
from ui.canvas.model import fitting
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.scene import CanvasScene, PortHit

Pair = tuple[End, End]
"""An output and the input it would be wired to."""


def add(model: CanvasModel, key: str, items: Sequence[str]) -> str | None:
    """Add a node of a type, as one step, and select it; its id.

    Each card's output goes to the first free input that fits it; a type without inputs is wired into the cards' first free inputs.
    """
    graph = model.document.graph
    if key not in graph.catalog:
        model.message.emit(_('There is no node type "{key}" here').format(key=key))
        return None
    title = graph.catalog[key].title
    node = commands.new_node(graph, key, model.scene.bounds(items).center())
    if items[0] in graph.nodes:
        node = replace(node, group=graph.nodes[items[0]].group)
    with model.document.gesture(_("Add {title}").format(title=title)) as gesture:
        if not model.do(edits.AddNode(node)):
            gesture.cancel()
            return None
        wired = [pair for item in items if (pair := _wire(model, node.id, item)) is not None]
        model.do(edits.Move(((node.id, *_place(model.scene, node.id, items, wired)),)))
    if not wired:
        model.message.emit(_("{title} was added without a wire: no free port fits").format(title=title))
    model.select([node.id])
    model.viewport.follow(model.scene.rect(node.id).adjusted(-GAP_Y, -GAP_Y, GAP_Y, GAP_Y))
    return node.id


def _wire(model: CanvasModel, new: str, item: str) -> Pair | None:
    """Draw the first wire between a card and the new node that goes well, else the first that is possible; None where none is."""
    graph, trace = model.document.graph, model.content.trace
    verdicts = [(fitting.judge(graph, trace, *pair), pair) for pair in _pairs(model, new, item)]
    ranked = [pair for verdict, pair in verdicts if verdict.good] or [pair for verdict, pair in verdicts if verdict.possible]
    if not ranked or not model.do(edits.connect(graph, *ranked[0])):
        return None
    return ranked[0]


def _pairs(model: CanvasModel, new: str, item: str) -> Iterator[Pair]:
    graph, card = model.document.graph, model.scene.cards[item]
    spec = graph.spec(new)
    inputs = [port.name for port in spec.inputs if not port.parameter]
    here, given = (card.outputs, True) if inputs else (card.inputs, False)
    for spot in here:
        held = model.scene.real(PortHit(item, spot))
        there = (held.node, held.spot.port)
        pairs = [(there, (new, name)) for name in inputs] if given else [((new, port.name), there) for port in spec.outputs]
        yield from (pair for pair in pairs if _free(model, pair[1]))


def _free(model: CanvasModel, target: End) -> bool:
    graph = model.document.graph
    port = graph.spec(target[0]).input(target[1])
    return port is not None and not port.parameter and (port.many or graph.edge_into(*target) is None)


def _place(scene: CanvasScene, new: str, items: Sequence[str], wired: Sequence[Pair]) -> tuple[float, float]:
    """In line with its wires, right of what it follows or left of what it feeds; above or below where something stands there."""
    around, size = scene.bounds(items), scene.rect(new).size()
    before = bool(wired) and wired[0][0][0] == new
    x = around.left() - GAP_X - size.width() if before else around.right() + GAP_X
    y = around.top()
    if wired:
        drops = [_drop(scene, new, pair) for pair in wired]
        y = scene.place(new)[1] + sum(drops) / len(drops)
    wanted = QRectF(QPointF(round(x), round(y)), size)
    others = [scene.rect(node) for node in scene.ids if node != new] + [scene.item_rect(note) for note in scene.graph.notes]
    return nearest_free(wanted, [rect for rect in others if not rect.isNull()])


def _drop(scene: CanvasScene, new: str, pair: Pair) -> float:
    """How far the new node must come down for this wire to run level."""
    (source, output), (target, taken) = pair
    if source == new:
        item, port = _seen(scene, target, taken, False)
        return scene.anchor(item, port, False)[1] - scene.anchor(new, output, True)[1]
    item, port = _seen(scene, source, output, True)
    return scene.anchor(item, port, True)[1] - scene.anchor(new, taken, False)[1]


def _seen(scene: CanvasScene, node: str, port: str, output: bool) -> End:
    """The port of the card in which a node's port is seen."""
    if node in scene.cards:
        return node, port
    item = scene.item_of(node) or node
    card = scene.cards[item]
    for spot in card.outputs if output else card.inputs:
        real = scene.real(PortHit(item, spot))
        if (real.node, real.spot.port) == (node, port):
            return item, spot.port
    return item, port


def nearest_free(wanted: QRectF, others: Sequence[QRectF], gap: float = GAP_Y) -> tuple[float, float]:
    """The corner nearest to the wanted one, straight above or below it, at which the rectangle keeps `gap` from all others."""
    column = [other for other in others if other.right() + gap > wanted.left() and other.left() - gap < wanted.right()]
    heights = [wanted.top()]
    for other in column:
        heights += [other.bottom() + gap, other.top() - gap - wanted.height()]

    def clear(y: float) -> bool:
        return all(y + wanted.height() + gap <= other.top() or y >= other.bottom() + gap for other in column)

    best = min((y for y in heights if clear(y)), key=lambda y: (abs(y - wanted.top()), -y))
    return wanted.left(), float(round(best))

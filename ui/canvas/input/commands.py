"""What keys and menus do to the selection: every function asks the document, none of them touches the view's place."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from PySide6.QtCore import QPointF
from PySide6.QtGui import QGuiApplication

from graph.grouping import groups
from graph.grouping.align import along_wires, nearest
from graph.model import edits
from graph.model.elements import Frame, Node, Note
from graph.model.graph import Graph
from graph.model.group_view import visible_items
from graph.storage import clipboard
from graph.text.messages import _
from ui.canvas.input import remarks
from ui.canvas.model import geometry
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.scene import PortHit

STEP = 24.0


def delete(model: CanvasModel) -> None:
    """Remove the selected nodes with their wires, the selected wires, frames and notes; a chosen point of a wire before all that."""
    if model.pointing.bend is not None:
        unbend(model, *model.pointing.bend)
    elif model.selection:
        model.do(groups.delete(model.document.graph, model.selection), _("Delete"))


def dissolve(model: CanvasModel) -> None:
    """Remove the selected nodes and join what they were wired to."""
    nodes = model.selected_nodes()
    if not nodes:
        return
    with model.document.gesture(_("Dissolve")):
        for node in nodes:
            model.do(edits.dissolve(model.document.graph, node))


def copy(model: CanvasModel) -> bool:
    """The selection as text on the clipboard."""
    nodes = model.movable()
    if nodes:
        QGuiApplication.clipboard().setText(_copied(model, nodes))
    return bool(nodes)


def _copied(model: CanvasModel, nodes: Iterable[str]) -> str:
    return clipboard.copy_text(model.document.graph, nodes, model.navigation.inside, model.document.origin)


def cut(model: CanvasModel) -> None:
    if copy(model):
        model.do(groups.delete(model.document.graph, model.movable()), _("Cut"))


def paste(model: CanvasModel, at: QPointF | None = None) -> None:
    """What the clipboard holds, at the cursor, or where `at` says: copied nodes, or a formula as plain text."""
    place, text = at if at is not None else model.cursor_place(), QGuiApplication.clipboard().text()
    if not model.may_edit():
        return
    if not text.lstrip().startswith("{"):
        model.text_pasted.emit(text, place)
        return
    try:
        corner = (round(place.x()), round(place.y()))
        edit, fresh = clipboard.paste(model.document.graph, text, corner, model.navigation.inside, model.document.origin)
    except edits.GraphError as wrong:
        model.message.emit(str(wrong))
        return
    if model.do(edit, _("Paste")):
        model.select(item for item in fresh if model.navigation.seen(item))


def duplicate(model: CanvasModel) -> None:
    """Copies a little below and to the right, selected."""
    chosen = model.movable()
    if not chosen:
        return
    with model.document.gesture(_("Duplicate")):
        copies = add_copies(model, chosen, STEP * 2, STEP * 2)
    if copies:
        model.select(copies)


def add_copies(model: CanvasModel, ids: Iterable[str], dx: float, dy: float) -> list[str]:
    """Add copies of nodes, groups, frames and notes; what there is now and was not before."""
    graph = model.document.graph
    before = {*graph.nodes, *graph.groups, *graph.frames, *graph.notes}
    chosen = list(ids)
    items: list[Frame | Note] = [*graph.frames.values(), *graph.notes.values()]
    added = [edits.AddItem(replace(i, id=graph.fresh_id(i.id[:1]), x=i.x + dx, y=i.y + dy)) for i in items if i.id in chosen]
    model.do(edits.Compound((edits.duplicate(graph, chosen, dx, dy), *added), _("Duplicate")))
    fresh = [i for table in (graph.nodes, graph.groups, graph.frames, graph.notes) for i in table if i not in before]
    return [i for i in fresh if model.navigation.seen(i)]


def nudge(model: CanvasModel, dx: float, dy: float) -> None:
    """Move the selection a little; presses in a row are one step."""
    edit = remarks.nudged(model, dx, dy)
    if edit is not None:
        model.do(edit, _("Move"), merge=("nudge", frozenset(model.selection)))


def step_selection(model: CanvasModel, dx: int, dy: int) -> None:
    """Select the nearest node in a direction from the selected one; without one, the first."""
    scene = model.scene
    chosen = [item for item in model.movable() if item in scene.row]
    if not chosen:
        model.select(scene.ids[:1])
        return
    others = set(chosen[:-1])
    rects = {item: (x, y, width, height) for item, (x, y, width, height) in zip(scene.ids, scene.placed().tolist(), strict=True)}
    _go_to(model, nearest({item: rect for item, rect in rects.items() if item not in others}, chosen[-1], dx, dy))


def _go_to(model: CanvasModel, item: str | None) -> None:
    if item is not None:
        model.select([item])
        model.reveal(item)


def follow_wire(model: CanvasModel, forward: bool) -> None:
    """Select what the first wire out of the selected node leads to, or what the first one into it comes from."""
    scene = model.scene
    chosen = [item for item in model.movable() if item in scene.row]
    if chosen:
        level = scene.level.seen if scene.level is not None else visible_items(scene.graph)
        _go_to(model, next(iter(along_wires(level, chosen[-1], forward)), None))


def new_node(graph: Graph, key: str, at: QPointF, taken: Collection[str] = ()) -> Node:
    """A node of a type, its title bar under a place."""
    spec = graph.catalog[key]
    name = graph.fresh_name(spec.default_name, taken)
    return Node(id=graph.fresh_id("n"), type=spec.key, name=name, x=float(round(at.x() - 64)), y=float(round(at.y() - geometry.TITLE / 2)))


def add(model: CanvasModel, key: str, at: QPointF, from_port: PortHit | None = None, port: str | None = None) -> str | None:
    """Add a node, wired to `from_port` where given (to `port`, else to the first that fits), as one step; its id."""
    graph = model.document.graph
    if key not in graph.catalog:
        model.message.emit(_('There is no node type "{key}" here').format(key=key))
        return None
    node = new_node(graph, key, at)
    with model.document.gesture(_("Add {title}").format(title=graph.catalog[key].title)) as gesture:
        if not model.do(edits.AddNode(node)):
            gesture.cancel()
            return None
        if from_port is not None:
            _wire_new(model, node.id, from_port, port)
    model.select([node.id])
    return node.id


def fits(graph: Graph, key: str, from_port: PortHit) -> list[str]:
    """The ports of a type that a wire from (or to) `from_port` could join, by their declared kinds."""
    spec, held = graph.catalog[key], graph.spec(from_port.node)
    mine = held.output(from_port.spot.port) if from_port.spot.output else held.input(from_port.spot.port)
    kind = mine.dtype if mine is not None else "any"
    others = [p for p in spec.inputs if not p.parameter] if from_port.spot.output else list(spec.outputs)
    return [p.name for p in others if "any" in (kind, p.dtype) or p.dtype == kind]


def _wire_new(model: CanvasModel, node: str, from_port: PortHit, port: str | None) -> None:
    graph = model.document.graph
    choices = [port] if port is not None else fits(graph, graph.nodes[node].type, from_port)
    for name in choices:
        here, there = (node, name), (from_port.node, from_port.spot.port)
        source, target = (there, here) if from_port.spot.output else (here, there)
        if graph.refusal(source, target) is None:
            slot = 0 if from_port.spot.output else from_port.spot.slot
            model.do(edits.connect(graph, source, target, slot))
            return


def bend(model: CanvasModel, edge_id: str, at: QPointF) -> int:
    """Lead a wire through one more point; which of its points that is."""
    edge = model.document.graph.edges[edge_id]
    index = model.scene.piece_at(edge_id, at)
    via = (*edge.via[:index], (float(round(at.x())), float(round(at.y()))), *edge.via[index:])
    model.do(edits.SetVia(edge_id, via), _("Add point"))
    return index


def unbend(model: CanvasModel, edge_id: str, index: int) -> None:
    """Take a point out of a wire."""
    edge = model.document.graph.edges.get(edge_id)
    if edge is not None and index < len(edge.via):
        model.do(edits.SetVia(edge_id, (*edge.via[:index], *edge.via[index + 1 :])), _("Delete point"))


def activate(model: CanvasModel) -> None:
    """What Enter does to the selected node, or to a group's card: it is gone into."""
    nodes, chosen = model.selected_nodes(), model.movable()
    if len(chosen) == 1 and chosen[0] in model.document.graph.groups:
        model.navigation.enter(chosen[0])
    elif len(nodes) == 1:
        model.node_activated.emit(nodes[0])

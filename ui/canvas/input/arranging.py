"""Putting cards in order, when someone asks for it."""

from __future__ import annotations

from graph.grouping.align import Side, align
from graph.grouping.layout import layout
from graph.model import edits
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.levels import stand_in, with_content

_WORDS: dict[Side, str] = {"top": "Align tops", "left": "Align left sides", "bottom": "Align bottoms", "right": "Align right sides"}


def align_selection(model: CanvasModel, side: Side) -> None:
    """Bring one side of everything selected onto one line."""
    rects = {}
    for each in model.movable():
        rect = model.item_rect(each)
        rects[each] = (rect.x(), rect.y(), rect.width(), rect.height())
    moved = tuple((n, *place) for n, place in align(rects, side).items() if place != rects[n][:2])
    if moved:
        moves = with_content(model.document.graph, edits.Move(moved))
        model.do(edits.Compound(moves) if len(moves) > 1 else moves[0], _WORDS[side])


def layout_selection(model: CanvasModel) -> None:
    """Lay out the selected nodes, or with fewer than two everything, from left to right. Points of their wires are given up."""
    graph, scene = model.document.graph, model.scene
    chosen = [item for item in model.movable() if item in scene.row]
    sizes = {item: (rect.width(), rect.height()) for item in scene.ids for rect in (scene.rect(item),)}
    seen = graph if scene.level is None else stand_in(graph, scene.level)
    places = layout(seen, sizes, chosen if len(chosen) > 1 else None)
    moved = tuple((item, x, y) for item, (x, y) in places.items() if (seen.nodes[item].x, seen.nodes[item].y) != (x, y))
    moves = with_content(graph, edits.Move(moved)) if moved else ()
    ends = {edge: scene.ends(edge) for edge in scene.bent}
    straight = [edits.SetVia(edge, ()) for edge, (source, target, _) in ends.items() if source[0] in places and target[0] in places]
    if moves or straight:
        model.do(edits.Compound((*moves, *straight)) if straight or len(moves) > 1 else moves[0], "Arrange")

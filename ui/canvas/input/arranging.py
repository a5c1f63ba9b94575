"""Arranging, aligning and distributing cards on request."""

from __future__ import annotations

from collections.abc import Mapping

from graph.grouping.align import Axis, Place, Rect, Side, align, distribute
from graph.grouping.layout import layout
from graph.model import edits
from graph.text.messages import _
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.levels import stand_in, with_content

_ALIGNED: dict[Side, str] = {
    "top": _("Align tops"), "left": _("Align left sides"), "bottom": _("Align bottoms"), "right": _("Align right sides"),
    "center": _("Align horizontal centres"), "middle": _("Align vertical centres"),
}  # fmt: skip
_DISTRIBUTED: dict[Axis, str] = {"x": _("Distribute horizontally"), "y": _("Distribute vertically")}


def align_selection(model: CanvasModel, side: Side) -> None:
    """Bring one side, or the centres, of everything selected onto one line."""
    rects = _rects(model)
    _move(model, rects, align(rects, side), _ALIGNED[side])


def distribute_selection(model: CanvasModel, axis: Axis) -> None:
    """Make the gaps between what is selected equal; the outermost two stay where they are."""
    rects = _rects(model)
    _move(model, rects, distribute(rects, axis), _DISTRIBUTED[axis])


def _rects(model: CanvasModel) -> dict[str, Rect]:
    rects = {item: model.item_rect(item) for item in model.movable()}
    return {item: (rect.x(), rect.y(), rect.width(), rect.height()) for item, rect in rects.items()}


def _move(model: CanvasModel, rects: Mapping[str, Rect], places: Mapping[str, Place], text: str) -> None:
    """One step; groups take along what they hold."""
    moved = tuple((item, *place) for item, place in places.items() if place != rects[item][:2])
    if moved:
        moves = with_content(model.document.graph, edits.Move(moved))
        model.do(edits.Compound(moves) if len(moves) > 1 else moves[0], text)


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
        model.do(edits.Compound((*moves, *straight)) if straight or len(moves) > 1 else moves[0], _("Arrange"))

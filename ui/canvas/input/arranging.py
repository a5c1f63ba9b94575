"""Arranging, aligning and distributing cards on request."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from PySide6.QtCore import QSizeF

from graph.grouping.align import Axis, Place, Rect, Side, align, distribute
from graph.grouping.arrange import Arranged, arrange
from graph.grouping.layout import arranged
from graph.model import edits
from graph.text.messages import _
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.levels import stand_in, with_content
from ui.canvas.model.scene import CanvasScene

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
    """Lay out the selected nodes, or with fewer than two everything; wires that would run under a card are led around it."""
    scene = model.scene
    chosen = [item for item in model.movable() if item in scene.row]
    changes = arrangement(scene, model.viewport.size(), chosen if len(chosen) > 1 else None)
    if changes:
        model.do(edits.Compound(changes) if len(changes) > 1 else changes[0], _("Arrange"))
    if changes and len(chosen) < 2:
        model.viewport.fit_all()


def arrangement(
    scene: CanvasScene, view: QSizeF, chosen: Collection[str] | None = None, heights: Mapping[str, float] | None = None
) -> tuple[edits.Edit, ...]:
    """The edits that lay out what a canvas of this size shows, or the items in `chosen`. `heights`: as high will these cards be once
    their shapes are known."""
    graph, canvas = scene.graph, (view.width(), view.height())
    known = heights or {}
    sizes = {item: (rect.width(), max(rect.height(), known.get(item, 0.0))) for item in scene.ids for rect in (scene.rect(item),)}
    seen = graph if scene.level is None else stand_in(graph, scene.level)

    def hook(item: str, port: str, output: bool, slot: int) -> Place:
        return scene.cards[item].hook(port, output, slot)

    found: Arranged
    if chosen is None:
        shown = scene.inside is None
        frames = {frame.id: (frame.x, frame.y, frame.width, frame.height) for frame in graph.frames.values() if shown}
        notes = {note.id: (note.x, note.y, note.width, note.height) for note in graph.notes.values() if shown}
        found = arrange(seen, sizes, canvas, hook, frames, notes)
    else:
        part = arranged(seen, sizes, chosen, canvas, hook)
        found = Arranged(part.places, {}, part.via)
    moved = tuple((item, x, y) for item, (x, y) in found.places.items() if scene_place(scene, item) != (x, y))
    changes: list[edits.Edit] = list(with_content(graph, edits.Move(moved))) if moved else []
    for frame, (width, height) in found.frames.items():
        x, y = found.places[frame]
        if (graph.frames[frame].width, graph.frames[frame].height) != (width, height):
            changes.append(edits.SetItem(replace(graph.frames[frame], x=x, y=y, width=width, height=height)))
    ends = {edge: scene.ends(edge) for edge in scene.edges}
    for edge, (source, target, _slot) in ends.items():
        placed = edge in found.via or (source[0] in found.places and target[0] in found.places)
        if placed and graph.edges[edge].via != (via := found.via.get(edge, ())):
            changes.append(edits.SetVia(edge, via))
    return tuple(changes)


def scene_place(scene: CanvasScene, item: str) -> Place:
    """Where the document says that something is."""
    graph = scene.graph
    held = graph.nodes.get(item) or graph.groups.get(item) or graph.frames.get(item) or graph.notes[item]
    return held.x, held.y

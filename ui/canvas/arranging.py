"""Putting cards in order, when someone asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph import edits
from graph.align import Side, align
from graph.layout import layout

if TYPE_CHECKING:
    from ui.canvas.view import Canvas

_WORDS: dict[Side, str] = {"top": "Align tops", "left": "Align left sides", "bottom": "Align bottoms", "right": "Align right sides"}


def align_selection(canvas: Canvas, side: Side) -> None:
    """Bring one side of everything selected onto one line."""
    rects = {}
    for each in canvas.movable():
        rect = canvas.scene.rect(each) if each in canvas.scene.row else canvas.scene.item_rect(each)
        rects[each] = (rect.x(), rect.y(), rect.width(), rect.height())
    moved = tuple((n, *place) for n, place in align(rects, side).items() if place != rects[n][:2])
    if moved:
        canvas.do(edits.Move(moved), _WORDS[side])


def layout_selection(canvas: Canvas) -> None:
    """Lay out the selected nodes, or with fewer than two everything, from left to right. Points of their wires are given up."""
    graph, chosen = canvas.document.graph, canvas.selected_nodes()
    sizes = {n: (canvas.scene.rect(n).width(), canvas.scene.rect(n).height()) for n in graph.nodes}
    places = layout(graph, sizes, chosen if len(chosen) > 1 else None)
    moved = tuple((n, x, y) for n, (x, y) in places.items() if (graph.nodes[n].x, graph.nodes[n].y) != (x, y))
    straight = [edits.SetVia(e.id, ()) for e in graph.edges.values() if e.via and e.source[0] in places and e.target[0] in places]
    if moved or straight:
        canvas.do(edits.Compound((edits.Move(moved), *straight)) if straight else edits.Move(moved), "Arrange")

"""Repeating a block in series on the canvas: its copies in a row, with what follows pushed aside."""

from __future__ import annotations

from graph.grouping.layout import GAP_X
from graph.grouping.repeat import block_of, repeat
from graph.model import edits
from graph.text.messages import _
from ui.canvas.input.insert import CLEAR, closure, links, run_into
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.levels import with_content


def repeat_selection(model: CanvasModel, count: int) -> tuple[str, ...]:
    """Add `count` copies of the selected block behind it, as one step, and select them; the new ids of its nodes. Raises GraphError."""
    graph, scene = model.document.graph, model.scene
    items = [item for item in model.movable() if item in scene.row]
    block, fitted = block_of(graph, items), model.viewport.fitted
    around = scene.bounds(items)
    step = 8.0 * round((around.width() + GAP_X) / 8.0)
    in_the_way = scene.nodes_in(around.adjusted(0, -CLEAR, count * step + CLEAR, CLEAR))
    pushed = closure(links(scene, forward=True), *items) | dict.fromkeys(in_the_way)
    pushed = run_into(scene, {item: None for item in pushed if item not in items}, set(items), count * step)
    repeated = repeat(graph, block, count, step)
    with model.document.gesture(_("Repeat")) as gesture:
        places = tuple((item, scene.place(item)[0] + count * step, scene.place(item)[1]) for item in pushed)
        if places and not model.do(edits.Compound(with_content(graph, edits.Move(places)))):
            gesture.cancel()
            return ()
        if not model.do(repeated.edit):
            gesture.cancel()
            return ()
    fresh = tuple(renewed[node] for renewed in repeated.copies for node in block.nodes)
    model.select(item for renewed in repeated.copies for item in renewed.values() if item in model.scene.row)
    if fitted:
        model.viewport.fit_all()
    else:
        model.viewport.reveal(model.scene.bounds(model.selection))
    return fresh

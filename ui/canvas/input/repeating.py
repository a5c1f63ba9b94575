"""Repeating a block in series on the canvas: its copies in a row, with what follows pushed aside."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping

from graph.grouping.packing import GAP_X
from graph.grouping.repeat import Block, block_of, repeat
from graph.model import edits
from graph.text.messages import _
from ui.canvas.input.insert import CLEAR, closure, links, run_into
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.card_body import Shapes
from ui.canvas.model.levels import with_content
from ui.canvas.model.scene import CanvasScene


def repeat_selection(model: CanvasModel, count: int) -> tuple[str, ...]:
    """Add `count` copies of the selected block behind it, as one step, and select them; the new ids of its nodes. Raises GraphError."""
    graph, scene = model.document.graph, model.scene
    items = [item for item in model.movable() if item in scene.row]
    block = block_of(graph, items)
    behind = closure(links(scene, forward=True), *items)
    repeated = repeat(graph, block, count, 8.0 * round((scene.bounds(items).width() + GAP_X) / 8.0))
    with model.document.gesture(_("Repeat")) as gesture:
        if not model.do(repeated.edit):
            gesture.cancel()
            return ()
        for renewed in repeated.copies:
            model.live.take_shapes(_expected(scene.shapes, block, renewed))
        fresh = [item for renewed in repeated.copies for item in renewed.values() if item in scene.row]
        _move(model, _spread(scene, fresh, {*items, *fresh}))
        _push(model, [item for item in behind if item not in items], fresh, {*items, *fresh})
    model.select(fresh)
    model.viewport.follow(scene.bounds(fresh))
    return tuple(renewed[node] for renewed in repeated.copies for node in block.nodes)


def _expected(known: Shapes, block: Block, renewed: Mapping[str, str]) -> Shapes:
    """The shapes of a copy, until the engine has inferred them: those of the original; weights take in what leaves the block."""
    leaving, entered = known.outputs.get(block.exit, ()), {end[0] for end, _slot in block.entries}
    outputs = {(renewed[node], port): dims for (node, port), dims in known.outputs.items() if node in renewed}
    parameters = {
        renewed[node]: {
            name: (*dims[:-1], leaving[-1]) if node in entered and len(dims) == 2 and leaving else dims for name, dims in learned.items()
        }
        for node, learned in known.parameters.items() if node in renewed
    }  # fmt: skip
    return Shapes(outputs, parameters, {renewed[node]: inner for node, inner in known.inner.items() if node in renewed})


def _spread(scene: CanvasScene, fresh: Iterable[str], row: Collection[str]) -> dict[str, float]:
    """How far each new card has to move right so that it keeps its distance to the cards of the row that lead to it."""
    before = links(scene, forward=False)
    moved: dict[str, float] = {}
    for item in fresh:  # copies come one after the other, and the nodes of each in the order of computation or nearly
        left = scene.rect(item).left()
        rights = [scene.rect(other).right() + moved.get(other, 0.0) for other in before.get(item, ()) if other in row]
        moved[item] = 8.0 * math.ceil(max([right + GAP_X - left for right in rights] + [0.0]) / 8.0)
    return moved


def _push(model: CanvasModel, behind: Iterable[str], fresh: Collection[str], staying: Collection[str]) -> None:
    """Move what follows, and what stands in the way, to the right of the new cards."""
    scene = model.scene
    around = scene.bounds(fresh)
    pushed = dict.fromkeys([*behind, *(item for item in scene.nodes_in(around.adjusted(0, -CLEAR, 0, CLEAR)) if item not in staying)])
    left = min((scene.rect(item).left() for item in pushed), default=math.inf)
    step = 8.0 * math.ceil((around.right() + GAP_X - left) / 8.0) if pushed else 0.0
    if step > 0:
        _move(model, dict.fromkeys(run_into(scene, pushed, staying, step), step))


def _move(model: CanvasModel, steps: Mapping[str, float]) -> None:
    scene = model.scene
    places = tuple((item, scene.place(item)[0] + step, scene.place(item)[1]) for item, step in steps.items() if step)
    if places:
        model.do(edits.Compound(with_content(model.document.graph, edits.Move(places))))

"""A rule is wide: its rows are drawn apart until it is as high as the canvas, so that there is more room for the numbers on the wires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSizeF

from graph.grouping.packing import AROUND, GRID, shown_at
from graph.model.edits import Edit, Move, SetVia

if TYPE_CHECKING:
    from ui.canvas.model.scene import CanvasScene

FILLED = 0.88
"""The share of the canvas's height that the rule may fill."""
MOST = 2.2
"""By how much rows are drawn apart at most."""


def stretched(scene: CanvasScene, view: QSizeF) -> tuple[Edit, ...]:
    """The edits that draw the rows of what is on the canvas apart, as far as nothing becomes smaller."""
    extent, graph = scene.bounds(), scene.graph
    if extent.isEmpty():
        return ()
    scale = shown_at((extent.width(), extent.height()), (view.width(), view.height()))
    factor = min(MOST, (FILLED * view.height() / scale - AROUND[1]) / extent.height())
    if factor < 1.05:
        return ()
    middle = extent.center().y()

    def spread(y: float, half: float) -> float:
        return GRID * round((middle + (y + half - middle) * factor - half) / GRID)

    places = tuple((node.id, node.x, spread(node.y, scene.rect(node.id).height() / 2)) for node in graph.nodes.values())
    vias = tuple(SetVia(edge.id, tuple((x, spread(y, 0.0)) for x, y in edge.via)) for edge in graph.edges.values() if edge.via)
    return (Move(places), *vias)

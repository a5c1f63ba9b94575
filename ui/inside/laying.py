"""How a rule lies on the canvas: from left to right in one line, its rows drawn apart until it is as high as the canvas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QSizeF

from graph.grouping.arrange import Arranged, arrange
from graph.grouping.packing import AROUND, GRID, Place, shown_at
from graph.model.edits import Edit, Move, SetVia

if TYPE_CHECKING:
    from ui.canvas.model.scene import CanvasScene

FILLED = 0.88
"""The share of the canvas's height that the rule may fill."""
MOST = 2.2
"""By how much rows are drawn apart at most: there is more room for the numbers on the wires then."""


def laid_out(scene: CanvasScene, view: QSizeF) -> tuple[Edit, ...]:
    """The edits that lay out all that is on a canvas of this size."""
    sizes = {item: (rect.width(), rect.height()) for item in scene.ids for rect in (scene.rect(item),)}
    if not sizes:
        return ()

    def hook(item: str, port: str, output: bool, slot: int) -> Place:
        return scene.cards[item].hook(port, output, slot)

    return _stretched(scene, arrange(scene.graph, sizes, None, hook), sizes, view)


def _stretched(scene: CanvasScene, found: Arranged, sizes: Mapping[str, Place], view: QSizeF) -> tuple[Edit, ...]:
    """The same with its rows apart, as far as nothing becomes smaller."""
    lows = [place[1] for place in found.places.values()]
    highs = [place[1] + sizes[item][1] for item, place in found.places.items()]
    wide = max(place[0] + sizes[item][0] for item, place in found.places.items()) - min(place[0] for place in found.places.values())
    high, middle = max(highs) - min(lows), (max(highs) + min(lows)) / 2
    scale = shown_at((wide, high), (view.width(), view.height()))
    factor = min(MOST, max(1.0, (FILLED * view.height() / scale - AROUND[1]) / high))

    def spread(y: float, half: float) -> float:
        return GRID * round((middle + (y + half - middle) * factor - half) / GRID)

    places = tuple((item, x, spread(y, sizes[item][1] / 2)) for item, (x, y) in found.places.items())
    vias = {edge: tuple((x, spread(y, 0.0)) for x, y in points) for edge, points in found.via.items()}
    edges = scene.graph.edges.values()
    return (Move(places), *(SetVia(edge.id, vias.get(edge.id, ())) for edge in edges if edge.via != vias.get(edge.id, ())))

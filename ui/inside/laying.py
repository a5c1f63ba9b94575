"""How a rule lies on the canvas: from left to right in one line, its rows drawn apart until it is as high as the canvas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSizeF

from engine.training.optimizers.wired import SETTING
from graph.grouping.arrange import Arranged, arrange
from graph.grouping.packing import AROUND, GRID, Place, shown_at
from graph.model.edits import Edit, Move, SetVia

if TYPE_CHECKING:
    from ui.canvas.model.scene import CanvasScene

FILLED = 0.88
"""The share of the canvas's height that the rule may fill."""
MOST = 2.2
"""By how much rows are drawn apart at most: there is more room for the numbers on the wires then."""
AWAY, CLEAR = (120.0, 96.0, 72.0, 48.0), 16.0
"""How far a setting such as η is moved away from what it goes into, so that its wire has room for its derivative: the first of these at
which it keeps this distance from all else."""


def laid_out(scene: CanvasScene, view: QSizeF) -> tuple[Edit, ...]:
    """The edits that lay out all that is on a canvas of this size."""
    sizes = {item: (rect.width(), rect.height()) for item in scene.ids for rect in (scene.rect(item),)}
    if not sizes:
        return ()

    def hook(item: str, port: str, output: bool, slot: int) -> Place:
        return scene.cards[item].hook(port, output, slot)

    found = arrange(scene.graph, sizes, None, hook)
    return _stretched(scene, replace(found, places=_settings_apart(scene, dict(found.places), sizes)), sizes, view)


def _settings_apart(scene: CanvasScene, places: dict[str, Place], sizes: Mapping[str, Place]) -> dict[str, Place]:
    """Settings that lie close before their only use, moved to the left as far as there is room."""
    first = min(x for x, _y in places.values())
    for item, (x, y) in list(places.items()):
        node = scene.graph.nodes.get(item)
        if node is None or node.type != SETTING or len(scene.graph.outputs_of(item)) != 1:
            continue
        others = [(*place, *sizes[other]) for other, place in places.items() if other != item]
        for away in AWAY:
            left, (wide, high) = x - away, sizes[item]
            if left >= first and not any(
                left < ox + ow + CLEAR and ox < left + wide + CLEAR and y < oy + oh + CLEAR and oy < y + high + CLEAR
                for ox, oy, ow, oh in others
            ):
                places[item] = left, y
                break
    return places


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

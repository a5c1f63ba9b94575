"""The positions of the numbers on wires: the value above, the gradient below, each fixed for as long as nothing moves.

A wire's two labels share a place along the wire and are pushed away from it, from other wires, from cards and from labels
that stand already. Places depend on geometry and on the widths the texts need, rounded up, so that changing digits do not
make them jump.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from math import ceil

from PySide6.QtCore import QRectF

from graph.model.elements import End
from ui.canvas.model import geometry
from ui.canvas.model.content import Content
from ui.canvas.model.label_search import HEIGHT, Places, candidate, cheapest
from ui.canvas.model.number_texts import stub_texts, texts
from ui.canvas.model.scene import CanvasScene
from ui.look.theme import Theme

LEAST = 62.0
NUMBERS = 0.36
"""The scale from which wires carry their numbers, magnified."""
BRACKETS = 0.5
"""The scale from which small tensors are written out on wires."""
WRITTEN = 0.6
"""The scale from which they are on cards, whose numbers are not magnified."""


class Labels:
    """Places of the labels, kept until geometry near them changes. `boost` magnifies the texts."""

    def __init__(self) -> None:
        self.places: dict[str, Places] = {}
        self.boost = 1.0
        self.brackets = True
        self.held = False
        """While numbers change by a drag or in training, labels keep their places even when texts outgrow them."""

    def magnify(self, boost: float, brackets: bool) -> None:
        """Texts are drawn this large; `brackets`: small tensors are written out."""
        if (boost, brackets) != (self.boost, self.brackets):
            self.boost, self.brackets = boost, brackets
            self.clear()

    def clear(self) -> None:
        self.places.clear()

    def forget(self, edge_ids: Iterable[str]) -> None:
        for edge_id in edge_ids:
            self.places.pop(edge_id, None)

    def follow(self, scene: CanvasScene, edge_ids: Iterable[str]) -> None:
        """Keep labels where they are along wires that are being carried; overlaps are resolved when the drag ends."""
        for edge_id in edge_ids:
            known = self.places.get(edge_id)
            if known is None or edge_id not in scene.edge_row:
                continue
            own, at = scene.wire_points(edge_id), []
            for side, width, pick in ((-1.0, known.widths[0], known.picks[0]), (1.0, known.widths[1], known.picks[1])):
                at.append(candidate(own, side, width, HEIGHT * self.boost, pick))
            self.places[edge_id] = Places(at[0], at[1], known.widths, known.picks)

    def hit(self, edge_ids: Iterable[str], x: float, y: float) -> str | None:
        """The wire one of whose numbers is at a place of the scene."""
        for edge in edge_ids:
            if any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in self.boxes([edge])):
                return edge
        return None

    def boxes(self, edge_ids: Iterable[str]) -> list[tuple[float, float, float, float]]:
        """What the labels of these wires cover, as left, top, right, bottom."""
        return [box for edge in edge_ids if edge in self.places for box in _boxes(self.places[edge], self.boost)]

    def prepare(self, scene: CanvasScene, ids: Iterable[str], content: Content, budget_ms: float | None = None) -> bool:
        """Find a place for every wire of `ids` that has none, or whose texts have outgrown it; whether all have one now.

        With a budget the search stops when the time is up: a large graph gets its labels over some frames.
        """
        began = time.perf_counter()
        taken: list[tuple[float, float, float, float]] | None = None
        for edge_id in ids:
            known = self.places.get(edge_id)
            if known is not None and self.held:
                continue
            above, below = texts(scene.graph.edges[edge_id], content)
            need = above.width * self.boost + 4, below.width * self.boost + 4
            if known is not None and need[0] <= known.widths[0] and need[1] <= known.widths[1]:
                continue
            if budget_ms is not None and taken is not None and (time.perf_counter() - began) * 1000 > budget_ms:
                return False
            self.places.pop(edge_id, None)
            if taken is None:
                taken = [box for places in self.places.values() for box in _boxes(places, self.boost)]
            widths = _reserved(above.width * self.boost, self.boost), _reserved(below.width * self.boost, self.boost)
            spot = cheapest(scene, edge_id, widths, taken, content, self.boost)
            self.places[edge_id] = spot
            taken += _boxes(spot, self.boost)
        return True


def _reserved(width: float, boost: float) -> float:
    return max(LEAST * boost, 16.0 * ceil((width + 4) / 16.0))


def _boxes(places: Places, boost: float) -> list[tuple[float, float, float, float]]:
    both, half = zip((places.forward, places.backward), places.widths, strict=True), HEIGHT * boost / 2
    return [(x - w / 2, y - half, x + w / 2, y + half) for (x, y), w in both]


def magnification(scale: float, theme: Theme) -> float:
    """How much larger labels are drawn when the graph is small on the screen, so that they stay legible; in few steps."""
    wanted = 0.8 * theme.scale / scale
    return min(max(1.0, round(wanted * 5) / 5), 1.4)


def stub_places(
    scene: CanvasScene, node_id: str, port: str, widths: tuple[float, float], boost: float = 1.0
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Positions of the objective's value and gradient: above and below its stub, clear of the card."""
    x, y = scene.anchor(node_id, port, True)
    above, below = (x + 8 + max(width * boost, geometry.STUB) / 2 for width in widths)
    return (above, y - 20 * boost), (below, y + 20 * boost)


def stub_box(scene: CanvasScene, content: Content, seen: End, objective: End, boost: float) -> QRectF:
    """What the objective's stub and its numbers fill, beside the card at which it is `seen`."""
    x, y = scene.anchor(*seen, True)
    widest = max(text.width for text in stub_texts(content, objective)) * boost
    high = (20 + HEIGHT / 2) * boost
    return QRectF(x, y - high, max(geometry.STUB, 8 + widest) + 8, 2 * high)

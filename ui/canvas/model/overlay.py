"""What teaching tools lay over the picture: rings, a veil, tags, marks, and whatever they paint themselves.

Nothing of it is in the document or in a file. Every tool has a name of its own here, so that none undoes another's work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from PySide6.QtCore import QObject, QPointF, QRectF, Signal
from PySide6.QtGui import QPainter

from ui.canvas.model import text_metrics
from ui.canvas.model.live_scene import LiveScene
from ui.canvas.model.number_texts import LINE
from ui.canvas.model.viewport import Viewport

Hue = Literal["highlight", "forward", "backward"]
Kind = Literal["plain", "ok", "warning", "error", "forward", "backward"]
SIGNS: dict[Kind, str] = {"ok": "✓ ", "warning": "! ", "error": "✕ "}
"""Put before the text, so that colour is never the only sign."""
MANY = 300
"""With this many tags or more, each takes its best place and may cover others: nobody reads them all."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A pill under a wire's gradient, or above a card."""

    text: str
    kind: Kind = "plain"

    @property
    def shown(self) -> str:
        return SIGNS.get(self.kind, "") + self.text


@dataclass(slots=True)
class OverlayLayer:
    nodes: frozenset[str] = frozenset()
    edges: frozenset[str] = frozenset()
    dim: bool = False
    hue: Hue = "highlight"
    tags: dict[str, Tag] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    paint: Callable[[QPainter], None] | None = None


class Overlay(QObject):
    """One per canvas. Ids are those of nodes, groups and wires; what cannot be seen now is skipped.

    `repaint` is called when the picture looks different.
    """

    changed = Signal()

    def __init__(self, live: LiveScene, viewport: Viewport, repaint: Callable[[], None]) -> None:
        super().__init__()
        self.live = live
        self._viewport = viewport
        self._repaint = repaint
        self._layers: dict[str, OverlayLayer] = {}

    # what tools say

    def highlight(self, owner: str, nodes: Iterable[str], edges: Iterable[str] = (), dim: bool = False, hue: Hue = "highlight") -> None:
        """Ring these nodes and light these wires; `dim` veils everything else. Nothing given: end it. `hue` is the wires' colour."""
        layer = self._layer(owner)
        layer.nodes, layer.edges, layer.dim, layer.hue = frozenset(nodes), frozenset(edges), dim, hue
        self._told()

    def tag(self, owner: str, tags: Mapping[str, Tag]) -> None:
        """Pills under wires and above cards, by their ids."""
        self._layer(owner).tags = dict(tags)
        self._told()

    def mark(self, owner: str, marks: Mapping[str, str]) -> None:
        """A sign at the corner of cards: `breakpoint`, `condition`, `seed`, `target`, or one letter."""
        self._layer(owner).marks = dict(marks)
        self._told()

    def painter(self, owner: str, paint: Callable[[QPainter], None] | None) -> None:
        """Paint above everything, in view coordinates, whenever the canvas is painted."""
        self._layer(owner).paint = paint
        self._told()

    def clear(self) -> None:
        """Forget everything that belonged to a document."""
        kept = {owner: layer.paint for owner, layer in self._layers.items() if layer.paint is not None}
        self._layers = {owner: OverlayLayer(paint=paint) for owner, paint in kept.items()}
        self._told()

    def update(self) -> None:
        """What a tool's own painter paints has changed."""
        self._repaint()

    # what is there

    def highlighted(self, owner: str) -> tuple[frozenset[str], frozenset[str]]:
        """The nodes and wires this tool has highlighted."""
        layer = self._layers.get(owner) or OverlayLayer()
        return layer.nodes, layer.edges

    def tags(self, owner: str) -> dict[str, Tag]:
        return dict((self._layers.get(owner) or OverlayLayer()).tags)

    def marks(self, owner: str) -> dict[str, str]:
        return dict((self._layers.get(owner) or OverlayLayer()).marks)

    @property
    def layers(self) -> list[OverlayLayer]:
        return list(self._layers.values())

    def hit_tag(self, at: QPointF) -> str | None:
        """The id whose tag is under this place in the view; the topmost where several lie over each other."""
        place = self._viewport.camera.to_scene(at)
        hits = [identity for identity, _, box in self.placed_tags() if box.contains(place)]
        return hits[-1] if hits else None

    # where it is

    def placed_tags(self) -> list[tuple[str, Tag, QRectF]]:
        """Every tag that can be seen and the box it fills, in scene coordinates."""
        wanted = [(identity, tag) for layer in self._layers.values() for identity, tag in layer.tags.items()]
        placed: list[tuple[str, Tag, QRectF]] = []
        taken = self._taken() if 0 < len(wanted) <= MANY else []
        for identity, tag in wanted:
            wide, high = (text_metrics.text_width("small", tag.shown) + 16) * self.boost, (LINE - 2) * self.boost
            places = self._tag_places(identity, wide, LINE * self.boost)
            boxes = [QRectF(x - wide / 2, y - high / 2, wide, high) for x, y in places]
            if boxes:
                free = (box for box in boxes if not any(box.intersects(other) for other in taken))
                box = next(free, boxes[0])
                taken.append(box)
                placed.append((identity, tag, box))
        return placed

    def _taken(self) -> list[QRectF]:
        """What tags should not cover: labels and cards in view."""
        scene, seen = self.live.scene, self._viewport.seen()
        boxes = self.live.labels.boxes(scene.edges_in(seen))
        labels = [QRectF(left + 8, top + 1, right - left - 16, bottom - top - 2) for left, top, right, bottom in boxes]
        return labels + [scene.rect(node) for node in scene.nodes_in(seen)]

    def _tag_places(self, identity: str, wide: float, line: float) -> list[tuple[float, float]]:
        """Possible centres of a tag, the best first: below the gradient, beside it, above the value, on the wire; above a card."""
        scene = self.live.scene
        if identity not in scene.edge_row:
            rect = self.rect(identity)
            return [] if rect.isNull() else [(rect.center().x(), rect.top() - line * (0.95 + i)) for i in range(4)]
        points = scene.wire_points(identity)
        middles = [(float(x), float(y)) for x, y in points[[len(points) // 2, len(points) // 3, 2 * len(points) // 3]]]
        above, below = self.live.labels.shown(identity)
        near: list[tuple[float, float]] = []
        for spot, away in ((below, 1.0), (above, -1.0)):
            if spot is not None:
                aside, level = (spot.width + wide) / 2, spot.y + away * (spot.height + line) / 2
                beside = [(spot.x + aside, spot.y), (spot.x - aside, spot.y)] if spot is below else []
                near += [(spot.x, level), *beside, (spot.x, level + away * line)]
        return near + middles

    @property
    def boost(self) -> float:
        """How much tags are enlarged, as labels are."""
        return max(self.live.labels.boost, 1.0)

    def rect(self, identity: str) -> QRectF:
        """Where an item is seen: its card, its group's card, its frame or note; null when it is not."""
        scene = self.live.scene
        shown = scene.item_of(identity) if identity not in scene.row else identity
        if shown is not None and shown in scene.row:
            return scene.rect(shown)
        graph = scene.graph
        return scene.item_rect(identity) if identity in graph.frames or identity in graph.notes else QRectF()

    def _layer(self, owner: str) -> OverlayLayer:
        return self._layers.setdefault(owner, OverlayLayer())

    def _told(self) -> None:
        self._repaint()
        self.changed.emit()

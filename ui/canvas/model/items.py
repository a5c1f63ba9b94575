"""Frames and notes: where they are, what of them can be taken hold of, and which nodes lie on a frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF

from graph.model.elements import Frame, Note
from graph.model.graph import Graph
from ui.canvas.model.scene import CanvasScene

HEAD = 34.0
"""Height of the strip with a frame's title: what a frame is taken hold of by."""
GRIP = 7.0
SMALLEST = {Frame: (96.0, 72.0), Note: (96.0, 40.0)}
Part = Literal["body", "edge"]


@dataclass(frozen=True, slots=True)
class ItemHit:
    """`sides` are the edges that would move: −1 left or top, 1 right or bottom, 0 neither."""

    id: str
    part: Part
    sides: tuple[int, int] = (0, 0)


def item_of(graph: Graph, identity: str) -> Frame | Note | None:
    return graph.frames.get(identity) or graph.notes.get(identity)


def note_at(scene: CanvasScene, at: QPointF, reach: float) -> ItemHit | None:
    """The uppermost note at a place: notes lie above the cards."""
    return _at(scene, reversed(list(scene.graph.notes)), at, reach)


def frame_at(scene: CanvasScene, at: QPointF, reach: float) -> ItemHit | None:
    """The uppermost frame whose title or edge is at a place; its inside belongs to what lies on it."""
    return _at(scene, reversed(list(scene.graph.frames)), at, reach)


def _at(scene: CanvasScene, ids: Iterable[str], at: QPointF, reach: float) -> ItemHit | None:
    for identity in ids:
        rect = scene.item_rect(identity)
        if not rect.adjusted(-reach, -reach, reach, reach).contains(at):
            continue
        sides = (_side(at.x(), rect.left(), rect.right(), reach), _side(at.y(), rect.top(), rect.bottom(), reach))
        if any(sides):
            return ItemHit(identity, "edge", sides)
        if identity in scene.graph.notes or at.y() <= rect.top() + HEAD:
            return ItemHit(identity, "body")
    return None


def _side(at: float, low: float, high: float, reach: float) -> int:
    return -1 if abs(at - low) <= reach else 1 if abs(at - high) <= reach else 0


def items_in(scene: CanvasScene, area: QRectF) -> list[str]:
    """Notes that touch an area and frames that lie in it whole: a box drawn on a frame means the nodes on it."""
    notes = [n for n in scene.graph.notes if scene.item_rect(n).intersects(area)]
    return notes + [f for f in scene.graph.frames if area.contains(scene.item_rect(f))]


def carried_by(scene: CanvasScene, frame_id: str) -> list[str]:
    """Nodes, notes and smaller frames that lie on a frame whole: they go where it goes."""
    area = scene.item_rect(frame_id)
    nodes = [n for n in scene.nodes_in(area) if area.contains(scene.rect(n))]
    others = [i for i in (*scene.graph.frames, *scene.graph.notes) if i != frame_id and area.contains(scene.item_rect(i))]
    return nodes + others


def around(scene: CanvasScene, ids: Iterable[str]) -> QRectF:
    """The rectangle a frame needs to hold these nodes and notes."""
    area = scene.bounds(ids)
    for identity in ids:
        area = area.united(scene.item_rect(identity))
    return area.adjusted(-28, -HEAD - 22, 28, 24) if not area.isNull() else area

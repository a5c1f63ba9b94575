"""Guides during a drag: the carried items snap into line with the cards around them, or to where a wire runs straight."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QPointF, QRectF

from graph.grouping.align import Guide, Snapper
from ui.canvas.model.scene import CanvasScene
from ui.canvas.model.wires import Point

CROWD = 500
"""With this many cards in view there is a line to snap to everywhere, and snapping no longer helps."""


class Snapping:
    """Made once when a drag begins."""

    def __init__(self, scene: CanvasScene, carried: Collection[str], seen: QRectF) -> None:
        self._whole = scene.bounds(carried)
        for item in carried:
            self._whole = self._whole.united(scene.item_rect(item))
        others = [n for n in scene.nodes_in(seen) if n not in carried]
        self._snapper = Snapper(scene.rects[[scene.row[n] for n in others]].tolist() if 0 < len(others) < CROWD else ())
        self._straight = _straightening(scene, carried) if len(carried) <= 64 else []
        self.guides: tuple[Guide, ...] = ()
        self.changed = False

    def release(self) -> None:
        """End snapping."""
        self.changed, self.guides = bool(self.guides), ()

    def to(self, step: Point, reach: float) -> QPointF:
        """The step, bent by at most `reach` in each direction; `guides` show to what."""
        rect = self._whole.translated(*step)
        snap = self._snapper.snap(
            (rect.left(), rect.top(), rect.width(), rect.height()), reach, [down - step[1] for down in self._straight]
        )
        self.changed = snap.guides != self.guides
        self.guides = snap.guides
        return QPointF(step[0] + snap.dx, step[1] + snap.dy)


def _straightening(scene: CanvasScene, carried: Collection[str]) -> list[float]:
    """How far down the carried nodes would have to go for each of their wires to the others to be level."""
    steps: list[float] = []
    for node in carried:
        for edge_id in scene.attached(node):
            source, target, _ = scene.ends(edge_id)
            outward = source[0] in carried
            if outward != (target[0] in carried) and edge_id not in scene.bent:
                points = scene.wire_points(edge_id)
                down = float(points[-1, 1] - points[0, 1])
                steps.append(down if outward else -down)
    return steps

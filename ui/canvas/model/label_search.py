"""The search for a place: pairs of boxes along a wire, and what each would cover."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

import numpy as np
from PySide6.QtCore import QRectF

from ui.canvas.model import geometry
from ui.canvas.model.content import Content
from ui.canvas.model.scene import CanvasScene

HEIGHT = 20.0
_SHARES = (0.5, 0.43, 0.57, 0.36, 0.64, 0.29, 0.71, 0.22, 0.78, 0.15, 0.85)
_GAPS = (2.0, 5.0, 9.0, 15.0, 23.0, 34.0, 48.0)


@dataclass(frozen=True, slots=True)
class Places:
    """Centres of the two labels of a wire, in scene coordinates, and the widths they were made for."""

    forward: tuple[float, float]
    backward: tuple[float, float]
    widths: tuple[float, float]
    picks: tuple[int, int]
    """Which of the candidates along the wire they are."""


def cheapest(
    scene: CanvasScene,
    edge_id: str,
    widths: tuple[float, float],
    taken: list[tuple[float, float, float, float]],
    content: Content,
    boost: float,
) -> Places:
    """The cheapest pair of places along the wire; the cost of a place counts what it would cover."""
    own = scene.wire_points(edge_id)
    span = scene.spans[scene.edge_row[edge_id]]
    around = QRectF(span[0] - 100, span[1] - 70, span[2] - span[0] + 200, span[3] - span[1] + 140)
    beside = [scene.edge_row[e] for e in scene.edges_in(around)]
    wires = _inside(_dense(scene.points[beside]), around)
    others = _nearby(scene.points[[row for row in beside if row != scene.edge_row[edge_id]]][:, ::4], around)
    cards = _cards(scene, around, content)
    near = np.array(taken or np.zeros((0, 4))).reshape(-1, 4)
    near = near[(near[:, 0] < around.right()) & (near[:, 2] > around.left()) & (near[:, 1] < around.bottom()) & (near[:, 3] > around.top())]
    drift = np.array([abs(share - 0.5) * 26 for share in _SHARES])
    best: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for side, width in ((-1.0, widths[0]), (1.0, widths[1])):
        boxes, away = _candidates(own, side, width, HEIGHT * boost)
        cost = (_covered(boxes, wires, cards, near) + _astray(own, boxes, others)).reshape(len(_SHARES), len(_GAPS)) + away
        pick = cost.argmin(axis=1)
        rows = np.arange(len(_SHARES))
        middle = (boxes[:, :2] + boxes[:, 2:]) / 2
        best.append((cost[rows, pick], middle.reshape(len(_SHARES), len(_GAPS), 2)[rows, pick], rows * len(_GAPS) + pick))
    chosen = int((best[0][0] + best[1][0] + drift).argmin())
    above, below = best[0][1][chosen], best[1][1][chosen]
    picks = int(best[0][2][chosen]), int(best[1][2][chosen])
    return Places((float(above[0]), float(above[1])), (float(below[0]), float(below[1])), widths, picks)


def _inside(points: np.ndarray, around: QRectF) -> np.ndarray:
    x, y = points.T
    return np.asarray(points[(x > around.left()) & (x < around.right()) & (y > around.top()) & (y < around.bottom())])


def _nearby(points: np.ndarray, around: QRectF) -> np.ndarray:
    """Segments (n, 4) of coarse curves whose start is around."""
    rows = np.concatenate([points[:, :-1], points[:, 1:]], axis=2).reshape(-1, 4)
    x, y = rows[:, 0], rows[:, 1]
    wide = around.adjusted(-80, -40, 80, 40)
    return np.asarray(rows[(x > wide.left()) & (x < wide.right()) & (y > wide.top()) & (y < wide.bottom())])


def _dense(points: np.ndarray) -> np.ndarray:
    """Sample points and the middles between them, as one list."""
    middles = (points[:, 1:] + points[:, :-1]) / 2
    return np.concatenate([points.reshape(-1, 2), middles.reshape(-1, 2)])


def _candidates(own: np.ndarray, side: float, width: float, height: float) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (share × distance, 4) on one side of the wire, and what their distance costs.

    A box is pushed along the normal just so far that it clears the tangent: above a level wire, beside a steep one.
    """
    rows = np.array([round(share * (len(own) - 1)) for share in _SHARES])
    tangent = own[np.minimum(rows + 1, len(own) - 1)] - own[np.maximum(rows - 1, 0)]
    tangent /= np.maximum(np.hypot(*tangent.T), 1e-9)[:, None]
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1) * -side
    normal[normal[:, 1] * side < 0] *= -1
    support = np.abs(normal[:, 0]) * width / 2 + np.abs(normal[:, 1]) * height / 2
    gaps = np.array(_GAPS)
    centres = own[rows][:, None, :] + normal[:, None, :] * (support[:, None] + gaps[None, :])[..., None]
    half = np.array([width / 2, height / 2])
    boxes = np.concatenate([centres - half, centres + half], axis=-1).reshape(-1, 4)
    return boxes, np.repeat((gaps * 0.5)[None, :], len(_SHARES), axis=0)


def candidate(own: np.ndarray, side: float, width: float, height: float, pick: int) -> tuple[float, float]:
    """The middle of one of the candidates."""
    share, gap = divmod(pick, len(_GAPS))
    row = round(_SHARES[share] * (len(own) - 1))
    (x, y), (x1, y1), (x2, y2) = own[row].tolist(), own[max(row - 1, 0)].tolist(), own[min(row + 1, len(own) - 1)].tolist()
    long = max(hypot(x2 - x1, y2 - y1), 1e-9)
    across, down = (y2 - y1) / long * -side, -(x2 - x1) / long * -side
    if down * side < 0:
        across, down = -across, -down
    away = abs(across) * width / 2 + abs(down) * height / 2 + _GAPS[gap]
    return x + across * away, y + down * away


def _astray(own: np.ndarray, boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """What it costs that another wire runs between a label and its own: it would be read as that one's."""
    if not len(others):
        return np.zeros(len(boxes))
    foot = np.repeat(own[[round(share * (len(own) - 1)) for share in _SHARES]], len(_GAPS), axis=0)[:, None, :]
    head = ((boxes[:, :2] + boxes[:, 2:]) / 2)[:, None, :]
    start, end = others[None, :, :2], others[None, :, 2:]

    def side(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        return np.asarray((b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0]))

    crossed = (side(foot, head, start) * side(foot, head, end) < 0) & (side(start, end, foot) * side(start, end, head) < 0)
    return np.asarray(45.0 * crossed.sum(axis=1))


def _cards(scene: CanvasScene, around: QRectF, content: Content) -> np.ndarray:
    """Cards near the wire as left, top, right, bottom, the objective's stub and its numbers included."""
    rects = [scene.rects[scene.row[n]] for n in scene.nodes_in(around)]
    boxes = [(r[0] - 7, r[1] - 3, r[0] + r[2] + 7, r[1] + r[3] + 3) for r in rects]
    objective = content.objective()
    if objective is not None and objective[0] in scene.row:
        x, y = scene.anchor(objective[0], objective[1], True)
        boxes.append((x, y - 34, x + geometry.STUB + 30, y + 34))
    return np.array(boxes or np.zeros((0, 4))).reshape(-1, 4)


def _covered(boxes: np.ndarray, wires: np.ndarray, cards: np.ndarray, near: np.ndarray) -> np.ndarray:
    """What each box would cover: points of wires, area of cards, area of other labels."""
    left, top, right, bottom = (boxes[:, i : i + 1] for i in range(4))
    x, y = wires[:, 0], wires[:, 1]
    cost = 9.0 * ((x > left) & (x < right) & (y > top + 1) & (y < bottom - 1)).sum(axis=1)
    for obstacles, weight in ((cards, 0.6), (near, 0.6)):
        if len(obstacles):
            wide = np.minimum(right, obstacles[:, 2]) - np.maximum(left, obstacles[:, 0])
            high = np.minimum(bottom, obstacles[:, 3]) - np.maximum(top, obstacles[:, 1])
            cost = cost + weight * (np.clip(wide, 0, None) * np.clip(high, 0, None)).sum(axis=1)
    return np.asarray(cost)

"""Where a number can stand beside its wire: places that touch the wire and cover nothing else, the best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PySide6.QtCore import QRectF

from engine.compile.activity import KINDS
from ui.canvas.model import geometry, text_metrics, wires
from ui.canvas.model.activity_mark import mark_box
from ui.canvas.model.items import HEAD
from ui.canvas.model.levels import tag_rect
from ui.canvas.model.scene import CanvasScene

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
GAP = 3.0
"""Between a wire and the box of its label."""
CLEAR = 2.5
"""Kept from other wires, so that a label is nearest to its own."""
_ROWS = np.array([16, 14, 18, 12, 20, 10, 22, 8, 24, 6, 26, 5, 27, 3, 29, 2, 30])
"""Of the points of a wire, from its middle on: where labels are tried."""
_SHARES = len(_ROWS)
_OTHER = 2 * _SHARES
"""Added to the row of a place on the other side."""
_DRIFT = np.abs(_ROWS / (wires.SAMPLES - 1) - 0.5) * 30.0
_LEVEL = 5.0
"""A wire that rises no more than this under a label is level: the label stands in the middle of its room."""
_UPRIGHT, _BESIDE, _AWAY = 0.35, 6.0, 40.0
_TIERS = 3
"""Lines of text that a label may be led away from its wire."""
_DOUBT, _NEAR = 30.0, 12.0
"""What it costs to stand where another wire is near, and how near that is: the label could be read as that one's."""
_MOST = 28
"""Places that are kept of a label: more are hardly ever needed."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A place that covers nothing but, perhaps, other labels."""

    cost: float
    box: Box
    pick: int
    """Its row among the candidates: the share of the wire, then above or beside."""
    lean: float = 0.0
    """Which end of the box is at the wire: −1 the left one, 1 the right one, 0 neither or both."""
    foot: tuple[float, float] | None = None
    """Where on the wire a line to the label begins, where it does not touch the wire."""

    @property
    def share(self) -> int:
        return self.pick % _SHARES


class Ground:
    """What labels must not cover, wires and labels aside. Made for one search: it knows the scene as it is now."""

    def __init__(
        self, scene: CanvasScene, stub: tuple[float, float] | None, boost: float, marking: bool = False, beyond: float = 0.0
    ) -> None:
        self.scene, self._boost = scene, boost
        self._stub, self._marking, self._beyond = stub, marking, beyond

    @cached_property
    def fixed(self) -> np.ndarray:
        """Notes, titles of frames, tags of a group, the objective's stub and the marks of dead or saturated units, as boxes."""
        scene = self.scene
        rects = [scene.item_rect(note).adjusted(-2, -2, 2, 2) for note in scene.graph.notes]
        for frame in scene.graph.frames.values():
            rect, size = scene.item_rect(frame.id), max(1.0, self._boost)
            wide = min(rect.width(), 28 + text_metrics.text_width("title", frame.title) * size)
            rects.append(QRectF(rect.left(), rect.top(), wide, min(HEAD * size, rect.height() / 3)))
        tags = scene.level.tags if scene.level is not None else None
        rects += [tag_rect(spot).adjusted(-2, -2, 2, 2) for spot in ((*tags.inputs, *tags.outputs) if tags is not None else ())]
        if self._marking:  # whether there is a mark now or not: labels would jump when one comes
            nodes = scene.graph.nodes  # what is seen may be a group too
            rects += [mark_box(scene.rect(i), max(1.0, self._boost)) for i in scene.ids if i in nodes and nodes[i].type in KINDS]
        boxes = [(r.left(), r.top(), r.right(), r.bottom()) for r in rects]
        if self._stub is not None:
            x, y = self._stub
            boxes.append((x, y - 8, x + geometry.STUB + 8, y + 8))
        return np.array(boxes or np.zeros((0, 4))).reshape(-1, 4)

    @cached_property
    def wall(self) -> Box:
        """What is in view when everything is: labels stay inside, or reach `beyond` the right edge, where a margin is."""
        rect = self.scene.extent()
        return rect.left(), rect.top(), rect.right() + self._beyond, rect.bottom()

    def boxes(self, around: QRectF) -> np.ndarray:
        """What stands here: cards, with their ports, and whatever else is fixed."""
        scene = self.scene
        cards = scene.rects[scene.rows_in(around)]
        boxes = np.concatenate([cards[:, :2] - (5, 3), cards[:, :2] + cards[:, 2:] + (5, 3)], axis=1)
        return np.concatenate([boxes, self.fixed]) if len(self.fixed) else boxes


class Surroundings:
    """One wire and what is around it, for the search on both of its sides. `own` are its points, `wires` counts those of the scene."""

    def __init__(self, ground: Ground, own: np.ndarray, edge_id: str, room: tuple[float, float]) -> None:
        scene = ground.scene
        self.own, self._wall = own, ground.wall
        self.wires = len(scene.edge_row)
        (left, top), (right, bottom) = own.min(axis=0).tolist(), own.max(axis=0).tolist()
        across, down = room[0] + 12, room[1] + _TIERS * _step(room[1]) + 12
        around = QRectF(left - across, top - down, right - left + 2 * across, bottom - top + 2 * down)
        self.boxes = ground.boxes(around)
        others = {edge: scene.edge_row[edge] for edge in scene.edges_in(around) if edge != edge_id}
        straight = scene.points_of(np.array([row for edge, row in others.items() if edge not in scene.bent], np.intp))
        bent = [scene.bent[edge] for edge in others if edge in scene.bent]
        lines = [wires.segments(straight[:, ::2]), *(wires.segments(way[None]) for way in bent)]
        self.segments = _inside(np.concatenate(lines), around)
        self._away = _distances(own[_ROWS], np.concatenate([straight.reshape(-1, 2), *bent]))
        doubt = _DOUBT * np.clip(1 - self._away / _NEAR, 0.0, None)
        self._doubt = np.concatenate([doubt, doubt])

    def choices(self, side: float, width: float, height: float) -> list[Choice]:
        """Places on one side (−1 above, 1 below) that touch the wire."""
        boxes, cost, lean = candidates(self.own, side, width, height)
        cost += self._doubt
        good = np.flatnonzero(self._free(boxes))
        good = good[np.argsort(cost[good], kind="stable")][:_MOST]
        rows = zip(cost[good].tolist(), boxes[good].tolist(), good.tolist(), lean[good].tolist(), strict=True)
        return [Choice(price, tuple(box), pick, end) for price, box, pick, end in rows]

    def across(self, side: float, width: float, height: float, mate: Box | None) -> list[Choice]:
        """Places on the other label's side of a steep wire: the value still higher than the gradient."""
        middle = (mate[1] + mate[3]) / 2 if mate is not None else None
        step = self.own[np.minimum(_ROWS + 1, len(self.own) - 1)] - self.own[_ROWS - 1]
        steep = np.abs(step[:, 1]) > np.abs(step[:, 0])
        return [
            replace(choice, pick=choice.pick + _OTHER)
            for choice in self.choices(-side, width, height)
            if choice.pick >= _SHARES and steep[choice.share]
            and (middle is None or ((choice.box[1] + choice.box[3]) / 2 - middle) * side > 0)
        ]  # fmt: skip

    def led(self, side: float, width: float, height: float) -> list[Choice]:
        """Places away from the wire, to which a line leads that crosses no card."""
        boxes, cost, _ = candidates(self.own, side, width, height)
        boxes, cost = boxes[:_SHARES], cost[:_SHARES]
        feet = self.own[_ROWS]
        found: list[Choice] = []
        for tier in range(1, _TIERS + 1):
            away = side * tier * _step(height)
            moved = boxes + np.array([0.0, away, 0.0, away])
            edge = moved[:, 3] if side < 0 else moved[:, 1]
            lines = np.stack([feet[:, 0] - 1, np.minimum(edge, feet[:, 1]), feet[:, 0] + 1, np.maximum(edge, feet[:, 1])], axis=1)
            crossed = _crossing(lines, self.segments).sum(axis=1)
            good = np.flatnonzero(self._free(moved) & ~_covering(lines, self.boxes) & (self._away > _NEAR / 2))
            price = cost + _AWAY * tier + 30.0 * crossed
            found += [Choice(float(price[i]), tuple(moved[i].tolist()), int(i), 0.0, (float(feet[i, 0]), float(feet[i, 1]))) for i in good]
        return sorted(found, key=lambda choice: choice.cost)[:_MOST]

    def forced(self, side: float, width: float, height: float) -> Choice:
        """The place above or below the middle, whatever it covers."""
        boxes, cost, lean = candidates(self.own, side, width, height)
        return Choice(float(cost[0]), tuple(boxes[0].tolist()), 0, float(lean[0]))

    def _free(self, boxes: np.ndarray) -> np.ndarray:
        left, top, right, bottom = self._wall
        inside = (boxes[:, 0] >= left) & (boxes[:, 1] >= top) & (boxes[:, 2] <= right) & (boxes[:, 3] <= bottom)
        free = inside & ~_covering(boxes, self.boxes)
        if len(self.segments) and free.any():
            rows = np.flatnonzero(free)
            wide = boxes[rows] + (-CLEAR, -CLEAR, CLEAR, CLEAR)
            free[rows] = ~_crossing(wide, self.segments).any(axis=1)
        return np.asarray(free)


def _step(height: float) -> float:
    """How far a label is led from its wire at a time."""
    return 0.75 * min(height, 28.0) + 4.0


def followed(own: np.ndarray, side: float, width: float, height: float, pick: int) -> tuple[Box, float]:
    """One of the `candidates`, for a wire that is moved in every frame, and which end of it is at the wire."""
    beside, share = divmod(pick % _OTHER, _SHARES)
    side = side if pick < _OTHER else -side
    row = int(_ROWS[share])
    xs, ys = own.T.tolist()  # of so few points, and so often, lists are quicker than arrays
    x, y, last = xs[row], ys[row], len(xs) - 1
    (x0, y0), (x1, y1) = (xs[row - 1], ys[row - 1]), (xs[min(row + 1, last)], ys[min(row + 1, last)])
    middle, half, along, across = (y, height / 2, ys, xs) if beside else (x, width / 2, xs, ys)
    near = [i for i, at in enumerate(along) if -half <= at - middle <= half]
    if near[-1] - near[0] < len(near):
        reached = across[max(near[0] - 1, 0) : near[-1] + 2]
    else:  # the wire comes back
        reached = [across[i] for i in {*near} | {max(i - 1, 0) for i in near} | {min(i + 1, last) for i in near}]
    low, high = min(reached), max(reached)
    rightward = ((x1 - x0) * (y1 - y0) >= 0) == (side < 0)
    if beside:
        x, lean = (high + GAP + width / 2, -1.0) if rightward else (low - GAP - width / 2, 1.0)
    else:
        y = low - GAP - height / 2 if side < 0 else high + GAP + height / 2
        lean = (side if y1 >= y0 else -side) * (1.0 if x1 >= x0 else -1.0) if high - low > _LEVEL else 0.0
    return (x - width / 2, y - height / 2, x + width / 2, y + height / 2), lean


def candidates(own: np.ndarray, side: float, width: float, height: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes (2 · shares, 4) on one side of a wire that touch it, their costs, and which end is at the wire: first above or below it,
    then beside it.

    A level stretch in the middle of the wire costs nothing.
    """
    anchors, (x, y) = own[_ROWS], own.T
    half = np.array([width / 2, height / 2])
    low, high = _extremes(x, y, anchors[:, 0], half[0])
    upright = np.stack([anchors[:, 0], (low - GAP - half[1]) if side < 0 else (high + GAP + half[1])], axis=1)
    first, last = _extremes(y, x, anchors[:, 1], half[1])
    step = own[np.minimum(_ROWS + 1, len(own) - 1)] - own[_ROWS - 1]
    rightward = (step[:, 0] * step[:, 1] >= 0) == (side < 0)  # the upper side of a wire that falls to the right is its right side
    beside = np.stack([np.where(rightward, last + GAP + half[0], first - GAP - half[0]), anchors[:, 1]], axis=1)
    centres = np.concatenate([upright, beside])
    cost = np.concatenate([_UPRIGHT * (high - low) + _DRIFT, _BESIDE + _UPRIGHT * (last - first) + _DRIFT])
    falls = np.where(step[:, 1] >= 0, side, -side) * np.where(step[:, 0] >= 0, 1.0, -1.0)
    lean = np.concatenate([np.where(high - low > _LEVEL, falls, 0.0), np.where(rightward, -1.0, 1.0)])
    return np.concatenate([centres - half, centres + half], axis=1), cost, lean


def _extremes(along: np.ndarray, across: np.ndarray, middle: np.ndarray, half: float) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest `across` of the wire within `half` of each `middle`, its neighbouring points included."""
    inside = np.abs(along[None, :] - middle[:, None]) <= half
    inside[:, 1:] |= inside[:, :-1].copy()
    inside[:, :-1] |= inside[:, 1:].copy()
    return np.where(inside, across, np.inf).min(axis=1), np.where(inside, across, -np.inf).max(axis=1)


def _distances(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """From each point to the nearest of the others, where that is nearer than `_NEAR`; infinite where not."""
    (left, top), (right, bottom) = points.min(axis=0) - _NEAR, points.max(axis=0) + _NEAR
    x, y = others.T
    near = others[(x > left) & (x < right) & (y > top) & (y < bottom)]
    if not len(near):
        return np.full(len(points), np.inf)
    return np.asarray(np.hypot(points[:, :1] - near[:, 0], points[:, 1:] - near[:, 1]).min(axis=1))


def _covering(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which boxes overlap any of the others."""
    if not len(others):
        return np.zeros(len(boxes), bool)
    a, b = boxes[:, None], others[None]
    hit = (a[..., 0] < b[..., 2]) & (a[..., 2] > b[..., 0]) & (a[..., 1] < b[..., 3]) & (a[..., 3] > b[..., 1])
    return np.asarray(hit.any(axis=1))


def _crossing(boxes: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """Which segments (n, 4) run through which boxes (m, 4), shape (m, n): separating axes are the two sides and the segment's normal."""
    x1, y1, x2, y2 = segments.T
    left, top, right, bottom = (boxes[:, i : i + 1] for i in range(4))
    hit = (np.maximum(x1, x2) > left) & (np.minimum(x1, x2) < right)
    hit &= np.maximum(y1, y2) > top
    hit &= np.minimum(y1, y2) < bottom
    box, segment = np.nonzero(hit)
    if len(box):
        (x1, y1, x2, y2), (left, top, right, bottom) = segments[segment].T, boxes[box].T
        dx, dy = x2 - x1, y2 - y1
        off = np.abs(dx * ((top + bottom) / 2 - y1) - dy * ((left + right) / 2 - x1))
        hit[box, segment] = off < (np.abs(dx) * (bottom - top) + np.abs(dy) * (right - left)) / 2
    return np.asarray(hit)


def _inside(segments: np.ndarray, around: QRectF) -> np.ndarray:
    """The segments that reach into a rectangle."""
    x1, y1, x2, y2 = segments.T
    across = (np.maximum(x1, x2) > around.left()) & (np.minimum(x1, x2) < around.right())
    return np.asarray(segments[across & (np.maximum(y1, y2) > around.top()) & (np.minimum(y1, y2) < around.bottom())])


def overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and a[2] > b[0] and a[1] < b[3] and a[3] > b[1]


class Taken:
    """Boxes by key, and which of them lie over a box."""

    CELL = 160.0

    def __init__(self) -> None:
        self._boxes: dict[tuple[str, int], Box] = {}
        self._cells: dict[tuple[int, int], set[tuple[str, int]]] = {}

    def put(self, key: tuple[str, int], box: Box) -> None:
        old, cells = self._boxes.get(key), self._of(box)
        if old is None or self._of(old) != cells:
            self.drop(key)
            for cell in cells:
                self._cells.setdefault(cell, set()).add(key)
        self._boxes[key] = box

    def drop(self, key: tuple[str, int]) -> None:
        box = self._boxes.pop(key, None)
        for cell in self._of(box) if box is not None else ():
            self._cells[cell].discard(key)

    def clear(self) -> None:
        self._boxes.clear()
        self._cells.clear()

    def over(self, box: Box, aside: Sequence[tuple[str, int]] = ()) -> list[tuple[str, int]]:
        """The keys of what lies over this box, some aside."""
        near = {key for cell in self._of(box) for key in self._cells.get(cell, ())}
        return sorted(key for key in near if key not in aside and overlap(self._boxes[key], box))

    def _of(self, box: Box) -> list[tuple[int, int]]:
        left, top, right, bottom = (int(at // self.CELL) for at in box)
        return [(x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]

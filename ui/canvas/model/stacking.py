"""Which card lies on which. Numbers follow their cards: what is painted after all cards still stays below those that cover it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF

from ui.canvas.model.scene import CanvasScene

PEEPING = 0.25
"""The share of a wire's number that may lie over a card: more of it would cut the card's texts, or be cut by the card."""
AT_ONCE = 8192
"""Up to so many pairs of a number and a card are compared in one step, as for the few numbers that a drag carries."""


def overlaps(rects: np.ndarray) -> np.ndarray:
    """Pairs (n, 2) of rows of `rects` (x, y, width, height) that overlap by more than a pixel, the smaller row first."""
    order = np.argsort(rects[:, 0], kind="stable")
    left, top = rects[order, 0] + 0.5, rects[order, 1] + 0.5
    right, bottom = left + rects[order, 2] - 1.0, top + rects[order, 3] - 1.0
    pairs = [np.zeros((0, 2), np.intp)]
    for step in range(1, len(order)):  # sorted by their left edges, so that the first step without a neighbour is the last
        beside = left[step:] < right[:-step]
        if not beside.any():
            break
        hit = np.flatnonzero(beside & (top[step:] < bottom[:-step]) & (bottom[step:] > top[:-step]))
        pairs.append(np.stack([order[hit], order[hit + step]], axis=1))
    return np.sort(np.concatenate(pairs), axis=1)


def covering(scene: CanvasScene, nodes: Sequence[str]) -> dict[str, list[QRectF]]:
    """For each of these cards, given bottom to top, that is covered: what covers it."""
    if len(nodes) < 2:
        return {}
    covered: dict[str, list[QRectF]] = {}
    for lower, upper in overlaps(scene.rects[scene.rows_of(nodes)]).tolist():
        covered.setdefault(nodes[lower], []).append(scene.rect(nodes[upper]))
    return covered


def hidden_by_cards(scene: CanvasScene, area: QRectF, boxes: np.ndarray) -> np.ndarray:
    """Which of these boxes (left, top, right, bottom) lie so far over one of the cards in `area` that they are not to be seen."""
    rects = scene.rects[scene.rows_in(area)]
    if not len(boxes) or not len(rects):
        return np.zeros(len(boxes), bool)
    if len(boxes) * len(rects) <= AT_ONCE:
        return np.asarray(_lies_over(boxes[:, None, :], rects[None, :, :]).any(axis=1))
    rects = rects[np.argsort(rects[:, 0])]
    left, top, right, bottom = boxes.T
    first = np.searchsorted(rects[:, 0], left - rects[:, 2].max())  # cards further left end before the box begins
    count = np.searchsorted(rects[:, 0], right) - first
    hidden = np.zeros(len(boxes), bool)
    for step in range(int(count.max())):
        hidden |= (step < count) & _lies_over(boxes, rects[np.minimum(first + step, len(rects) - 1)])
    return hidden


def _lies_over(boxes: np.ndarray, rects: np.ndarray) -> np.ndarray:
    """Of pairs of a box and a card: whether so much of the box lies over the card that it is not to be seen."""
    left, top, right, bottom = (boxes[..., side] for side in range(4))
    x, y, wide, high = (rects[..., side] for side in range(4))
    across = np.maximum(np.minimum(right, x + wide) - np.maximum(left, x), 0)
    down = np.maximum(np.minimum(bottom, y + high) - np.maximum(top, y), 0)
    return np.asarray(across * down > PEEPING * (right - left) * (bottom - top))


def under_cards(scene: CanvasScene, points: np.ndarray) -> np.ndarray:
    """Which of these points (n, 2) a card covers."""
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    rects = scene.rects[scene.rows_in(QRectF(left, top, right - left, bottom - top))]
    away = points[:, None, :] - rects[None, :, :2]
    inside = np.logical_and(away > 0, away < rects[None, :, 2:])
    return np.asarray(np.any(np.all(inside, axis=2), axis=1))

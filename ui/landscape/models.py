"""The first- and second-order model of the objective over the grid of a surface, and where it is near the objective."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from engine.learned.surface import Floats, Marks, Surface

WITHIN = 0.1
"""A model is near the objective where it differs by at most this share of it."""


@dataclass(frozen=True, slots=True)
class Model:
    """`f` are the model's heights on the grid `xs`, `ys`. `excess` is |model − f| − 0.1 |f|, NaN outside the part of the plane that
    belongs to the point: its zero is the border of the region where the model is near the objective."""

    xs: Floats
    ys: Floats
    f: Floats
    excess: Floats


def model_of(surface: Surface, marks: Marks, order: int) -> Model:
    """f + gᵀd, and for order 2 + ½ dᵀHd, at every point of the grid."""
    u, v = surface.xs - marks.at[0], (surface.ys - marks.at[1])[:, None]
    heights = marks.value + marks.gradient[0] * u + marks.gradient[1] * v
    if order == 2:
        (a, b), (_b, c) = marks.hessian
        heights = heights + 0.5 * (a * u**2 + 2 * b * u * v + c * v**2)
    with np.errstate(invalid="ignore"):
        excess = np.abs(heights - surface.f) - WITHIN * np.abs(surface.f)
    start = int(np.abs(surface.ys - marks.at[1]).argmin()), int(np.abs(surface.xs - marks.at[0]).argmin())
    return Model(surface.xs, surface.ys, heights, np.where(_together(excess <= 0, start), excess, np.nan))


def _together(inside: np.ndarray, start: tuple[int, int]) -> np.ndarray:
    """The connected part of a mask around a start, with its border: neighbours on all eight sides."""
    reached = np.zeros_like(inside, bool)
    rows, columns = inside.shape
    reached[start] = True
    waiting = deque([start] if inside[start] else [])
    while waiting:
        row, column = waiting.popleft()
        for j in range(max(row - 1, 0), min(row + 2, rows)):
            for i in range(max(column - 1, 0), min(column + 2, columns)):
                if not reached[j, i]:
                    reached[j, i] = True
                    if inside[j, i]:
                        waiting.append((j, i))
    return reached

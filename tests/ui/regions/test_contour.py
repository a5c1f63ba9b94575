"""The boundary between regions of a grid is where the two largest scores are equal, and has no gap."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF

from engine.learned.plane import OnPlane
from tests.ui.regions.test_view import regions
from ui.regions.contour import boundary
from ui.regions.preview import runs
from ui.regions.resolution import points

ACROSS, UP = np.linspace(-1.0, 1.0, 23), np.linspace(-2.0, 2.0, 31)
X, Y = np.meshgrid(ACROSS, UP)


def ranked(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(classes, lead) of scores (class, second axis, first axis)."""
    ordered = np.sort(scores, axis=0)
    return scores.argmax(0), ordered[-1] - ordered[-2]


def test_a_straight_boundary_is_drawn_where_it_is_from_edge_to_edge() -> None:
    height = 0.83 * X + 0.31 * Y - 0.127
    lines = boundary((height > 0).astype(int), np.abs(height), ACROSS, UP)
    x, y = lines[:, [0, 2]].ravel(), lines[:, [1, 3]].ravel()
    assert len(lines) > 20 and np.abs(0.83 * x + 0.31 * y - 0.127).max() < 1e-12
    ends = Counter(zip(x.round(9).tolist(), y.round(9).tolist(), strict=True))
    loose = [end for end, count in ends.items() if count == 1]
    assert set(ends.values()) <= {1, 2} and len(loose) == 2  # one unbroken line
    assert all(abs(abs(at[0]) - 1) < 1e-9 or abs(abs(at[1]) - 2) < 1e-9 for at in loose)


def test_where_three_regions_meet_their_boundaries_do() -> None:
    weights = np.array([[1.0, 0.2, 0.0], [-0.6, 0.7, 0.1], [-0.4, -0.9, 0.05]])
    classes, lead = ranked(np.stack([a * X + b * Y + c for a, b, c in weights]))
    lines = boundary(classes, lead, ACROSS, UP)
    ends = lines.reshape(-1, 2)
    scores = np.sort(weights @ np.stack([ends[:, 0], ends[:, 1], np.ones(len(ends))]), axis=0)
    apart = scores[-1] - scores[-2]
    assert apart.max() < 0.1 and (apart < 1e-9).mean() > 0.9  # all but the cell in which they meet



def test_without_scores_it_is_half_way_and_one_region_has_none() -> None:
    classes = np.where(X > 0.02, 3, -1)
    lines = boundary(classes, None, ACROSS, UP)
    column = int((ACROSS > 0.02).argmax())
    middle = (ACROSS[column - 1] + ACROSS[column]) / 2
    assert lines[:, [0, 2]] == pytest.approx(middle) and len(lines) == len(UP) - 1
    assert boundary(np.zeros((5, 6), dtype=int), None, ACROSS[:6], UP[:5]).shape == (0, 4)
    broken = boundary((X > 0).astype(int), np.full(X.shape, np.nan), ACROSS, UP)
    assert np.isfinite(broken).all()


def test_marked_pieces_of_rows() -> None:
    marked = np.array([[1, 1, 0, 1], [0, 0, 0, 0], [0, 1, 1, 1]], dtype=bool)
    assert np.stack(runs(marked), axis=1).tolist() == [[0, 0, 2], [0, 3, 4], [2, 1, 4]]


def test_the_grid_is_as_fine_as_the_picture_at_rest_and_as_training_allows() -> None:
    seen: OnPlane = replace(regions(), seconds=1e-4)
    area = QRectF(0, 0, 640, 480)
    assert points(None, None, False) == (64, 64) and points(seen, area, False) == (320, 240)
    slow = replace(seen, seconds=0.4)
    assert points(slow, area, False) == (128, 128)
    across, up = points(slow, area, True)
    assert (across, up) == (32, 32) and points(replace(seen, seconds=1e-6), area, True) == (128, 128)

"""Lines of equal height against circles and a plane."""

from __future__ import annotations

import numpy as np
import pytest

from ui.maths.level_lines import level_lines, levels_of


def test_lines_of_a_bowl_are_circles_and_those_of_a_plane_are_exact() -> None:
    xs, ys = np.linspace(-2, 2, 81), np.linspace(-2, 2, 61)
    x, y = np.meshgrid(xs, ys)
    lines = level_lines(x**2 + y**2, xs, ys, [1.0, 2.25, 50.0])
    for pieces, radius in zip(lines[:2], (1.0, 1.5), strict=True):
        assert np.hypot(pieces[:, 0], pieces[:, 1]) == pytest.approx(radius, abs=2e-3)
        around = np.hypot(pieces[:, 2] - pieces[:, 0], pieces[:, 3] - pieces[:, 1]).sum()
        assert around == pytest.approx(2 * np.pi * radius, rel=1e-3)
    assert lines[2].shape == (0, 4)
    (plane,) = level_lines(2 * x - y, xs, ys, [0.33])
    assert 2 * plane[:, 0] - plane[:, 1] == pytest.approx(0.33, abs=1e-12)


def test_what_is_not_finite_has_no_lines() -> None:
    xs = np.linspace(0, 1, 5)
    f = np.add.outer(xs, xs)
    f[2, 2] = np.nan
    (pieces,) = level_lines(f, xs, xs, [1.0])
    assert pieces.size and np.isfinite(pieces).all()
    assert levels_of(f, 3) == pytest.approx([np.quantile(f[np.isfinite(f)], q) for q in (1 / 6, 0.5, 5 / 6)])
    assert levels_of(np.full((3, 3), np.inf)) == []

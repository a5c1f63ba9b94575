"""Eigenvectors as the axes of level ellipses: against numpy.linalg and by hand."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from engine.learned.surface import Marks
from ui.landscape.principal import principal, principal_words


def marks(hessian: list[list[float]], gradient: list[float], at: tuple[float, float]) -> Marks:
    known: dict[str, Any] = {"at": at, "gradient": np.array(gradient), "hessian": np.array(hessian)}
    values: dict[str, Any] = {field.name: known.get(field.name) for field in fields(Marks)}
    return Marks(**values)


def test_the_ellipse_goes_through_the_present_point_and_its_axes_are_the_eigenvectors() -> None:
    """½(u² + 25v²) turned by 0.6, at (−6, 5): every level line is an ellipse about 0 with axes as 5 to 1."""
    c, s = math.cos(0.6), math.sin(0.6)
    turn = np.array([[c, s], [-s, c]])
    hessian, at = turn.T @ np.diag([1.0, 25.0]) @ turn, np.array([-6.0, 5.0])
    found = principal(marks(hessian.tolist(), (hessian @ at).tolist(), (-6.0, 5.0)), 50.0)
    assert found is not None and found.ellipse and found.values == pytest.approx(np.linalg.eigvalsh(hessian)[::-1])
    assert found.centre == pytest.approx([0, 0], abs=1e-12) and found.half[1] / found.half[0] == pytest.approx(5)
    assert abs(found.vectors[:, 1] @ [c, s]) == pytest.approx(1)  # the long axis is u
    u, v = turn @ at
    assert found.half == pytest.approx(np.sqrt([(u**2 + 25 * v**2) / 25, u**2 + 25 * v**2]))
    near = principal(marks(hessian.tolist(), (hessian @ at).tolist(), (-6.0, 5.0)), 10.0)
    assert near is not None and near.half == pytest.approx([9 / 5, 9])  # a smaller one, of which more is seen
    assert "are as √(λ₁/λ₂) = 5 to 1" in principal_words(found)


def test_a_saddle_has_axes_and_no_ellipse() -> None:
    found = principal(marks([[0.0, -2.0], [-2.0, 0.0]], [0.0, 0.0], (0.0, 0.0)), 1.0)
    assert found is not None and not found.ellipse and found.values.tolist() == [2.0, -2.0] and found.centre.tolist() == [0.0, 0.0]
    assert "no ellipses" in principal_words(found)
    assert principal(marks([[math.nan, 0.0], [0.0, 1.0]], [0.0, 0.0], (0.0, 0.0)), 1.0) is None

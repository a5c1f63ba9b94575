"""Lengths of vectors whose squares leave float64, against Python's own `math.hypot`, and what is made of them."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
import torch

from engine.curvature.largest import begun, largest
from engine.curvature.spectrum.density import density
from engine.curvature.spectrum.lanczos import extremes
from engine.numerics.length import length, lengths

ROWS = [[3.0, -4.0, 12.0], [3e200, 4e200, 0.0], [3e-200, -4e-200, 0.0], [1e308, 1e-308, 0.0], [0.0, 0.0, 0.0], [5e-324, 0.0, 0.0],
        [math.inf, 1.0, 0.0], [math.nan, 1.0, 2.0]]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_length_is_that_of_hypot(row: list[float]) -> None:
    wanted = pytest.approx(math.hypot(*row), rel=1e-15, abs=0, nan_ok=True)
    assert length(torch.tensor(row, dtype=torch.float64)) == wanted
    assert float(lengths(torch.tensor([row, row], dtype=torch.float64))[1]) == wanted


def test_numbers_of_single_precision_and_none_at_all() -> None:
    assert length(torch.full((4,), 1e30, dtype=torch.float32)) == pytest.approx(2e30, rel=1e-6)
    assert length(torch.zeros(0)) == 0.0


def drained(steps: Generator[Any, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_eigenvalues_are_found_whose_squares_leave_the_format(scale: float) -> None:
    """A symmetric matrix with the eigenvalues −5 … 3, turned; the truth is numpy's."""
    turned, _upper = np.linalg.qr(np.random.default_rng(0).standard_normal((12, 12)))
    matrix = turned @ np.diag(np.linspace(-5, 3, 12)) @ turned.T * scale
    wanted, H = np.linalg.eigvalsh(matrix), torch.from_numpy(matrix)
    assert drained(largest(lambda v: H @ v, begun(None, 12, 0), 1e-6, 4, 40)).value == pytest.approx(wanted[-1], rel=1e-9)
    assert drained(extremes(lambda v: H @ v, 12, 3, 1e-8, 40)).values == pytest.approx(wanted[::-1], rel=1e-9, abs=1e-9 * scale)
    spread = drained(density(lambda rows: rows @ H, 12, 3, 12))
    assert (spread.lowest, spread.largest) == pytest.approx((wanted[0], wanted[-1]), rel=1e-9)

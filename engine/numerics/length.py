"""Euclidean lengths that neither overflow nor vanish where their square would."""

from __future__ import annotations

import math

import torch
from torch import Tensor

SAFE = 1e-140, 1e140
"""Lengths whose squares are far from the ends of float64: between them nothing is scaled, and the digits are those of torch."""


def length(vector: Tensor) -> float:
    """‖v‖ of all entries, in float64: also 1e200 and 1e-200, whose squares are not. NaN and ∞ where an entry is."""
    wide = vector.detach().double()
    plain = float(wide.norm())
    if SAFE[0] < plain < SAFE[1] or math.isnan(plain) or not wide.numel():
        return plain
    size = float(wide.abs().max())
    return size * float((wide / size).norm()) if 0 < size < math.inf else size


def lengths(rows: Tensor) -> Tensor:
    """(N,) of the rows (N, p), in float64."""
    return torch.tensor([length(row) for row in rows], dtype=torch.float64)

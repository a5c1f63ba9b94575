"""Bins of a histogram for any finite numbers, also those for which NumPy refuses."""

from __future__ import annotations

from typing import Any

import numpy as np


def bin_edges(values: np.ndarray[Any, Any], count: int) -> np.ndarray[Any, Any]:
    """The edges (count + 1,) of bins of equal width over finite `values`, as `numpy.histogram` chooses them.

    NumPy raises an error where the range is larger than the largest number, or so small that no numbers lie between the edges. In the
    second case the range is widened.
    """
    values = np.asarray(values, dtype=np.float64)
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(high - low):
        return 2 * bin_edges(values / 2, count)
    try:
        return np.histogram_bin_edges(values, count)
    except ValueError:
        spare = 1e-9 * max(abs(low), abs(high)) + 1e-300
        return np.linspace(low - spare, high + spare, count + 1)

"""Histograms of tensors, counted by NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.learned.instruments import BINS, Histogram


def histogram(values: np.ndarray[Any, Any]) -> Histogram | None:
    """Counts of all entries; None where none is finite."""
    flat = np.asarray(values, dtype=np.float64).ravel()
    finite = np.isfinite(flat)
    lost = int(flat.size - finite.sum())
    if lost:
        flat = flat[finite]
    if not flat.size:
        return None
    largest = float(np.abs(flat).max())
    rms = largest * float(np.sqrt(np.mean((flat / largest) ** 2))) if largest else 0.0
    low, high = float(flat.min()), float(flat.max())
    if not np.isfinite(high - low):  # NumPy refuses a range that is no number
        counts, edges = np.histogram(flat / 2, BINS)
        return Histogram(float(2 * edges[0]), float(2 * edges[-1]), counts.astype(np.int64), lost, rms)
    try:
        counts, edges = np.histogram(flat, BINS)
    except ValueError:  # so close together that no bins lie between them
        counts, edges = np.histogram(flat, BINS, (low - abs(low) * 1e-9 - 1e-300, high + abs(high) * 1e-9 + 1e-300))
    return Histogram(float(edges[0]), float(edges[-1]), counts.astype(np.int64), lost, rms)

"""Exact statistics of a numpy array, and the picture of it that the window gets when it is large. No torch here."""

from __future__ import annotations

import math

import numpy as np

THUMBNAIL = 64


def statistics(array: np.ndarray) -> tuple[float, float, float, float, float, bool]:
    """Minimum, maximum, mean, population standard deviation, Euclidean norm (in float64), and whether every number is finite."""
    if array.size == 0:
        return math.nan, math.nan, math.nan, math.nan, 0.0, True
    flat = array.reshape(-1) if array.dtype == np.float64 else array.reshape(-1).astype(np.float64)
    low, high = float(np.minimum.reduce(flat)), float(np.maximum.reduce(flat))
    finite = math.isfinite(low) and math.isfinite(high)
    mean, std, norm = _moments(flat, low, high) if finite else _broken_moments(flat)
    return low, high, mean, std, norm, finite


def _moments(flat: np.ndarray, low: float, high: float) -> tuple[float, float, float]:
    """Mean, population standard deviation and Euclidean norm of finite numbers, without overflow on the way.

    Sums, not dot products: those wake the threads of a BLAS, which costs milliseconds while training keeps the cores busy.
    """
    largest = max(-low, high)
    scale = 1.0 if largest == 0 or 1e-100 < largest < 1e100 else largest
    if scale != 1.0:
        flat = flat / scale
    mean = float(np.add.reduce(flat)) / flat.size
    centred = flat - mean
    std = math.sqrt(float(np.add.reduce(centred * centred)) / flat.size) if low != high else 0.0
    return (low if low == high else mean * scale), std * scale, math.sqrt(float(np.add.reduce(flat * flat))) * scale


def _broken_moments(numbers: np.ndarray) -> tuple[float, float, float]:
    with np.errstate(all="ignore"):
        return float(numbers.mean()), math.nan, math.nan if bool(np.isnan(numbers).any()) else math.inf


def thumbnail(array: np.ndarray) -> np.ndarray:
    """At most 64 × 64 of the tensor's own numbers as float32, taken at even distances: rows are all axes but the last."""
    plane = array.reshape(1, -1) if array.ndim == 1 else array.reshape(-1, array.shape[-1])
    rows, columns = (_spread(size) for size in plane.shape)
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(plane[rows][:, columns], dtype=np.float32)


def _spread(size: int) -> np.ndarray:
    return np.arange(size) if size <= THUMBNAIL else np.linspace(0, size - 1, THUMBNAIL).round().astype(np.intp)

"""A numpy array as the window gets it: exact statistics, and the numbers themselves or a thumbnail. No torch here."""

from __future__ import annotations

import math

import numpy as np

from engine.compile.views import FULL_LIMIT, THUMBNAIL, ArrayView


def view_of(array: np.ndarray) -> ArrayView:
    """Shape, exact statistics in float64, and the array itself when it is small, else a thumbnail."""
    dtype = str(array.dtype)
    if array.ndim == 0:
        return view_of_single(dtype, array, float(array))
    if array.size == 0:
        return ArrayView(array.shape, dtype, array, None, math.nan, math.nan, math.nan, math.nan, 0.0, True)
    flat = array.reshape(-1) if array.dtype == np.float64 else array.reshape(-1).astype(np.float64)
    low, high = float(np.minimum.reduce(flat)), float(np.maximum.reduce(flat))
    finite = math.isfinite(low) and math.isfinite(high)
    mean, std, norm = _moments(flat, low, high) if finite else _broken_moments(flat)
    if array.size <= FULL_LIMIT:
        return ArrayView(array.shape, dtype, array, None, low, high, mean, std, norm, finite)
    return ArrayView(array.shape, dtype, None, thumbnail(array), low, high, mean, std, norm, finite)


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


def view_of_single(dtype: str, data: np.ndarray, number: float) -> ArrayView:
    """The view of a tensor without axes, whose number is known already."""
    spread = 0.0 if math.isfinite(number) else math.nan
    return ArrayView((), dtype, data, None, number, number, number, spread, abs(number), math.isfinite(number))

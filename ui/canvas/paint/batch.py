"""Whole numpy arrays drawn by one QPainter call.

The arrays' memory is handed to Qt as it lies: a wrong type or length would read foreign memory, so everything is checked
here and nowhere else wraps an address. The array is kept alive until the call returns.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import shiboken6
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QPainter, QPixmap

_Fragment = QPainter.PixmapFragment


def lines(painter: QPainter, segments: np.ndarray) -> None:
    """Draw segments, shape (n, 4): x1, y1, x2, y2, float64."""
    count = _checked(segments, 4)
    if count:
        painter.drawLines(cast(QLineF, shiboken6.wrapInstance(segments.ctypes.data, QLineF)), count)


def rectangles(painter: QPainter, rects: np.ndarray) -> None:
    """Draw rectangles with the current pen and brush, shape (n, 4): x, y, width, height, float64."""
    count = _checked(rects, 4)
    if count:
        painter.drawRects(cast(QRectF, shiboken6.wrapInstance(rects.ctypes.data, QRectF)), count)


def fragments(painter: QPainter, rows: np.ndarray, sprites: QPixmap) -> None:
    """Draw parts of one picture, shape (n, 10): x, y of the middle, left, top, width, height in the picture, scales, angle, opacity."""
    count = _checked(rows, 10)
    if count:
        painter.drawPixmapFragments(cast(_Fragment, shiboken6.wrapInstance(rows.ctypes.data, _Fragment)), count, sprites)


def _checked(array: np.ndarray, columns: int) -> int:
    if array.dtype != np.float64:
        raise TypeError(f"a batch must be float64, not {array.dtype}")
    if array.ndim != 2 or array.shape[1] != columns:
        raise ValueError(f"a batch must have shape (n, {columns}), not {array.shape}")
    if not array.flags.c_contiguous:
        raise ValueError("a batch must be contiguous")
    return int(array.shape[0])

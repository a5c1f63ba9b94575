"""Arrays as small pictures: signed numbers in purple–green around zero, images in grey."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtGui import QImage

from engine.views import ArrayView
from ui.theme import Theme, color

MOSAIC = 8


def picture(view: ArrayView, theme: Theme, image: bool = False) -> QImage | None:
    """A thumbnail of the tensor, one pixel an element; None when nothing of it is known.

    Vectors lie in a row. `image` draws a (batch of) one-channel picture(s) in grey, the batch side by side.
    """
    source = view.data if view.data is not None else view.thumbnail
    if source is None or source.size == 0:
        return None
    array = np.asarray(source, dtype=np.float64)
    if image and array.ndim >= 3:
        return _grey(_mosaic(array))
    return _signed(_flat(array), theme)


def _flat(array: np.ndarray) -> np.ndarray:
    """Any tensor as rows and columns, thinned to at most 64 a side."""
    if array.ndim == 0:
        array = array.reshape(1, 1)
    elif array.ndim == 1:
        array = array.reshape(1, -1)
    elif array.ndim > 2:
        array = _mosaic(array)
    rows, columns = (max(1, -(-size // 64)) for size in array.shape)
    return array[::rows, ::columns]


def _mosaic(array: np.ndarray) -> np.ndarray:
    """The last two axes as tiles, up to eight of them in a row with a one-pixel gap."""
    tiles = array.reshape(-1, *array.shape[-2:])[:MOSAIC]
    gap = np.full((tiles.shape[1], 1), np.nan)
    columns: list[np.ndarray] = []
    for position, tile in enumerate(tiles):
        columns += ([gap] if position else []) + [tile]
    return np.concatenate(columns, axis=1)


def _grey(array: np.ndarray) -> QImage:
    known = np.isfinite(array)
    low = float(array[known].min()) if known.any() else 0.0
    high = float(array[known].max()) if known.any() else 1.0
    level = np.where(known, (array - low) / ((high - low) or 1.0) * 255, 255).astype(np.uint8)
    pixels = np.empty((*array.shape, 4), np.uint8)
    pixels[..., :3] = 255 - level[..., None]
    pixels[..., 3] = np.where(known, 255, 0)
    return _image(pixels)


def _signed(array: np.ndarray, theme: Theme) -> QImage:
    known = np.isfinite(array)
    largest = float(np.abs(array[known]).max()) if known.any() else 0.0
    scaled = np.where(known, array, 0.0) / (largest or 1.0)
    pixels = _table(theme.heat)[np.round((scaled + 1) * 127.5).astype(np.intp)]
    bad = ~known
    if bad.any():
        mark = color(theme.error)
        pixels[bad] = (mark.blue(), mark.green(), mark.red(), 255)
        if array.ndim == 2 and np.isnan(array).all(axis=0).any():
            pixels[:, np.isnan(array).all(axis=0)] = (0, 0, 0, 0) if (~np.isnan(array)).any() else pixels[:, :1]
    return _image(pixels)


@lru_cache(maxsize=8)
def _table(heat: tuple[str, str, str]) -> np.ndarray:
    """256 colours from the negative end over the middle to the positive end, as BGRA bytes."""
    ends = np.array([[color(c).blue(), color(c).green(), color(c).red()] for c in heat], float)
    steps = np.linspace(-1, 1, 256)
    low, high = np.clip(-steps, 0, 1)[:, None], np.clip(steps, 0, 1)[:, None]
    mixed = ends[1] * (1 - low - high) + ends[0] * low + ends[2] * high
    return np.concatenate([np.round(mixed), np.full((256, 1), 255)], axis=1).astype(np.uint8)


def _image(pixels: np.ndarray) -> QImage:
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, width * 4, QImage.Format.Format_ARGB32).copy()

"""Arrays as small pictures: signed numbers in purple–green around zero, images in grey."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtGui import QImage

from engine.compile.views import ArrayView
from ui.look.theme import Theme, color

TILES = 8
"""Maps of a stack that are shown."""
LARGEST = 64


def picture(view: ArrayView, theme: Theme, image: bool = False, tiles: int = TILES) -> QImage | None:
    """A thumbnail of the tensor, one pixel an element; None when nothing of it is known.

    Vectors lie in a row, stacks of maps side by side, the first `tiles` of them. `image` draws one-channel pictures in
    grey. NaN has the colour of errors.
    """
    source = view.data if view.data is not None else view.thumbnail
    if source is None or source.size == 0:
        return None
    array = np.asarray(source, dtype=np.float64)
    if array.ndim > 2:
        plane, gaps = _beside(list(array.reshape(-1, *array.shape[-2:])[:tiles]))
        return _grey(plane, gaps) if image else _signed(plane, gaps, theme)
    if view.data is None and len(view.shape) > 2:
        plane, gaps = _beside(_columns(array))
    else:
        plane = array.reshape(1, -1) if array.ndim < 2 else array
        rows, columns = (max(1, -(-size // LARGEST)) for size in plane.shape)
        plane = plane[::rows, ::columns]
        gaps = np.zeros(plane.shape, bool)
    return _signed(plane, gaps, theme)


def _columns(plane: np.ndarray) -> list[np.ndarray]:
    """A tall thumbnail of many maps under each other, cut into about as many parts as make it square."""
    count = max(1, int(np.sqrt(plane.shape[0] / plane.shape[1])))
    high = plane.shape[0] // count
    return [plane[i * high : (i + 1) * high] for i in range(count)]


def _beside(tiles: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Equal tiles in a row with one pixel between them, and which pixels are between."""
    gap = np.zeros((tiles[0].shape[0], 1))
    parts = [part for i, tile in enumerate(tiles) for part in ([gap] if i else []) + [tile]]
    masks = [np.full(part.shape, part is gap) for part in parts]
    return np.concatenate(parts, axis=1), np.concatenate(masks, axis=1)


def _grey(plane: np.ndarray, gaps: np.ndarray) -> QImage:
    """Dark ink on light paper: the largest value is black."""
    known = np.isfinite(plane) & ~gaps
    low = float(plane[known].min()) if known.any() else 0.0
    high = float(plane[known].max()) if known.any() else 1.0
    level = np.where(known, (np.where(known, plane, low) - low) / ((high - low) or 1.0) * 255, 0).astype(np.uint8)
    pixels = np.empty((*plane.shape, 4), np.uint8)
    pixels[..., :3] = 255 - level[..., None]
    pixels[..., 3] = np.where(gaps, 0, 255)
    return _image(pixels)


def _signed(plane: np.ndarray, gaps: np.ndarray, theme: Theme) -> QImage:
    known = np.isfinite(plane)
    pixels = _shades(plane, float(np.abs(plane[known]).max()) if known.any() else 0.0, theme)
    pixels[gaps] = 0
    return _image(pixels)


def signed_image(plane: np.ndarray, largest: float, theme: Theme) -> QImage:
    """(rows, columns) as a picture: −largest at the negative end, 0 in the middle; what is not finite in the colour of errors."""
    return _image(_shades(plane, largest, theme))


def bytes_image(pixels: np.ndarray) -> QImage:
    """(H, W) bytes in grey, the largest black; or (H, W, 3) in colour."""
    height, width = pixels.shape[:2]
    if pixels.ndim == 3:
        data = np.ascontiguousarray(pixels)
        return QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    data = np.ascontiguousarray(255 - pixels)
    return QImage(data.data, width, height, width, QImage.Format.Format_Grayscale8).copy()


def heat_table(theme: Theme) -> np.ndarray:
    """(256, BGRA) bytes, from the negative end over the middle to the positive end."""
    return _table(theme.heat)


def _shades(plane: np.ndarray, largest: float, theme: Theme) -> np.ndarray:
    known = np.isfinite(plane)
    scaled = np.clip(np.where(known, plane, 0.0) / (largest or 1.0), -1.0, 1.0)
    pixels: np.ndarray = heat_table(theme)[np.round((scaled + 1) * 127.5).astype(np.intp)]
    mark = color(theme.error)
    pixels[~known] = (mark.blue(), mark.green(), mark.red(), 255)
    return pixels


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

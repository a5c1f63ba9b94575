"""What the network sees as pictures on the screen: weights and gradients in the heat map's colours."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage

from ui.look.theme import LIGHT, Theme, color
from ui.maths.heat import bytes_image, signed_image


def heat_over(values: np.ndarray, largest: float, theme: Theme, picture: np.ndarray) -> QImage:
    """(H, W) signed numbers as colours on a picture in bytes, the stronger the larger the number: the ends of the heat map at ± `largest`.

    The picture is light paper in all themes. NaN has the colour of errors.
    """
    low, high = (np.array([color(hue).red(), color(hue).green(), color(hue).blue()], dtype=float) for hue in LIGHT.heat[::2])
    known = np.isfinite(values)
    share = np.clip(np.where(known, values, 0.0) / (largest or 1.0), -1, 1)[..., None]
    weight = np.sqrt(np.abs(share))
    pixels = _paper(picture) * (1 - weight) + np.where(share < 0, low, high) * weight
    mark = color(theme.error)
    pixels[~known] = (mark.red(), mark.green(), mark.blue())
    return bytes_image(np.round(pixels).astype(np.uint8))


def _paper(picture: np.ndarray) -> np.ndarray:
    """A picture as pale grey (H, W, 3), so that colours on it can be told apart."""
    grey = 255.0 - picture if picture.ndim == 2 else picture.mean(axis=2)
    return np.repeat((110 + grey * (255 - 110) / 255)[..., None], 3, axis=2)


def filter_image(weights: np.ndarray, largest: float, theme: Theme) -> QImage:
    """(channels, h, w) weights: three channels as a colour picture with 0 in the middle of each, else the first channel's heat map."""
    if len(weights) == 3:
        level = 127.5 + 127.5 * np.clip(weights / (largest or 1.0), -1, 1)
        return bytes_image(np.round(level).astype(np.uint8).transpose(1, 2, 0))
    return signed_image(weights[0], largest, theme)

"""Predictions on a grid as a picture, one pixel a point: the colour of the class, the paler the less certain; numbers by heat."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtGui import QImage

from engine.learned.plane import OnPlane
from ui.look.classes import FULL, class_colour
from ui.look.theme import Theme, color, mixed
from ui.maths.heat import heat_table

STEPS = 256


def field(seen: OnPlane, theme: Theme) -> QImage | None:
    """The picture, the largest value of the second axis at the top; None on a line."""
    if len(seen.axes) < 2:
        return None
    if seen.predicted is not None:
        pixels = _classes(seen, theme)
    elif seen.values is not None:
        low, high = bounds(seen.values)
        pixels = heat_table(theme)[_steps((seen.values - low) / (high - low or 1.0))]
        pixels[~np.isfinite(seen.values)] = _bgra(theme.error)
    else:
        return None
    pixels = np.ascontiguousarray(pixels[::-1])
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32).copy()


def certainty(seen: OnPlane) -> np.ndarray:
    """0 where the class is as likely as any other, 1 where it is certain; 1 everywhere without probabilities."""
    assert seen.predicted is not None
    if seen.probability is None:
        return np.ones(seen.predicted.shape)
    even = 1.0 / max(len(seen.classes), 2)
    share: np.ndarray = np.clip((seen.probability - even) / (1.0 - even), 0.0, 1.0)
    return share


def bounds(values: np.ndarray) -> tuple[float, float]:
    """The range of a heat map: that of the finite values, around 0 where they have both signs."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    if low < 0 < high:
        high = max(high, -low)
        low = -high
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _classes(seen: OnPlane, theme: Theme) -> np.ndarray:
    predicted = seen.predicted
    assert predicted is not None
    table = _class_table(theme.name, max(len(seen.classes), int(predicted.max(initial=0)) + 1))
    pixels: np.ndarray = table[np.maximum(predicted, 0), _steps(certainty(seen))]
    pixels[predicted < 0] = _bgra(theme.error)
    return pixels


def _steps(shares: np.ndarray) -> np.ndarray:
    steps: np.ndarray = np.nan_to_num(np.clip(shares, 0.0, 1.0) * (STEPS - 1)).astype(np.intp)
    return steps


@lru_cache(maxsize=16)
def _class_table(name: str, classes: int) -> np.ndarray:
    """(classes, steps, BGRA)."""
    from ui.look.theme import THEMES

    theme = THEMES[name]
    ends = np.array([_bgra(mixed(theme.panel, class_colour(theme, number), FULL)) for number in range(classes)], float)
    return _ramp(np.array(_bgra(theme.panel), float), ends)


def _ramp(first: np.ndarray, ends: np.ndarray) -> np.ndarray:
    shares = np.linspace(0.06, 1.0, STEPS)[None, :, None]
    return np.round(first * (1 - shares) + ends[:, None, :] * shares).astype(np.uint8)


def _bgra(value: str) -> tuple[int, int, int, int]:
    shade = color(value)
    return shade.blue(), shade.green(), shade.red(), 255

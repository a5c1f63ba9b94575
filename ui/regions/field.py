"""Predictions on a grid as a picture: the colour of the class, the paler the less certain; numbers by heat. Where classes meet, a coarse
grid is made finer, so that the boundary is a line and no row of blots."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtGui import QImage

from engine.learned.plane import OnPlane
from ui.look.classes import FULL, class_colour
from ui.look.theme import Theme, color, mixed
from ui.maths.heat import heat_table

STEPS = 256
SHARP = 192
"""Pixels along an axis, where classes meet."""
LEAST = 1e-16
"""Of a probability, so that its logarithm is finite."""


def field(seen: OnPlane, theme: Theme) -> QImage | None:
    """The picture, the largest value of the second axis at the top; None on a line."""
    if len(seen.axes) < 2:
        return None
    if seen.predicted is not None:
        pixels = _classes(seen, theme)
    elif seen.values is not None:
        low, high = scale_of(seen)
        pixels = heat_table(theme)[_steps((seen.values - low) / (high - low or 1.0))]
        pixels[~np.isfinite(seen.values)] = _bgra(theme.error)
    else:
        return None
    pixels = np.ascontiguousarray(pixels[::-1])
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32).copy()


def certainty(probability: np.ndarray | None, classes: int, shape: tuple[int, ...]) -> np.ndarray:
    """0 where the class is as likely as any other, 1 where it is certain; 1 everywhere without probabilities."""
    if probability is None:
        return np.ones(shape)
    even = 1.0 / max(classes, 2)
    share: np.ndarray = np.clip((probability - even) / (1.0 - even), 0.0, 1.0)
    return share


def finer(predicted: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same on as many times more points, so that there are about `SHARP` along an axis.

    Between the points the logarithms of a class's probability and of all others' are straight lines, so that at the points themselves
    nothing changes, and the boundary between two is where those lines say that both are as likely.
    """
    times = SHARP // max(predicted.shape)
    present = np.unique(predicted)
    if times < 2 or len(present) < 2 or present[0] < 0 or not np.isfinite(probability).all():
        return predicted, probability
    own, others = (np.log(np.clip(share, LEAST, 1.0)) for share in (probability, 1.0 - probability))
    first = second = classes = np.zeros(0)
    for number in present:
        score = _between(_between(np.where(predicted == number, own, others), times).T, times).T
        if not first.size:
            first, second, classes = score, np.full(score.shape, -np.inf), np.full(score.shape, number)
            continue
        ahead = score > first
        second = np.maximum(second, np.minimum(first, score))
        classes[ahead] = number
        first = np.maximum(first, score)
    share: np.ndarray = 1.0 / (1.0 + np.exp(second - first))
    return classes, share


def _between(values: np.ndarray, times: int) -> np.ndarray:
    """(rows · times, columns): straight lines from row to row, at the middles of the finer pixels."""
    low, part = _places(len(values), times)
    upper: np.ndarray = values[low] * (1 - part) + values[low + 1] * part
    return upper


@lru_cache(maxsize=16)
def _places(count: int, times: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each finer pixel, the point before it and how far it is from there to the next one, (count · times,) and (count · times, 1)."""
    at = np.clip((np.arange(count * times) + 0.5) / times - 0.5, 0, count - 1)
    low = np.minimum(at.astype(np.intp), count - 2)
    return low, (at - low)[:, None]


def scale_of(seen: OnPlane) -> tuple[float, float]:
    """The range of the colours of a heat map."""
    assert seen.values is not None
    return bounds(seen.values if seen.scale is None else np.array(seen.scale))


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
    predicted, probability = seen.predicted, seen.probability
    assert predicted is not None
    if probability is not None:
        predicted, probability = finer(predicted, probability)
    table = _class_table(theme.name, max(len(seen.classes), int(predicted.max(initial=0)) + 1))
    pixels: np.ndarray = table[np.maximum(predicted, 0), _steps(certainty(probability, len(seen.classes), predicted.shape))]
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

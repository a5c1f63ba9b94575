"""The heights of a function on a grid, painted: bands of colour, lines of equal height, and the numbers on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, Protocol

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from ui.look.numerals import number
from ui.look.theme import Theme, color, font, mixed
from ui.maths.axes import Frame
from ui.maths.curve_scale import Scale, chosen_scale
from ui.maths.level_lines import level_lines, levels_of

LEVELS = 14
SHADES = 64
UNRESOLVED = 0.02
"""On a logarithmic scale, heights that only this share of the grid's points is below have no lines: the grid is too coarse for them."""
Floats = np.ndarray[Any, np.dtype[np.float64]]
Spacing = Literal["areas", "even", "log"]
"""How the levels are chosen: so that between two of them lies about the same area, evenly, or evenly on a logarithmic scale, which has a
linear part around 0 where a value is 0 or negative."""


class Heights(Protocol):
    """`f[j, i]` is the height at `xs[i]`, `ys[j]`, NaN or infinite where it is no finite number."""

    @property
    def xs(self) -> Floats: ...

    @property
    def ys(self) -> Floats: ...

    @property
    def f(self) -> Floats: ...


def scale_of(f: Floats, spacing: Spacing) -> Scale:
    """The scale on which heights are spread over the colours."""
    return chosen_scale(f[np.isfinite(f)].ravel().tolist(), spacing == "log")


def positions(f: Floats, scale: Scale) -> Floats:
    """Where heights lie on a scale."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(f) if scale.kind == "log" else scale.positions(f)


def spaced_levels(f: Floats, spacing: Spacing, count: int = LEVELS) -> list[float]:
    """The heights of the lines, rising, each a number of few digits, so that what is written at a line is its height."""
    values = f[np.isfinite(f)]
    if not values.size or values.min() == values.max():
        return []
    if spacing == "areas":
        found = levels_of(f, count)
    else:
        scale = scale_of(f, spacing)
        places = positions(values, scale)
        least = float(np.quantile(places, UNRESOLVED)) if spacing == "log" else float(places.min())
        found = [_back(at, scale) for at in np.linspace(least, places.max(), count + 2)[1:-1]]
    low, high = float(values.min()), float(values.max())
    gaps = [b - a for a, b in zip([low, *found], [*found, high], strict=True)]
    short = [_short(level, min(a, b)) for level, a, b in zip(found, gaps, gaps[1:], strict=False)]
    return sorted({level for level in short if low < level < high})


def _back(place: float, scale: Scale) -> float:
    """The height at a place of a scale."""
    if scale.kind == "log":
        return float(10.0**place)
    if scale.kind == "symlog":
        size = abs(place)
        return math.copysign(scale.straight * (size if size < 1 else 10 ** (size - 1)), place)
    return float(place)


def _short(level: float, gap: float) -> float:
    """The number with the fewest digits that is nearer to the level than a fifth of the gap to the next one."""
    for digits in range(1, 16):
        rounded = float(f"{level:.{digits - 1}e}")
        if abs(rounded - level) <= gap / 5:
            return rounded
    return level


def shade_table(theme: Theme) -> list[str]:
    """From low to high: paler than what is drawn over it, in every theme."""
    return [
        mixed(mixed(theme.panel, theme.forward, 0.34), mixed(theme.panel, theme.secondary, 0.10), t / (SHADES - 1)) for t in range(SHADES)
    ]


def level_hue(theme: Theme, share: float) -> str:
    """The colour of a level line that lies at a share of all heights."""
    return mixed(mixed(theme.forward, theme.secondary, share), theme.panel, 0.25)


def paint_heights(
    painter: QPainter, frame: Frame, theme: Theme, heights: Heights, spacing: Spacing = "areas", labelled: bool = True
) -> None:
    """Bands from low (coloured) to high (pale), their borders as lines with their heights; what is no finite number has the colour of
    errors."""
    levels = spaced_levels(heights.f, spacing)
    _paint_bands(painter, frame, theme, heights, levels)
    lines = level_lines(heights.f, heights.xs, heights.ys, levels) if levels else []
    ends = [in_view(frame, pieces) for pieces in lines]
    taken: list[QRectF] = []
    labels = [_label_place(frame, theme, own, level, taken) for level, own in zip(levels, ends, strict=True)] if labelled else []
    painter.save()
    free, holes = QPainterPath(), QPainterPath()
    free.addRect(frame.area)
    for box in taken:
        holes.addRect(box)
    painter.setClipPath(free.subtracted(holes), Qt.ClipOperation.IntersectClip)  # no line runs through a number
    for at, own in enumerate(ends):
        pen = QPen(color(level_hue(theme, at / max(len(levels) - 1, 1))), 1.1 * theme.scale)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)  # so that the pieces of a line meet
        painter.setPen(pen)
        painter.drawLines([QLineF(*piece) for piece in own.tolist()])
    painter.restore()
    painter.setFont(font("tiny", theme.scale))
    painter.setPen(color(theme.text))
    for box, text in filter(None, labels):
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _paint_bands(painter: QPainter, frame: Frame, theme: Theme, heights: Heights, levels: Sequence[float]) -> None:
    f, xs, ys = heights.f, heights.xs, heights.ys
    table = np.array([[c.red(), c.green(), c.blue()] for c in map(color, shade_table(theme))], np.uint8)
    share = np.searchsorted(levels, f).astype(float) / max(len(levels), 1)
    error = color(theme.error_soft)
    pixels = np.full((*f.shape, 4), 255, np.uint8)
    pixels[..., :3] = table[np.round(share * (SHADES - 1)).astype(int)]
    pixels[~np.isfinite(f), :3] = (error.red(), error.green(), error.blue())
    flipped = np.ascontiguousarray(pixels[::-1])
    image = QImage(flipped.data, f.shape[1], f.shape[0], 4 * f.shape[1], QImage.Format.Format_RGBA8888).copy()
    half_x, half_y = (xs[1] - xs[0]) / 2, (ys[1] - ys[0]) / 2
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QRectF(frame.at(xs[0] - half_x, ys[-1] + half_y), frame.at(xs[-1] + half_x, ys[0] - half_y)), image)


def in_view(frame: Frame, pieces: Floats) -> Floats:
    """Pieces of lines (k, 4) in the painter's coordinates."""
    area, x, y = frame.area, frame.x, frame.y
    view = np.empty_like(pieces)
    view[:, 0::2] = area.left() + (pieces[:, 0::2] - x.low) / (x.high - x.low) * area.width()
    view[:, 1::2] = area.bottom() - (pieces[:, 1::2] - y.low) / (y.high - y.low) * area.height()
    return view


def _label_place(frame: Frame, theme: Theme, ends: Floats, level: float, taken: list[QRectF]) -> tuple[QRectF, str] | None:
    """Where the height is written on its line: as far from the other numbers as it can be; None where there is no room."""
    text, metrics = number(level, 3), QFontMetricsF(font("tiny", theme.scale))
    wide, high = metrics.horizontalAdvance(text) + 6, metrics.height()
    room = frame.area.adjusted(wide / 2 + 2, high / 2 + 2, -wide / 2 - 2, -high / 2 - 2)
    middle = (ends[:, :2] + ends[:, 2:]) / 2
    inside = (middle[:, 0] > room.left()) & (middle[:, 0] < room.right()) & (middle[:, 1] > room.top()) & (middle[:, 1] < room.bottom())
    spots = middle[inside]
    if len(spots) < 6:
        return None
    spots = spots[:: max(1, len(spots) // 200)]
    if taken:
        others = np.array([[box.center().x(), box.center().y()] for box in taken])
        far = np.abs(spots[:, None] - others) / np.array([wide, high])
        clear = far.max(axis=2).min(axis=1)
        if clear.max() < 1.3:
            return None
        distance = np.linalg.norm(spots[:, None] - others, axis=2).min(axis=1)
        at = spots[int(np.argmax(np.where(clear >= 1.3, distance, -1)))]
    else:
        at = spots[len(spots) // 2]
    box = QRectF(QPointF(at[0] - wide / 2, at[1] - high / 2), QPointF(at[0] + wide / 2, at[1] + high / 2))
    taken.append(box)
    return box, text

"""A surface painted: its floor with the level lines, the cells from the farthest to the nearest, the paths on it, and the axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from graph.text.messages import _
from ui.look.theme import THEMES, Theme, color, faded, font, mixed
from ui.maths.curve_scale import LINEAR
from ui.maths.level_lines import chains
from ui.maths.relief import FLOOR, TOP, Eye, Floats, Relief

HUES, SHADES = 48, 24
LIFT = 0.012
"""By so much paths lie above the surface."""
ALONG_PATH, CLEARS = 800, 10
"""Most points of a path that are drawn, and the number of its shades: a path far from the plane is faint."""
DARKEST, DARKEST_DARK = 0.42, 0.6
"""A cell that turns away from the light is darker by this share; the same in a dark theme."""


@dataclass(frozen=True, slots=True)
class Trail:
    """A path over the plane, (N, 2), drawn on the surface. `clear`: (N,) how clearly each point is seen, 1 for all where None.
    An `arrow` has a head at its end."""

    points: Floats
    hue: str
    clear: Floats | None = None
    width: float = 2.2
    arrow: bool = False


@dataclass(frozen=True, slots=True)
class Spot:
    """A point of the plane, marked on the surface and on the floor; `text` stands beside it."""

    x: float
    y: float
    hue: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the box lies on the screen: `scale` pixels for a unit of it."""

    eye: Eye
    middle: QPointF
    scale: float
    centre: float

    @classmethod
    def within(cls, rect: QRectF, eye: Eye) -> Stand:
        """As large as it can be in a rectangle without changing its size while it turns."""
        tilt = math.radians(eye.elevation)
        high = 2 * math.sqrt(2) * math.sin(tilt) + (TOP - FLOOR) * math.cos(tilt)
        scale = max(min(rect.width() / (2 * math.sqrt(2)), rect.height() / high), 1.0)
        return cls(eye, rect.center(), scale, (TOP + FLOOR) / 2 * math.cos(tilt))

    def places(self, x: Any, y: Any, z: Any) -> tuple[Floats, Floats]:
        """Pixels of points of the box."""
        across, up = self.eye.seen(np.asarray(x, float), np.asarray(y, float), np.asarray(z, float))
        return self.middle.x() + self.scale * across, self.middle.y() - self.scale * (up - self.centre)

    def place(self, x: float, y: float, z: float) -> QPointF:
        across, up = self.places(x, y, z)
        return QPointF(float(across), float(up))

    def back(self, at: QPointF) -> tuple[float, float]:
        """Across and up, as `Eye.seen` gives them, of a pixel."""
        return (at.x() - self.middle.x()) / self.scale, self.centre - (at.y() - self.middle.y()) / self.scale

    def plane(self, z: float) -> QTransform:
        """From (x, y) at a height to pixels."""
        ux, uy, vx, vy, v = self.eye.affine(z)
        s = self.scale
        return QTransform(s * ux, -s * vx, s * uy, -s * vy, self.middle.x(), self.middle.y() - s * (v - self.centre))


def paint_ground(painter: QPainter, rect: QRectF, relief: Relief, eye: Eye, theme: Theme, stale: bool = False, fine: bool = True) -> Stand:
    """Paint all but paths and points, and say where it lies. `fine` is for a picture at rest: with smooth edges and the lines of the grid.
    The heights of a `stale` surface are those of numbers that have changed since."""
    painter.save()
    painter.fillRect(rect, color(theme.panel))
    stand = Stand.within(_room(rect, relief, theme), eye)
    _floor(painter, stand, relief, theme, fine)
    _cells(painter, stand, relief, theme, stale, fine)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _axes(painter, stand, relief, theme)
    painter.restore()
    return stand


def paint_marks(
    painter: QPainter, rect: QRectF, stand: Stand, relief: Relief, theme: Theme, trails: Sequence[Trail], spots: Sequence[Spot]
) -> None:
    """Paths and points, over the ground."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for trail in trails:
        _trail(painter, stand, relief, theme, trail)
    for spot in spots:
        _spot(painter, rect, stand, relief, theme, spot)
    painter.restore()


def _room(rect: QRectF, relief: Relief, theme: Theme) -> QRectF:
    """What is left when the numbers and names of the axes stand around."""
    metrics = QFontMetricsF(font("small", theme.scale))
    wide = max((metrics.horizontalAdvance(text) for _at, text in relief.axis.ticks()), default=0.0)
    side = max(wide, metrics.horizontalAdvance(f"↑ {relief.names[2]}")) + 0.6 * metrics.height()
    return rect.adjusted(side, 1.6 * metrics.height(), -side, -2.2 * metrics.height())


# the floor


def _floor(painter: QPainter, stand: Stand, relief: Relief, theme: Theme, fine: bool) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, fine)
    painter.setTransform(stand.plane(FLOOR), True)
    painter.setPen(_cosmetic(theme.secondary, 1.0))
    painter.setBrush(color(mixed(theme.panel, theme.text, 0.03)))
    painter.drawRect(QRectF(-1, -1, 2, 2))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(faded(theme.error, 0.45))
    if relief not in _drawn:
        _drawn[relief] = _Drawn(relief)
    painter.drawPath(_drawn[relief].holes)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for rank, path in _drawn[relief].lines:
        painter.setPen(_cosmetic(height_hue(rank, theme), 1.4 * theme.scale))
        painter.drawPath(path)
    painter.restore()


def _cosmetic(hue: str, width: float) -> QPen:
    pen = QPen(color(hue), width)
    pen.setCosmetic(True)
    return pen


class _Drawn:
    """What a relief has on its floor, as paths over the plane."""

    def __init__(self, relief: Relief) -> None:
        self.lines = [(float(relief.rank(np.array(share))), _pieces(pieces)) for share, pieces in relief.lines]
        self.holes = QPainterPath()
        missing = ~np.isfinite(relief.cells[0])
        rows, columns = missing.shape
        for row, column in np.argwhere(missing).tolist():
            self.holes.addRect(QRectF(-1 + 2 * column / columns, -1 + 2 * row / rows, 2 / columns, 2 / rows))


def _pieces(pieces: Floats) -> QPainterPath:
    path = QPainterPath()
    for chain in chains(pieces):
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in chain.tolist()]))
    return path


_drawn: WeakKeyDictionary[Relief, _Drawn] = WeakKeyDictionary()
"""Made once for a relief, however often it is turned."""


# the cells


def height_hue(rank: float, theme: Theme) -> str:
    """The colour of a height: full at the bottom, so that valleys meet the eye first, paler towards the top."""
    return mixed(mixed(theme.forward, theme.heat[0], rank), theme.panel, 0.05 + (0.2 if theme.dark else 0.5) * rank)


@lru_cache(maxsize=8)
def _paints(name: str, stale: bool) -> list[tuple[QBrush, QPen]]:
    """For each hue and shade (hue · `SHADES` + shade) of a theme: the cell's ground and its edge."""
    theme, paints = THEMES[name], []
    for i in range(HUES):
        hue = mixed(theme.panel, theme.stale, 0.7 - 0.4 * i / (HUES - 1)) if stale else height_hue(i / (HUES - 1), theme)
        for j in range(SHADES):
            ground = mixed(hue, "#000000", (DARKEST_DARK if theme.dark else DARKEST) * (1 - j / (SHADES - 1)))
            paints.append((QBrush(color(ground)), QPen(color(mixed(ground, "#000000", 0.16)), 0.7)))
    return paints


def _shading(relief: Relief, eye: Eye) -> Floats:
    """How much light falls on each cell, 0 to 1: it comes from above the eye, from the left."""
    mean, along_x, along_y = relief.cells
    away_x, away_y = eye.depth
    left = -0.55
    light = np.array([left * away_y - 0.45 * away_x, -left * away_x - 0.45 * away_y, 0.7])
    light /= np.linalg.norm(light)
    with np.errstate(invalid="ignore"):
        facing: Floats = (light[2] - light[0] * along_x - light[1] * along_y) / np.sqrt(1 + along_x**2 + along_y**2)
    return np.clip(0.5 + 0.5 * facing, 0.0, 1.0)


def _cells(painter: QPainter, stand: Stand, relief: Relief, theme: Theme, stale: bool, fine: bool) -> None:
    order = relief.order(stand.eye)
    if not len(order):
        return
    x, y = stand.places(*relief.box)
    known = np.isfinite(y)
    corners = [QPointF(a, b) for a, b in zip(x.reshape(-1).tolist(), np.where(known, y, 0.0).reshape(-1).tolist(), strict=True)]
    with np.errstate(invalid="ignore"):
        hues = np.nan_to_num(relief.rank(relief.cells[0]) * (HUES - 1)).round().astype(int)
        shades = np.nan_to_num(_shading(relief, stand.eye) * (SHADES - 1)).round().astype(int)
    looks = (hues * SHADES + shades).reshape(-1)[order].tolist()
    paints = _paints(theme.name, stale)
    columns = x.shape[1]
    first = (order + order // (columns - 1)).tolist()  # of the cell's corner among the points
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, fine)
    painter.setPen(Qt.PenStyle.NoPen)
    draw, brush, pen = painter.drawConvexPolygon, painter.setBrush, painter.setPen
    for at, look in zip(first, looks, strict=True):
        ground, edge = paints[look]
        brush(ground)
        if fine:
            pen(edge)
        draw((corners[at], corners[at + 1], corners[at + columns + 1], corners[at + columns]))
    painter.setBrush(Qt.BrushStyle.NoBrush)


# paths and points


def _trail(painter: QPainter, stand: Stand, relief: Relief, theme: Theme, trail: Trail) -> None:
    """Solid where it is seen, thin and dotted where the surface hides it."""
    points, clear = _thinned(trail)
    if len(points) < 2:
        return
    x, y = relief.at(points[:, 0], points[:, 1])
    z = relief.height(x, y) + LIFT
    seen = relief.visible(x, y, z, stand.eye)
    across, up = stand.places(x, y, z)
    looks = np.where(np.isfinite(z), np.round(clear * CLEARS).astype(int) * 2 + seen, -1)
    points_ = [QPointF(a, b) for a, b in zip(across.tolist(), np.nan_to_num(up).tolist(), strict=True)]
    for first, last in _runs(looks):
        if looks[first] >= 0:
            painter.setPen(_trail_pen(trail, int(looks[first]), theme))
            painter.drawPolyline(points_[first : last + 1])
    if trail.arrow and looks[-1] >= 0:
        _head(painter, points_[max(len(points_) - 4, 0)], points_[-1], _trail_pen(trail, int(looks[-1]), theme))


def _head(painter: QPainter, before: QPointF, tip: QPointF, line: QPen) -> None:
    """The head of an arrow that comes from `before`."""
    along = QLineF(before, tip)
    if along.length() < 0.5:
        return
    way, size = (tip - before) / along.length(), 3.2 * line.widthF() + 4
    side, back = QPointF(-way.y(), way.x()) * (0.5 * size), tip - way * (0.6 * size)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(line.color())
    painter.drawPolygon(QPolygonF([tip + way * (0.5 * size), back + side, back - side]))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _runs(looks: np.ndarray[Any, np.dtype[np.intp]]) -> list[tuple[int, int]]:
    """First and last point of each piece of a path that looks the same; a piece ends where the next begins, except at a hole."""
    starts = [0, *(np.flatnonzero(np.diff(looks)) + 1).tolist()]
    ends = [*starts[1:], len(looks)]
    return [(start, end if end < len(looks) and looks[end] >= 0 else end - 1) for start, end in zip(starts, ends, strict=True)]


def _trail_pen(trail: Trail, look: int, theme: Theme) -> QPen:
    clear, open_ = divmod(look, 2)
    line = QPen(faded(trail.hue, clear / CLEARS * (1.0 if open_ else 0.55)), (trail.width if open_ else 0.5 * trail.width) * theme.scale)
    line.setCapStyle(Qt.PenCapStyle.RoundCap)
    line.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return line


def _thinned(trail: Trail) -> tuple[Floats, Floats]:
    """The path in pieces that are short against the box, so that it bends with the surface; of long ones every k-th point."""
    points = trail.points
    clear = np.ones(len(points)) if trail.clear is None else trail.clear
    stride = -(-len(points) // ALONG_PATH) or 1
    if stride > 1:
        kept = [*range(0, len(points) - 1, stride), len(points) - 1]
        return points[kept], clear[kept]
    if len(points) < 2:
        return points, clear
    pieces = max(1, min(24, ALONG_PATH // len(points)))
    at = np.linspace(0, len(points) - 1, pieces * (len(points) - 1) + 1)
    known = np.arange(len(points))
    return np.stack([np.interp(at, known, points[:, k]) for k in (0, 1)], axis=1), np.interp(at, known, clear)


def _spot(painter: QPainter, rect: QRectF, stand: Stand, relief: Relief, theme: Theme, spot: Spot) -> None:
    x, y = (float(v) for v in relief.at(np.array(spot.x), np.array(spot.y)))
    if not (abs(x) <= 1 and abs(y) <= 1):
        return
    z = float(relief.height(np.array(x), np.array(y)))
    below = stand.place(x, y, FLOOR)
    painter.setBrush(color(spot.hue))
    painter.setPen(QPen(color(theme.panel), 1.5 * theme.scale))
    painter.drawEllipse(below, 3.2 * theme.scale, 3.2 * theme.scale)
    if not math.isfinite(z):
        return
    at = stand.place(x, y, z)
    painter.setPen(QPen(color(spot.hue), 1.2 * theme.scale, Qt.PenStyle.DashLine))
    painter.drawLine(below, at)
    painter.setPen(QPen(color(theme.panel), 2.0 * theme.scale))
    painter.drawEllipse(at, 6.5 * theme.scale, 6.5 * theme.scale)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if spot.text:
        _word(painter, rect, at, spot.text, theme)


def _word(painter: QPainter, rect: QRectF, at: QPointF, text: str, theme: Theme) -> None:
    """A text above a point, on a veil, inside the picture."""
    type_ = font("strong", theme.scale)
    metrics = QFontMetricsF(type_)
    wide, high = metrics.horizontalAdvance(text) + 10 * theme.scale, metrics.height() + 2 * theme.scale
    left = min(max(at.x() - wide / 2, rect.left() + 2), rect.right() - wide - 2)
    box = QRectF(left, max(at.y() - high - 12 * theme.scale, rect.top() + 2), wide, high)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(faded(theme.panel, 0.92))
    painter.drawRoundedRect(box, 4, 4)
    painter.setFont(type_)
    painter.setPen(color(theme.text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.setBrush(Qt.BrushStyle.NoBrush)


# the axes


def _axes(painter: QPainter, stand: Stand, relief: Relief, theme: Theme) -> None:
    away_x, away_y = stand.eye.depth
    near_x, near_y = (-1.0 if away_x > 0 else 1.0), (-1.0 if away_y > 0 else 1.0)
    painter.setFont(font("small", theme.scale))
    for ends, low, high, name in (
        (((-1.0, near_y), (1.0, near_y)), relief.xs[0], relief.xs[-1], relief.names[0]),
        (((near_x, -1.0), (near_x, 1.0)), relief.ys[0], relief.ys[-1], relief.names[1]),
    ):
        first, last = (stand.place(x, y, FLOOR) for x, y in ends)
        shares = [((value - low) / (high - low), text) for value, text in LINEAR.ticks(float(low), float(high)) or ()]
        _axis(painter, stand.place(0, 0, FLOOR), first, last, shares, name, theme)
    corners = [(a, b) for a in (-1.0, 1.0) for b in (-1.0, 1.0)]
    side = min(corners, key=lambda corner: stand.place(corner[0], corner[1], 0.0).x())
    foot, base, top = (stand.place(side[0], side[1], z) for z in (FLOOR, 0.0, TOP))
    painter.setPen(QPen(color(theme.hairline), 1.0))
    painter.drawLine(foot, base)
    _axis(painter, stand.place(0, 0, TOP / 2), base, top, relief.axis.ticks(), "", theme)
    if QLineF(base, top).length() > 30 * theme.scale:
        metrics = QFontMetricsF(font("small", theme.scale))
        painter.setPen(color(theme.text))
        name = _("↑ {name}").format(name=relief.names[2])
        left = top.x() - 6 * theme.scale - metrics.horizontalAdvance(name)
        painter.drawText(QPointF(left, top.y() - 0.7 * metrics.height()), name)


def _axis(
    painter: QPainter, centre: QPointF, first: QPointF, last: QPointF, ticks: Sequence[tuple[float, str]], name: str, theme: Theme
) -> None:
    """An edge of the box with its numbers, away from the centre, and its name outside of these."""
    edge = QLineF(first, last)
    if edge.length() < 30 * theme.scale:
        return
    metrics = QFontMetricsF(painter.font())
    out = QPointF(-edge.dy(), edge.dx()) / edge.length()
    if QPointF.dotProduct(out, edge.center() - centre) < 0:
        out = -out
    painter.setPen(QPen(color(theme.secondary), 1.2))
    painter.drawLine(edge)
    far, taken = 0.0, QRectF()
    for share, text in ticks:
        if not -1e-6 <= share <= 1 + 1e-6:
            continue
        at = edge.pointAt(share)
        painter.setPen(QPen(color(theme.secondary), 1.2))
        painter.drawLine(at, at + out * (4 * theme.scale))
        box = _beside(at, out, metrics.horizontalAdvance(text), metrics.height(), 6 * theme.scale)
        if box.adjusted(-3, 0, 3, 0).intersects(taken):
            continue
        taken = box
        painter.setPen(color(theme.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        far = max(far, abs(out.x()) * box.width() + abs(out.y()) * box.height())
    if name:
        box = _beside(edge.center(), out, metrics.horizontalAdvance(name), metrics.height(), far + 9 * theme.scale)
        painter.setPen(color(theme.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)


def _beside(at: QPointF, out: QPointF, wide: float, high: float, gap: float) -> QRectF:
    """A box of this size that begins so far from a place, in a direction."""
    middle = at + out * (gap + (abs(out.x()) * wide + abs(out.y()) * high) / 2)
    return QRectF(middle.x() - wide / 2, middle.y() - high / 2, wide, high)

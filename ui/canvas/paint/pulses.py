"""Pulses: numbers on their way along the wires of the event that playback is in.

All discs of a frame are drawn by one call. Where they run under a card or a number, that part of the finished picture is
put over them again: cheaper than a clip, which would cost as much as the discs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import ceil

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter, QPen, QPixmap

from engine.compile.views import ArrayView, TraceView
from ui.canvas.model import wires
from ui.canvas.model.camera import Camera
from ui.canvas.model.content import Content, size, thickness
from ui.canvas.model.scene import CanvasScene
from ui.canvas.paint import batch
from ui.canvas.paint.layer import StaticLayer
from ui.canvas.paint.nodes import MEDIUM
from ui.look.theme import Theme, color, faded

TAIL = (0.065, 0.035, 0.0)
"""How far the fading copies lag behind, in shares of the way; the disc itself comes last."""
RADII = np.arange(5.0, 11.0, 0.5)
"""Radii of discs, in scene units."""
SIGNS = ("", "+", "−")
CELLS = 2_000_000
"""Resolution of the map of cards."""


class Pulses:
    """What the event under way needs again in every frame: made once an event."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._trace: TraceView | None = None
        self._ways = np.zeros((wires.SAMPLES, 0, 2))
        self._radius = np.zeros(0, np.intp)
        self._sign = np.zeros(0, np.intp)
        self._cover = Cover()

    def paint(
        self, painter: QPainter, camera: Camera, view: QSizeF, scene: CanvasScene, content: Content, theme: Theme,
        under: Callable[[], np.ndarray], picture: StaticLayer | None,
    ) -> None:  # fmt: skip
        """Discs in view coordinates. `under` gives the boxes they pass below, shape (n, 4) as left, top, right, bottom in the scene;
        `picture` is what lies on the painter already, where it can be put over them again."""
        head = content.playhead
        if head is None or not head.phase or head.progress <= 0.0:
            return  # nothing has set out yet; with reduced motion nothing ever does
        self._take(scene, content, theme)
        hue = theme.forward if head.phase == "forward" else theme.backward
        places = [(self.places(head.progress - lag) - (camera.x, camera.y)) * camera.scale for lag in TAIL if head.progress >= lag]
        x, y = places[-1].T
        reach = RADII[-1] * camera.scale
        seen = np.flatnonzero((x > -reach) & (x < view.width() + reach) & (y > -reach) & (y < view.height() + reach))
        if camera.scale < MEDIUM:
            open_ground = seen[~self._cover.hides(places[-1][seen] / camera.scale + (camera.x, camera.y), scene)]
            self._paint_dots(painter, places[-1][open_ground], RADII[self._radius[open_ground]] * camera.scale, hue)
            return
        boxes = (under() - np.tile((camera.x, camera.y), 2)) * camera.scale
        if picture is None:
            seen = seen[~_inside(places[-1][seen], boxes)]
        self._paint_discs(painter, [place[seen] for place in places], seen, hue, theme, camera.scale)
        if picture is not None:
            reaches = np.tile(RADII[self._radius[seen]] * camera.scale + 1, len(places))
            picture.put_again(painter, _patches(np.concatenate([place[seen] for place in places]), reaches, boxes))

    def places(self, share: float) -> np.ndarray:
        """Where the discs are at this share (0 to 1) of their ways, shape (n, 2), in the scene."""
        at = min(max(share, 0.0), 1.0) * (wires.SAMPLES - 1)
        low = min(int(at), wires.SAMPLES - 2)
        return np.asarray(self._ways[low] * (low + 1 - at) + self._ways[low + 1] * (at - low))

    def _take(self, scene: CanvasScene, content: Content, theme: Theme) -> None:
        head = content.playhead
        assert head is not None
        key = (head.phase, head.active_edges, scene, scene.version)
        if self._trace is content.trace and key == self._key:
            return
        self._trace, self._key = content.trace, key
        forward = head.phase == "forward"
        ids = [edge for edge in head.active_edges if edge in scene.edge_row and edge not in scene.hidden_edges]
        points = scene.points_of(scene.wire_rows.of(ids))
        self._ways = wires.evenly(points if forward else points[:, ::-1])
        carried = [_carried(edge, content, forward) for edge in ids]
        radii = np.array([_radius(magnitude, sign) for magnitude, sign in carried])
        self._radius = np.clip(np.round((radii - RADII[0]) * 2).astype(np.intp), 0, len(RADII) - 1)
        self._sign = np.array([SIGNS.index(sign) for _, sign in carried], np.intp)

    def _paint_dots(self, painter: QPainter, at: np.ndarray, radii: np.ndarray, hue: str) -> None:
        side = np.maximum(np.round(2 * radii), 2.0)
        rects = np.empty((len(at), 4))
        rects[:, :2] = np.round(at - side[:, None] / 2)
        rects[:, 2] = rects[:, 3] = side
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(hue))
        batch.rectangles(painter, rects)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _paint_discs(self, painter: QPainter, places: list[np.ndarray], seen: np.ndarray, hue: str, theme: Theme, scale: float) -> None:
        ratio = painter.device().devicePixelRatioF()
        pixels = round(scale * ratio, 3)
        sprites, cell = _sprites(hue, theme.on_accent, pixels), _cell(pixels)
        parts = []
        for step, place in enumerate(places, len(TAIL) - len(places)):
            rows = np.zeros((len(seen), 10))
            rows[:, :2] = np.round(place * ratio) / ratio
            rows[:, 2] = self._radius[seen] * cell
            rows[:, 3] = (step if step < len(TAIL) - 1 else self._sign[seen] + step) * cell
            rows[:, 4:6] = cell
            rows[:, 6:8] = 1 / ratio
            rows[:, 9] = 1.0
            parts.append(rows)
        batch.fragments(painter, np.concatenate(parts), sprites)


class Cover:
    """Where cards lie, as a coarse map of the whole scene: whether thousands of dots are below one is looked up at once."""

    def __init__(self) -> None:
        self._key: tuple[object, int] | None = None
        self._map = np.zeros((1, 1), np.uint8)
        self._corner = np.zeros(2)
        self._fine = 1.0

    def hides(self, at: np.ndarray, scene: CanvasScene) -> np.ndarray:
        """Which of these places in the scene, shape (n, 2), lie on a card."""
        if self._key != (scene, scene.version):
            self._draw(scene)
            self._key = (scene, scene.version)
        column, row = ((at - self._corner) * self._fine).astype(np.intp).T
        high, wide = self._map.shape
        return np.asarray(self._map[np.clip(row, 0, high - 1), np.clip(column, 0, wide - 1)] != 0)

    def _draw(self, scene: CanvasScene) -> None:
        whole = scene.bounds(scene.ids).adjusted(-64, -64, 64, 64)
        self._fine = min(1.0, (CELLS / max(1.0, whole.width() * whole.height())) ** 0.5)
        self._corner = np.array([whole.left(), whole.top()])
        image = QImage((whole.size() * self._fine).toSize() + QSize(1, 1), QImage.Format.Format_Grayscale8)
        image.fill(0)
        rects = scene.placed().copy()
        rects[:, :2] -= self._corner
        painter = QPainter(image)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(Qt.GlobalColor.white)
        batch.rectangles(painter, np.ascontiguousarray(rects * self._fine))
        painter.end()
        self._map = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)[:, : image.width()].copy()


def _carried(edge_id: str, content: Content, forward: bool) -> tuple[float | None, str]:
    """Size and sign of what is on its way, though it has not arrived."""
    trace = content.trace
    if trace is None:
        return None, ""
    shown = trace.values.get(content.graph.edges[edge_id].source) if forward else trace.edge_gradients.get(edge_id)
    if not isinstance(shown, ArrayView) or shown.covered:
        return None, ""
    scalar = shown.scalar
    if scalar is None or scalar == 0:
        return size(shown), ""
    return abs(scalar), "+" if scalar > 0 else "−"


def carried_width(edge_id: str, content: Content, theme: Theme) -> float:
    """How thick a wire is drawn while something runs along it."""
    head, rest = content.playhead, theme.wire_width / theme.scale
    magnitude, _ = _carried(edge_id, content, head is not None and head.phase == "forward")
    return max(thickness(magnitude, rest), rest * 1.3)


def _radius(magnitude: float | None, sign: str) -> float:
    radius = min(5.0 + 1.6 * thickness(magnitude, 1.6), 10.5) if magnitude is not None else 6.0
    return max(radius, 7.5) if sign else radius


def _inside(at: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Which of these places lie in a box."""
    x, y = at[:, 0:1], at[:, 1:2]
    return np.asarray(((x > boxes[:, 0]) & (x < boxes[:, 2]) & (y > boxes[:, 1]) & (y < boxes[:, 3])).any(axis=1))


def _patches(at: np.ndarray, reach: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """What the squares around these places share with the boxes, shape (n, 4) as left, top, right, bottom."""
    low = np.maximum((at - reach[:, None])[:, None], boxes[None, :, :2])
    high = np.minimum((at + reach[:, None])[:, None], boxes[None, :, 2:])
    return np.asarray(np.concatenate([low, high], axis=2)[(low < high).all(axis=2)])


def _cell(pixels: float) -> int:
    """The side of one sprite."""
    return 2 * ceil((float(RADII[-1]) + 1) * pixels)


@lru_cache(maxsize=6)
def _sprites(hue: str, ink: str, pixels: float) -> QPixmap:
    """Every disc there is: a column for each radius; a row for each step of the tail, then one for each sign."""
    cell = _cell(pixels)
    rows = len(TAIL) - 1 + len(SIGNS)
    image = QImage(cell * len(RADII), cell * rows, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for column, radius in enumerate(RADII.tolist()):
        for row in range(rows):
            step = min(row, len(TAIL) - 1)
            last = step == len(TAIL) - 1
            wide = radius * (1.0 if last else 0.55 + 0.2 * step)
            painter.resetTransform()
            painter.translate((column + 0.5) * cell, (row + 0.5) * cell)
            painter.scale(pixels, pixels)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(hue) if last else faded(hue, 0.25 + 0.2 * step))
            painter.drawEllipse(QPointF(0, 0), wide, wide)
            if last:
                _paint_sign(painter, radius * 0.48, SIGNS[row - step], ink)
    painter.end()
    return QPixmap.fromImage(image)


def _paint_sign(painter: QPainter, arm: float, sign: str, ink: str) -> None:
    painter.setPen(QPen(color(ink), 1.8))
    if sign:
        painter.drawLine(QPointF(-arm, 0), QPointF(arm, 0))
    if sign == "+":
        painter.drawLine(QPointF(0, -arm), QPointF(0, arm))


def reach(scene: CanvasScene, edge_ids: tuple[str, ...], margin: float) -> QRectF:
    """The part of the scene around these wires and the numbers on them."""
    rows = [scene.edge_row[edge] for edge in edge_ids if edge in scene.edge_row]
    if not rows:
        return QRectF()
    spans = scene.routes.spans[rows]
    left, top = spans[:, :2].min(axis=0).tolist()
    right, bottom = spans[:, 2:].max(axis=0).tolist()
    return QRectF(left - margin, top - margin, right - left + 2 * margin, bottom - top + 2 * margin)

"""The whole graph in a corner, with a frame around what the view shows; it hides when everything is in view."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter, QPen

from ui.canvas.model.camera import Camera
from ui.canvas.model.map_view import SIZE, MapView
from ui.canvas.model.scene import KINDS, CanvasScene
from ui.canvas.model.viewport import Viewport
from ui.canvas.paint import batch
from ui.look.theme import Theme, color, faded


class Minimap:
    """Paints a map, and keeps its picture while nothing moves."""

    def __init__(self) -> None:
        self._image: QImage | None = None
        self._key: tuple[object, ...] = ()

    def paint(self, painter: QPainter, view: MapView, viewport: Viewport, theme: Theme) -> None:
        place, scene = view.place(), viewport.scene
        painter.setPen(QPen(color(theme.hairline), 1))
        painter.setBrush(faded(theme.panel, 0.94))
        painter.drawRoundedRect(place, 8, 8)
        inner = view.lens()
        painter.drawImage(place.topLeft(), self._map(scene, inner, theme, painter.device().devicePixelRatioF()))
        painter.save()
        painter.setClipRect(place.adjusted(2, 2, -2, -2))
        seen = viewport.seen()
        frame = inner.rect_to_view(seen).translated(place.topLeft())
        painter.setBrush(faded(theme.selection, 0.05))
        painter.setPen(QPen(color(theme.selection), 1.5))
        painter.drawRoundedRect(frame, 3, 3)
        painter.restore()

    def _map(self, scene: CanvasScene, lens: Camera, theme: Theme, ratio: float) -> QImage:
        if self._image is not None and scene.lifted and self._key[:1] == (scene,):
            return self._image  # what is being carried arrives on the map when it is put down
        key = (scene, scene.version, lens.state(), theme.name, ratio)
        if self._image is None or self._key != key:
            self._image, self._key = _drawn(scene, lens, theme, ratio), key
        return self._image


def _drawn(scene: CanvasScene, lens: Camera, theme: Theme, ratio: float) -> QImage:
    image = QImage((SIZE * ratio).toSize(), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setPen(Qt.PenStyle.NoPen)
    rects, kinds = scene.placed().copy(), scene.kinds[scene.kinds >= 0]
    rects[:, :2] = (rects[:, :2] - (lens.x, lens.y)) * lens.scale
    rects[:, 2:] = np.maximum(rects[:, 2:] * lens.scale, 1.5)
    for kind in np.unique(kinds):
        category = KINDS[kind]
        painter.setBrush(color(theme.bar[category] if not theme.dark else theme.swatch[category]))
        batch.rectangles(painter, np.ascontiguousarray(rects[kinds == kind]))
    painter.end()
    return image

"""The whole graph in a corner, with a frame around what the view shows; it hides when everything is in view."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from ui.canvas.model.camera import Camera
from ui.canvas.model.scene import KINDS, Scene
from ui.canvas.paint import batch
from ui.look.theme import Theme, color, faded

SIZE = QSizeF(160, 104)
GAP, INSET = 16.0, 9.0


class Minimap:
    def __init__(self) -> None:
        self._image: QImage | None = None
        self._key: tuple[object, ...] = ()
        self._extent: tuple[Scene, int, QRectF] | None = None

    def place(self, size: QSizeF) -> QRectF:
        return QRectF(size.width() - SIZE.width() - GAP, size.height() - SIZE.height() - GAP, SIZE.width(), SIZE.height())

    def visible(self, scene: Scene, camera: Camera, size: QSizeF) -> bool:
        """Only where there is something out of view, and room."""
        if not scene.ids or size.width() < 3 * SIZE.width() or size.height() < 2.5 * SIZE.height():
            return False
        return not camera.seen(size).adjusted(-4, -4, 4, 4).contains(self._bounds(scene))

    def _bounds(self, scene: Scene) -> QRectF:
        """Around all cards; asked for in every frame."""
        if self._extent is None or self._extent[0] is not scene or (self._extent[1] != scene.version and not scene.lifted):
            self._extent = scene, scene.version, scene.bounds(scene.ids)
        return self._extent[2]

    def paint(self, painter: QPainter, scene: Scene, camera: Camera, size: QSizeF, theme: Theme) -> None:
        place = self.place(size)
        painter.setPen(QPen(color(theme.hairline), 1))
        painter.setBrush(faded(theme.panel, 0.94))
        painter.drawRoundedRect(place, 8, 8)
        inner = self._lens(scene, camera, size)
        painter.drawImage(place.topLeft(), self._map(scene, inner, theme, painter.device().devicePixelRatioF(), camera, size))
        painter.save()
        painter.setClipRect(place.adjusted(2, 2, -2, -2))
        seen = camera.seen(size)
        frame = inner.rect_to_view(seen).translated(place.topLeft())
        painter.setBrush(faded(theme.selection, 0.05))
        painter.setPen(QPen(color(theme.selection), 1.5))
        painter.drawRoundedRect(frame, 3, 3)
        painter.restore()

    def scene_point(self, at: QPointF, scene: Scene, camera: Camera, size: QSizeF) -> QPointF:
        """The scene point under a view position on the map."""
        return self._lens(scene, camera, size).to_scene(at - self.place(size).topLeft())

    def _lens(self, scene: Scene, camera: Camera, size: QSizeF) -> Camera:
        """How the map looks at the scene: all of it, and where the view is."""
        lens = Camera()
        whole = self._bounds(scene).united(camera.seen(size))
        wide, high = SIZE.width() - 2 * INSET, SIZE.height() - 2 * INSET
        lens.scale = min(wide / whole.width(), high / whole.height())
        lens.x = whole.center().x() - SIZE.width() / 2 / lens.scale
        lens.y = whole.center().y() - SIZE.height() / 2 / lens.scale
        return lens

    def _map(self, scene: Scene, lens: Camera, theme: Theme, ratio: float, camera: Camera, size: QSizeF) -> QImage:
        if self._image is not None and scene.lifted and self._key[:1] == (scene,):
            return self._image  # what is being carried arrives on the map when it is put down
        key = (scene, scene.version, lens.state(), theme.name, ratio)
        if self._image is None or self._key != key:
            self._image, self._key = _drawn(scene, lens, theme, ratio), key
        return self._image


def _drawn(scene: Scene, lens: Camera, theme: Theme, ratio: float) -> QImage:
    image = QImage((SIZE * ratio).toSize(), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setPen(Qt.PenStyle.NoPen)
    rects = scene.rects.copy()
    rects[:, :2] = (rects[:, :2] - (lens.x, lens.y)) * lens.scale
    rects[:, 2:] = np.maximum(rects[:, 2:] * lens.scale, 1.5)
    for kind in np.unique(scene.kinds):
        category = KINDS[kind]
        painter.setBrush(color(theme.bar[category] if not theme.dark else theme.swatch[category]))
        batch.rectangles(painter, np.ascontiguousarray(rects[scene.kinds == kind]))
    painter.end()
    return image

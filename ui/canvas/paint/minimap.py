"""The whole graph in a corner, with a frame around what the view shows; it hides when everything is in view."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from ui.canvas.model.camera import Camera
from ui.canvas.model.map_view import SIZE, MapView
from ui.canvas.model.scene import KINDS, CanvasScene
from ui.canvas.model.viewport import Viewport
from ui.canvas.paint import batch
from ui.canvas.paint.kept import KeptPicture
from ui.look.theme import Theme, color, faded

EDGE = 1.0
"""Room for the line around the map."""


class Minimap:
    """Paints a map, and keeps its picture while neither the scene nor the view moves."""

    def __init__(self) -> None:
        self._panel = KeptPicture(written=False)
        """All of it."""
        self._image: QImage | None = None
        """The cards alone."""
        self._key: tuple[object, ...] = ()

    def paint(self, painter: QPainter, view: MapView, viewport: Viewport, theme: Theme) -> None:
        place, inner = view.place(), view.lens()
        cards = self._map(viewport.scene, inner, theme, painter.device().devicePixelRatioF())
        seen = inner.rect_to_view(viewport.seen()).translated(place.topLeft())
        around = place.adjusted(-EDGE, -EDGE, EDGE, EDGE)
        self._panel.paint(painter, around, (cards, seen.getRect(), theme.name), lambda into: _paint(into, place, cards, seen, theme))

    def _map(self, scene: CanvasScene, lens: Camera, theme: Theme, ratio: float) -> QImage:
        if self._image is not None and scene.lifted and self._key[:1] == (scene,):
            return self._image  # what is being carried arrives on the map when it is put down
        key = (scene, scene.version, lens.state(), theme.name, ratio)
        if self._image is None or self._key != key:
            self._image, self._key = _drawn(scene, lens, theme, ratio), key
        return self._image


def _paint(painter: QPainter, place: QRectF, cards: QImage, seen: QRectF, theme: Theme) -> None:
    """The ground, the cards, and a frame around what the view shows."""
    painter.save()
    painter.setPen(QPen(color(theme.hairline), 1))
    painter.setBrush(faded(theme.panel, 0.94))
    painter.drawRoundedRect(place, 8, 8)
    painter.drawImage(place.topLeft(), cards)
    painter.setClipRect(place.adjusted(2, 2, -2, -2))
    painter.setBrush(faded(theme.selection, 0.05))
    painter.setPen(QPen(color(theme.selection), 1.5))
    painter.drawRoundedRect(seen, 3, 3)
    painter.restore()


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

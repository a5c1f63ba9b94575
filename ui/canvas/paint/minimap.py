"""The whole graph in a corner, with a frame around what the view shows; it hides when everything is in view."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from ui.canvas.model.camera import Camera
from ui.canvas.model.map_view import SIZE, MapView
from ui.canvas.model.scene import KINDS, CanvasScene
from ui.canvas.model.viewport import Viewport
from ui.canvas.paint import batch
from ui.canvas.paint.painter import prepare
from ui.look.theme import Theme, color, faded

EDGE = 1.0
"""Room for the line around the map."""


class Minimap:
    """Paints a map, and keeps its picture while neither the scene nor the view moves."""

    def __init__(self) -> None:
        self._panel: QImage | None = None
        """All of it, as it was painted last."""
        self._shown: tuple[object, ...] = ()
        self._image: QImage | None = None
        """The cards alone."""
        self._key: tuple[object, ...] = ()

    def paint(self, painter: QPainter, view: MapView, viewport: Viewport, theme: Theme) -> None:
        place, scene, inner, ratio = view.place(), viewport.scene, view.lens(), painter.device().devicePixelRatioF()
        cards, seen = self._map(scene, inner, theme, ratio), inner.rect_to_view(viewport.seen())
        shown = (cards, seen.getRect(), theme.name, ratio)
        if self._shown != shown:  # a view that moves shows another map in every frame
            self._panel, self._shown = None, shown
            painter.save()
            painter.translate(place.topLeft())
            _paint(painter, cards, seen, theme)
            painter.restore()
            return
        if self._panel is None:
            self._panel = _panel(cards, seen, theme, ratio)
        painter.drawImage(place.topLeft() - QPointF(EDGE, EDGE), self._panel)

    def _map(self, scene: CanvasScene, lens: Camera, theme: Theme, ratio: float) -> QImage:
        if self._image is not None and scene.lifted and self._key[:1] == (scene,):
            return self._image  # what is being carried arrives on the map when it is put down
        key = (scene, scene.version, lens.state(), theme.name, ratio)
        if self._image is None or self._key != key:
            self._image, self._key = _drawn(scene, lens, theme, ratio), key
        return self._image


def _panel(cards: QImage, seen: QRectF, theme: Theme, ratio: float) -> QImage:
    """All of it, and `EDGE` around it."""
    image = QImage(((SIZE + QSizeF(2 * EDGE, 2 * EDGE)) * ratio).toSize(), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    prepare(painter)
    painter.translate(EDGE, EDGE)
    _paint(painter, cards, seen, theme)
    painter.end()
    return image


def _paint(painter: QPainter, cards: QImage, seen: QRectF, theme: Theme) -> None:
    """The ground, the cards, and a frame around what the view shows."""
    place = QRectF(QPointF(0, 0), SIZE)
    painter.setPen(QPen(color(theme.hairline), 1))
    painter.setBrush(faded(theme.panel, 0.94))
    painter.drawRoundedRect(place, 8, 8)
    painter.drawImage(place.topLeft(), cards)
    painter.setClipRect(place.adjusted(2, 2, -2, -2))
    painter.setBrush(faded(theme.selection, 0.05))
    painter.setPen(QPen(color(theme.selection), 1.5))
    painter.drawRoundedRect(seen, 3, 3)


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

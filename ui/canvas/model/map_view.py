"""The map in the corner: when it is shown, where, and which part of the scene lies under each of its pixels."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSizeF

from ui.canvas.model.camera import Camera
from ui.canvas.model.scene import CanvasScene
from ui.canvas.model.viewport import Viewport

SIZE = QSizeF(160, 104)
GAP, INSET = 16.0, 9.0


class MapView:
    """The whole graph in the lower right corner of a viewport; hidden while everything is in view."""

    def __init__(self, viewport: Viewport) -> None:
        self._viewport = viewport
        self.unneeded: Callable[[], bool] = lambda: False
        """Whether the view was chosen for the reader, so that the map would only lie over what it shows."""
        self._extent: tuple[CanvasScene, int, QRectF] | None = None

    def place(self) -> QRectF:
        """The map's rectangle in the view."""
        size = self._viewport.size()
        return QRectF(size.width() - SIZE.width() - GAP, size.height() - SIZE.height() - GAP, SIZE.width(), SIZE.height())

    def visible(self) -> bool:
        """Only where it is needed, there is something out of view, and room."""
        size = self._viewport.size()
        if self.unneeded() or not self._viewport.scene.row or size.width() < 3 * SIZE.width() or size.height() < 2.5 * SIZE.height():
            return False
        return not self._viewport.seen().adjusted(-4, -4, 4, 4).contains(self._bounds())

    def covers(self, at: QPointF) -> bool:
        """Whether the map is shown and lies over a place in the view."""
        return self.place().contains(at) and self.visible()

    def scene_point(self, at: QPointF) -> QPointF:
        """The scene point under a view position on the map."""
        return self.lens().to_scene(at - self.place().topLeft())

    def lens(self) -> Camera:
        """How the map looks at the scene: all of it, and where the view is."""
        lens = Camera()
        whole = self._bounds().united(self._viewport.seen())
        wide, high = SIZE.width() - 2 * INSET, SIZE.height() - 2 * INSET
        lens.scale = min(wide / whole.width(), high / whole.height())
        lens.x = whole.center().x() - SIZE.width() / 2 / lens.scale
        lens.y = whole.center().y() - SIZE.height() / 2 / lens.scale
        return lens

    def _bounds(self) -> QRectF:
        """Around all cards; asked for in every frame."""
        scene = self._viewport.scene
        if self._extent is None or self._extent[0] is not scene or (self._extent[1] != scene.version and not scene.lifted):
            self._extent = scene, scene.version, scene.bounds(scene.ids)
        return self._extent[2]

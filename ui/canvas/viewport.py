"""Where the canvas looks: its camera, moved by fits, zooms and pans."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, QSizeF, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QWidget

from ui.canvas.input.router import InputRouter
from ui.canvas.model import geometry
from ui.canvas.model.camera import Camera
from ui.canvas.model.navigation import GroupNavigation
from ui.canvas.paint.minimap import Minimap
from ui.canvas.paint.stage import Stage
from ui.look.schedule import Schedule

OBJECTIVE_ROOM = geometry.STUB + 64
SHARPEN_MS, SHARPEN = 90, "sharpen"


class Viewport(QWidget):
    """A view of a stage. Whoever derives from it makes the parts named here."""

    view_changed = Signal()

    camera: Camera
    stage: Stage
    minimap: Minimap
    navigation: GroupNavigation
    router: InputRouter
    _fitted: bool
    _zooming: bool
    _schedule: Schedule

    def fit_all(self) -> None:
        """Show everything; it stays so when the canvas changes its size, until the view is moved."""
        self._fit(self._whole())
        self._fitted = True

    @property
    def fitted(self) -> bool:
        """Whether everything was shown last, and nobody has moved the view since."""
        return self._fitted

    def refit(self) -> None:
        """Show everything again, unless someone has moved the view since everything was last shown."""
        if self._fitted:
            self.fit_all()

    def fit_nodes(self, nodes: Iterable[str]) -> None:
        """Show these nodes, or everything where there are none."""
        chosen = self.stage.scene.bounds(nodes)
        self._fit(chosen if not chosen.isNull() else self._whole())

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom around a place in the view (its middle without one)."""
        self.camera.zoom(factor, at if at is not None else self._middle())
        self._zooming = True
        self._schedule.after_frame(SHARPEN, self._sharpened, SHARPEN_MS)
        self.camera_moved()

    def _sharpened(self) -> None:
        self._zooming = False
        self.update()

    def zoom_100(self) -> None:
        self.camera.zoom(self.stage.theme.scale / self.camera.scale, self._middle())
        self.camera_moved()

    def pan_by(self, dx: float, dy: float) -> None:
        self.camera.pan(dx, dy)
        self.camera_moved()

    def centre_on(self, at: QPointF) -> None:
        middle = self.camera.to_view(at) - self._middle()
        self.pan_by(-middle.x(), -middle.y())

    def reveal(self, node_id: str) -> None:
        """Bring a node, frame or note into view if it is not, from inside groups too; nothing moves when it is."""
        self.navigation.reveal(node_id)
        rect = self.stage.scene.rect(node_id) if node_id in self.stage.scene.row else self.stage.scene.item_rect(node_id)
        if not rect.isNull() and not self.seen().contains(rect):
            self.centre_on(rect.center())

    def view_state(self) -> tuple[float, float, float]:
        """Scale and corner, to be remembered."""
        return self.camera.state()

    def restore_view(self, state: tuple[float, float, float]) -> None:
        self.camera.restore(state)
        self.camera_moved()

    def camera_moved(self) -> None:
        self._fitted = False
        self.view_changed.emit()
        self.update()

    def seen(self) -> QRectF:
        """The part of the scene in view."""
        return self.camera.seen(self._size())

    def map_point(self, at: QPointF) -> QPointF:
        return self.minimap.scene_point(at, self.stage.scene, self.camera, self._size())

    def cursor_place(self) -> QPointF:
        """The scene position under the cursor; the middle when it is elsewhere."""
        at = QPointF(self.mapFromGlobal(QCursor.pos()))
        if self.router.last is not None and self.rect().contains(self.router.last.toPoint()):
            at = self.router.last
        return self.camera.to_scene(at if self.rect().contains(at.toPoint()) else self._middle())

    def _fit(self, rect: QRectF) -> None:
        self.camera.fit(rect, self._size(), 1.25 * self.stage.theme.scale)
        self.camera_moved()

    def _whole(self) -> QRectF:
        found = self.stage.scene.bounds()
        if found.isNull():
            return QRectF(-100, -60, 200, 120)
        # Room for the objective's stub and its numbers is kept before anyone knows which node it will be: the view must not jump then.
        return found.adjusted(-8, -24, OBJECTIVE_ROOM, 24)

    def _size(self) -> QSizeF:
        return QSizeF(self.size())

    def _middle(self) -> QPointF:
        return QPointF(self.width() / 2, self.height() / 2)

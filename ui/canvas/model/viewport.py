"""The window onto the scene: where it looks, how large it is, and the fits, zooms and pans that move it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QPointF, QRectF, QSizeF

from ui.canvas.model.camera import SMALLEST, Camera, fitting
from ui.canvas.model.free_area import free_part
from ui.canvas.model.legibility import LEAST
from ui.canvas.model.scene import CanvasScene

LARGEST_FIT = 1.25
"""The scale, times the theme's, beyond which a fit does not enlarge in a window of 720 pixels' height; more in a higher one."""
READABLE = 0.76
"""The scale at which the numbers on cards can still be read in a window of 720 pixels' height."""
State = tuple[float, float, float]


class Viewport:
    """`size` asks how large the view is now; `moved(zooming)` is called after every move of the camera."""

    def __init__(self, scene: CanvasScene, scale: float, size: Callable[[], QSizeF], moved: Callable[[bool], None]) -> None:
        self.scene = scene
        self.camera = Camera()
        self.camera.scale = self._natural = scale
        self.size = size
        self._moved = moved
        self.covers: dict[str, QRectF] = {}
        """What lies over the view, by its owner, in pixels of the view."""
        self.about: dict[str, QRectF] = {}
        """What sheets are about, by their owner, in scene coordinates, with what is wired to it."""
        self.covered: list[Callable[[], None]] = []
        """Called when something else lies over the view."""
        self.least = LEAST
        """The least size of text, in pixels."""
        self.fitted = True
        """Whether everything was shown last, and the view has not been moved since."""

    def set_natural_scale(self, scale: float) -> None:
        """The theme's scale; the middle of the view stays where it is."""
        self.camera.zoom(scale / self._natural, self.middle())
        self._natural = scale
        self.camera_moved()

    # fits

    def _largest(self) -> float:
        """The scale beyond which a fit does not enlarge."""
        return LARGEST_FIT * self._natural * max(1.0, self.least / LEAST)

    def fit_all(self) -> None:
        """Show everything; it stays so when the view changes its size, until the view is moved.

        Where a sheet takes so much room that numbers could not be read any more, what it is about is shown as large as before.
        """
        whole = self._whole()
        usual, largest = self._fitting(whole, sheets=False), self._largest()
        if self.about and self._fitting(whole) < min(usual, READABLE * self.least / LEAST):
            self.fit_rect(next(reversed(self.about.values())), min(usual, largest))
        else:
            self.fit_rect(whole)
        self.fitted = True

    def _fitting(self, rect: QRectF, sheets: bool = True) -> float:
        """The scale at which this part of the scene is shown whole, beside sheets that are about something or as if there were none."""
        return fitting(rect, self.free(rect, sheets).size(), self._largest())

    def refit(self) -> None:
        """Show everything again, unless the view was moved since everything was last shown."""
        if self.fitted:
            self.fit_all()

    def fit_nodes(self, nodes: Iterable[str]) -> None:
        """Show these nodes, or everything where there are none."""
        chosen = self.scene.bounds(nodes)
        self.fit_rect(chosen if not chosen.isNull() else self._whole())

    def fit_rect(self, rect: QRectF, largest: float | None = None) -> None:
        """Show this part of the scene where nothing lies over the view."""
        free = self.free(rect)
        self.camera.fit(rect, free.size(), self._largest() if largest is None else largest)
        self.camera.pan(free.left(), free.top())
        self.camera_moved()

    # what lies over the view

    def cover(self, owner: str, rect: QRectF | None, about: QRectF | None = None) -> None:
        """Say that a sheet of `owner` lies over this part of the view (in pixels), or None: nothing of it does any more.

        `about` is the part of the scene that it is about.
        """
        if rect == self.covers.get(owner) and about == self.about.get(owner):
            return
        self.covers.pop(owner, None)
        self.about.pop(owner, None)
        if rect is not None:
            self.covers[owner] = QRectF(rect)
            if about is not None:
                self.about[owner] = QRectF(about)
        for called in self.covered:
            called()
        self.refit()

    def free(self, shown: QRectF | None = None, sheets: bool = True) -> QRectF:
        """The part of the view that nothing lies over in which `shown` (in scene coordinates) would be largest.

        `sheets`: those that are about something count too.
        """
        size = self.size()
        whole = QRectF(0, 0, size.width(), size.height())
        rect = shown if shown is not None and not shown.isEmpty() else self._whole()
        return free_part(
            whole,
            [cover for owner, cover in self.covers.items() if sheets or owner not in self.about],
            lambda part: min(part.width() / rect.width(), part.height() / rect.height(), self._largest()),
        )

    def _whole(self) -> QRectF:
        extent = self.scene.extent()
        return extent if not extent.isNull() else QRectF(-100, -60, 200, 120)

    # moves

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom around a place in the view (its middle without one)."""
        self.camera.smallest = self.smallest()
        self.camera.zoom(factor, at if at is not None else self.middle())
        self.camera_moved(zooming=True)

    def smallest(self) -> float:
        """How far the view can be zoomed out: a little further than to where everything is shown, in a huge graph."""
        return min(SMALLEST, 0.8 * self._fitting(self._whole()))

    def zoom_100(self) -> None:
        self.camera.zoom(self._natural / self.camera.scale, self.middle())
        self.camera_moved()

    def pan_by(self, dx: float, dy: float) -> None:
        self.camera.pan(dx, dy)
        self.camera_moved()

    def centre_on(self, at: QPointF) -> None:
        step = self.camera.to_view(at) - self.middle()
        self.pan_by(-step.x(), -step.y())

    def reveal(self, rect: QRectF) -> None:
        """Bring a rectangle of the scene into view; nothing moves when it is there."""
        if not rect.isNull() and not self.free(rect).contains(self.camera.rect_to_view(rect)):
            self.centre_on(rect.center())

    def follow(self, rect: QRectF) -> None:
        """Show what has come in at the edge of the graph: everything again where everything was shown, else move as little as possible."""
        free, seen = self.free(rect), self.camera.rect_to_view(rect)
        if rect.isNull() or free.contains(seen):
            return
        if self.fitted:
            self.fit_all()
            return
        dx = min(0.0, free.right() - seen.right()) or max(0.0, free.left() - seen.left())
        dy = min(0.0, free.bottom() - seen.bottom()) or max(0.0, free.top() - seen.top())
        self.pan_by(dx, dy)

    def state(self) -> State:
        """Scale and corner, to be remembered."""
        return self.camera.state()

    def restore(self, state: State) -> None:
        self.camera.restore(state)
        self.camera_moved()

    def camera_moved(self, zooming: bool = False) -> None:
        self.fitted = False
        self._moved(zooming)

    # what is in view

    def seen(self) -> QRectF:
        """The part of the scene in view."""
        return self.camera.seen(self.size())

    def middle(self) -> QPointF:
        """Of the part of the view that nothing lies over, in pixels."""
        return self.free().center()

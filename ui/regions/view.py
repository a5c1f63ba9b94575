"""The plane on the screen: zoomed, panned and read by mouse and keyboard. What is on it is painted by `ui.regions.painting`."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QToolTip, QWidget

from engine.learned.plane import OnPlane
from graph.text.messages import _
from ui.look.afar import SMALL, unit
from ui.look.theme import LIGHT, Theme, color, faded
from ui.look.typing import claim_keys
from ui.regions.field import field
from ui.regions.frame import Frame, Span, heights, shifted, zoomed
from ui.regions.painting import Look, frame_in, mark_radius, paint_plane, paint_samples, place_of
from ui.regions.reading import nearest, read_out, sample_row, spoken

NEAR = 9
"""A sample is meant that is at most so many pixels from the mouse."""
ZOOM = 1.25
NARROW = 250
"""Pixels of width for type at 100 %: in a narrow picture type is not enlarged beyond them."""
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
_KEYS = (*_ARROWS, Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus, Qt.Key.Key_0, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_N)
Overlay = Callable[[QPainter, Frame, OnPlane], None]


class PlaneView(QWidget):
    """One plane. `sample_chosen`: a sample at the place that was clicked, or at the crosshair; `clicked`: that place, where no sample is.

    `moved`: another part of the plane is seen.
    """

    clicked = Signal(float, float)
    sample_chosen = Signal(object)
    resized = Signal()
    moved = Signal()
    read = Signal(str)
    """What is said of the place under the mouse or the crosshair; empty for none."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: OnPlane | None = None
        self.overlays: list[Overlay] = []
        """Painted over the samples: for what features add."""
        self.theme: Theme = LIGHT
        self.unit = 1.0
        self.legend = True
        """Whether colours and marks are explained above the plane."""
        self.stale = False
        self.spans: tuple[Span, Span] | None = None
        """The part that is seen; None: all that the data need."""
        self._image: QImage | None = None
        self._samples: tuple[object, QPixmap] | None = None
        self._grid: tuple[int, ...] | None = None
        """The point of the grid that is read."""
        self._by_keys = False
        self._pressed: QPointF | None = None
        self._dragged = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(_("Learned function"))
        self.setMinimumSize(140, 120)

    def show_plane(self, seen: OnPlane | None, stale: bool = False) -> None:
        self.seen, self.stale = seen, stale
        self._image = field(seen, self.theme) if seen is not None else None
        if seen is None:
            self._samples = self._grid = None
        elif self._grid is not None and len(self._grid) != len(seen.axes):
            self._grid = None
        if seen is not None:
            self.setAccessibleDescription(spoken(seen))
            self._tell()
        self.update()

    def set_look(self, theme: Theme, unit: float) -> None:
        self.theme, self.unit = theme, unit
        self._samples = None
        self.show_plane(self.seen, self.stale)

    def sizeHint(self) -> QSize:
        return QSize(300, 280)

    @property
    def look(self) -> Look:
        return Look(self.theme, self.unit, self.legend)

    @property
    def frame(self) -> Frame | None:
        """Where the plane lies now."""
        if self.seen is None:
            return None
        x, y = self.spans or (None, None)
        return frame_in(QRectF(self.rect()), self.seen, self.look, x, y)

    # zoom

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Show more (above 1) or less, around a place of the widget, or the middle."""
        frame = self.frame
        if frame is None:
            return
        x, y = frame.place(at if at is not None and frame.area.contains(at) else frame.area.center())
        self._look_at(zoomed(frame.x, x, factor), zoomed(frame.y, y, factor))

    def pan(self, across: float, up: float) -> None:
        """Move by shares of what is seen."""
        frame = self.frame
        if frame is not None:
            self._look_at(shifted(frame.x, across), shifted(frame.y, up))

    def show_all(self) -> None:
        if self.spans is not None:
            self.spans = None
            self.update()
            self.moved.emit()

    def _look_at(self, x: Span, y: Span) -> None:
        sizes = [span[1] - span[0] for span in (x, y)]
        if all(1e-12 * max(1.0, *map(abs, span)) < size < 1e12 for span, size in zip((x, y), sizes, strict=True)):
            self.spans = x, y
            self.update()
            self.moved.emit()

    # reading

    def _tell(self) -> None:
        seen, grid = self.seen, self._grid
        fits = seen is not None and grid is not None and all(i < len(axis.at) for i, axis in zip(grid, seen.axes, strict=True))
        self.read.emit(read_out(seen, grid) if seen is not None and grid is not None and fits else "")

    def _read_at(self, at: QPointF | None) -> None:
        frame, seen = self.frame, self.seen
        inside = at is not None and frame is not None and frame.area.contains(at)
        self._grid = nearest(seen, *frame.place(at)) if inside and seen is not None and frame is not None and at is not None else None
        self._by_keys = False
        self._tell()
        self.update()

    def sample_at(self, at: QPointF) -> int | None:
        """The sample nearest to a place of the widget, if it is near enough."""
        frame, seen = self.frame, self.seen
        if frame is None or seen is None or not len(seen.points.at):
            return None
        places = [place_of(frame, seen, index) for index in range(len(seen.points.at))]
        apart = np.hypot(np.array([p.x() for p in places]) - at.x(), np.array([p.y() for p in places]) - at.y())
        index = int(np.nan_to_num(apart, nan=np.inf).argmin())
        return index if apart[index] <= NEAR * self.unit else None

    def _choose(self, at: QPointF) -> None:
        frame, seen = self.frame, self.seen
        if frame is None or seen is None or not frame.area.contains(at):
            return
        index = self.sample_at(at)
        if index is not None:
            self.sample_chosen.emit(seen.points.spot(index))
        else:
            self.clicked.emit(*frame.place(at))

    # mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._dragged = event.position(), False
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        frame, at = self.frame, event.position()
        if self._pressed is not None and frame is not None:
            step = at - self._pressed
            if self._dragged or step.manhattanLength() > 6:
                self._dragged, self._pressed = True, at
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self.pan(-step.x() / frame.area.width(), step.y() / frame.area.height())
            return
        near = self.sample_at(at) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if near else Qt.CursorShape.CrossCursor)
        self._read_at(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._pressed is not None:
            if not self._dragged:
                self._choose(event.position())
            self._pressed = None
            self.unsetCursor()
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_all()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y()
        if turned:
            self.zoom(ZOOM ** (-turned / 120), event.position())
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        if not self._by_keys:
            self._read_at(None)

    # keys

    def event(self, event: QEvent) -> bool:
        own = isinstance(event, QKeyEvent) and event.key() in _KEYS and not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if own and claim_keys(event):
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self.seen is not None and self.seen.spot is not None:
            frame, spot = self.frame, self.seen.spot
            if frame is not None and (self._spot_place(frame) - QPointF(event.pos())).manhattanLength() < 2 * NEAR:
                QToolTip.showText(event.globalPos(), sample_row(self.seen, spot), self)
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, shift = Qt.Key(event.key()), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in _ARROWS:
            across, up = _ARROWS[key]
            self.pan(0.1 * across, 0.1 * up) if shift else self._step(across, up)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(1 / ZOOM)
        elif key == Qt.Key.Key_Minus:
            self.zoom(ZOOM)
        elif key == Qt.Key.Key_0:
            self.show_all()
        elif key == Qt.Key.Key_N:
            self._next_sample(-1 if shift else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and (at := self._cross()) is not None:
            self._choose(at)
        else:
            super().keyPressEvent(event)

    def _step(self, across: int, up: int) -> None:
        """Move the crosshair by about a fiftieth of the picture, on the points of the grid."""
        seen = self.seen
        if seen is None:
            return
        grid = self._grid or tuple(len(axis.at) // 2 for axis in seen.axes)
        moves, counts = (across, up)[: len(grid)], [len(axis.at) for axis in seen.axes]
        self._grid = tuple(
            min(max(i + move * max(1, count // 50), 0), count - 1) for i, move, count in zip(grid, moves, counts, strict=True)
        )
        self._by_keys = True
        self._tell()
        self.update()

    def _next_sample(self, way: int) -> None:
        """The next sample that is shown, or the one before; wrong ones first are found by their mark."""
        seen = self.seen
        if seen is None or not len(seen.points.at):
            return
        now = seen.spot.spot if seen.spot is not None else None
        places = [seen.points.spot(index) for index in range(len(seen.points.at))]
        index = places.index(now) + way if now in places else 0
        self.sample_chosen.emit(places[index % len(places)])

    # painting

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._samples = None
        self.resized.emit()
        self.moved.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        seen, frame = self.seen, self.frame
        if seen is not None and frame is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            look = self.look
            paint_plane(painter, QRectF(self.rect()), frame, seen, look, self._image)
            painter.drawPixmap(0, 0, self._layer(frame, seen, look))
            self._paint_spot(painter, frame)
            for overlay in self.overlays:
                overlay(painter, frame, seen)
            self._paint_cross(painter)
            if self.stale:
                painter.fillRect(frame.area, faded(self.theme.panel, 0.45))
            if self.hasFocus():
                painter.setPen(QPen(color(self.theme.focus), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(frame.area)
        painter.end()

    def _layer(self, frame: Frame, seen: OnPlane, look: Look) -> QPixmap:
        """The samples, painted again only where they are others or elsewhere: they stay while regions move."""
        points = seen.points
        key = (frame, points.at.tobytes(), points.right.tobytes(), points.true.tobytes(), seen.kind, self.devicePixelRatioF())
        if self._samples is None or self._samples[0] != key:
            ratio = self.devicePixelRatioF()
            layer = QPixmap(self.size() * ratio)
            layer.setDevicePixelRatio(ratio)
            layer.fill(Qt.GlobalColor.transparent)
            painter = QPainter(layer)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_samples(painter, frame, seen, look)
            painter.end()
            self._samples = key, layer
        return self._samples[1]

    def _spot_place(self, frame: Frame) -> QPointF:
        assert self.seen is not None and self.seen.spot is not None
        seen, spot = self.seen, self.seen.spot
        if len(seen.axes) > 1:
            return frame.at(*spot.at)
        return frame.at(spot.at[0], 0.0 if seen.kind == "classes" else spot.true)

    def _paint_spot(self, painter: QPainter, frame: Frame) -> None:
        """Two rings around the sample that was pointed out."""
        if self.seen is None or self.seen.spot is None or not all(map(math.isfinite, (*self.seen.spot.at, self.seen.spot.true))):
            return
        at, radius = self._spot_place(frame), 2.1 * mark_radius(frame, self.seen, self.look)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        hue = self.theme.highlight
        for ink, size, width in ((self.theme.panel, radius, 4.5), (hue, radius, 2.5), (hue, 1.6 * radius, 1.5)):
            painter.setPen(QPen(color(ink), width))
            painter.drawEllipse(at, size, size)

    def _cross(self) -> QPointF | None:
        """Where the point of the grid is that is read."""
        seen, frame, grid = self.seen, self.frame, self._grid
        if seen is None or frame is None or grid is None or any(i >= len(axis.at) for i, axis in zip(grid, seen.axes, strict=True)):
            return None
        place = [float(axis.at[i]) for i, axis in zip(grid, seen.axes, strict=True)]
        if len(place) == 1:
            return frame.at(place[0], float(seen.values[grid[0]]) if seen.values is not None else sum(heights(seen)) / 2)
        return frame.at(*place)

    def _paint_cross(self, painter: QPainter) -> None:
        at, frame = self._cross(), self.frame
        if at is None or frame is None or not frame.area.contains(at):
            return
        painter.setPen(QPen(faded(self.theme.text, 0.75), 1))
        area = frame.area
        gap = 6 * self.unit
        for start, end in (
            (QPointF(area.left(), at.y()), at - QPointF(gap, 0)), (at + QPointF(gap, 0), QPointF(area.right(), at.y())),
            (QPointF(at.x(), area.top()), at - QPointF(0, gap)), (at + QPointF(0, gap), QPointF(at.x(), area.bottom())),
        ):  # fmt: skip
            painter.drawLine(start, end)


def type_unit(view: QWidget, theme: Theme, share: float) -> float:
    """By how much type is enlarged so that it is read from the last row (`ui.look.afar`), as far as the picture is wide enough."""
    return max(theme.scale, min(unit(view, theme, SMALL, share), view.width() / NARROW))

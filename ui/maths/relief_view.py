"""A surface to walk around: turned by the mouse and by keys; a point on it can be dragged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QWheelEvent
from PySide6.QtWidgets import QWidget

from ui.look.afar import for_plots
from ui.look.theme import LIGHT, Theme, color
from ui.look.typing import claim_escape
from ui.maths.relief import STANDING, Eye, Relief
from ui.maths.relief_painting import Spot, Stand, Trail, paint_ground, paint_marks

TURN, TILT = 5.0, 5.0
"""Degrees for an arrow key."""
PER_PIXEL = 0.4
"""Degrees for a pixel of the mouse."""
REACH = 16.0
"""Pixels around the point within which it is taken hold of."""
CLOSER, FURTHER = 0.8, 1.25
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Down: (0, -1), Qt.Key.Key_Up: (0, 1)}


class ReliefView(QWidget):
    """Shows `relief` from `eye`. `point` is the spot that can be dragged; None where nothing can.

    A picture of the surface is kept while only paths and points change. While the mouse turns it, it is painted without smooth edges.
    """

    began = Signal()
    dragged = Signal(float, float)
    """The place of the plane under the mouse."""
    ended = Signal(bool)
    """Whether the drag counts; Esc calls it off."""
    stepped = Signal(int, int)
    """Keys move the point: by so many steps of the plane's grid along each axis."""
    zoomed = Signal(float)
    home = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.theme: Theme = LIGHT
        self.relief: Relief | None = None
        self.eye: Eye = STANDING
        self.trails: Sequence[Trail] = ()
        self.spots: Sequence[Spot] = ()
        self.point: Spot | None = None
        self.faint = False
        self.held = False
        """Whether the point is being dragged."""
        self._height = 0.0
        """Of the point in the box, when it was last looked for."""
        self._turning: QPointF | None = None
        self._kept: tuple[Any, QPixmap, Stand] | None = None
        self.setMinimumSize(220, 150)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:
        return QSize(700, 440)

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme, whole = QPainter(self), for_plots(self, self.theme), QRectF(self.rect())
        if self.relief is None:
            painter.fillRect(whole, color(theme.panel))
        else:
            picture, stand = self._ground(self.relief, theme)
            painter.drawPixmap(0, 0, picture)
            paint_marks(painter, whole, stand, self.relief, theme, self.trails, self._all_spots())
        if self.hasFocus():
            painter.setPen(QPen(color(self.theme.highlight), 1.5))
            painter.drawRect(whole.adjusted(1, 1, -1, -1))
        painter.end()

    def _all_spots(self) -> list[Spot]:
        return [*self.spots, *([self.point] if self.point is not None else [])]

    def _ground(self, relief: Relief, theme: Theme) -> tuple[QPixmap, Stand]:
        ratio, fine = self.devicePixelRatioF(), self._turning is None
        key = (relief, self.eye, theme.name, theme.scale, self.size(), ratio, self.faint, fine)
        if self._kept is None or self._kept[0] != key:
            picture = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
            picture.setDevicePixelRatio(ratio)
            painter = QPainter(picture)
            stand = paint_ground(painter, QRectF(self.rect()), relief, self.eye, theme, self.faint, fine)
            painter.end()
            self._kept = key, picture, stand
        return self._kept[1:]

    def paint_to(self, painter: QPainter, whole: QRectF, theme: Theme) -> None:
        """The same picture somewhere else: for files."""
        if self.relief is not None:
            stand = paint_ground(painter, whole, self.relief, self.eye, theme, self.faint)
            paint_marks(painter, whole, stand, self.relief, theme, self.trails, self._all_spots())

    # turning

    def look_from(self, eye: Eye) -> None:
        if eye != self.eye:
            self.eye = eye
            self.update()

    # the point

    def place(self) -> QPointF | None:
        """Where the point is seen, in pixels; None where there is none."""
        point, relief = self.point, self.relief
        if point is None or relief is None:
            return None
        x, y = relief.at(np.array(point.x), np.array(point.y))
        z = float(relief.height(x, y))
        _picture, stand = self._ground(relief, for_plots(self, self.theme))
        self._height = z if math.isfinite(z) else 0.0
        return stand.place(float(x), float(y), self._height)

    def _plane_under(self, at: QPointF, relief: Relief) -> tuple[float, float]:
        """The place of the plane whose point of the surface is under the mouse; beside the surface, as far as the plane goes."""
        _picture, stand = self._ground(relief, for_plots(self, self.theme))
        place = relief.under(*stand.back(at), self.eye)
        if place is not None:
            return place
        flat = stand.plane(self._height).inverted()[0].map(at)
        return relief.place(min(max(flat.x(), -1.0), 1.0), min(max(flat.y(), -1.0), 1.0))

    def _end(self, counts: bool) -> None:
        if self.held:
            self.held = False
            self.ended.emit(counts)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        at = self.place()
        if at is not None and (at - event.position()).manhattanLength() <= REACH:
            self.held = True
            self.began.emit()
        else:
            self._turning = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self.held and self.relief is not None:
            self.dragged.emit(*self._plane_under(at, self.relief))
        elif self._turning is not None:
            moved, self._turning = at - self._turning, at
            self.look_from(self.eye.turned(-PER_PIXEL * moved.x(), PER_PIXEL * moved.y()))
        else:
            spot = self.place()
            near = spot is not None and (spot - at).manhattanLength() <= REACH
            self.setCursor(Qt.CursorShape.SizeAllCursor if near else Qt.CursorShape.OpenHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._end(True)
        if self._turning is not None:
            self._turning = None
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.look_from(STANDING)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.angleDelta().y() and not self.held:
            self.zoomed.emit(CLOSER if event.angleDelta().y() > 0 else FURTHER)
        event.accept()

    def event(self, event: QEvent) -> bool:
        if self.held and claim_escape(event):
            return True
        if event.type() == QEvent.Type.Hide:
            self._end(False)
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, way = Qt.Key(event.key()), _ARROWS.get(Qt.Key(event.key()))
        if key == Qt.Key.Key_Escape and self.held:
            self._end(False)
        elif way is not None and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.stepped.emit(*way)
        elif way is not None:
            self.look_from(self.eye.turned(-TURN * way[0], TILT * way[1]))
        elif key == Qt.Key.Key_Home:
            self.look_from(STANDING)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoomed.emit(FURTHER if key == Qt.Key.Key_Minus else CLOSER)
        elif key == Qt.Key.Key_0:
            self.home.emit()
        else:
            super().keyPressEvent(event)

"""A plane with painted heights, to look around in: dragged, zoomed, and read at any point of its grid."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from ui.look.afar import for_plots
from ui.look.theme import LIGHT, Theme, color
from ui.maths.axes import Axis, Frame, framed
from ui.maths.heights import Heights, Spacing, paint_heights

Box = tuple[float, float, float, float]
"""Lowest and highest value across, then upwards."""
Layer = Callable[[QPainter, Frame, Theme], None]
CLOSER, FURTHER, STEP = 0.8, 1.25, 0.1
"""What a turn of the wheel does to the plane's width, and the share of it that an arrow key moves."""
MOST = 1e307
"""A plane that is this wide is not widened: beyond it, numbers have no place."""
LEAST = 1e-9
"""Width against the size of the numbers, below which there is nothing more to see."""


class PlaneView(QWidget):
    """Shows `heights` in the box `box`; `layers` are painted over them in their order. A picture of the heights is kept.

    `moved`: the user moved or zoomed, and the box is another one. `home`: the whole is to be seen again. `read`: the cursor is at
    another point of the grid, `cursor` (column, row), or at none. `stepped`: an arrow key
    with Ctrl, so many steps along each axis. A `taker` that takes a mouse event keeps the plane from being dragged.
    """

    moved = Signal()
    home = Signal()
    read = Signal()
    stepped = Signal(int, int)
    resized = Signal()

    def __init__(self, name: str, explorable: bool = True) -> None:
        super().__init__()
        self.theme: Theme = LIGHT
        self.heights: Heights | None = None
        self.box: Box = (0.0, 1.0, 0.0, 1.0)
        self.names = ("", "")
        self.spacing: Spacing = "areas"
        self.labelled = explorable
        self.faint = False
        """Whether the heights are those of numbers that have changed since."""
        self.layers: list[Layer] = []
        self.taker: Callable[[QMouseEvent, Frame], bool] | None = None
        self.cursor_at: tuple[int, int] | None = None
        self._explorable, self._dragged = explorable, QPointF()
        self._kept: tuple[Heights, Any, QPixmap] | None = None
        self._frame: Frame | None = None
        self.setMinimumSize(220, 150)
        self.setAccessibleName(name)
        if explorable:
            self.setMouseTracking(True)
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    # painting

    def sizeHint(self) -> QSize:
        return QSize(700, 440)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_to(painter, QRectF(self.rect()), for_plots(self, self.theme))
        if self.hasFocus():
            painter.setPen(QPen(color(self.theme.highlight), 1.5))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    def paint_to(self, painter: QPainter, whole: QRectF, theme: Theme) -> None:
        """The picture in some place, for the screen and for files."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        low_x, high_x, low_y, high_y = self.box
        frame = framed(painter, whole, theme, Axis(low_x, high_x), Axis(low_y, high_y), *self.names)
        on_screen = painter.device() is self
        if on_screen:
            self._frame = frame
        painter.save()
        painter.setClipRect(frame.area)
        self._ground(painter, frame, theme, on_screen)
        for layer in self.layers:
            layer(painter, frame, theme)
        if on_screen:
            self._paint_cursor(painter, frame, theme)
        painter.restore()

    def _ground(self, painter: QPainter, frame: Frame, theme: Theme, on_screen: bool) -> None:
        heights = self.heights
        if heights is None:
            return
        painter.setOpacity(0.5 if self.faint else 1.0)
        if not on_screen:  # a file: lines instead of pixels
            paint_heights(painter, frame, theme, heights, self.spacing, self.labelled)
        else:
            key = (theme.name, theme.scale, frame.area.getRect(), self.box, self.spacing, self.devicePixelRatioF())
            if self._kept is None or self._kept[0].f is not heights.f or self._kept[1] != key:
                self._kept = heights, key, self._picture(frame, theme, heights)
            painter.drawPixmap(QPoint(0, 0), self._kept[2])
        painter.setOpacity(1.0)

    def _picture(self, frame: Frame, theme: Theme, heights: Heights) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(frame.area)
        paint_heights(painter, frame, theme, heights, self.spacing, self.labelled)
        painter.end()
        return picture

    def _paint_cursor(self, painter: QPainter, frame: Frame, theme: Theme) -> None:
        point = self.reading
        if point is None:
            return
        at, size = frame.at(point[0], point[1]), 6 * theme.scale
        for ink, width in ((theme.panel, 3.5), (theme.text, 1.4)):
            painter.setPen(QPen(color(ink), width * theme.scale))
            painter.drawLine(at - QPointF(size, 0), at + QPointF(size, 0))
            painter.drawLine(at - QPointF(0, size), at + QPointF(0, size))

    # reading

    @property
    def frame(self) -> Frame | None:
        """Where it was painted last."""
        return self._frame

    @property
    def reading(self) -> tuple[float, float, float] | None:
        """Both numbers and the height at the point of the grid where the cursor is: a value that was computed, nothing in between."""
        heights = self.heights
        if heights is None or self.cursor_at is None:
            return None
        i, j = self.cursor_at
        if i >= len(heights.xs) or j >= len(heights.ys):
            return None
        return float(heights.xs[i]), float(heights.ys[j]), float(heights.f[j, i])

    def _point_to(self, at: tuple[int, int] | None) -> None:
        if at != self.cursor_at:
            self.cursor_at = at
            self.read.emit()
            self.update()

    def _nearest(self, position: QPointF) -> tuple[int, int] | None:
        """The grid's point nearest to a place in the widget."""
        heights, frame = self.heights, self._frame
        if heights is None or frame is None or not frame.area.contains(position):
            return None
        x, y = self.numbers_at(position, frame)
        return int(np.abs(heights.xs - x).argmin()), int(np.abs(heights.ys - y).argmin())

    @staticmethod
    def numbers_at(position: QPointF, frame: Frame) -> tuple[float, float]:
        """Both numbers at a place in the widget."""
        area = frame.area
        across, up = (position.x() - area.left()) / area.width(), (area.bottom() - position.y()) / area.height()
        return frame.x.low + across * (frame.x.high - frame.x.low), frame.y.low + up * (frame.y.high - frame.y.low)

    # moving around

    def show_box(self, box: Box) -> None:
        """Look at another part."""
        if box != self.box:
            self.box = box
            self.update()

    def equal_scales(self, box: Box, whole_box: bool = True) -> Box:
        """A box around the middle of this one in which a unit is equally long along both axes: the least with all of `box` in it, or
        one as large as `box`, so that a widget that gets its old size again shows what it showed."""
        painter = QPainter(picture := QPixmap(1, 1))
        low_x, high_x, low_y, high_y = box
        whole, theme = QRectF(self.rect()), for_plots(self, self.theme)
        area = framed(painter, whole, theme, Axis(low_x, high_x), Axis(low_y, high_y), *self.names).area
        painter.end()
        del picture
        x, y = (low_x + high_x) / 2, (low_y + high_y) / 2
        across, up = (high_x - low_x) / area.width(), (high_y - low_y) / area.height()
        unit = max(across, up) if whole_box else math.sqrt(across * up)
        half_x, half_y = unit * area.width() / 2, unit * area.height() / 2
        return x - half_x, x + half_x, y - half_y, y + half_y

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def _move(self, across: float, up: float) -> None:
        low_x, high_x, low_y, high_y = self.box
        self.box = low_x + across, high_x + across, low_y + up, high_y + up
        self.moved.emit()
        self.update()

    def zoom(self, factor: float, about: tuple[float, float] | None = None) -> None:
        """Show `factor` times as much in each direction; `about` stays where it is (None: the middle)."""
        low_x, high_x, low_y, high_y = self.box
        x, y = about or ((low_x + high_x) / 2, (low_y + high_y) / 2)
        if factor < 1 and min((high_x - low_x) / (1 + abs(x)), (high_y - low_y) / (1 + abs(y))) < LEAST:
            return
        if factor > 1 and not max(high_x - low_x, high_y - low_y) < MOST / factor:
            return
        self.box = x + (low_x - x) * factor, x + (high_x - x) * factor, y + (low_y - y) * factor, y + (high_y - y) * factor
        self.moved.emit()
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._explorable:
            return
        if self._grabbed(event):
            self._point_to(None)
            return
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragged = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._explorable or self._grabbed(event):
            return
        frame = self._frame
        if event.buttons() & Qt.MouseButton.LeftButton and frame is not None and not self._dragged.isNull():
            moved, self._dragged = event.position() - self._dragged, event.position()
            low_x, high_x, low_y, high_y = self.box
            self._move(-moved.x() / frame.area.width() * (high_x - low_x), moved.y() / frame.area.height() * (high_y - low_y))
        else:
            self._point_to(self._nearest(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grabbed(event)
        self._dragged = QPointF()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._explorable and not self._grabbed(event):
            self.home.emit()

    def _grabbed(self, event: QMouseEvent) -> bool:
        return self.taker is not None and self._frame is not None and self.taker(event, self._frame)

    def wheelEvent(self, event: QWheelEvent) -> None:
        frame = self._frame
        if self._explorable and frame is not None and frame.area.contains(event.position()) and event.angleDelta().y():
            self.zoom(CLOSER if event.angleDelta().y() > 0 else FURTHER, self.numbers_at(event.position(), frame))
            event.accept()
        else:
            super().wheelEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        if self._explorable and not self.hasFocus():
            self._point_to(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = Qt.Key
        ways = {keys.Key_Left: (-1, 0), keys.Key_Right: (1, 0), keys.Key_Down: (0, -1), keys.Key_Up: (0, 1)}
        key = Qt.Key(event.key())
        if not self._explorable:
            super().keyPressEvent(event)
        elif key in ways and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            low_x, high_x, low_y, high_y = self.box
            self._move(ways[key][0] * STEP * (high_x - low_x), ways[key][1] * STEP * (high_y - low_y))
        elif key in ways and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.stepped.emit(*ways[key])
        elif key in ways:
            self._read_on(*ways[key])
        elif key in (keys.Key_Plus, keys.Key_Equal, keys.Key_Minus):
            self.zoom(FURTHER if key == keys.Key_Minus else CLOSER)
        elif key in (keys.Key_0, keys.Key_Home):
            self.home.emit()
        else:
            super().keyPressEvent(event)

    def _read_on(self, across: int, up: int) -> None:
        """The cursor to the next point of the grid; from the middle where it is nowhere."""
        heights = self.heights
        if heights is None:
            return
        i, j = self.cursor_at or (len(heights.xs) // 2, len(heights.ys) // 2)
        self._point_to((min(max(i + across, 0), len(heights.xs) - 1), min(max(j + up, 0), len(heights.ys) - 1)))

"""The plane on which points are painted, with the mouse or with the keyboard. What it makes is announced as a whole stroke."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from graph.text.messages import _
from ui.data.strokes import CLASSES, SPREADS, Brush, Point, Stroke, Tool, described
from ui.look.numerals import number
from ui.look.theme import LIGHT, Theme, color, faded, font
from ui.maths.class_marks import paint_mark

_K = Qt.Key
_ARROWS = {_K.Key_Left: (-1, 0), _K.Key_Right: (1, 0), _K.Key_Up: (0, 1), _K.Key_Down: (0, -1)}
_TOOLS: dict[Qt.Key, Tool] = {_K.Key_B: "paint", _K.Key_E: "erase", _K.Key_M: "move"}
_LEAST, _MOST = 0.2, 200.0
"""Half the height of the plane, in its units."""
MARK = 4.0
"""Radius of a point's mark, in pixels for type at 100 %."""


class PaintPlane(QWidget):
    """`stroked(points, text)` follows each stroke; `brushed(brush)` each change of the brush by a key; `said(text)` is a message."""

    stroked = Signal(object, str)
    brushed = Signal(object)
    said = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.brush = Brush()
        self._points: list[Point] = []
        self._stroke: Stroke | None = None
        self._theme = LIGHT
        self._half, self._middle = 2.0, (0.0, 0.0)
        self._cursor = (0.0, 0.0)
        self._shown = False
        """Whether the brush is drawn: the mouse is over the plane, or it has the focus."""
        self._chance = random.Random()
        self.enabled = True
        self.setMinimumSize(150, 100)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(_("Plane to paint points on"))
        self.setToolTip(
            _("Drag to paint. Keys: 0–9 class, B paint, E erase, M move, [ ] spread, arrows and Space instead of the mouse, + − zoom")
        )

    def sizeHint(self) -> QSize:
        return QSize(280, 180)

    def show_points(self, points: Sequence[Point], theme: Theme) -> None:
        """The document's points. A stroke in progress was begun on others, and ends."""
        self._theme = theme
        if list(points) != self._points:
            self._points, self._stroke = list(points), None
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def show_all(self) -> None:
        """The part of the plane that holds all points, and never less than from −2 to 2."""
        far = max([abs(value) for point in self._points for value in point[:2]], default=0.0)
        self._half, self._middle = min(max(2.0, far * 1.15), _MOST), (0.0, 0.0)
        self.update()

    def set_brush(self, brush: Brush) -> None:
        self.brush = brush
        self.setAccessibleDescription(described(brush.tool, brush.label))
        self.update()

    @property
    def points(self) -> list[Point]:
        """Those to be seen: of a stroke in progress, what it has made so far."""
        return self._stroke.points if self._stroke is not None else self._points

    # places

    def _scale(self) -> float:
        """Pixels of one unit, alike in both directions."""
        return max(1.0, min(self.width(), self.height()) / (2 * self._half))

    def to_plane(self, at: QPointF) -> tuple[float, float]:
        scale = self._scale()
        return self._middle[0] + (at.x() - self.width() / 2) / scale, self._middle[1] - (at.y() - self.height() / 2) / scale

    def to_widget(self, x: float, y: float) -> QPointF:
        scale = self._scale()
        return QPointF(self.width() / 2 + (x - self._middle[0]) * scale, self.height() / 2 - (y - self._middle[1]) * scale)

    # the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if event.button() == Qt.MouseButton.LeftButton:
            self._begin(*self.to_plane(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._cursor, self._shown = self.to_plane(event.position()), True
        if self._stroke is not None:
            self._stroke.to(*self._cursor)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._end()

    def leaveEvent(self, event: QEvent) -> None:
        self._shown = self.hasFocus()
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.angleDelta().y():
            self._zoom(1.2 if event.angleDelta().y() < 0 else 1 / 1.2)
        event.accept()

    def _zoom(self, factor: float) -> None:
        self._half = min(max(self._half * factor, _LEAST), _MOST)
        self.update()

    def _begin(self, x: float, y: float) -> None:
        self._cursor = (x, y)
        if self.enabled:
            self._stroke = Stroke(self._points, self.brush, x, y, 1 / self._scale(), self._chance)
        else:
            self.said.emit("")
        self.update()

    def _end(self) -> None:
        stroke, self._stroke = self._stroke, None
        self.update()
        if stroke is None:
            return
        if stroke.full:
            self.said.emit(_("There is no room for further points: erase some first."))
        if stroke.changed:
            self._points = stroke.points
            self.stroked.emit(stroke.points, stroke.text)

    # the keyboard

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_own(event):
            event.accept()
            return True
        return super().event(event)

    def _is_own(self, event: QKeyEvent) -> bool:
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier):
            return False
        key = event.key()
        if key == _K.Key_Escape:
            return self._stroke is not None
        return key in (*_ARROWS, *_TOOLS, _K.Key_Space, _K.Key_Return, _K.Key_Enter, _K.Key_Delete, _K.Key_Backspace, _K.Key_Home) or (
            event.text() in tuple("0123456789[]+-")
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._is_own(event):
            super().keyPressEvent(event)
            return
        key, text = _K(event.key()), event.text()
        if key in _ARROWS:
            self._step(*_ARROWS[key], fine=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif key == _K.Key_Escape:
            self._stroke = None
            self.update()
        elif key == _K.Key_Home:
            self._cursor = (0.0, 0.0)
            self.show_all()
        elif key in (_K.Key_Delete, _K.Key_Backspace):
            self._dab(Brush("erase", self.brush.label, self.brush.spread))
        elif key in (_K.Key_Space, _K.Key_Return, _K.Key_Enter):
            self._use()
        elif text in ("+", "-"):
            self._zoom(1 / 1.2 if text == "+" else 1.2)
        else:
            self._change_brush(key, text)

    def _change_brush(self, key: Qt.Key, text: str) -> None:
        tool, label, spread = self.brush.tool, self.brush.label, self.brush.spread
        if text.isdigit() and int(text) < CLASSES:
            tool, label = "paint", int(text)
        elif text in ("[", "]"):
            at = min(range(len(SPREADS)), key=lambda place: abs(SPREADS[place] - spread))
            spread = SPREADS[min(max(at + (1 if text == "]" else -1), 0), len(SPREADS) - 1)]
        else:
            tool = _TOOLS[key]
        self.set_brush(Brush(tool, label, spread))
        self.brushed.emit(self.brush)

    def _step(self, across: int, up: int, fine: bool) -> None:
        """Move the brush by a twentieth of the plane, or a pixel's worth; what it carries moves along."""
        by = self._half / (100 if fine else 10)
        reach_x, reach_y = self.width() / (2 * self._scale()), self.height() / (2 * self._scale())
        x = min(max(self._cursor[0] + across * by, self._middle[0] - reach_x), self._middle[0] + reach_x)
        y = min(max(self._cursor[1] + up * by, self._middle[1] - reach_y), self._middle[1] + reach_y)
        self._cursor, self._shown = (x, y), True
        if self._stroke is not None:
            self._stroke.to(x, y)
        self.update()

    def _use(self) -> None:
        """Paint or erase here; pick up and put down."""
        if self.brush.tool != "move":
            self._dab(self.brush)
        elif self._stroke is None:
            self._begin(*self._cursor)
        else:
            self._end()

    def _dab(self, brush: Brush) -> None:
        own, self.brush = self.brush, brush
        self._begin(*self._cursor)
        self.brush = own
        self._end()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._shown = True
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._shown = self.underMouse()
        self.update()

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, area = self._theme, QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(color(theme.highlight), 2) if self.hasFocus() else color(theme.hairline))
        painter.setBrush(color(theme.panel))
        painter.drawRect(area)
        painter.setClipRect(self.rect().adjusted(1, 1, -1, -1))
        self._paint_grid(painter)
        for x, y, label in self.points:
            paint_mark(painter, self.to_widget(x, y), label, theme, MARK * theme.scale)
        if self._shown and self.enabled:
            self._paint_brush(painter)

    def _paint_grid(self, painter: QPainter) -> None:
        """Lines at round numbers, with the numbers at the axes."""
        theme = self._theme
        low, high = self.to_plane(QPointF(0, self.height())), self.to_plane(QPointF(self.width(), 0))
        step = 10.0 ** math.floor(math.log10(2 * self._half / 2))
        step *= next(factor for factor in (1, 2, 5, 10) if factor * step * self._scale() >= 26 * theme.scale)
        painter.setFont(font("tiny", theme.scale))
        metrics = painter.fontMetrics()
        for axis in (0, 1):
            for place in range(math.ceil(low[axis] / step), math.floor(high[axis] / step) + 1):
                at = self.to_widget(place * step, place * step)
                painter.setPen(QPen(faded(theme.secondary, 0.55 if place == 0 else 0.16), 1))
                across, up = (at.x(), 0.0), (0.0, at.y())
                start = across if axis == 0 else up
                painter.drawLine(QPointF(*start), QPointF(at.x() if axis == 0 else self.width(), at.y() if axis else self.height()))
                text = number(place * step)
                painter.setPen(color(theme.secondary))
                if axis == 0:
                    wide = metrics.horizontalAdvance(text)
                    if wide < at.x() - wide / 2 < self.width() - 1.5 * wide - 1.5 * metrics.horizontalAdvance("x1"):
                        painter.drawText(QPointF(at.x() - wide / 2, self.height() - 4), text)
                elif 2 * metrics.height() < at.y() < self.height() - 1.5 * metrics.height():
                    painter.drawText(QPointF(4, at.y() + metrics.ascent() / 2 - 1), text)
        painter.setPen(color(theme.secondary))
        painter.drawText(QPointF(self.width() - metrics.horizontalAdvance("x1") - 5, self.height() - 4), "x1")
        painter.drawText(QPointF(4, metrics.ascent() + 3), "x2")

    def _paint_brush(self, painter: QPainter) -> None:
        theme, place = self._theme, self.to_widget(*self._cursor)
        radius = self.brush.reach(1 / self._scale()) * self._scale()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.brush.tool == "paint":
            if self.brush.spread:
                painter.setPen(QPen(color(theme.text), 1))
                painter.drawEllipse(place, radius, radius)
            paint_mark(painter, place, self.brush.label, theme, MARK * theme.scale)
        else:
            painter.setPen(QPen(color(theme.text), 1.5, Qt.PenStyle.DashLine if self.brush.tool == "erase" else Qt.PenStyle.SolidLine))
            painter.drawEllipse(place, radius, radius)
        painter.setPen(QPen(color(theme.text), 1))
        for dx, dy in ((5, 0), (0, 5)):
            painter.drawLine(QPointF(place.x() - dx, place.y() - dy), QPointF(place.x() + dx, place.y() + dy))

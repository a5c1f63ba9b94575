"""A pen and an eraser for the canvas, by mouse or tablet. What is drawn moves along with the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen, QPointingDevice, QTabletEvent

from graph.text.messages import _
from ui.look.theme import Theme, color
from ui.presenter.strokes import PenStroke, StrokePages

if TYPE_CHECKING:
    from ui.canvas.view import Canvas

Tool = Literal["", "pen", "eraser"]
INKS: dict[str, str] = {"red": _("Red"), "green": _("Green"), "violet": _("Violet"), "ink": _("Ink")}
WIDTH = 3.4
"""Thickness at scale 1, in pixels at the theme's size; a tablet's pressure makes it 0.4 to 1.6 times as thick."""
REACH = 9.0
"""The eraser's radius, in pixels."""
_OWNER = "pen"


def hue(ink: str, theme: Theme) -> str:
    """An ink's colour in a theme. Blue and orange mean values and gradients, so no ink is either."""
    return {"red": theme.error, "green": theme.success, "violet": theme.swatch["layers"]}.get(ink, theme.text)


class Pen(QObject):
    """With a tool chosen, the left button draws or erases; wheel, middle button and space move the view as ever."""

    changed = Signal()

    def __init__(self, canvas: Canvas, board: StrokePages) -> None:
        super().__init__(canvas)
        self._canvas, self.board = canvas, board
        self.tool: Tool = ""
        self.ink = "red"
        self._stroke: PenStroke | None = None
        self._erased: list[PenStroke] | None = None

    def take(self, tool: Tool) -> None:
        """Choose a tool, or put it down."""
        if tool == self.tool:
            return
        self.drop()
        if tool and not self.tool:
            self._canvas.cancel_gesture()
            self._canvas.installEventFilter(self)
        elif not tool:
            self._canvas.removeEventFilter(self)
            self._canvas.unsetCursor()
        self.tool = tool
        if tool:
            self._canvas.setCursor(Qt.CursorShape.CrossCursor)
        self.told()

    def told(self) -> None:
        """Paint as long as there is anything to be seen."""
        self._canvas.overlay.painter(_OWNER, self._paint if self.tool or self.board.strokes else None)
        self.changed.emit()

    def drop(self) -> bool:
        """Esc in the middle of a stroke: it is not drawn. Whether there was one."""
        was = self._stroke is not None or self._erased is not None
        self._stroke = self._erased = None
        if was:
            self._canvas.update()
        return was

    @property
    def drawing(self) -> bool:
        return self._stroke is not None or self._erased is not None

    # mouse and pen

    def _begin(self, at: QPointF, pressure: float, erase: bool) -> None:
        if erase or self.tool == "eraser":
            self._erased = []
        else:
            self._stroke = PenStroke(self.ink)
        self._move(at, pressure)

    def _move(self, at: QPointF, pressure: float) -> None:
        canvas, place = self._canvas, self._canvas.camera.to_scene(at)
        scale = canvas.camera.scale
        if self._stroke is not None:
            self._stroke.add(place, WIDTH * canvas.theme.scale * (0.4 + 1.2 * pressure) / scale)
        elif self._erased is not None:
            gone = {id(stroke) for stroke in self._erased}
            reach = REACH * canvas.theme.scale / scale
            self._erased += [s for s in self.board.strokes if id(s) not in gone and s.touched(place, reach)]
        canvas.update()

    def _end(self) -> None:
        stroke, erased = self._stroke, self._erased
        self._stroke = self._erased = None
        if stroke is not None:
            self.board.put(stroke)
        elif erased:
            self.board.erase(erased)
        self.told()

    # Qt

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QTabletEvent):
            return self._tablet_event(event)
        if isinstance(event, QMouseEvent):
            return self._mouse_event(event)
        if isinstance(event, QKeyEvent):
            return self._key_event(event)
        return event.type() == QEvent.Type.ContextMenu

    def _mouse_event(self, event: QMouseEvent) -> bool:
        kind, left = event.type(), event.button() == Qt.MouseButton.LeftButton
        if kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            if self._canvas.router.space or not (left or event.button() == Qt.MouseButton.RightButton):
                return False  # the view is moved as ever
            if self._canvas.gesture is not None or self.drawing:
                return True
            self._canvas.setFocus(Qt.FocusReason.MouseFocusReason)
            self._begin(event.position(), 0.5, erase=not left)
            return True
        if kind == QEvent.Type.MouseMove:
            if self.drawing:
                self._move(event.position(), 0.5)
            return self._canvas.gesture is None
        if kind == QEvent.Type.MouseButtonRelease and self.drawing:
            self._end()
            return True
        return False

    def _tablet_event(self, event: QTabletEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.TabletPress and not self.drawing:
            self._begin(event.position(), event.pressure(), event.pointerType() == QPointingDevice.PointerType.Eraser)
        elif kind == QEvent.Type.TabletMove and self.drawing:
            self._move(event.position(), event.pressure())
        elif kind == QEvent.Type.TabletRelease and self.drawing:
            self._end()
        event.accept()  # else it comes again as a mouse
        return True

    def _key_event(self, event: QKeyEvent) -> bool:
        """With a tool chosen, undo applies to strokes, never to the graph that is being presented."""
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        key = event.key()
        if not control or key not in (Qt.Key.Key_Z, Qt.Key.Key_Y):
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            again = key == Qt.Key.Key_Y or event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self.travel(bool(again))
        return True

    def travel(self, again: bool = False) -> None:
        """Take back the last stroke or wiping, or do it again."""
        if self.board.redo() if again else self.board.undo():
            self.told()
            self._canvas.update()

    # painting

    def _paint(self, painter: QPainter) -> None:
        canvas = self._canvas
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setWorldTransform(canvas.camera.transform(), True)
        fading = {id(stroke) for stroke in self._erased or ()}
        seen = canvas.seen()
        for stroke in (*self.board.strokes, *((self._stroke,) if self._stroke is not None else ())):
            if stroke.box().intersects(seen):
                painter.setOpacity(0.25 if id(stroke) in fading else 1.0)
                paint_stroke(painter, stroke, canvas.theme)


def paint_stroke(painter: QPainter, stroke: PenStroke, theme: Theme) -> None:
    """In scene coordinates."""
    pen = QPen(color(hue(stroke.ink, theme)), stroke.widths[-1], Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if stroke.even:
        painter.setPen(pen)
        painter.drawPath(stroke.path)
        painter.drawLine(stroke.path.currentPosition(), stroke.points[-1])  # the path ends half way to the last point
        return
    for start, end, width in zip(stroke.points, stroke.points[1:], stroke.widths[1:], strict=False):
        pen.setWidthF(width)
        painter.setPen(pen)
        painter.drawLine(start, end)

"""Points of a plot that can be dragged, by mouse and by arrow keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent

REACH = 14.0
"""Pixels around a point within which it is taken hold of."""
STEPS = 100
"""An arrow key moves a point by this part of the plot's width."""


class DraggablePoints(QObject):
    """`points` says which points there are now: name → (x, y). Only one is dragged at a time."""

    began = Signal(str)
    moved = Signal(str, float)
    """A name, and the x that it is dragged to."""
    ended = Signal(str, bool)
    """A name, and whether the drag counts; Esc calls it off."""

    def __init__(self, plot: Any, points: Callable[[], Mapping[str, tuple[float, float]]]) -> None:
        super().__init__(plot)
        self._plot, self._points = plot, points
        self.held = ""
        plot.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        plot.viewport().setMouseTracking(True)
        plot.viewport().installEventFilter(self)
        plot.installEventFilter(self)

    def place(self, name: str) -> QPointF:
        """Where a point is seen, in pixels of the plot's viewport."""
        box = self._plot.plotItem.vb
        return QPointF(self._plot.mapFromScene(box.mapViewToScene(QPointF(*self._points()[name]))))

    def _at(self, place: QPointF) -> str:
        """The point under the mouse, the nearest of several; empty for none."""
        far = {name: (self.place(name) - place).manhattanLength() for name in self._points()}
        near = min(far, key=lambda name: far[name], default="")
        return near if near and far[near] <= REACH else ""

    def _x(self, place: QPointF) -> float:
        return float(self._plot.plotItem.vb.mapSceneToView(self._plot.mapToScene(place.toPoint())).x())

    def _end(self, counts: bool) -> None:
        held, self.held = self.held, ""
        if held:
            self.ended.emit(held, counts)

    # Qt

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and watched is self._plot:
            return self._key(event)
        if isinstance(event, QMouseEvent) and watched is not self._plot:
            return self._mouse(event)
        if event.type() == QEvent.Type.Hide:
            self._end(False)
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        kind, at = event.type(), event.position()
        if kind == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            self.held = self._at(at)
            if self.held:
                self._plot.setFocus(Qt.FocusReason.MouseFocusReason)
                self.began.emit(self.held)
            return bool(self.held)
        if kind == QEvent.Type.MouseMove:
            if self.held:
                self.moved.emit(self.held, self._x(at))
                return True
            self._plot.viewport().setCursor(Qt.CursorShape.SizeHorCursor if self._at(at) else Qt.CursorShape.ArrowCursor)
        if kind == QEvent.Type.MouseButtonRelease and self.held:
            self._end(True)
            return True
        return False

    def _key(self, event: QKeyEvent) -> bool:
        """Arrows move the first point; with Shift the last one. Esc calls a drag off."""
        override, key = event.type() == QEvent.Type.ShortcutOverride, event.key()
        if key == Qt.Key.Key_Escape and self.held:
            event.accept()
            if not override:
                self._end(False)
            return True
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(key))
        names = [*self._points()]
        if way is None or not names or self.held or event.type() == QEvent.Type.KeyRelease:
            return False
        event.accept()
        if not override:
            name = names[-1] if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else names[0]
            low, high = self._plot.plotItem.vb.viewRange()[0]
            x = self._points()[name][0] + way * (high - low) / STEPS
            self.held = name
            self.began.emit(name)
            self.moved.emit(name, x)
            self._end(True)
        return True

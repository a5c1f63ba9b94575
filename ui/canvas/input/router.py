"""From mouse, wheel, touchpad, keys and drops to gestures and commands."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QHelpEvent,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QWheelEvent,
)

from ui.canvas.input import drops, hovering, keys, pressing
from ui.canvas.input.context_menu import ask_for_menu
from ui.canvas.input.gestures import CutWires, DragSlider, MapPan, MoveBend, Pan, Pointer, PointerGesture
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.paint import feedback, messages

_SHIFT, _CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


class InputRouter:
    """At most one gesture at a time."""

    def __init__(self, model: CanvasModel) -> None:
        self.model = model
        self.gesture: PointerGesture | None = None
        self.space = False
        """Whether the space bar is held: then the left button moves the view."""
        model.let_go.connect(self._structure_changed)
        model.level_left.connect(self.cancel)

    def pointer(self, view: QPointF, modifiers: Qt.KeyboardModifier) -> Pointer:
        return Pointer(view, self.model.camera.to_scene(view), modifiers)

    # gestures

    def begin(self, gesture: PointerGesture) -> None:
        self.gesture = gesture
        if gesture.cursor != Qt.CursorShape.ArrowCursor:
            self.model.surface.show_cursor(gesture.cursor)
        hovering.leave(self.model)
        self.model.surface.repaint_scene()

    def cancel(self) -> bool:
        """Take back the gesture under way; whether there was one."""
        gesture, self.gesture = self.gesture, None
        if gesture is None:
            return False
        self.model.surface.show_cursor(None)
        gesture.cancel()
        self.model.surface.repaint_scene()
        return True

    def _structure_changed(self) -> None:
        """Something else changed the structure during a gesture: let go, what it holds may be gone."""
        self.model.pointing.bend = None
        if self.gesture is not None and not isinstance(self.gesture, Pan | MapPan | DragSlider):
            self.cancel()

    # mouse

    def press(self, event: QMouseEvent) -> None:
        model, left = self.model, event.button() == Qt.MouseButton.LeftButton
        model.surface.take_focus(Qt.FocusReason.MouseFocusReason)
        model.pointing.last = event.position()
        model.pointing.by_keys = model.pointing.entered = False
        if self.gesture is not None:
            self.cancel()  # a second button calls it off
            return
        at = self.pointer(event.position(), event.modifiers())
        gesture: PointerGesture | None = None
        if event.button() == Qt.MouseButton.MiddleButton or (left and self.space):
            gesture = Pan(model, at)
        elif event.button() == Qt.MouseButton.RightButton and event.modifiers() & _CTRL:
            gesture = CutWires(model, at) if model.may_edit() else None
        elif left:
            gesture = pressing.press(model, at)
        if gesture is not None:
            self.begin(gesture)

    def move(self, event: QMouseEvent) -> None:
        self.model.pointing.last = event.position()
        at = self.pointer(event.position(), event.modifiers())
        if self.gesture is not None:
            self.gesture.move(at)
        else:
            hovering.hover(self.model, at, self.space)

    def release(self, event: QMouseEvent) -> None:
        gesture, self.gesture = self.gesture, None
        if gesture is None:
            return
        self.model.surface.show_cursor(None)
        gesture.finish(self.pointer(event.position(), event.modifiers()))
        self.model.surface.repaint_scene()

    def double_click(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            pressing.double_click(self.model, self.pointer(event.position(), event.modifiers()))

    def menu(self, at: QPointF, place: QPoint) -> None:
        """The right button. Some systems ask for the menu at the press, which has begun a cut."""
        if self.gesture is None:
            ask_for_menu(self.model, at, place)

    def wheel(self, event: QWheelEvent) -> None:
        """A wheel zooms at the cursor; two fingers on a touchpad pan, with Ctrl they zoom."""
        viewport = self.model.viewport
        pixels, angle = event.pixelDelta(), event.angleDelta()
        touch = event.device().type() == QInputDevice.DeviceType.TouchPad
        if touch and not event.modifiers() & _CTRL:
            step = pixels if not pixels.isNull() else angle / 4
            viewport.pan_by(step.x(), step.y())
        elif event.modifiers() & _SHIFT and not touch:
            viewport.pan_by((angle.y() or angle.x()) / 2, 0)
        elif angle.y():
            viewport.zoom_by(1.0015 ** angle.y(), event.position())
        event.accept()

    # other events

    def event(self, event: QEvent) -> bool | None:
        """Events without a handler of their own; None where Qt should go on."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.model.viewport.zoom_by(1 + event.value(), event.position())
            return True
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = hovering.tip_at(self.model, QPointF(event.pos())) if self.gesture is None else ""
            self.model.surface.show_tip(text, event.pos())
            return True
        if event.type() == QEvent.Type.ShortcutOverride and self.gesture is not None:
            event.accept()  # during a gesture, keys go to the gesture and not to the menus
            return True
        if event.type() == QEvent.Type.Leave:
            hovering.leave(self.model)
        return None

    # keys

    def key(self, event: QKeyEvent) -> bool:
        """Whether the key meant something here."""
        model, key = self.model, event.key()
        model.pointing.by_keys, model.pointing.entered = True, False
        if key == Qt.Key.Key_Escape:
            # What comes last may be something else that can be cancelled.
            return self.cancel() or model.surface.close_sheet() or model.navigation.out() or self._deselect()
        if self.gesture is not None:
            self._key_to_gesture(event)
            return True
        if key == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self.hold_space(True)
            return True
        return keys.press(model, event, self.begin)

    def _deselect(self) -> bool:
        """Whether something was selected."""
        had = bool(self.model.selection)
        self.model.select(())
        return had

    def _key_to_gesture(self, event: QKeyEvent) -> None:
        """No key edits anything during a gesture, unless the gesture itself is driven by keys."""
        gesture, self.gesture = self.gesture, None
        following = gesture.key(event) if gesture is not None else None
        if following is not None and following is not gesture:
            self.begin(following)
            return
        self.gesture = following
        if following is None:
            self.model.surface.repaint_scene()

    def key_up(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.hold_space(False)

    def hold_space(self, held: bool) -> None:
        self.space = held
        if held:
            self.model.surface.show_cursor(Qt.CursorShape.OpenHandCursor)
        elif self.gesture is None:
            self.model.surface.show_cursor(None)

    def connect_by_keys(self) -> None:
        keys.connect(self.model, self.begin)

    def focus_lost(self) -> None:
        self.hold_space(False)

    # dropping from the library

    def drag_over(self, event: QDragEnterEvent | QDragMoveEvent) -> None:
        self.model.pointing.drop_wire = drops.over(self.model, event)
        self.model.surface.repaint_scene()

    def drag_left(self) -> None:
        self.model.pointing.drop_wire = None
        self.model.surface.repaint_scene()

    def drop(self, event: QDropEvent) -> None:
        wire, self.model.pointing.drop_wire = self.model.pointing.drop_wire, None
        drops.drop(self.model, event, wire)

    # feedback

    def paint(self, painter: QPainter) -> None:
        """Selection, hover and the gesture, in scene coordinates."""
        gesture = self.gesture
        feedback.paint(painter, self.model, idle=gesture is None, ring_bend=not isinstance(gesture, MoveBend))
        if gesture is not None:
            gesture.paint(painter)

    def paint_tip(self, painter: QPainter) -> None:
        """What the gesture says, in view coordinates."""
        tip = self.gesture.tip() if self.gesture is not None else None
        place = (self.gesture.tip_place() or self.model.pointing.last) if self.gesture is not None else None
        if tip is not None and place is not None:
            messages.paint_tip(painter, place, *tip, self.model.viewport.size(), self.model.theme)

"""From mouse, wheel, touchpad, keys and drops to gestures and commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSizeF, Qt
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
from PySide6.QtWidgets import QToolTip

from graph.model import edits
from ui.canvas.input import commands, drops, keys, remarks
from ui.canvas.input.gestures import (  # fmt: skip
    BoxSelect,
    Connect,
    Cut,
    DragSlider,
    Gesture,
    MapPan,
    Move,
    MoveBend,
    MoveCopies,
    Pan,
    Pointer,
    Resize,
)
from ui.canvas.input.gestures.shape import cursor as resize_cursor
from ui.canvas.model import geometry, items, tips
from ui.canvas.model.scene import PortHit
from ui.canvas.paint import feedback
from ui.canvas.paint.messages import offer_places
from ui.canvas.paint.nodes import FULL

if TYPE_CHECKING:
    from ui.canvas.view import Canvas

_SHIFT, _CTRL, _ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def _alternate(held: Qt.KeyboardModifier) -> bool:
    """Alt, or Ctrl with Shift, where the window manager takes Alt: a node is copied, a wire or its point deleted."""
    return bool(held & _ALT) or held & (_CTRL | _SHIFT) == _CTRL | _SHIFT


class InputRouter:
    """At most one gesture at a time. `last` is where the mouse was seen last, in view coordinates."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.gesture: Gesture | None = None
        self.last: QPointF | None = None
        self.space = False
        self.hover_wire: str | None = None
        self.hover_port: PortHit | None = None
        self.pin: QPointF | None = None
        """Where the hovered wire offers to be followed, in scene coordinates."""
        self.by_keys = False
        """Whether the last thing that happened came from the keyboard: then the focus is shown."""
        self.drop_wire: str | None = None
        self.bend: tuple[str, int] | None = None
        """The point of a wire that was clicked last: what Delete means, until something else is chosen."""
        self.offer = ""

    # mouse

    def press(self, event: QMouseEvent) -> None:
        canvas = self.canvas
        canvas.setFocus(Qt.FocusReason.MouseFocusReason)
        self.last = event.position()
        self.by_keys = False
        if self.gesture is not None:
            self.cancel()  # a second button calls it off
            return
        at = canvas.pointer(event.position(), event.modifiers())
        left = event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or (left and self.space):
            self.begin(Pan(canvas, at))
        elif event.button() == Qt.MouseButton.RightButton and event.modifiers() & _CTRL:
            if self._may_edit():
                self.begin(Cut(canvas, at))
        elif left:
            self._press_left(at)

    def _press_left(self, at: Pointer) -> None:
        canvas, scene = self.canvas, self.canvas.scene
        if self._on_map(at.view):
            self.begin(MapPan(canvas, at))
            return
        if self.offer and not at.modifiers:
            self._accept_offer(at)
            return
        self.bend = None
        if self._on_pin(at.scene) and not at.modifiers and self.hover_wire is not None:
            canvas.select([self.hover_wire])
            canvas.probe_requested.emit(self.hover_wire)
            return
        note = items.note_at(scene, at.scene, items.GRIP / canvas.camera.scale)
        port, node = (self._port_at(at.scene), scene.node_at(at.scene)) if note is None else (None, None)
        if port is not None and self._may_edit():
            self.begin(Connect(canvas, at, port))
        elif node is not None:
            self._press_node(at, node)
        elif note is not None:
            self._press_item(at, note)
        elif not self._press_wire(at):
            frame = items.frame_at(scene, at.scene, items.GRIP / canvas.camera.scale)
            if frame is not None:
                self._press_item(at, frame)
            else:
                self.begin(BoxSelect(canvas, at))

    def _press_node(self, at: Pointer, node: str) -> None:
        canvas = self.canvas
        if self._on_slider(node, at.scene) and canvas.document.takes_numbers:
            self.begin(DragSlider(canvas, at, node))
            return
        self._carry(at, node)

    def _press_item(self, at: Pointer, hit: items.ItemHit) -> None:
        if hit.part == "edge" and not at.modifiers:
            self.canvas.select([hit.id])
            if self._may_edit():
                self.begin(Resize(self.canvas, at, hit))
        else:
            self._carry(at, hit.id)

    def _carry(self, at: Pointer, item: str) -> None:
        """Select what was pressed, and take the whole selection into the hand."""
        canvas = self.canvas
        if at.modifiers & (_SHIFT | _CTRL) and not _alternate(at.modifiers):
            chosen = canvas.selection
            canvas.select(chosen - {item} if item in chosen else chosen | {item})
            if item not in canvas.selection:
                return
        elif item not in canvas.selection:
            canvas.select([item])
        carry = MoveCopies if _alternate(at.modifiers) and self._may_edit() else Move
        self.begin(carry(canvas, at, canvas.movable(), item))

    def _press_wire(self, at: Pointer) -> bool:
        """A point of a wire, or a wire; whether there was one."""
        canvas, scene = self.canvas, self.canvas.scene
        bend = scene.bend_at(at.scene, 9.0 / canvas.camera.scale)
        if bend is not None:
            self._press_bend(at, bend)
            return True
        wire = scene.wire_at(at.scene, 7.0 / canvas.camera.scale)
        if wire is None:
            return False
        if _alternate(at.modifiers):
            canvas.do(edits.Disconnect(wire), "Delete wire")
        elif at.modifiers & (_SHIFT | _CTRL):
            canvas.select(canvas.selection ^ {wire})
        else:
            canvas.select([wire])
        return True

    def _press_bend(self, at: Pointer, bend: tuple[str, int]) -> None:
        if _alternate(at.modifiers):
            commands.unbend(self.canvas, *bend)
            return
        self.canvas.select([bend[0]])
        self.bend = bend
        self.begin(MoveBend(self.canvas, at, *bend))

    def move(self, event: QMouseEvent) -> None:
        self.last = event.position()
        at = self.canvas.pointer(event.position(), event.modifiers())
        if self.gesture is not None:
            self.gesture.move(at)
        else:
            self._hover(at)

    def release(self, event: QMouseEvent) -> None:
        gesture, self.gesture = self.gesture, None
        if gesture is None:
            return
        self.canvas.unsetCursor()
        gesture.finish(self.canvas.pointer(event.position(), event.modifiers()))
        self.canvas.update()

    def double_click(self, event: QMouseEvent) -> None:
        canvas, scene = self.canvas, self.canvas.scene
        at = canvas.pointer(event.position(), event.modifiers())
        if event.button() != Qt.MouseButton.LeftButton or self._on_map(at.view) or self.offer:
            return
        reach = items.GRIP / canvas.camera.scale
        note, node = items.note_at(scene, at.scene, reach), scene.node_at(at.scene)
        wire = scene.wire_at(at.scene, 7.0 / canvas.camera.scale)
        frame = items.frame_at(scene, at.scene, reach)
        if note is not None:
            remarks.edit(canvas, note.id)
        elif node is not None and node in canvas.document.graph.groups:
            canvas.navigation.enter(node)
        elif node is not None and at.scene.y() < scene.rect(node).top() + geometry.TITLE:
            remarks.edit_words(canvas, node)
        elif node is not None:
            on_number = scene.cards[node].area.translated(scene.rect(node).topLeft()).contains(at.scene)
            (canvas.value_activated if on_number else canvas.node_activated).emit(node)
        elif (read := canvas.number_at(at.scene)) is not None:
            canvas.number_activated.emit(read)
        elif wire is not None:
            self._add_bend(at, wire)
        elif frame is not None:
            remarks.edit(canvas, frame.id)
        elif self._port_at(at.scene) is None:
            canvas.request_add(at.view)

    def _add_bend(self, at: Pointer, wire: str) -> None:
        """One more point for a wire, in the hand at once: the second click may go on as a drag."""
        if scene_has := self.canvas.scene.bend_at(at.scene, 9.0 / self.canvas.camera.scale):
            self.bend = scene_has
        elif self._may_edit():
            index = commands.bend(self.canvas, wire, at.scene)
            self.bend = (wire, index)
            self.canvas.select([wire])

    def menu(self, at: QPointF, place: QPoint) -> None:
        """The right button: what is under it is selected, and its menu asked for."""
        if self.gesture is not None:
            return  # some systems ask for the menu at the press, which has begun a cut
        scene, here = self.canvas.scene, self.canvas.camera.to_scene(at)
        found = scene.node_at(here) or scene.wire_at(here, 7.0 / self.canvas.camera.scale)
        if found is not None and found not in self.canvas.selection:
            self.canvas.select([found])
        self.canvas.menu_requested.emit(place, found)

    def begin(self, gesture: Gesture) -> None:
        self.gesture = gesture
        if gesture.cursor != Qt.CursorShape.ArrowCursor:
            self.canvas.setCursor(gesture.cursor)
        self._unhover()
        self.canvas.update()

    def end(self) -> None:
        """The gesture under way is done, by its own word."""
        self.gesture = None
        self.canvas.update()

    def cancel(self) -> bool:
        """Take back the gesture under way; whether there was one."""
        gesture, self.gesture = self.gesture, None
        if gesture is None:
            return False
        self.canvas.unsetCursor()
        gesture.cancel()
        self.canvas.update()
        return True

    def document_changed(self) -> None:
        """Someone else changed the structure while a hand was at work: let go, what it holds may be gone."""
        self.bend = None
        if self.gesture is not None and not isinstance(self.gesture, Pan | MapPan | DragSlider):
            self.cancel()

    def _may_edit(self) -> bool:
        if self.canvas.document.read_only:
            self.canvas.message.emit(self.canvas.document.read_only)
        return not self.canvas.document.read_only

    # hovering

    def _hover(self, at: Pointer) -> None:
        canvas, scene = self.canvas, self.canvas.scene
        on_map = self._on_map(at.view)
        port = self._port_at(at.scene) if not on_map else None
        node = scene.node_at(at.scene) if not on_map else None
        wire = scene.wire_at(at.scene, 7.0 / canvas.camera.scale) if port is None and node is None and not on_map else None
        offer = self._offer_at(at.view)
        if (port, wire, offer) != (self.hover_port, self.hover_wire, self.offer):
            self._touch()
            if wire != self.hover_wire:
                self.pin = self._pin_place(wire, at.scene) if wire is not None else None
            self.hover_port, self.hover_wire = port, wire
            if offer != self.offer:
                self.offer = offer
                canvas.update()
            self._touch()
        if self.space:
            canvas.setCursor(Qt.CursorShape.OpenHandCursor)
        elif port is not None:
            canvas.setCursor(Qt.CursorShape.CrossCursor)
        elif self._on_pin(at.scene) or offer or on_map:
            canvas.setCursor(Qt.CursorShape.PointingHandCursor)
        elif node is not None and self._on_slider(node, at.scene):
            canvas.setCursor(Qt.CursorShape.SizeHorCursor)
        elif (hit := self._item_at(at.scene, node)) is not None and hit.part == "edge":
            canvas.setCursor(resize_cursor(hit.sides))
        else:
            canvas.unsetCursor()

    def _on_slider(self, node: str, at: QPointF) -> bool:
        slider = self.canvas.scene.cards[node].slider
        if slider is None or self.canvas.camera.scale < FULL:
            return False
        return slider.adjusted(-10, -7, 10, 8).contains(at - self.canvas.scene.rect(node).topLeft())

    def _pin_place(self, wire: str, at: QPointF) -> QPointF:
        """A little further along the wire, so that the pointer stands beside it."""
        points = self.canvas.scene.wire_points(wire)
        away = np.hypot(points[:, 0] - at.x(), points[:, 1] - at.y())
        nearest, far = int(away.argmin()), 30.0 / self.canvas.camera.scale
        ahead = [i for i in range(nearest, len(points)) if away[i] >= far] or [i for i in range(nearest, -1, -1) if away[i] >= far]
        return QPointF(*points[ahead[0] if ahead else nearest])

    def _on_pin(self, at: QPointF) -> bool:
        if self.pin is None or self.hover_wire not in self.canvas.scene.edge_row:
            return False
        return (at - self.pin).manhattanLength() <= 12.0 / self.canvas.camera.scale

    def _item_at(self, at: QPointF, node: str | None) -> items.ItemHit | None:
        reach = items.GRIP / self.canvas.camera.scale
        return items.note_at(self.canvas.scene, at, reach) or (items.frame_at(self.canvas.scene, at, reach) if node is None else None)

    def _touch(self) -> None:
        """Repaint what is hovered."""
        scene = self.canvas.scene
        if self.hover_wire in scene.edge_row and self.hover_wire is not None:
            self.canvas.update_scene(scene.wire_rect(self.hover_wire, 12 + 12 / self.canvas.camera.scale))
        if self.hover_port is not None and self.hover_port.node in scene.row:
            self.canvas.update_scene(scene.rect(self.hover_port.node).adjusted(-14, -4, 14, 4))

    def _unhover(self) -> None:
        self._touch()
        self.hover_port = self.hover_wire = self.pin = None

    def _port_at(self, at: QPointF) -> PortHit | None:
        """Ports are too small to be meant when seen from afar."""
        if self.canvas.camera.scale < FULL / 2:
            return None
        return self.canvas.scene.port_at(at, 11.0)

    def _on_map(self, at: QPointF) -> bool:
        canvas = self.canvas
        size = QSizeF(canvas.size())
        return canvas.minimap.place(size).contains(at) and canvas.minimap.visible(canvas.scene, canvas.camera, size)

    def _offer_at(self, at: QPointF) -> str:
        graph = self.canvas.document.graph
        if graph.nodes or graph.notes or graph.frames:
            return ""
        places = offer_places(QSizeF(self.canvas.size()), self.canvas.theme.scale)
        return next((key for key, place in places.items() if place.contains(at)), "")

    def _accept_offer(self, at: Pointer) -> None:
        offer, self.offer = self._offer_at(at.view), ""
        if offer == "gallery":
            self.canvas.gallery_requested.emit()
        elif offer == "lesson":
            self.canvas.lessons_requested.emit()
        elif offer == "formula":
            self.canvas.formula_requested.emit()
        elif offer == "add":
            self.canvas.request_add(at.view)

    # wheel, touchpad, keys

    def wheel(self, event: QWheelEvent) -> None:
        """A wheel zooms at the cursor; two fingers on a touchpad pan, with Ctrl they zoom."""
        pixels, angle = event.pixelDelta(), event.angleDelta()
        touch = event.device().type() == QInputDevice.DeviceType.TouchPad
        if touch and not event.modifiers() & _CTRL:
            step = pixels if not pixels.isNull() else angle / 4
            self.canvas.pan_by(step.x(), step.y())
        elif event.modifiers() & _SHIFT and not touch:
            self.canvas.pan_by((angle.y() or angle.x()) / 2, 0)
        elif angle.y():
            self.canvas.zoom_by(1.0015 ** angle.y(), event.position())
        event.accept()

    def event(self, event: QEvent) -> bool | None:
        """Events without a handler of their own; None where Qt should go on."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.canvas.zoom_by(1 + event.value(), event.position())
            return True
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._show_tip(event)
            return True
        if event.type() == QEvent.Type.ShortcutOverride and self.gesture is not None:
            event.accept()  # while a hand holds something, keys speak to it and not to the menus
            return True
        if event.type() == QEvent.Type.Leave:
            self._unhover()
        return None

    def key(self, event: QKeyEvent) -> bool:
        self.by_keys = True
        return keys.press(self.canvas, event)

    def key_up(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.hold_space(False)

    def hold_space(self, held: bool) -> None:
        self.space = held
        if held:
            self.canvas.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self.gesture is None:
            self.canvas.unsetCursor()

    def focus_lost(self) -> None:
        self.hold_space(False)

    def _show_tip(self, event: QHelpEvent) -> None:
        canvas, at = self.canvas, self.canvas.camera.to_scene(QPointF(event.pos()))
        port, node = self._port_at(at), canvas.scene.node_at(at)
        wire = canvas.scene.wire_at(at, 9.0 / canvas.camera.scale)
        text = ""
        if self.gesture is not None or self._on_map(QPointF(event.pos())):
            text = ""
        elif port is not None:
            text = tips.port_tip(canvas.document.graph, canvas.content, canvas.scene.real(port))
        elif node is not None:
            text = tips.node_tip(canvas.content, node)
        elif wire is not None:
            text = tips.wire_tip(canvas.content, canvas.document.graph.edges[wire])
        if text:
            here = QRect(event.pos() - QPoint(6, 6), event.pos() + QPoint(6, 6))
            QToolTip.showText(event.globalPos(), text, canvas, here)
        else:
            QToolTip.hideText()

    # dropping from the library

    def drag_over(self, event: QDragEnterEvent | QDragMoveEvent) -> None:
        self.drop_wire = drops.over(self.canvas, event)
        self.canvas.update()

    def drag_left(self) -> None:
        self.drop_wire = None
        self.canvas.update()

    def drop(self, event: QDropEvent) -> None:
        wire, self.drop_wire = self.drop_wire, None
        drops.drop(self.canvas, event, wire)

    # feedback

    def paint(self, painter: QPainter) -> None:
        """Selection, hover and the gesture, in scene coordinates."""
        feedback.paint(painter, self.canvas, self)

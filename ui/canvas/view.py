"""The canvas: a plain widget that paints a scene and hands mouse and keys to gestures.

Not a `QGraphicsView`: hit-testing over numpy arrays takes microseconds, and everything is painted in batches, so items
would only be a second copy of the document to keep in step. The document is the only thing gestures change; the picture
follows `document.changed`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.compile.views import TraceView
from graph.model import edits
from graph.model.graph import GraphError
from graph.storage.document import Change, Document
from ui.canvas.find_bar import FindBar
from ui.canvas.inplace import LineEditor, TextEditor
from ui.canvas.input import commands, keys
from ui.canvas.input.gestures import Gesture, Pointer
from ui.canvas.input.router import InputRouter
from ui.canvas.model import levels
from ui.canvas.model.camera import Camera
from ui.canvas.model.content import Content
from ui.canvas.model.navigation import GroupNavigation
from ui.canvas.model.playhead import Playhead
from ui.canvas.model.scene import PortHit, Scene
from ui.canvas.model.selection import Selection
from ui.canvas.paint import painting
from ui.canvas.paint.minimap import Minimap
from ui.canvas.paint.overlay import Overlay
from ui.canvas.paint.painter import prepare
from ui.canvas.paint.stage import Stage
from ui.canvas.paint.top import paint_top
from ui.canvas.viewport import SHARPEN, Viewport
from ui.look import theme as themes
from ui.look.schedule import Schedule
from ui.look.theme import Theme

STALE_MS, STALE = 150, "grey"
"""Numbers of an older document are greyed when no answer has come by then: at once would flicker at every edit."""


class Canvas(Viewport):
    """Shows one document. `on_live_edit` is called after every tick of a slider, so that numbers can follow in the same frame.

    `key_elsewhere` says of a key that the window binds it (to whatever command a person chose): the canvas's own table stays silent then.
    """

    selection_changed = Signal()
    value_dragged = Signal(str, object)
    add_requested = Signal(object, object, object)
    """Scene position, global position, and the `PortHit` a wire hangs on (or None)."""
    node_activated = Signal(str)
    value_activated = Signal(str)
    """The id of a node whose number was double-clicked."""
    number_activated = Signal(str)
    """The id of a wire one of whose numbers was double-clicked."""
    probe_requested = Signal(str)
    """The id of a wire whose numbers someone wants to follow."""
    menu_requested = Signal(object, object)
    """Global position, and the id of the node or wire under it (or None)."""
    gallery_requested = Signal()
    lessons_requested = Signal()
    formula_requested = Signal()
    message = Signal(str)
    painted = Signal()
    """A frame is complete."""

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.router = InputRouter(self)
        themes.load_fonts()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(240, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Graph")
        self.document: Document = document
        self.camera = Camera()
        self.stage = Stage(document.graph, theme, self._repaint)
        self.minimap = Minimap()
        self.playhead: Playhead | None = None
        self.on_live_edit: Callable[[], None] | None = None
        self.key_elsewhere: Callable[[QKeyEvent], bool] | None = None
        self.editor: LineEditor | TextEditor | None = None
        """Where someone is typing on the canvas itself."""
        self.find_bar: FindBar | None = None
        self.navigation: GroupNavigation = GroupNavigation(self)
        self.overlay = Overlay(self)
        self.content.hidden = self.overlay.hidden
        self._selection = Selection(self._selection_flipped)
        self._fitted = True
        self._zooming = False
        self._schedule = Schedule(self)
        document.changed.connect(self._changed)
        self.camera.scale = theme.scale

    # what is shown

    def set_document(self, document: Document) -> None:
        """Show another document, all of it."""
        self.router.cancel()
        self._finish_typing()
        self.document.changed.disconnect(self._changed)
        self.document = document
        document.changed.connect(self._changed)
        self.stage = Stage(document.graph, self.theme, self._repaint)
        self.stage.content.playhead = self.playhead
        self.stage.content.hidden = self.overlay.hidden
        self.overlay.clear()
        self._selection.set(())
        self.navigation.reset()
        self.fit_all()

    def set_theme(self, theme: Theme) -> None:
        """Change colours; the projector's larger scale keeps the middle of the view where it is."""
        fitted = self._fitted
        self.camera.zoom(theme.scale / self.theme.scale, self._middle())
        self.stage.set_theme(theme)
        self.navigation.bar.follow()
        self.camera_moved()
        if fitted:
            self.fit_all()

    def set_trace(self, trace: TraceView | None) -> None:
        """Show these numbers. A trace of another document is the caller's mistake; an older one is shown until a newer comes."""
        if trace is not None and self.document.revision == trace.revision:
            self._schedule.drop(STALE)
        stale = self._is_old(trace) and self.content.stale
        self.stage.content = Content(self.document.graph, trace, self.playhead, stale, hidden=self.overlay.hidden)
        self._watch_age()
        self.update()

    def numbers_changed(self) -> None:
        """Other numbers of the same trace are to be seen."""
        self.set_trace(self.content.trace)

    def set_playhead(self, playhead: Playhead | None) -> None:
        if self.playhead is not None:
            self.playhead.moved.disconnect(self._playhead_moved)
        self.playhead = playhead
        if playhead is not None:
            playhead.moved.connect(self._playhead_moved)
        self.content.playhead = playhead
        self.update()

    @property
    def theme(self) -> Theme:
        return self.stage.theme

    @property
    def scene(self) -> Scene:
        return self.stage.scene

    @property
    def content(self) -> Content:
        return self.stage.content

    # selection

    @property
    def selection(self) -> frozenset[str]:
        return self._selection.ids

    def selected_nodes(self) -> list[str]:
        return self._selection.nodes(self.document.graph)

    def selected_edges(self) -> list[str]:
        return self._selection.edges(self.document.graph)

    def focused_item(self) -> str | None:
        """What keys act on, while they are in use: the last thing selected."""
        chosen = self.movable()
        return chosen[-1] if chosen and self.hasFocus() and self.router.by_keys else None

    def movable(self) -> list[str]:
        """Everything selected that has a place of its own: nodes, groups, frames and notes."""
        return self._selection.movable(self.document.graph)

    def select(self, ids: Iterable[str]) -> None:
        self._selection.set(ids)

    def select_all(self) -> None:
        graph = self.document.graph
        self.select([*self.scene.ids, *self.scene.edges, *graph.frames, *graph.notes])

    def clicked_node(self, node_id: str, at: Pointer) -> None:
        """A click that moved nothing: the node alone is selected; with Shift or Ctrl it has been toggled already."""
        if node_id != self.scene.inside and not at.modifiers & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier):
            self.select([node_id])

    def _selection_flipped(self, ids: set[str]) -> None:
        for item in ids:
            if item in self.scene.row:
                self.update_scene(self.scene.rect(item).adjusted(-10, -14, 14, 10))
            elif item in self.scene.edge_row:
                self.update_scene(self.scene.wire_rect(item, 12))
            else:
                self.update()
        self.selection_changed.emit()

    def number_at(self, at: QPointF) -> str | None:
        """The wire whose value or gradient is written at a place of the scene; none from so far away that there are no numbers."""
        if self.camera.scale < painting.NUMBERS or not self.content.values:
            return None
        return self.stage.labels.hit(self.scene.edges_in(QRectF(at.x() - 90, at.y() - 60, 180, 120)), at.x(), at.y())

    # edits: menus and keys call these

    def do(self, edit: edits.Edit, text: str = "", merge: Hashable | None = None) -> bool:
        """Change the document; a refusal becomes a message. Whether it was done."""
        try:
            self.document.do(levels.placed(edit, self.navigation.inside), text, merge)
        except GraphError as refused:
            self.message.emit(str(refused))
            return False
        return True

    def delete_selection(self) -> None:
        commands.delete(self)

    def dissolve_selection(self) -> None:
        commands.dissolve(self)

    def copy(self) -> None:
        commands.copy(self)

    def cut(self) -> None:
        commands.cut(self)

    def paste(self, at: QPointF | None = None) -> None:
        commands.paste(self, at)

    def duplicate(self) -> None:
        commands.duplicate(self)

    def add_node(self, key: str, at: QPointF | None = None, from_port: PortHit | None = None, port: str | None = None) -> str | None:
        """Add a node at a scene position (the view's middle without one), wired to `from_port` where given; its id."""
        place = at if at is not None else self.camera.to_scene(self._middle())
        return commands.add(self, key, place, from_port, port)

    def request_add(self, at: QPointF | None = None, from_port: PortHit | None = None) -> None:
        """Ask for the search box, at a place in the view (the cursor's without one)."""
        if self.document.read_only:
            self.message.emit(self.document.read_only)
            return
        place = at if at is not None else QPointF(self.camera.to_view(self.cursor_place()))
        self.add_requested.emit(self.camera.to_scene(place), self.mapToGlobal(place.toPoint()), from_port)

    def connect_by_keys(self) -> None:
        """Draw a wire from the selected node: arrows choose, Enter connects, Esc does not."""
        keys.connect(self)

    def activate(self) -> None:
        keys.activate(self)

    def _finish_typing(self) -> None:
        if self.editor is not None:
            self.editor.ending.keep()

    def ask_find(self) -> None:
        """Open the strip that looks for nodes by a few letters."""
        if self.find_bar is None:
            self.find_bar = FindBar(self)
        self.find_bar.ask()

    def cancel_gesture(self) -> bool:
        """What Esc does first. Whether there was a gesture."""
        return self.router.cancel()

    @property
    def gesture(self) -> Gesture | None:
        return self.router.gesture

    def fit_selection(self) -> None:
        """Show the selected nodes, or everything."""
        self.fit_nodes(self.selected_nodes())

    # following the document, the trace and the playhead

    def _changed(self, change: Change) -> None:
        self.stage.follow(change, self.router.document_changed)
        self.navigation.follow()
        self._selection.keep(self.document.graph, self.navigation.seen)
        self._watch_age()

    def _is_old(self, trace: TraceView | None) -> bool:
        return trace is not None and (trace.revision < self.document.revision or trace.structure < self.document.structure)

    def _watch_age(self) -> None:
        if not self._is_old(self.content.trace):
            self._schedule.drop(STALE)
            self.content.stale = False
        elif not self.content.stale and not self._schedule.pending(STALE) and self.isVisible():
            self._schedule.after_frame(STALE, self._grey, STALE_MS)

    def _grey(self) -> None:
        self.content.stale = self._is_old(self.content.trace)
        self.update()

    def _playhead_moved(self) -> None:
        self.update()

    # painting

    def _repaint(self, area: QRectF | None) -> None:
        if area is None:
            self.update()
        else:
            self.update_scene(area)

    def update_scene(self, area: QRectF) -> None:
        """Repaint a part of the scene."""
        self.update(self.camera.rect_to_view(area).toAlignedRect().adjusted(-2, -2, 2, 2))

    def pointer(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> Pointer:
        return Pointer(at, self.camera.to_scene(at), modifiers)

    # Qt

    def sizeHint(self) -> QSize:
        return QSize(960, 640)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            prepare(painter)
            self.stage.paint(painter, self.camera, self._size(), self.devicePixelRatioF(), self._zooming)
            painter.save()
            painter.setWorldTransform(self.camera.transform(), True)
            self.overlay.paint(painter)
            self.router.paint(painter)
            painter.restore()
            paint_top(painter, self)
            self.overlay.paint_above(painter)
        finally:
            painter.end()  # a painter that is left open takes the whole process down
        self.painted.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.refit()
        super().resizeEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._schedule.drop(SHARPEN, STALE)
        self._zooming = False
        super().hideEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ChildRemoved:
            return super().event(event)  # comes last while Qt takes the widget apart, when what Python put on it is gone
        handled = self.router.event(event)
        return handled if handled is not None else super().event(event)

    def focusNextPrevChild(self, next: bool) -> bool:
        return False  # Tab adds a node here

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.router.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.router.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.router.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.router.double_click(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.router.wheel(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.router.key(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self.router.key_up(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.router.focus_lost()
        super().focusOutEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Mouse and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return  # Ctrl and the right button cut wires; where they only clicked, the gesture asks for the menu itself
        self.router.menu(QPointF(event.pos()), QPoint(event.globalPos()))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.router.drag_over(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self.router.drag_over(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.router.drag_left()

    def dropEvent(self, event: QDropEvent) -> None:
        self.router.drop(event)

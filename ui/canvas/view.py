"""The canvas: a plain widget that paints a model and passes mouse and keys to its router.

Not a `QGraphicsView`: hit-testing over numpy arrays takes microseconds, and everything is painted in batches, so items
would only be a second copy of the document to keep in step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QCursor,
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
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from engine.compile.views import TraceView
from graph.storage.document import Document
from graph.text.messages import _
from ui.canvas.breadcrumb import Breadcrumb
from ui.canvas.find_bar import FindBar
from ui.canvas.inplace import LineEditor, TextEditor
from ui.canvas.input import beside, commands
from ui.canvas.input.gestures import PointerGesture
from ui.canvas.input.router import InputRouter
from ui.canvas.model import legibility
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.content import Content
from ui.canvas.model.labels import Labels
from ui.canvas.model.scene import CanvasScene, PortHit
from ui.canvas.model.surface import Typed
from ui.canvas.paint.minimap import Minimap
from ui.canvas.paint.overlay import paint_above, paint_overlay
from ui.canvas.paint.painter import prepare
from ui.canvas.paint.stage import Stage
from ui.canvas.paint.top import paint_top
from ui.canvas.sample_chooser import SampleChooser
from ui.look import theme as themes
from ui.look.schedule import Schedule
from ui.look.theme import Theme

_BY_KEYS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
STALE_MS, STALE = 150, "grey"
"""Numbers of an older document are greyed when no answer has come by then: at once would flicker at every edit."""
SHARPEN_MS, SHARPEN = 90, "sharpen"
PREPARE = "numbers of the canvas"
"""After the last step of a zoom the picture is drawn sharp."""


class Canvas(QWidget):
    """Shows a `CanvasModel`, whose surface it is.

    `key_elsewhere` says of a key that the window binds it (to whatever command a person chose): the canvas's own table stays silent then.
    """

    painted = Signal()
    """A frame is complete."""

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None, scene: CanvasScene | None = None) -> None:
        super().__init__(parent)
        themes.load_fonts()
        self.model = CanvasModel(document, theme, self, scene)
        self.router = InputRouter(self.model)  # before everything that sends events
        self.model.setParent(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(240, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(_("Graph"))
        self.stage = Stage(self.model)
        self.breadcrumb = Breadcrumb(self, self.model)
        self.sample_chooser = SampleChooser(self, self.model)
        self.find_bar: FindBar | None = None
        self.editor: LineEditor | TextEditor | None = None
        """The editor that is open on the canvas itself."""
        self.key_elsewhere: Callable[[QKeyEvent], bool] | None = None
        self.sheet_closer: Callable[[], bool] | None = None
        """Closes a sheet that lies over the canvas, for Esc."""
        self._minimap = Minimap()
        self._zooming = False
        self._schedule = Schedule(self)
        self.gaps = self._schedule
        """The clock that knows of the gaps between frames: the window's, where there is one."""
        self.model.zoomed.connect(self._zoomed)
        self.model.document_followed.connect(self.watch_age)
        self._offer_names()

    def _offer_names(self) -> None:
        """What the rest of the window asks of the model, by the same names."""
        model, viewport = self.model, self.model.viewport
        self.viewport, self.camera, self.overlay, self.navigation = viewport, viewport.camera, model.overlay, model.navigation
        self.selection_changed, self.view_changed, self.message = model.selection_changed, model.view_changed, model.message
        self.value_dragged, self.menu_requested = model.value_dragged, model.menu_requested
        self.add_requested, self.probe_requested = model.add_requested, model.probe_requested
        self.beside_requested, self.request_beside = model.beside_requested, model.request_beside
        self.node_activated, self.value_activated = model.node_activated, model.value_activated
        self.number_activated, self.gallery_requested = model.number_activated, model.gallery_requested
        self.lessons_requested, self.formula_requested = model.lessons_requested, model.formula_requested
        self.text_pasted, self.table_requested = model.text_pasted, model.table_requested
        self.select, self.select_all, self.do, self.reveal = model.select, model.select_all, model.do, model.reveal
        self.selected_nodes, self.selected_edges, self.movable = model.selected_nodes, model.selected_edges, model.movable
        self.request_add, self.cursor_place, self.number_at = model.request_add, model.cursor_place, model.number_at
        self.set_playhead = model.set_playhead
        self.fit_all, self.refit, self.fit_nodes = viewport.fit_all, viewport.refit, viewport.fit_nodes
        self.zoom_by, self.zoom_100, self.pan_by, self.centre_on = viewport.zoom_by, viewport.zoom_100, viewport.pan_by, viewport.centre_on
        self.view_state, self.restore_view, self.camera_moved = viewport.state, viewport.restore, viewport.camera_moved
        self.seen = viewport.seen

    # what is shown

    @property
    def document(self) -> Document:
        return self.model.document

    @property
    def theme(self) -> Theme:
        return self.model.theme

    @property
    def scene(self) -> CanvasScene:
        return self.model.scene

    @property
    def content(self) -> Content:
        return self.model.content

    @property
    def labels(self) -> Labels:
        return self.model.labels

    @property
    def selection(self) -> frozenset[str]:
        return self.model.selection

    @property
    def fitted(self) -> bool:
        """Whether everything was shown last, and the view has not been moved since."""
        return self.viewport.fitted

    @property
    def gesture(self) -> PointerGesture | None:
        return self.router.gesture

    def cancel_gesture(self) -> bool:
        """What Esc does first. Whether there was a gesture."""
        return self.router.cancel()

    def set_document(self, document: Document, scene: CanvasScene | None = None) -> None:
        """Show another document, all of it. `scene`: its scene, where it was made before."""
        self.router.cancel()
        if self.editor is not None:
            self.editor.ending.keep()
        self.model.set_document(document, scene)
        self.sample_chooser.follow()

    def set_theme(self, theme: Theme) -> None:
        self.model.set_theme(theme)

    def set_trace(self, trace: TraceView | None) -> None:
        """Show these numbers. A trace of another document is the caller's mistake; an older one is shown until a newer comes."""
        if trace is not None and self.document.revision == trace.revision:
            self._schedule.drop(STALE)
        self.model.set_trace(trace)
        self.sample_chooser.follow()
        self.watch_age()

    # menus and keys call these

    def delete_selection(self) -> None:
        commands.delete(self.model)

    def dissolve_selection(self) -> None:
        commands.dissolve(self.model)

    def copy(self) -> None:
        commands.copy(self.model)

    def cut(self) -> None:
        commands.cut(self.model)

    def paste(self, at: QPointF | None = None) -> None:
        commands.paste(self.model, at)

    def duplicate(self) -> None:
        commands.duplicate(self.model)

    def add_node(self, key: str, at: QPointF | None = None, from_port: PortHit | None = None, port: str | None = None) -> str | None:
        """Add a node at a scene position (the view's middle without one), wired to `from_port` where given; its id."""
        place = at if at is not None else self.camera.to_scene(self.viewport.middle())
        return commands.add(self.model, key, place, from_port, port)

    def add_beside(self, key: str, items: Sequence[str]) -> str | None:
        """Add a node beside these cards, wired to them; its id."""
        return beside.add(self.model, key, items)

    def connect_by_keys(self) -> None:
        self.router.connect_by_keys()

    def activate(self) -> None:
        commands.activate(self.model)

    def fit_selection(self) -> None:
        """Show the selected nodes, or everything."""
        self.viewport.fit_nodes(self.model.selected_nodes())

    def ask_find(self) -> None:
        """Open the strip that looks for nodes by a few letters."""
        if self.find_bar is None:
            self.find_bar = FindBar(self, self.model)
        self.find_bar.ask()

    # the model's surface

    def view_size(self) -> QSizeF:
        return QSizeF(self.size())

    def repaint_scene(self, area: QRectF | None = None) -> None:
        if area is None:
            self.update()
        else:
            self.update(self.camera.rect_to_view(area).toAlignedRect().adjusted(-2, -2, 2, 2))

    def show_cursor(self, shape: Qt.CursorShape | None) -> None:
        if shape is None:
            self.unsetCursor()
        else:
            self.setCursor(shape)

    def mouse_place(self) -> QPointF:
        return QPointF(self.mapFromGlobal(QCursor.pos()))

    def to_global(self, at: QPointF) -> QPoint:
        return self.mapToGlobal(at.toPoint())

    def take_focus(self, reason: Qt.FocusReason) -> None:
        self.setFocus(reason)

    def has_focus(self) -> bool:
        return self.hasFocus()

    def show_tip(self, text: str, at: QPoint) -> None:
        if text:
            QToolTip.showText(self.mapToGlobal(at), text, self, QRect(at - QPoint(6, 6), at + QPoint(6, 6)))
        else:
            QToolTip.hideText()

    def edit_line(self, text: str, label: str, place: QRectF, done: Typed) -> None:
        self._open(LineEditor(self, self.model, text, label, place, done, self._closed))

    def edit_text(self, text: str, label: str, place: QRectF, done: Typed) -> None:
        self._open(TextEditor(self, self.model, text, label, place, done, self._closed))

    def _open(self, editor: LineEditor | TextEditor) -> None:
        if self.editor is not None:
            self.editor.ending.keep()
        self.editor = editor

    def _closed(self, editor: QWidget) -> None:
        if self.editor is editor:
            self.editor = None

    def close_sheet(self) -> bool:
        return self.sheet_closer is not None and self.sheet_closer()

    def bound_elsewhere(self, event: QKeyEvent) -> bool:
        return self.key_elsewhere is not None and self.key_elsewhere(event)

    # what waits a moment

    def watch_age(self) -> None:
        """Numbers that are not those there are now turn grey after a moment."""
        content = self.model.content
        if not self.model.is_old(content.trace):
            self._schedule.drop(STALE)
            content.stale = False
        elif not content.stale and not self._schedule.pending(STALE) and self.isVisible():
            self._schedule.after_frame(STALE, self._grey, STALE_MS)

    def _grey(self) -> None:
        content = self.model.content
        content.stale = self.model.is_old(content.trace)
        self.update()

    def _zoomed(self) -> None:
        self._zooming = True
        self._schedule.after_frame(SHARPEN, self._sharpened, SHARPEN_MS)

    def _sharpened(self) -> None:
        self._zooming = False
        self.update()

    # Qt

    def sizeHint(self) -> QSize:
        return QSize(960, 640)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            prepare(painter)
            self.stage.paint(painter, self.view_size(), self.devicePixelRatioF(), self._zooming)
            painter.save()
            painter.setWorldTransform(self.camera.transform(), True)
            paint_overlay(painter, self.model)
            self.router.paint(painter)
            painter.restore()
            paint_top(painter, self.model, self._minimap, QRectF(event.rect()))
            self.router.paint_tip(painter)
            paint_above(painter, self.model)
        finally:
            painter.end()  # a painter that is left open takes the whole process down
        if self.stage.waiting:
            self.gaps.after_frame(PREPARE, self._prepare)
        self.painted.emit()

    def _prepare(self) -> None:
        """Between two frames: paint new numbers, for the next one."""
        if self.stage.prepare():
            if self.stage.waiting:
                self.gaps.after_frame(PREPARE, self._prepare)
            else:
                self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.model.set_least(legibility.least(self.window().height()))
        self.viewport.refit()
        super().resizeEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._schedule.drop(SHARPEN, STALE)
        self.gaps.drop(PREPARE)
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

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.model.pointing.entered = event.reason() in _BY_KEYS
        super().focusInEvent(event)

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

"""A surface without a widget: it notes what model and input ask of it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QKeyEvent

from graph.model.graph import Graph
from graph.storage.document import Document
from ui.canvas.input.gestures import Pointer
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.surface import Typed
from ui.look import theme as themes

CORNER = QPoint(50, 30)
"""Where the surface lies on the screen."""


class FakeSurface:
    """1280 × 800 pixels."""

    def __init__(self) -> None:
        self.repaints: list[QRectF | None] = []
        self.cursor: Qt.CursorShape | None = None
        self.mouse = QPointF(-1, -1)
        self.focused = True
        self.tip = ""
        self.editing: tuple[str, str, Typed] | None = None
        """The text and the label of the editor that was opened last, and what is called with what is typed."""

    def view_size(self) -> QSizeF:
        return QSizeF(1280, 800)

    def repaint_scene(self, area: QRectF | None = None) -> None:
        self.repaints.append(area)

    def show_cursor(self, shape: Qt.CursorShape | None) -> None:
        self.cursor = shape

    def mouse_place(self) -> QPointF:
        return self.mouse

    def to_global(self, at: QPointF) -> QPoint:
        return at.toPoint() + CORNER

    def take_focus(self, reason: Qt.FocusReason) -> None:
        self.focused = True

    def has_focus(self) -> bool:
        return self.focused

    def show_tip(self, text: str, at: QPoint) -> None:
        self.tip = text

    def edit_line(self, text: str, label: str, place: QRectF, done: Typed) -> None:
        self.editing = text, label, done

    def edit_text(self, text: str, label: str, place: QRectF, done: Typed) -> None:
        self.editing = text, label, done

    def close_sheet(self) -> bool:
        return False

    def bound_elsewhere(self, event: QKeyEvent) -> bool:
        return False


def model_of(graph: Graph) -> tuple[CanvasModel, FakeSurface]:
    """A model at scale 1 with the scene's origin at pixel (100, 100), as `canvas_graphs.shown` makes a canvas. Needs a QGuiApplication."""
    themes.load_fonts()
    surface = FakeSurface()
    model = CanvasModel(Document(graph), themes.LIGHT, surface)
    model.viewport.restore((1.0, -100.0, -100.0))
    return model, surface


def pointer(model: CanvasModel, x: float, y: float, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> Pointer:
    """The mouse at a place of the scene."""
    at = QPointF(x, y)
    return Pointer(model.camera.to_view(at), at, held)


def key(code: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> QKeyEvent:
    return QKeyEvent(QEvent.Type.KeyPress, code, held)

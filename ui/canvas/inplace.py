"""Typing on the canvas itself: a name in a title bar, a frame's title, the text of a note.

While one of these has the focus every key belongs to it. Moving the view ends it, and what was typed is kept.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPalette
from PySide6.QtWidgets import QFrame, QLineEdit, QPlainTextEdit, QWidget

from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.surface import Typed
from ui.look.theme import color, font
from ui.look.typing import claim_keys

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class _Ending:
    """Ends once: with `done(text, by_key)`, or with nothing; `closed(editor)` comes before. `by_key`: ended by Enter or Tab."""

    def __init__(
        self, model: CanvasModel, editor: QWidget, text: Callable[[], str], done: Typed, closed: Callable[[QWidget], None]
    ) -> None:
        self._model, self._editor, self._text, self._done, self._closed = model, editor, text, done, closed
        self._over = False
        model.view_changed.connect(self.keep)

    def keep(self, by_key: bool = False) -> None:
        self._end(True, by_key)

    def drop(self) -> None:
        self._end(False, True)

    def _end(self, kept: bool, by_key: bool) -> None:
        if self._over:
            return
        self._over = True
        model, editor = self._model, self._editor
        model.view_changed.disconnect(self.keep)
        focused = editor.hasFocus()
        text = self._text()
        self._closed(editor)
        editor.hide()
        editor.deleteLater()
        if focused:
            model.surface.take_focus(Qt.FocusReason.OtherFocusReason)
        if kept:
            self._done(text, by_key)
        model.surface.repaint_scene()


def _dress(editor: QWidget, model: CanvasModel, place: QRectF) -> None:
    """Place the editor over the text, in the text's size."""
    theme, size = model.theme, model.viewport.size().toSize()
    rect = model.camera.rect_to_view(place).toAlignedRect()
    editor.setFont(font("base", max(model.camera.scale, 0.8)))
    palette = editor.palette()
    palette.setColor(QPalette.ColorRole.Base, color(theme.field))
    palette.setColor(QPalette.ColorRole.Text, color(theme.text))
    palette.setColor(QPalette.ColorRole.PlaceholderText, color(theme.secondary))
    editor.setPalette(palette)
    least = editor.fontMetrics().height() + 8
    rect.setHeight(max(rect.height(), least))
    rect.setWidth(max(rect.width(), 8 * least))
    rect.moveLeft(max(4, min(rect.left(), size.width() - rect.width() - 4)))
    rect.moveTop(max(4, min(rect.top(), size.height() - rect.height() - 4)))
    editor.setGeometry(rect)
    editor.show()
    editor.setFocus(Qt.FocusReason.OtherFocusReason)


class LineEditor(QLineEdit):
    """One line: Enter or a click elsewhere keeps it, Esc does not."""

    def __init__(
        self, parent: QWidget, model: CanvasModel, text: str, label: str, place: QRectF, done: Typed, closed: Callable[[QWidget], None]
    ) -> None:  # fmt: skip
        super().__init__(text, parent)
        self.setAccessibleName(label)
        self.setPlaceholderText(label)
        self.ending = _Ending(model, self, self.text, done, closed)
        _dress(self, model, place)
        self.selectAll()

    def commit(self) -> None:
        self.ending.keep()

    def event(self, event: QEvent) -> bool:
        return claim_keys(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (*_ENTER, Qt.Key.Key_Tab):
            self.ending.keep(by_key=True)
        elif event.key() == Qt.Key.Key_Escape:
            self.ending.drop()
        else:
            super().keyPressEvent(event)
            event.accept()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.ending.keep()


class TextEditor(QPlainTextEdit):
    """Several lines: Esc, Ctrl+Enter or a click elsewhere keeps them. A text is too long to be lost to one key."""

    def __init__(
        self, parent: QWidget, model: CanvasModel, text: str, label: str, place: QRectF, done: Typed, closed: Callable[[QWidget], None]
    ) -> None:  # fmt: skip
        super().__init__(text, parent)
        self.setAccessibleName(label)
        self.setPlaceholderText(label)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(False)
        self.ending = _Ending(model, self, self.toPlainText, done, closed)
        _dress(self, model, place)
        self.selectAll()

    def commit(self) -> None:
        self.ending.keep()

    def event(self, event: QEvent) -> bool:
        return claim_keys(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ctrl = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.key() == Qt.Key.Key_Escape or (ctrl and event.key() in _ENTER):
            self.ending.keep(by_key=True)
        else:
            super().keyPressEvent(event)
            event.accept()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.ending.keep()

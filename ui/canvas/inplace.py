"""Typing on the canvas itself: a name in a title bar, a frame's title, the text of a note.

While one of these has the focus every key belongs to it. Moving the view ends it, and what was typed is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPalette
from PySide6.QtWidgets import QFrame, QLineEdit, QPlainTextEdit, QWidget

from ui.look.theme import color, font

if TYPE_CHECKING:
    from ui.canvas.view import Canvas

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class _Ending:
    """Ends once: with `done(text)`, or with nothing."""

    def __init__(self, canvas: Canvas, editor: QWidget, text: Callable[[], str], done: Callable[[str], None]) -> None:
        self._canvas, self._editor, self._text, self._done = canvas, editor, text, done
        self._over = False
        self.by_key = False
        """Ended by Enter or Tab: what is refused can be corrected at once."""
        canvas.view_changed.connect(self.keep)

    def keep(self) -> None:
        self._end(True)

    def drop(self) -> None:
        self._end(False)

    def _end(self, kept: bool) -> None:
        if self._over:
            return
        self._over = True
        canvas, editor = self._canvas, self._editor
        canvas.view_changed.disconnect(self.keep)
        focused = editor.hasFocus()
        text = self._text()
        if canvas.editor is editor:
            canvas.editor = None
        editor.hide()
        editor.deleteLater()
        if focused:
            canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        if kept:
            self._done(text)
        canvas.update()


def _dress(editor: QWidget, canvas: Canvas, place: QRectF) -> None:
    """Put it where the text stands, as large as the text is."""
    theme = canvas.theme
    rect = canvas.camera.rect_to_view(place).toAlignedRect()
    editor.setFont(font("base", max(canvas.camera.scale, 0.8)))
    palette = editor.palette()
    palette.setColor(QPalette.ColorRole.Base, color(theme.field))
    palette.setColor(QPalette.ColorRole.Text, color(theme.text))
    palette.setColor(QPalette.ColorRole.PlaceholderText, color(theme.secondary))
    editor.setPalette(palette)
    least = editor.fontMetrics().height() + 8
    rect.setHeight(max(rect.height(), least))
    rect.setWidth(max(rect.width(), 8 * least))
    rect.moveLeft(max(4, min(rect.left(), canvas.width() - rect.width() - 4)))
    rect.moveTop(max(4, min(rect.top(), canvas.height() - rect.height() - 4)))
    editor.setGeometry(rect)
    editor.show()
    editor.setFocus(Qt.FocusReason.OtherFocusReason)
    if canvas.editor is not None:
        canvas.editor.ending.keep()
    canvas.editor = editor  # type: ignore[assignment]


class LineEditor(QLineEdit):
    """One line: Enter or a click elsewhere keeps it, Esc does not."""

    def __init__(self, canvas: Canvas, text: str, what: str, place: QRectF, done: Callable[[str], None]) -> None:
        super().__init__(text, canvas)
        self.setAccessibleName(what)
        self.setPlaceholderText(what)
        self.ending = _Ending(canvas, self, self.text, done)
        _dress(self, canvas, place)
        self.selectAll()

    def commit(self) -> None:
        self.ending.keep()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (*_ENTER, Qt.Key.Key_Tab):
            self.ending.by_key = True
            self.ending.keep()
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

    def __init__(self, canvas: Canvas, text: str, what: str, place: QRectF, done: Callable[[str], None]) -> None:
        super().__init__(text, canvas)
        self.setAccessibleName(what)
        self.setPlaceholderText(what)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(False)
        self.ending = _Ending(canvas, self, self.toPlainText, done)
        _dress(self, canvas, place)
        self.selectAll()

    def commit(self) -> None:
        self.ending.keep()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ctrl = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.key() == Qt.Key.Key_Escape or (ctrl and event.key() in _ENTER):
            self.ending.keep()
        else:
            super().keyPressEvent(event)
            event.accept()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.ending.keep()

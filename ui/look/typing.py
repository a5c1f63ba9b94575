"""A command that uses the document first commits the text in the field with the focus."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from graph.text.messages import _


def commit_typing() -> None:
    """Let the field that has the focus take what is typed in it. Fields that hold a value until then have a method `commit`."""
    commit_field(QApplication.focusWidget())


def commit_field(widget: QWidget | None) -> None:
    """Let this field, or the one around it, take what is typed. `window.focusWidget()` is also the one that had the focus when another
    program's window came to the front."""
    while widget is not None:
        commit = getattr(widget, "commit", None)
        if callable(commit):
            commit()
            refusal, say = getattr(widget, "refusal", ""), getattr(widget.window(), "say", None)
            if refusal and callable(say):
                say(_("{accessibleName} was not changed: {refusal}").format(accessibleName=widget.accessibleName(), refusal=refusal))
            return
        widget = widget.parentWidget()


def leave_undo_to_the_window(event: QEvent, modified: bool) -> bool:
    """Whether this key is Undo or Redo in a field where nothing is typed: then it takes back the document's last step.

    A line of text claims these keys even when it has nothing to take back.
    """
    if modified or not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.ShortcutOverride:
        return False
    if event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo):
        event.ignore()
        return True
    return False


def claim_keys(event: QEvent) -> bool:
    """Whether this asks whose key was pressed: then it is the widget's whose `event` calls this, before any shortcut of the window."""
    if event.type() != QEvent.Type.ShortcutOverride:
        return False
    event.accept()
    return True


def claim_escape(event: QEvent) -> bool:
    """The same for Esc alone."""
    return isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and claim_keys(event)


class _WheelGuard(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.Wheel:
            return False
        event.ignore()  # then the panel behind it gets the wheel
        return True


def scroll_past(widget: QWidget) -> None:
    """Let the wheel scroll the panel that a number or choice stands in: one that it changed on the way would go unnoticed."""
    widget.installEventFilter(_WheelGuard(widget))


class NameField(QLineEdit):
    """A line whose text is taken on Return, when the focus leaves, and before a command uses it."""

    def commit(self) -> None:
        self.editingFinished.emit()

    def event(self, event: QEvent) -> bool:
        return False if leave_undo_to_the_window(event, self.isModified()) else super().event(event)

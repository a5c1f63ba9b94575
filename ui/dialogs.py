"""Everything that asks a person something in a window of its own. Tests put another object in its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from ui.shortcuts import Keys
from ui.widgets import button, label

Choice = Literal["save", "discard", "cancel"]
FILES = "Gradwire graphs (*.gradwire);;All files (*)"
OPENED = "Graphs and lessons (*.gradwire *.gwlesson);;All files (*)"


class Dialogs:
    """The questions a window asks, over `parent`."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent

    def unsaved(self, name: str, heading: str = "", text: str = "") -> Choice:
        """What happens to the changes of a document that is about to be closed; `heading` and `text` say what they are."""
        answers = (("Don't save", "discard"), ("Cancel", "cancel"), ("Save", "save"))
        dialog = _Question(self._parent, heading or f"Save the changes to {name}?", text or "They are lost if you don't.", answers)
        dialog.exec()
        return dialog.answer  # type: ignore[return-value]

    def sure(self, title: str, text: str, act: str) -> bool:
        """Whether something that cannot be undone shall be done."""
        dialog = _Question(self._parent, title, text, ((act, "yes"), ("Cancel", "cancel")))
        dialog.exec()
        return dialog.answer == "yes"

    def tell(self, title: str, text: str) -> None:
        """Something that went wrong with a file: it must not pass unread."""
        _Question(self._parent, title, text, (("OK", "ok"),)).exec()

    def open_path(self, folder: str) -> Path | None:
        name, _ = QFileDialog.getOpenFileName(self._parent, "Open a graph or a lesson", folder, OPENED)
        return Path(name) if name else None

    def save_path(self, suggested: str, title: str = "Save the graph", filters: str = FILES, ending: str = ".gradwire") -> Path | None:
        name, _ = QFileDialog.getSaveFileName(self._parent, title, suggested, filters)
        if not name:
            return None
        path = Path(name)
        return path if path.suffix else path.with_suffix(ending)

    def shortcuts(self, keys: Keys, changed: Callable[[], object]) -> None:
        from ui.shortcut_dialog import ShortcutDialog

        ShortcutDialog(self._parent, keys, changed).exec()

    def about(self, text: str) -> None:
        _Question(self._parent, "Gradwire", text, (("Close", "ok"),)).exec()


class _Question(QDialog):
    """A heading, a text, and buttons; the last one is the default. Esc is `cancel`."""

    def __init__(self, parent: QWidget, heading: str, text: str, answers: tuple[tuple[str, str], ...]) -> None:
        super().__init__(parent)
        self.answer = "cancel"
        self.setWindowTitle("Gradwire")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(8)
        title = label(heading, "strong", wrap=True)
        body = label(text, "secondary", wrap=True, selectable=True)
        title.setMinimumWidth(360)
        layout.addWidget(title)
        layout.addWidget(body)
        layout.addSpacing(12)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        for index, (caption, answer) in enumerate(answers):
            last = index == len(answers) - 1
            made = button(caption, "primary" if last else "")
            made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            made.setDefault(last)
            made.setObjectName(answer)
            made.clicked.connect(lambda _=False, answer=answer: self._take(answer))
            row.addWidget(made)
        self._default = made
        layout.addLayout(row)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._default.setFocus(Qt.FocusReason.OtherFocusReason)

    def _take(self, answer: str) -> None:
        self.answer = answer
        self.accept()

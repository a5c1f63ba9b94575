"""Everything that asks a person something in a window of its own. Tests put another object in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from ui.actions import ACTIONS, MENUS, shortcut_text
from ui.widgets import button, label, line

Choice = Literal["save", "discard", "cancel"]
FILES = "Gradwire graphs (*.gradwire);;All files (*)"


class Dialogs:
    """The questions a window asks, over `parent`."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent

    def unsaved(self, name: str) -> Choice:
        """What shall happen to the changes of a document that is about to be closed."""
        answers = (("Don't save", "discard"), ("Cancel", "cancel"), ("Save", "save"))
        dialog = _Question(self._parent, f"Save the changes to {name}?", "They are lost if you don't.", answers)
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
        name, _ = QFileDialog.getOpenFileName(self._parent, "Open a graph", folder, FILES)
        return Path(name) if name else None

    def save_path(self, suggested: str, title: str = "Save the graph", filters: str = FILES, ending: str = ".gradwire") -> Path | None:
        name, _ = QFileDialog.getSaveFileName(self._parent, title, suggested, filters)
        if not name:
            return None
        path = Path(name)
        return path if path.suffix else path.with_suffix(ending)

    def shortcuts(self) -> None:
        ShortcutList(self._parent).exec()

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


class ShortcutList(QDialog):
    """All keys, from the action table and from the canvas's gestures."""

    GESTURES = (
        ("Add a node", "Double-click on empty canvas"),
        ("Wire", "Drag from a port to a port; drag from an occupied input to move its wire"),
        ("Insert on a wire", "Drop a node on it"),
        ("Move, select", "Drag a node; drag over empty canvas selects with a box"),
        ("Pan", "Middle mouse button, Space + drag, or two fingers"),
        ("Zoom", "Wheel at the cursor, or pinch"),
        ("Delete a wire", "Alt + click"),
        ("Go to the nearest node", "Arrow keys; along wires with Ctrl"),
        ("Nudge", "Shift + arrow keys"),
    )

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.resize(720, 620)
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setContentsMargins(24, 16, 24, 16)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(6)
        row = 0
        for menu in MENUS:
            grid.addWidget(label(menu, "section"), row, 0, 1, 2)
            row += 1
            for spec in ACTIONS:
                if spec.menu.split("/")[0] == menu and spec.shortcuts:
                    grid.addWidget(label(spec.text.replace(" …", "")), row, 0)
                    grid.addWidget(label(shortcut_text(spec), "strong"), row, 1)
                    row += 1
            grid.addWidget(line(), row, 0, 1, 2)
            row += 1
        grid.addWidget(label("On the canvas", "section"), row, 0, 1, 2)
        for what, how in self.GESTURES:
            row += 1
            grid.addWidget(label(what), row, 0)
            grid.addWidget(label(how, "secondary", wrap=True), row, 1)
        grid.setColumnStretch(1, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)

"""The field over a column's heading in which its name is typed."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QHeaderView, QLineEdit

from engine.data.how_read import LONGEST_NAME
from graph.text.messages import _
from ui.look.widgets import set_property

NARROWEST = 140
"""Width of the field over a narrow column, at the usual type size."""


class NameField(QLineEdit):
    """`renamed(name, title)`: the column that the file calls `name` is called `title` from now on; empty: as in the file."""

    renamed = Signal(str, str)

    def __init__(self, header: QHeaderView) -> None:
        super().__init__(header.viewport())
        self._header, self._name, self._title, self._taken = header, "", "", frozenset[str]()
        self.setMaxLength(LONGEST_NAME)
        self.setAccessibleName(_("Name of the column"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.hide()
        self.textEdited.connect(self._check)
        header.sectionResized.connect(self._close)

    def open(self, at: int, name: str, title: str, taken: Collection[str], scale: float) -> None:
        """Show it over column `at`. `title` is what the column is called, `taken` what the others are."""
        self._name, self._title, self._taken = name, title, frozenset(taken)
        left, width = self._header.sectionViewportPosition(at), max(self._header.sectionSize(at), round(NARROWEST * scale))
        room = self._header.viewport().width()
        self.setGeometry(max(0, min(left, room - width)), 0, min(width, room), self._header.height())
        self.setText(title)
        self.setPlaceholderText(name)
        self._check()
        self.selectAll()
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _wanted(self) -> str:
        return self.text().strip() or self._name

    def _check(self) -> None:
        taken = self._wanted() in self._taken
        self.setToolTip(_("Another column has this name.") if taken else _("Enter renames the column; empty: its name in the file"))
        set_property(self, "complaint", taken)

    def _take(self) -> None:
        if self._wanted() in self._taken:
            return
        wanted = self._wanted()
        self._close()
        if wanted != self._title:
            self.renamed.emit(self._name, "" if wanted == self._name else wanted)

    def _close(self, *_where: int) -> None:
        if self.isVisible():
            self.hide()
            table = self._header.parentWidget()
            if table is not None:
                table.setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # Enter and Esc are the field's, not the dialog's
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take()
        elif event.key() == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self.isVisible() and event.reason() != Qt.FocusReason.PopupFocusReason:
            if self._wanted() in self._taken:
                self._close()
            else:
                self._take()

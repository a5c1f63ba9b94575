"""What is said about a table below its preview: the problem, what is doubtful, what was decided; with buttons to change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.data.errors import Offer
from engine.data.table_reading import TableReading
from graph.text.messages import _, ngettext
from ui.look.widgets import button, label, scrolled

SHOWN = 40
"""Notes that are listed; a table of thousands of columns has thousands."""


class Remarks(QWidget):
    """`repaired(settings)`: the person takes an offer."""

    repaired = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.problem = ""
        """Why the table cannot be used as it is; empty where it can."""
        self._list = QWidget()
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(0, 0, 8, 0)
        self._column.setSpacing(4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolled(self._list))

    def show_reading(self, reading: TableReading) -> None:
        self._clear()
        self.problem = reading.problem
        if reading.problem:
            self._add(reading.problem, reading.repairs, "fault")
        notes = sorted(reading.notes, key=lambda note: not note.warning)
        for note in notes[:SHOWN]:
            self._add(note.text, note.repairs, "notice" if note.warning else "small")
        if (more := len(notes) - SHOWN) > 0:
            self._add(ngettext("{n:,} more note", "{n:,} more notes", more).format(n=more), (), "small")
        self._end()

    def show_problem(self, text: str) -> None:
        """The table cannot be read at all."""
        self._clear()
        self.problem = text
        self._add(text, (), "fault")
        self._end()

    def _end(self) -> None:
        """Leave the room that the remarks do not need to the preview."""
        self._column.addStretch(1)
        wide = max(200, self.width() - 40)
        needed = self._column.heightForWidth(wide) if self._column.hasHeightForWidth() else self._column.sizeHint().height()
        self.setMaximumHeight(max(24, needed + 12))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width() and self._column.count():
            self._column.takeAt(self._column.count() - 1)
            self._end()

    def _add(self, text: str, repairs: Sequence[Offer], role: str) -> None:
        row = QWidget()
        beside = QHBoxLayout(row)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(6)
        said = label(_sentence(text), role, wrap=True, selectable=True)
        said.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        beside.addWidget(said, 1)
        for title, settings in repairs:
            beside.addWidget(self._button(title, settings))
        self._column.addWidget(row)

    def _button(self, title: str, settings: Mapping[str, Any]) -> QWidget:
        widget = button(title, "repair", tip=_("Read the table like this"))
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        widget.setAutoDefault(False)
        widget.clicked.connect(lambda _clicked=False: self.repaired.emit(settings))
        return widget

    def _clear(self) -> None:
        while self._column.count():
            item = self._column.takeAt(0)
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()


def _sentence(text: str) -> str:
    """A note as a sentence; names of files and columns at its beginning stay as they are."""
    return f"{text[:1].upper() if text[:1].isascii() else text[:1]}{text[1:]}{'' if text[-1:] in '.?!' else '.'}"

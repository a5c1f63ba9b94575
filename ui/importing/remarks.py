"""What is said about a table below its preview: the problem, what is doubtful, what was decided; with buttons to change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.data.errors import Offer
from engine.data.table_reading import TableReading
from graph.text.messages import _, ngettext
from ui.look.widgets import button, clear, label, scrolled

SHARE = 0.24
"""Of the dialog's height, at most."""
SHOWN = 40
"""Notes that are listed; a table of thousands of columns has thousands."""


class Remarks(QWidget):
    """`repaired(settings)`: the person takes an offer."""

    repaired = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._high = 0
        """Pixels that all remarks need, about."""
        self.problem = ""
        """Why the table cannot be used as it is; empty where it can."""
        self._list = QWidget()
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(0, 0, 8, 0)
        self._column.setSpacing(4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolled(self._list))

    def show_reading(self, reading: TableReading, lost: Sequence[str] = ()) -> None:
        """`lost` are columns that the document says something about and the table does not have any more."""
        self._clear()
        self.problem = reading.problem
        if reading.problem:
            self._add(reading.problem, reading.repairs, "fault")
        if gone := [name for name in lost if name not in {column.name for column in reading.columns}]:
            shown = ", ".join(gone[:5]) + (" …" if len(gone) > 5 else "")
            self._add(
                _("This table no longer has these columns, for which something was chosen: {columns}").format(columns=shown), (), "notice"
            )
        if (offer := keep_all(reading)) is not None:
            unused = reading.rows - reading.usable
            text = ngettext(
                "{n:,} of {rows:,} rows lacks a value and is not used", "{n:,} of {rows:,} rows lack a value and are not used", unused
            )
            self._add(text.format(n=unused, rows=reading.rows), (offer,), "notice")
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
        if text:
            self._add(text, (), "fault")
        self._end()

    def _end(self) -> None:
        """Leave the room that the remarks do not need to the preview."""
        self._column.addStretch(1)
        self.setFixedHeight(min(self._high + 8, round(self.window().height() * SHARE)))

    def _add(self, text: str, repairs: Sequence[Offer], role: str) -> None:
        line = self.fontMetrics().lineSpacing()
        self._high += (26 + line if role != "small" else 4 + line) + line * (len(text) // 100)
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
        self._high = 0
        clear(self._column)


def keep_all(reading: TableReading) -> Offer | None:
    """The offer to fill in the missing values of all columns at once; None where fewer than two lose rows."""
    losing = [column for column in reading.columns if column.role == "feature" and column.missing and column.filling == "drop"]
    ways = {"number": "median", "date": "median", "category": "category"}
    columns = {column.name: {"missing": ways.get(column.kind, "most frequent")} for column in losing}
    return (_("Keep all rows: use medians and categories of their own"), {"columns": columns}) if len(losing) > 1 else None


def _sentence(text: str) -> str:
    """A note as a sentence; names of files and columns at its beginning stay as they are."""
    return f"{text[:1].upper() if text[:1].isascii() else text[:1]}{text[1:]}{'' if text[-1:] in '.?!' else '.'}"

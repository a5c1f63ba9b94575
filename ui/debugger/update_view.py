"""The update's table: every parameter before and after its step, and the optimizer's equations with the chosen one's numbers."""

from __future__ import annotations

import re
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from engine.explain.update import ParameterUpdate, UpdateTable
from graph.text.messages import _
from ui.debugger.search_view import SearchView
from ui.look.numbers import apart, exact, number, shape_text
from ui.look.theme import LIGHT, Theme, color
from ui.look.widgets import ElidedLabel, button, label, scrolled, set_property
from ui.maths.array_view import row_table
from ui.maths.sheet import Sheet, SheetLine
from ui.maths.writing import CardWriter

COLUMNS = ("", _("old"), _("gradient"), _("new"))
SIZE = 14.5
NAME = 190
"""Names of parameters are shown whole up to this width."""
WAITING = _("Parameters change in the update phase. Step forward to it, or click Update above.")


class UpdateView(QWidget):
    """`entry_wanted(node, name, entry)` asks for another number of a tensor; `chosen(node)` says which row was clicked."""

    entry_wanted = Signal(str, str, object)
    chosen = Signal(str)
    inside_wanted = Signal(str, str, object)
    """The update of this number of a tensor is to be shown as a graph."""

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._update: UpdateTable | None = None
        self._rows: list[ParameterUpdate] = []
        self.message = label(WAITING, "secondary", wrap=True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.table = self._table()
        self.heading = ElidedLabel("", "strong")
        self.before, self.after = (
            button("‹", "quiet", tip=_("Choose another entry of this tensor")),
            button("›", "quiet", tip=_("The next number")),
        )
        self.entry = QLineEdit()
        self.entry.setToolTip(_("Index of the entry to work out, counted from 0"))
        self.entry.setAccessibleName(_("Index of the entry in the tensor"))
        self.before.setAccessibleName(_("The number before"))
        self.after.setAccessibleName(_("The number after"))
        self.sheet = Sheet()
        self.search = SearchView()
        self.to_search, self.to_equations = (
            button(_("Line search"), "quiet", tip=_("Show the points that the line search of this step tried")),
            button(_("Equations"), "quiet", tip=_("Show the parameters and the equations of their update")),
        )
        self.inside = button(_("Inside"), "quiet", tip=_("Show this update as a wired graph with all its numbers"))
        self.search.head.addWidget(self.to_equations)
        self._searching = False
        """Whether the line search is shown, where there is one."""
        self._content = self._compose()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 4)
        layout.addWidget(self.message)
        layout.addWidget(self._content, 1)
        layout.addWidget(self.search, 1)
        self.table.currentCellChanged.connect(lambda row, *_: self._show_row(row))
        self.before.clicked.connect(lambda: self._turn(-1))
        self.after.clicked.connect(lambda: self._turn(1))
        self.entry.editingFinished.connect(self._typed)
        self.inside.clicked.connect(self._want_inside)
        self.to_search.clicked.connect(lambda: self._turn_to(True))
        self.to_equations.clicked.connect(lambda: self._turn_to(False))
        self.show_update(None)

    def _table(self) -> QTableWidget:
        table = row_table(COLUMNS, _("Updates of the parameters"))
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return table

    def _compose(self) -> QWidget:
        content, right = QWidget(), QWidget()
        self._right = right
        head = QHBoxLayout()
        head.addWidget(self.heading, 1)
        head.addWidget(self.before)
        head.addWidget(self.entry)
        head.addWidget(self.after)
        head.addWidget(self.inside)
        head.addWidget(self.to_search)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        holder = QWidget()
        top = QVBoxLayout(holder)
        top.setContentsMargins(0, 0, 0, 0)
        top.addWidget(self.sheet)
        top.addStretch(1)
        column.addWidget(scrolled(holder), 1)
        row = QHBoxLayout(content)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.table, 5)
        row.addWidget(right, 5)
        return content

    # what is shown

    @property
    def row(self) -> ParameterUpdate | None:
        at = self.table.currentRow()
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def show_update(self, update: UpdateTable | None, message: str = WAITING) -> None:
        """Fill the table, keeping the row that was chosen; None: say why there is nothing."""
        self._update = update
        self.message.setText(message)
        self.message.setVisible(update is None)
        self.search.show_search(update.search if update is not None else None)
        self._show_half()
        kept = self.table.currentRow()
        self._rows = list(update.parameters) if update is not None else []
        self.table.blockSignals(True)
        self.table.setRowCount(len(self._rows))
        for at, row in enumerate(self._rows):
            self._fill(at, row)
        if self._rows:
            self.table.setCurrentCell(min(max(kept, 0), len(self._rows) - 1), 0)
        self.table.blockSignals(False)
        self._make_room()
        self._show_sheet()

    def _turn_to(self, searching: bool) -> None:
        """To the line search, or back to the equations."""
        self._searching = searching
        self._show_half()
        (self.to_equations if searching else self.to_search).setFocus(Qt.FocusReason.OtherFocusReason)

    def show_search(self) -> None:
        """The line search instead of the equations, as soon as the update of a step that has one is shown."""
        self._searching = True
        self._show_half()

    def _show_half(self) -> None:
        """The line search, where it was chosen and there is one; else the equations."""
        update = self._update
        there = update is not None and update.search is not None
        self.to_search.setVisible(there)
        self._content.setVisible(update is not None and not (there and self._searching))
        self.search.setVisible(there and self._searching)

    def choose(self, node: str, name: str) -> bool:
        """Go to the row of a parameter; whether there is one."""
        at = next((i for i, row in enumerate(self._rows) if (row.node, row.name) == (node, name)), None)
        if at is None:
            return False
        self.table.setCurrentCell(at, 0)
        return True

    def take_row(self, update: UpdateTable) -> None:
        """Other numbers of tensors that are in the table."""
        for new in update.parameters:
            for at, old in enumerate(self._rows):
                if (old.node, old.name) == (new.node, new.name):
                    self._rows[at] = new
                    self._fill(at, new)
        self._show_sheet()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.table.verticalHeader().setDefaultSectionSize(round(24 * theme.scale))
        self._right.setMinimumWidth(round(270 * theme.scale))
        self.search.set_theme(theme)
        for at, row in enumerate(self._rows):
            self._fill(at, row)
        self._make_room()
        self._show_sheet()

    def _make_room(self) -> None:
        """Wide enough for names and numbers; of a very long name both ends are shown, and all of it in its tip."""
        header = self.table.horizontalHeader()
        name, *others = (max(self.table.sizeHintForColumn(at), header.sectionSizeHint(at)) for at in range(len(COLUMNS)))
        scale = self._theme.scale
        self.table.setMinimumWidth(round(max(240 * scale, min(name, NAME * scale) + sum(others) + 12)))

    def _fill(self, at: int, row: ParameterUpdate) -> None:
        theme = self._theme
        inks = (theme.text, theme.forward, theme.backward, theme.forward)
        old, gradient, _, new = row.numbers
        first, last = apart(old, new)
        texts = [row.label, first, number(gradient), last]
        tips = [f"{row.label}: {shape_text(row.old.shape)}", *(exact(value, row.old.dtype) for value in (old, gradient, new))]
        for column, (text, tip, ink) in enumerate(zip(texts, tips, inks, strict=True)):
            item = QTableWidgetItem(text)
            item.setToolTip(tip)
            item.setForeground(QBrush(color(ink)))
            if column:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.setItem(at, column, item)

    def _show_row(self, at: int) -> None:
        self._show_sheet()
        if 0 <= at < len(self._rows):
            self.chosen.emit(self._rows[at].node)

    def _show_sheet(self) -> None:
        update, row = self._update, self.row
        if update is None or row is None:
            self.sheet.show_lines((), (), self._theme)
            return
        place = _place(row.entry)
        self.heading.set_full(
            _("{label}{place} · step {t} of {title}").format(label=row.label, place=place, t=update.t, title=update.title)
        )
        for widget in (self.before, self.entry, self.after):
            widget.setVisible(bool(row.entry))
        self.entry.setText(place)
        self.entry.setFixedWidth(self.entry.fontMetrics().horizontalAdvance(place + "000") + 16)
        writer = CardWriter()
        lines = [replace(writer.line(line), size=SIZE) for line in row.lines]
        if update.note:
            lines.append(SheetLine(None, update.note, 12.5, 0.0, "secondary"))
        self.sheet.show_lines(lines, writer.arrays, self._theme)

    def _typed(self) -> None:
        """Go to the entry that was typed; an index outside the tensor is marked, and the tip gives the valid range."""
        row = self.row
        if row is None or self.entry.text() == _place(row.entry):
            set_property(self.entry, "complaint", False)
            return
        index = tuple(int(digits) for digits in re.findall(r"\d+", self.entry.text()))
        there = len(index) == len(row.old.shape) and all(i < size for i, size in zip(index, row.old.shape, strict=True))
        set_property(self.entry, "complaint", not there)
        shape = shape_text(row.old.shape)
        self.entry.setToolTip(
            _("Index of the entry to work out, counted from 0")
            if there
            else _("{name} has the shape {shape}: type an index, such as {example}.").format(
                name=row.label, shape=shape, example=_place((0,) * len(row.old.shape))
            )
        )
        if there:
            self.entry_wanted.emit(row.node, row.name, index)

    def _want_inside(self) -> None:
        if self.row is not None:
            self.inside_wanted.emit(self.row.node, self.row.name, self.row.entry)

    def _turn(self, way: int) -> None:
        """To the number before or after in the order of the tensor, round its end."""
        row = self.row
        if row is None or not row.entry:
            return
        flat = 0
        for i, size in zip(row.entry, row.old.shape, strict=True):
            flat = flat * size + i
        total = 1
        for size in row.old.shape:
            total *= size
        flat = (flat + way) % total
        entry: list[int] = []
        for size in reversed(row.old.shape):
            entry.insert(0, flat % size)
            flat //= size
        self.entry_wanted.emit(row.node, row.name, tuple(entry))


def _place(entry: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, entry))}]" if entry else ""

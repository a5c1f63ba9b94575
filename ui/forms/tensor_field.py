"""A tensor typed by hand: as a text, and, when it is a vector or a matrix, cell by cell in a table."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from graph.formula.numbers import read_number, read_rows
from graph.model.settings import complaint
from graph.model.spec import Setting
from graph.text.messages import _
from ui.look.numbers import plain
from ui.look.widgets import button
from ui.maths.array_view import quiet_table

MOST = 64
"""Cells of a table that is typed; larger tensors are data."""
ROWS_SHOWN = 8
Matrix = list[list[float]]


def as_matrix(value: Any) -> tuple[Matrix, bool] | None:
    """A vector (as one row) or matrix as rows of numbers, and whether it is a vector; None for everything else."""
    if not isinstance(value, list | tuple) or not value:
        return None
    if all(_is_number(v) for v in value):
        return ([list(value)], True) if len(value) <= MOST else None
    if not all(isinstance(row, list | tuple) and row and len(row) == len(value[0]) and all(map(_is_number, row)) for row in value):
        return None
    return ([list(row) for row in value], False) if len(value) * len(value[0]) <= MOST else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class TensorField(QWidget):
    """`changed` bears the tensor as a number or nested lists, `refused` why a text is refused, `noted` how it was read."""

    changed = Signal(object)
    refused = Signal(str)
    noted = Signal(str)
    settled = Signal()

    def __init__(self, setting: Setting, text: QLineEdit) -> None:
        super().__init__()
        self._setting, self._vector, self._filling = setting, False, False
        self.field = text
        self.field.setPlaceholderText(_("a number, 1 2; 3 4, or [[1, 2], [3, 4]]"))
        self.setFocusProxy(self.field)
        self.setAccessibleName(setting.label)
        self.table = QTableWidget()
        self.table.setTabKeyNavigation(False)  # Tab leads on to the next field; arrows move inside
        self.table.setAccessibleName(_("{label} as a table").format(label=setting.label))
        quiet_table(self.table)
        self.table.horizontalHeader().setDefaultSectionSize(60)
        self.table.horizontalHeader().setMinimumSectionSize(48)
        self.table.installEventFilter(self)
        self.sizes = QWidget()
        row = QHBoxLayout(self.sizes)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for title, name, rows, columns in (
            (_("+ row"), _("Add a row"), 1, 0), (_("− row"), _("Remove the last row"), -1, 0),
            (_("+ column"), _("Add a column"), 0, 1), (_("− column"), _("Remove the last column"), 0, -1),
        ):  # fmt: skip
            resize = button(title, "quiet", tip=name)
            resize.setAccessibleName(name)
            resize.clicked.connect(lambda _=False, rows=rows, columns=columns: self._resize(rows, columns))
            row.addWidget(resize)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in (self.field, self.table, self.sizes):
            layout.addWidget(widget)
        self.field.changed.connect(self._typed)  # type: ignore[attr-defined]
        for name in ("refused", "noted", "settled"):
            getattr(self.field, name).connect(getattr(self, name))
        self.table.itemChanged.connect(self._cell_changed)
        self._show(None)

    def set_value(self, value: Any) -> None:
        self.field.set_value(value)  # type: ignore[attr-defined]
        self._show(as_matrix(value))

    def forget(self) -> None:
        """Show the value again, whatever is typed."""
        self.field.forget()  # type: ignore[attr-defined]

    def commit(self) -> None:
        """Take what is typed in a cell; the text above takes its own."""
        if self.table.state() == QTableWidget.State.EditingState:
            self.table.setFocus()  # a cell's editor ends, and is read, when it loses the focus

    def matrix(self) -> Matrix | None:
        """The numbers in the cells; None where one of them is no number."""
        rows = [[read_number(self._cell(r, c)).value for c in range(self.table.columnCount())] for r in range(self.table.rowCount())]
        return None if any(None in row for row in rows) else rows

    def _cell(self, row: int, column: int) -> str:
        item = self.table.item(row, column)
        return item.text() if item is not None else "0"

    def _show(self, shown: tuple[Matrix, bool] | None) -> None:
        self.table.setVisible(shown is not None)
        self.sizes.setVisible(shown is not None)
        if shown is None:
            return
        matrix, self._vector = shown
        if self.table.state() == QTableWidget.State.EditingState or (self.matrix() == matrix and self.table.rowCount()):
            return
        self._filling = True
        self.table.setRowCount(len(matrix))
        self.table.setColumnCount(len(matrix[0]))
        self.table.setHorizontalHeaderLabels([str(c) for c in range(len(matrix[0]))])
        self.table.setVerticalHeaderLabels([str(r) for r in range(len(matrix))])
        for r, row in enumerate(matrix):
            for c, value in enumerate(row):
                item = QTableWidgetItem(plain(value))
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(r, c, item)
        self._filling = False
        self.table.resizeColumnsToContents()
        height = self.table.verticalHeader().defaultSectionSize()
        self.table.setFixedHeight(self.table.horizontalHeader().sizeHint().height() + height * min(len(matrix), ROWS_SHOWN) + 12)

    def _typed(self, value: Any) -> None:
        self._show(as_matrix(value))
        self.changed.emit(value)

    def _cell_changed(self, item: QTableWidgetItem) -> None:
        if self._filling:
            return
        reading = read_number(item.text())
        if reading.refusal:
            return self.refused.emit(
                _("row {row}, column {column}: {refusal}").format(row=item.row(), column=item.column(), refusal=reading.refusal)
            )
        matrix = self.matrix()
        if matrix is not None:
            self._commit(matrix, reading.note)

    def _resize(self, rows: int, columns: int) -> None:
        matrix = self.matrix()
        if matrix is None:
            return
        height, width = len(matrix) + rows, len(matrix[0]) + columns
        if height < 1 or width < 1 or height * width > MOST:
            return self.refused.emit("" if height < 1 or width < 1 else _("at most {MOST} numbers can be typed here").format(MOST=MOST))
        self._vector = self._vector and height == 1
        fresh = [[matrix[r][c] if r < len(matrix) and c < len(matrix[0]) else 0 for c in range(width)] for r in range(height)]
        self._commit(fresh)

    def _commit(self, matrix: Matrix, note: str = "") -> None:
        value: Any = matrix[0] if self._vector else matrix
        refusal = complaint(self._setting, value)
        self.refused.emit(refusal or "")
        if not refusal:
            self.set_value(value)
            self.settled.emit()
            self.changed.emit(value)
            self.settled.emit()
            self.noted.emit(note) if note else None

    def _paste(self) -> None:
        """A block from a spreadsheet, from the current cell on; the table grows for it."""
        reading, matrix = read_rows(QApplication.clipboard().text()), self.matrix()
        block = reading.value
        if block is None:
            return self.refused.emit(_("What you pasted cannot be read: {refusal}").format(refusal=reading.refusal))
        if matrix is None:
            return self.refused.emit(_("A cell is not a number; correct it before you paste"))
        top, left = max(0, self.table.currentRow()), max(0, self.table.currentColumn())
        height, width = max(len(matrix), top + len(block)), max(len(matrix[0]), left + len(block[0]))
        if height * width > MOST:
            return self.refused.emit(_("at most {MOST} numbers can be typed here").format(MOST=MOST))
        fresh = [[matrix[r][c] if r < len(matrix) and c < len(matrix[0]) else 0 for c in range(width)] for r in range(height)]
        for r, row in enumerate(block):
            fresh[top + r][left : left + len(row)] = row
        self._vector = self._vector and height == 1
        self._commit(fresh, reading.note)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.table and isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Paste):
            if event.type() == QEvent.Type.KeyPress:
                self._paste()
            event.accept()
            return True
        return super().eventFilter(watched, event)

"""The samples that a table shows: their order is known, their cells are fetched for the rows that are seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QPointF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPixmap

from engine.compile.views import Stamp
from engine.data.parts import PARTS, Part, part_name, part_word
from engine.learned.table import Column, Rows, Table, place_of, sample_of
from graph.text.messages import _
from ui.look.numbers import exact, number, whole
from ui.look.theme import LIGHT, Theme, color, mixed
from ui.maths.class_marks import paint_mark

if TYPE_CHECKING:
    import numpy as np

KEPT = 8192
"""Rows whose cells are kept."""
WAITING, UNREAD = "…", "—"
Index = QModelIndex | QPersistentModelIndex
_ROLE = Qt.ItemDataRole


class SamplesModel(QAbstractTableModel):
    """One line for each sample of a `Table`. `missing` is called where a cell is asked for that is not here yet."""

    def __init__(self, missing: Callable[[], None], outdated: Callable[[Stamp], bool] = lambda stamp: False) -> None:
        """`outdated`: whether the network has other numbers now."""
        super().__init__()
        self._missing, self._outdated = missing, outdated
        self.aged = False
        self._theme = LIGHT
        self._marks: dict[int, QPixmap] = {}
        self.table: Table | None = None
        self._lines: np.ndarray | None = None
        """The line of each sample; −1 where it is not chosen."""
        self._cells: dict[int, np.ndarray] = {}
        self._stamps: dict[int, Stamp | None] = {}
        self.stamp: Stamp | None = None
        """By which numbers the newest predictions were made: cells of earlier ones are not shown."""
        self.test = True
        """Whether predictions for the test part are read."""
        self.batch: frozenset[int] = frozenset()
        """The samples of the batch that is shown."""
        self.sorting: tuple[Column | None, bool] = (None, False)

    # what is shown

    def set_theme(self, theme: Theme) -> None:
        self._theme, self._marks = theme, {}
        self._repaint()

    def show(self, table: Table | None) -> None:
        import numpy as np

        self.beginResetModel()
        if table is None or self.table is None or table.of != self.table.of or table.columns != self.table.columns:
            self.forget()
        self.table, self._lines = table, None
        if table is not None:
            self._lines = np.full(table.total, -1, dtype=np.int32)
            self._lines[table.order] = np.arange(len(table.order), dtype=np.int32)
        self.endResetModel()

    def forget(self) -> None:
        """No cell is known any more."""
        self._cells, self._stamps, self.stamp = {}, {}, None

    def take(self, rows: Rows, seen: range) -> None:
        """Cells that were fetched; `seen` are the lines in view."""
        if self.table is None or rows.of != self.table.of or rows.cells.shape[1] != len(self.table.columns):
            return
        self.stamp = rows.stamp
        self.aged = self.old
        if len(self._cells) > KEPT:
            self._cells, self._stamps = {}, {}
        for sample, cells in zip(rows.samples, rows.cells, strict=True):
            self._cells[sample], self._stamps[sample] = cells, rows.stamp
        self._repaint(seen)

    def set_batch(self, batch: frozenset[int]) -> None:
        if batch != self.batch:
            self.batch = batch
            self._repaint()

    def _repaint(self, seen: range | None = None) -> None:
        if self.rowCount():
            lines = seen if seen else range(self.rowCount())
            self.dataChanged.emit(self.index(lines[0], 0), self.index(lines[-1], self.columnCount() - 1))

    @property
    def old(self) -> bool:
        """Whether the predictions are of other numbers than the network has now."""
        return self.stamp is not None and self._outdated(self.stamp)

    def age(self) -> None:
        """The network may have other numbers now: predictions of earlier ones are pale."""
        if self.old != self.aged:
            self.aged = self.old
            self._repaint()

    # samples and lines

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.table.columns if self.table is not None else ()

    @property
    def counts(self) -> dict[Part, int]:
        return self.table.counts if self.table is not None else dict.fromkeys(PARTS, 0)

    def sample(self, line: int) -> int:
        """The sample of a line."""
        assert self.table is not None
        return int(self.table.order[line])

    def place(self, line: int) -> tuple[Part, int]:
        return place_of(self.sample(line), self.counts)

    def line_of(self, part: Part, place: int) -> int:
        """The line of a sample; −1 where it is not among those chosen."""
        if self._lines is None or not 0 <= place < self.counts[part]:
            return -1
        return int(self._lines[sample_of(part, place, self.counts)])

    def line_of_row(self, row: int) -> int:
        """The line of the sample that is row `row` of the source, counted from 1; −1 where it is not among those chosen."""
        if self.table is None:
            return -1
        found = (self.table.rows == row - 1).nonzero()[0]
        return int(found[0]) if len(found) else -1

    def unknown(self, lines: range) -> tuple[int, ...]:
        """The samples of these lines whose cells are not here, or are of earlier numbers."""
        samples, old = [self.sample(line) for line in lines if line < self.rowCount()], self.old
        return tuple(s for s in samples if old or s not in self._cells or self._stamps[s] != self.stamp)

    def cell(self, line: int, column: int) -> float | None:
        """The number in a cell; None where it is not here yet."""
        cells = self._cells.get(self.sample(line))
        return None if cells is None else float(cells[column])

    def value_of(self, sample: int, name: str) -> float | None:
        """A sample's value in a column of the data; None where it is not here."""
        cells = self._cells.get(sample)
        places = [at for at, column in enumerate(self.columns) if column.name == name and column.kind in ("feature", "number")]
        return float(cells[places[0]]) if cells is not None and places else None

    # Qt

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if self.table is None else len(self.table.order)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self.columns)

    def data(self, index: Index, role: int = _ROLE.DisplayRole) -> Any:
        if self.table is None or not index.isValid():
            return None
        if role == _ROLE.TextAlignmentRole:
            return self._alignment(index.column())
        if role == _ROLE.BackgroundRole:
            return QBrush(color(self.batch_colour)) if self.sample(index.row()) in self.batch else None
        if role in (_ROLE.DisplayRole, _ROLE.ToolTipRole, _ROLE.AccessibleTextRole):
            return self._text(index.row(), index.column(), role != _ROLE.DisplayRole)
        if role == _ROLE.ForegroundRole:
            if self.aged and self.columns[index.column()].predicted:
                return QColor(self._theme.stale)
            return QColor(self._theme.error) if self._wrong(index.row(), index.column()) else None
        if role == _ROLE.DecorationRole:
            return self._mark(index.row(), index.column())
        return None

    @property
    def batch_colour(self) -> str:
        """Behind the samples of the batch that is shown."""
        return mixed(self._theme.panel, self._theme.highlight, 0.22)

    def _alignment(self, at: int) -> int:
        words = self.columns[at].kind in ("part", "class", "predicted class")
        return int((Qt.AlignmentFlag.AlignLeft if words else Qt.AlignmentFlag.AlignRight) | Qt.AlignmentFlag.AlignVCenter)

    def _stale(self, line: int, column: Column) -> bool:
        return column.predicted and self._stamps.get(self.sample(line)) != self.stamp

    def _text(self, line: int, at: int, long: bool) -> str:
        column, value = self.columns[at], self.cell(line, at)
        if value is None or self._stale(line, column):
            self._missing()
            return WAITING
        if column.predicted and not self.test and self.place(line)[0] == "test":
            return _("The test set is read only on request: Run, Read the test set.") if long else UNREAD
        if column.kind == "part":
            return part_name(PARTS[int(value)]) if long else part_word(PARTS[int(value)])
        if column.kind in ("class", "predicted class") and value == value:
            name = self._class_name(int(value))
            return f"✗ {name}" if self._wrong(line, at) else name
        if long:
            return exact(value)
        return whole(value) if column.whole and abs(value) < 1e15 else number(value)

    def _class_name(self, label: int) -> str:
        classes = self.table.classes if self.table is not None else ()
        return classes[label] if label < len(classes) else str(label)

    def _wrong(self, line: int, at: int) -> bool:
        """Whether this cell predicts another class than the true one."""
        if self.columns[at].kind != "predicted class" or self._stale(line, self.columns[at]):
            return False
        true = next((place for place, column in enumerate(self.columns) if column.kind == "class"), None)
        value = self.cell(line, at)
        return true is not None and value is not None and value == value and value != self.cell(line, true)

    def _mark(self, line: int, at: int) -> QPixmap | None:
        column, value = self.columns[at], self.cell(line, at)
        if column.kind not in ("class", "predicted class") or value is None or value != value or self._stale(line, column):
            return None
        if column.predicted and not self.test and self.place(line)[0] == "test":
            return None
        label = int(value)
        if label not in self._marks:
            side = round(12 * self._theme.scale)
            pixmap = QPixmap(QSize(side, side) * 2)
            pixmap.setDevicePixelRatio(2)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_mark(painter, QPointF(side / 2, side / 2), label, self._theme, side * 0.36)
            painter.end()
            self._marks[label] = pixmap
        return self._marks[label]

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical or section >= len(self.columns):
            return None
        column = self.columns[section]
        if role == _ROLE.TextAlignmentRole:
            return self._alignment(section)
        if role == _ROLE.DisplayRole:
            by, descending = self.sorting
            sign = ("  ▾" if descending else "  ▴") if by is not None and (by.name, by.kind) == (column.name, column.kind) else ""
            return column.name + sign
        if role == _ROLE.ToolTipRole:
            notes = {"row": _("The sample's row in the data set"), "part": _("The part that the sample belongs to"),
                     "loss": _("The loss of this sample alone, without penalties"),
                     "confidence": _("The probability of the predicted class")}  # fmt: skip
            return notes.get(column.kind, column.name) + "\n" + _("Click to sort: up, down, as used in training.")
        return None

"""The tree of runs for Qt's view: rows as they are, kept apart from how they are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap

from graph.text.messages import _
from ui.look.theme import LIGHT, Theme, color, font
from ui.runs.run_rows import (
    ACCURACY,
    BEST_ACCURACY,
    BEST_LOSS,
    COLUMNS,
    CURVE,
    ENDED,
    LOSS,
    NAME,
    STEPS,
    Metrics,
    RunRow,
    walk,
)

Index = QModelIndex | QPersistentModelIndex
NUMBERS = (STEPS, LOSS, BEST_LOSS, ACCURACY, BEST_ACCURACY)
PINNED = "★"


class RunsModel(QAbstractItemModel):
    """`named` carries (run, name), `checked` (run, whether it is shown in the plot), both as a person chose them."""

    named = Signal(int, str)
    checked = Signal(int, bool)
    sorted_by = Signal(int, bool)

    def __init__(self, hue: Callable[[int], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._hue = hue
        self._theme: Theme = LIGHT
        self._metrics = Metrics()
        self.editable = True
        self.top: Sequence[RunRow] = ()
        self._rows: dict[int, RunRow] = {}
        self._above: dict[int, int] = {}
        self._place: dict[int, int] = {}

    def show_rows(self, rows: Sequence[RunRow], metrics: Metrics) -> bool:
        """Show these; whether the tree is another, so that the view has to find its rows again."""
        headings = metrics != self._metrics
        same = _shape(rows) == _shape(self.top)
        if not same:
            self.beginResetModel()
        self.top, self._metrics = rows, metrics
        self._rows = {row.id: row for row in walk(rows)}
        self._above, self._place = {}, {}
        self._note(rows, 0)
        if not same:
            self.endResetModel()
        else:
            self._repaint(rows, QModelIndex())
        if headings:
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, COLUMNS - 1)
        return not same

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._repaint(self.top, QModelIndex())

    def row(self, run: int) -> RunRow | None:
        return self._rows.get(run)

    def row_at(self, index: Index) -> RunRow | None:
        return self._rows.get(int(index.internalId())) if index.isValid() else None

    def index_of(self, run: int) -> QModelIndex:
        return self.createIndex(self._place[run], NAME, run) if run in self._place else QModelIndex()

    def _note(self, rows: Sequence[RunRow], above: int) -> None:
        for place, row in enumerate(rows):
            self._above[row.id], self._place[row.id] = above, place
            self._note(row.below, row.id)

    def _repaint(self, rows: Sequence[RunRow], parent: QModelIndex) -> None:
        if rows:
            self.dataChanged.emit(self.index(0, 0, parent), self.index(len(rows) - 1, COLUMNS - 1, parent))
        for row in rows:
            self._repaint(row.below, self.index_of(row.id))

    def _below(self, parent: Index) -> Sequence[RunRow]:
        row = self.row_at(parent)
        return self.top if row is None else row.below

    # Qt

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        rows = self._below(parent)
        return self.createIndex(row, column, rows[row].id) if 0 <= row < len(rows) and 0 <= column < COLUMNS else QModelIndex()

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        above = self._above.get(int(index.internalId()), 0) if index.isValid() else 0
        return self.index_of(above) if above else QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(self._below(parent)) if parent.column() <= 0 else 0

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return COLUMNS

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.column() == NAME and self.editable:
            flags |= Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, roles = self.row_at(index), Qt.ItemDataRole
        if row is None:
            return None
        column = index.column()
        if role == roles.DisplayRole:
            return f"{PINNED} {row.name}" if column == NAME and row.pinned else row.texts[column]
        if role == roles.EditRole:
            return row.name
        if role == roles.AccessibleTextRole:
            return row.spoken if column == NAME else row.texts[column]
        if role == roles.CheckStateRole and column == NAME:
            return Qt.CheckState.Checked if row.shown else Qt.CheckState.Unchecked
        if role == roles.DecorationRole and column == NAME and row.shown:
            return _swatch(self._hue(row.id), round(12 * self._theme.scale))
        if role == roles.ToolTipRole:
            return self._tip(row, column)
        if role == roles.ForegroundRole:
            return color(self._theme.secondary if row.foreign or column == ENDED else self._theme.text)
        if role == roles.FontRole:
            return font("strong" if row.present and column in (NAME, STEPS) else "base", self._theme.scale)
        if role == roles.TextAlignmentRole and column in NUMBERS:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _tip(self, row: RunRow, column: int) -> str:
        """Everything there is to say about a run, for columns that have no room."""
        if column == NAME:
            headings = [str(self.headerData(at, Qt.Orientation.Horizontal)) for at in range(COLUMNS)]
            lines = [row.name, row.note, *(f"{headings[at]}: {text}" for at, text in enumerate(row.texts) if at and text)]
            return "\n".join(line for line in lines if line)
        return row.texts[column]

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row = self.row_at(index)
        if row is None or index.column() != NAME:
            return False
        if role == Qt.ItemDataRole.CheckStateRole:
            self.checked.emit(row.id, Qt.CheckState(value) == Qt.CheckState.Checked)
            return True
        self.named.emit(row.id, str(value))
        return True

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            loss, accuracy = self._metrics.headings
            texts = (
                _("Run"), _("Optimizer"), _("What differs"), _("Steps"), loss, _("Best"), accuracy, _("Best"), _("Curve"), _("Ended"),
            )  # fmt: skip
            return texts[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section in NUMBERS:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.sorted_by.emit(-1 if column == CURVE else column, order == Qt.SortOrder.DescendingOrder)


@cache
def _swatch(hue: str, size: int) -> QIcon:
    """A square of this colour, in a selected row too: Qt would tint it there."""
    square = QPixmap(size, size)
    square.fill(color(hue))
    icon = QIcon(square)
    icon.addPixmap(square, QIcon.Mode.Selected)
    return icon


def _shape(rows: Sequence[RunRow]) -> list[Any]:
    return [(row.id, _shape(row.below)) for row in rows]

"""The table of a sweep: a row for each run, sorted by any column."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from engine.sweep.results import MemberResult
from graph.model.run_record import lower_is_better
from graph.text.messages import _
from ui.look.afar import BASE, unit
from ui.look.numbers import count
from ui.look.theme import LIGHT, Theme, color
from ui.maths.array_view import quiet_table
from ui.sweep.drawing import written
from ui.sweep.state import NAMES, SweepState

Index = QModelIndex | QPersistentModelIndex
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def ending(row: MemberResult, measure: str) -> str:
    """How a run ended, in a few words."""
    if row.how == "waiting":
        return _("waiting")
    if row.how == "running":
        return _("step {step}").format(step=count(row.step))
    if row.how == "failed":
        return row.text or _("failed")
    if row.how == "diverged":
        return _("diverged at step {step}").format(step=count(row.step + 1))
    return f"{NAMES.get(measure, measure)} {written(row.value(measure), measure)}"


class SweepModel(QAbstractTableModel):
    """Columns: the swept settings, the measures, and how the run ended where that is not plain."""

    def __init__(self, state: SweepState) -> None:
        super().__init__()
        self._state = state
        self.theme: Theme = LIGHT
        self.order: list[int] = []
        """The runs from the first row on."""
        self._shape: tuple[Any, ...] = ()
        self._measures: list[str] = []
        self._sorted: tuple[int, Qt.SortOrder] = (-1, Qt.SortOrder.AscendingOrder)

    def refresh(self) -> None:
        """Look at the state again; a view keeps its place where there is the same to see."""
        state = self._state
        self._measures = state.measures
        shape = (state.plan, tuple(self._measures))
        if shape != self._shape or not self.order:
            self.beginResetModel()
            self._shape = shape
            self._sorted = (-1, Qt.SortOrder.AscendingOrder)
            self.order = list(range(state.plan.count)) if state.graph is not None else []
            self.endResetModel()
        elif self.order:
            if self._sorted[0] >= 0:
                self.sort(*self._sorted)
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.order) - 1, self.columnCount() - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.order)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self._state.plan.axes) + len(self._measures) + 1 if self.order else 0

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        member, column = self.order[index.row()], index.column()
        row = self._state.rows.get(member, MemberResult(member))
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(member, row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT
        if role == Qt.ItemDataRole.ForegroundRole and row.how in ("diverged", "failed"):
            return color(self.theme.error)
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.text or None
        return None

    def _text(self, member: int, row: MemberResult, column: int) -> str:
        axes = self._state.plan.axes
        if column < len(axes):
            return self._state.text(axes[column].of, self._state.values(member)[column])
        measure = self._measure(column)
        if measure is None:
            return "✓" if row.how == "done" else ending(row, "")
        return written(row.value(measure), measure) if row.ended and row.how != "failed" else ""

    def _measure(self, column: int) -> str | None:
        place = column - len(self._state.plan.axes)
        return self._measures[place] if place < len(self._measures) else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical or self._state.graph is None:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        axes = self._state.plan.axes
        if section < len(axes):
            of = axes[section].of
            return self._state.short_title(of) if role == Qt.ItemDataRole.DisplayRole else self._state.title(of)
        measure = self._measure(section)
        return NAMES.get(measure, measure) if measure is not None else _("end")

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """What has no value, and what diverged, is last in either direction."""
        self._sorted = (column, order)
        self.layoutAboutToBeChanged.emit()
        down = order == Qt.SortOrder.DescendingOrder
        self.order.sort(key=lambda member: self._key(member, column, down))
        self.layoutChanged.emit()

    def _key(self, member: int, column: int, down: bool) -> tuple[Any, ...]:
        axes = self._state.plan.axes
        sign = -1 if down else 1
        if column < 0:
            return (member,)
        if column < len(axes):
            return (sign * axes[column].values.index(self._state.values(member)[column]), member)
        measure = self._measure(column)
        row = self._state.rows.get(member, MemberResult(member))
        if measure is None:
            return (sign * ["done", "diverged", "failed", "running", "waiting"].index(row.how), member)
        value = row.value(measure) if row.how == "done" else None
        return (1, 0.0, member) if value is None or math.isnan(value) else (0, sign * value, member)

    def best(self, measure: str) -> int | None:
        """The run with the best value of a measure."""
        rows = [(row.index, value) for row in self._state.rows.values() if row.how == "done" and (value := row.value(measure)) is not None]
        rows = [(index, value) for index, value in rows if math.isfinite(value)]
        choose = min if lower_is_better(measure) else max
        return choose(rows, key=lambda pair: pair[1])[0] if rows else None


class SweepTable(QTableView):
    """One run is chosen, by mouse or keys; Enter uses its settings."""

    used = Signal()

    def __init__(self, state: SweepState) -> None:
        super().__init__()
        self._state = state
        self._pixels, self._most, self._least, self._fitting = 0, BASE, BASE, False
        self.rows = SweepModel(state)
        self.setModel(self.rows)
        quiet_table(self)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setAccessibleName(_("Runs of the sweep"))
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMinimumWidth(160)
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicatorClearable(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.sortIndicatorChanged.connect(self._sort)
        self.selectionModel().selectionChanged.connect(lambda _now, _before: self._chosen())
        self.doubleClicked.connect(lambda _index: self.used.emit())
        self.rows.modelReset.connect(self._fit)
        state.selection_moved.connect(self.show_selection)

    def dress(self, theme: Theme) -> None:
        self.rows.theme = theme
        self._most, self._least = round(BASE * unit(self, theme)), round(BASE * theme.scale)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Type as large as leaves room for all columns, down to the theme's own."""
        if self._fitting:
            return
        self._fitting = True
        self._write_in(self._most)
        columns = range(self.horizontalHeader().count())
        needed = sum(max(self.sizeHintForColumn(at), self.horizontalHeader().sectionSizeHint(at)) for at in columns)
        self._write_in(min(max(self._most * self.viewport().width() // max(needed, 1), self._least), self._most))
        self._fitting = False

    def _write_in(self, pixels: int) -> None:
        if pixels == self._pixels:
            return
        self._pixels = pixels
        self.setStyleSheet(
            f"QTableView {{ font-size: {pixels}px; }} QHeaderView::section {{ font-size: {pixels}px; padding: 4px {pixels // 2}px; }}"
        )
        self.verticalHeader().setDefaultSectionSize(round(pixels * 1.7))

    def refresh(self) -> None:
        self.rows.refresh()
        self.show_selection()

    def _sort(self, column: int, order: Qt.SortOrder) -> None:
        self.rows.sort(column, order)
        self.show_selection()

    def _chosen(self) -> None:
        for index in self.selectionModel().selectedRows():
            self._state.select(self.rows.order[index.row()])

    def show_selection(self) -> None:
        """Mark the chosen run, wherever its row is now."""
        chosen = self._state.selected
        if chosen is None or chosen not in self.rows.order:
            self.clearSelection()
            return
        row = self.rows.order.index(chosen)
        if self.currentIndex().row() != row or not self.selectionModel().isRowSelected(row, QModelIndex()):
            self.selectRow(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self._state.selected is not None:
                self.used.emit()
            return
        super().keyPressEvent(event)

"""A table of texts that a view asks for cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from ui.look.afar import BASE, unit
from ui.look.theme import Theme
from ui.maths.array_view import quiet_table

Index = QModelIndex | QPersistentModelIndex
_ALIGN = Qt.AlignmentFlag
_RIGHT, _LEFT = int(_ALIGN.AlignRight | _ALIGN.AlignVCenter), int(_ALIGN.AlignLeft | _ALIGN.AlignVCenter)


class TextModel(QAbstractTableModel):
    """`cell(row, column)` gives a text, and `tip(row, column)` the same in full; `words` are the columns that are no numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._headings: list[tuple[str, str]] = []
        self._rows = 0
        self._cell: Callable[[int, int], str] = lambda row, column: ""
        self._tip: Callable[[int, int], str] = lambda row, column: ""
        self._words: frozenset[int] = frozenset()

    def show_rows(
        self, headings: Sequence[tuple[str, str]], rows: int, cell: Callable[[int, int], str], tip: Callable[[int, int], str] | None = None,
        words: frozenset[int] = frozenset(),
    ) -> None:  # fmt: skip
        """Headings as (text, explanation). Where rows and columns stay as many, a view keeps its place."""
        same = len(headings) == len(self._headings) and rows == self._rows
        if not same:
            self.beginResetModel()
        self._headings, self._rows, self._cell, self._words = list(headings), rows, cell, words
        self._tip = tip or (lambda row, column: "")
        if not same:
            self.endResetModel()
        elif rows:
            self.dataChanged.emit(self.index(0, 0), self.index(rows - 1, len(headings) - 1))
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, max(0, len(headings) - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        return self._rows

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self._headings)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return self._cell(index.row(), index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(index.row(), index.column()) or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if index.column() in self._words else _RIGHT
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if section in self._words else _RIGHT
        if section < len(self._headings) and role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            text, why = self._headings[section]
            return text if role == Qt.ItemDataRole.DisplayRole else why or None
        return None


class TextTable(QTableView):
    """The view: one row at a time is chosen, by mouse or by keys; `on_chosen(row)` hears of it, and again of Enter."""

    def __init__(self, name: str, on_chosen: Callable[[int], None] | None = None) -> None:
        super().__init__()
        self.model_ = TextModel()
        self._on_chosen = on_chosen
        self._pixels = 0
        self._most = self._least = BASE
        self._sharing = False
        self.setModel(self.model_)
        self.model_.modelReset.connect(self._share)
        self.model_.dataChanged.connect(self._share)
        quiet_table(self)
        self.verticalHeader().hide()
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        one = QAbstractItemView.SelectionMode
        self.setSelectionMode(one.SingleSelection if on_chosen is not None else one.NoSelection)
        self.setMinimumWidth(120)
        self.horizontalHeader().setMinimumSectionSize(36)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        if on_chosen is not None:
            self.clicked.connect(lambda index: on_chosen(index.row()))

    def dress(self, theme: Theme) -> None:
        """Type that can be read from afar, and rows as high as it needs."""
        self._most, self._least = round(BASE * unit(self, theme)), round(BASE * theme.scale)
        self._share()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        """Each column is as wide as its heading and texts need, and they share what is left. Where room is short, type is smaller,
        down to the theme's own."""
        header, room = self.horizontalHeader(), self.viewport().width()
        if not header.count() or self._sharing:
            return
        self._sharing = True
        try:
            self._write_in(self._pixels or self._most)
            needed = max(sum(self._needed()), 1)
            self._write_in(min(max(self._pixels * room // needed, self._least), self._most))
            self.updateGeometries()  # rows of another height may need a scroll bar, or none
            widths, room = self._needed(), self.viewport().width()
            spare = max(room - sum(widths), 0) // len(widths)
            for at, wide in enumerate(widths):
                header.resizeSection(at, wide + spare)
        finally:
            self._sharing = False

    def _needed(self) -> list[int]:
        header = self.horizontalHeader()
        return [max(self.sizeHintForColumn(at), header.sectionSizeHint(at)) for at in range(header.count())]

    def _write_in(self, pixels: int) -> None:
        if pixels != self._pixels:
            self._pixels = pixels
            self.setStyleSheet(
                f"QTableView {{ font-size: {pixels}px; }} QHeaderView::section {{ font-size: {pixels}px; padding: 4px {pixels // 3}px; }}"
            )
            self.verticalHeader().setDefaultSectionSize(round(pixels * 1.7))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._on_chosen is not None:
            if self.currentIndex().isValid():
                self._on_chosen(self.currentIndex().row())
            return
        super().keyPressEvent(event)

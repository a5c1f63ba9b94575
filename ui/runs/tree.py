"""The list of runs as a tree with columns: keys, a small curve in each row, and as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from graph.text.messages import _
from ui.look.theme import LIGHT, Theme
from ui.maths.plots import pen
from ui.runs.run_rows import (
    ACCURACY,
    BEST_ACCURACY,
    BEST_LOSS,
    COLUMNS,
    CURVE,
    DIFFERS,
    ENDED,
    LOSS,
    NAME,
    OPTIMIZER,
    STEPS,
    places_in,
    walk,
)
from ui.runs.runs_model import RunsModel

WIDTHS = {OPTIMIZER: 118, DIFFERS: 180, STEPS: 96, LOSS: 104, BEST_LOSS: 104, ACCURACY: 112, BEST_ACCURACY: 104, CURVE: 92, ENDED: 150}
"""Widths of the columns for type at 100 %, in pixels."""
LEAST_NAME = 170
"""Least width of the column of names, for type at 100 %."""
SACRIFICED = (ENDED, OPTIMIZER, BEST_ACCURACY, BEST_LOSS, CURVE, DIFFERS, ACCURACY)
"""The columns that give way where room is short, the first one first: a run's tip has them all."""
_KEYS = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2, Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Space}


class _Delegate(QStyledItemDelegate):
    """Draws the small curves, all on the same axes."""

    def __init__(self, tree: RunsTree) -> None:
        super().__init__(tree)
        self._tree = tree

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width(), round(24 * self._tree.theme.scale))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().paint(painter, option, index)
        row = self._tree.runs.row_at(index)
        if index.column() != CURVE or row is None or len(row.curve) < 2:
            return
        theme, rect = self._tree.theme, option.rect.adjusted(4, 4, -6, -4)
        points = [
            QPointF(rect.left() + x * rect.width(), rect.bottom() - y * rect.height())
            for x, y in places_in(row.curve, walk(self._tree.runs.top))
        ]  # fmt: skip
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen(self._tree.hue(row.id), 1.4, theme))
        painter.drawPolyline(QPolygonF(points))
        painter.restore()


class RunsTree(QTreeView):
    """`shown_run` is Enter or a double click, `deleting` Delete; `pointed` carries the run under the pointer, 0 for none."""

    shown_run = Signal()
    deleting = Signal()
    pointed = Signal(int)

    def __init__(self, model: RunsModel, hue: Callable[[int], str]) -> None:
        super().__init__()
        self.runs, self.hue = model, hue
        self.theme: Theme = LIGHT
        self._pointed = 0
        self.setModel(model)
        self.setItemDelegate(_Delegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setUniformRowHeights(True)
        self.setExpandsOnDoubleClick(False)
        self.setMouseTracking(True)
        self.setAccessibleName(_("Runs and their branches"))
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSortingEnabled(True)
        self.header().setSortIndicatorClearable(True)
        self.header().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.header().setStretchLastSection(False)
        self.header().setSectionsMovable(False)
        self.header().setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        self.doubleClicked.connect(lambda _index: self.shown_run.emit())

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.setIndentation(round(16 * theme.scale))
        for column, width in WIDTHS.items():
            self.header().resizeSection(column, round(width * theme.scale))
        self._fit()

    def sizeHint(self) -> QSize:
        """Low: the panel is as high as there is room for, and the list scrolls."""
        return QSize(256, round(72 * self.theme.scale))

    def chosen(self) -> list[int]:
        """The selected runs, the one in focus first."""
        now = self.runs.row_at(self.currentIndex())
        rows = [row for index in self.selectionModel().selectedRows() if (row := self.runs.row_at(index)) is not None]
        rows.sort(key=lambda row: row is not now)
        return [row.id for row in rows]

    def _fit(self) -> None:
        """Leave out columns until the names have enough room; columns without anything in them first."""
        rows = walk(self.runs.top)
        empty = {at for at in (DIFFERS, ACCURACY, BEST_ACCURACY, BEST_LOSS, ENDED) if not any(row.texts[at] for row in rows)}
        room = self.viewport().width() - round(LEAST_NAME * self.theme.scale)
        shown = {at: round(width * self.theme.scale) for at, width in WIDTHS.items() if at not in empty}
        for at in SACRIFICED:
            if sum(shown.values()) > room:
                shown.pop(at, None)
        for at in range(1, COLUMNS):
            self.setColumnHidden(at, at not in shown)

    def fit_columns(self) -> None:
        """Other rows are shown."""
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        override = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if override and Qt.Key(event.key()) in _KEYS and not event.modifiers():  # type: ignore[attr-defined]
            event.accept()  # here they are about the run, and no shortcuts of the window
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if self.state() == QAbstractItemView.State.EditingState:
            return  # the field of a name lets Return through
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.shown_run.emit()
        elif key == Qt.Key.Key_F2:
            self.rename()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.deleting.emit()
        elif key == Qt.Key.Key_Space and self.currentIndex().isValid():
            index = self.currentIndex().siblingAtColumn(NAME)
            checked = self.runs.data(index, Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
            self.runs.setData(index, Qt.CheckState.Unchecked if checked else Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)
        else:
            super().keyPressEvent(event)

    def rename(self) -> None:
        """Edit the name of the run in focus in its place."""
        index = self.currentIndex().siblingAtColumn(NAME)
        if index.isValid() and self.runs.editable:
            self.edit(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        row = self.runs.row_at(self.indexAt(event.position().toPoint()))
        self._point(row.id if row is not None else 0)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point(0)

    def _point(self, run: int) -> None:
        if run != self._pointed:
            self._pointed = run
            self.pointed.emit(run)

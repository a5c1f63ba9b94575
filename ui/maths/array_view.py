"""One tensor for reading: a scalar as a number, the rest as a table or a heat map, with shape and statistics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QSlider,
    QStackedWidget,
    QTableView,
    QTableWidget,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from engine.compile.views import Absent, ArrayView, Gradient
from graph.text.messages import _
from ui.look.numbers import exact, number, shape_text
from ui.look.theme import LIGHT, Theme, color
from ui.look.typing import scroll_past
from ui.look.widgets import button, label, set_property

if TYPE_CHECKING:
    import numpy as np

Fetch = Callable[[Callable[["np.ndarray | None"], None]], None]
"""Asks for the whole array and calls back with it."""


def as_table(array: np.ndarray) -> np.ndarray:
    """All slices of an array as (slices, rows, columns): a vector is one column, a scalar one cell."""
    if array.ndim == 0:
        return array.reshape(1, 1, 1)
    if array.ndim == 1:
        return array.reshape(1, -1, 1)
    return array.reshape(-1, *array.shape[-2:])


class TableModel(QAbstractTableModel):
    """A matrix for a table view; numbers with four significant digits, in full as tool tips."""

    def __init__(self) -> None:
        super().__init__()
        self._cells: np.ndarray | None = None

    def show_cells(self, cells: np.ndarray | None) -> None:
        self.beginResetModel()
        self._cells = cells
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if self._cells is None else int(self._cells.shape[0])

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if self._cells is None else int(self._cells.shape[1])

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._cells is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            value = self._cells[index.row(), index.column()]
            if self._cells.dtype.kind in "iub":
                return str(value)
            return number(float(value)) if role == Qt.ItemDataRole.DisplayRole else exact(float(value))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return str(section)


def quiet_table(table: QTableView) -> None:
    """Headings that shorten instead of losing their first letters, and no frame."""
    table.setFrameShape(QFrame.Shape.NoFrame)
    table.setCornerButtonEnabled(False)
    for header in (table.horizontalHeader(), table.verticalHeader()):
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.setHighlightSections(False)
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    table.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def row_table(columns: Sequence[str], name: str, stretched: int = 0) -> QTableWidget:
    """A list of rows under these headings, of which one is chosen; a screen reader calls it `name`. One column takes the spare room."""
    table = QTableWidget(0, len(columns))
    table.setHorizontalHeaderLabels(columns)
    quiet_table(table)
    table.verticalHeader().hide()
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setAccessibleName(name)
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
    return table


class HeatMap(QWidget):
    """One slice as purple–green cells around zero; the cell under the cursor says its number."""

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self._cells: np.ndarray | None = None
        self._theme = LIGHT

    def show_cells(self, cells: np.ndarray | None, theme: Theme) -> None:
        self._cells, self._theme = cells, theme
        self.updateGeometry()
        self.update()

    def _area(self) -> QRect:
        if self._cells is None:
            return QRect()
        rows, columns = self._cells.shape
        side = max(1.0, min(self.width() / columns, max(self.height(), 1) / rows, 28.0))
        return QRect(0, 0, max(1, min(self.width(), round(columns * side))), max(1, min(self.height(), round(rows * side))))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._cells is None or not self._cells.size:
            return
        from ui.maths.heat import picture

        painter = QPainter(self)
        view = ArrayView(self._cells.shape, str(self._cells.dtype), self._cells)
        image = picture(view, self._theme)
        if image is not None:
            area = self._area()
            painter.drawImage(area, image)
            painter.setPen(color(self._theme.card_edge))
            painter.drawRect(area.adjusted(0, 0, -1, -1))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        area, at = self._area(), event.position().toPoint()
        if self._cells is None or not area.contains(at):
            QToolTip.hideText()
            return
        rows, columns = self._cells.shape
        row, column = min(rows - 1, at.y() * rows // area.height()), min(columns - 1, at.x() * columns // area.width())
        QToolTip.showText(event.globalPosition().toPoint(), f"[{row}, {column}]  {exact(float(self._cells[row, column]))}", self)

    def sizeHint(self) -> QSize:
        if self._cells is None:
            return QSize(120, 40)
        rows, columns = self._cells.shape
        width = max(self.width(), 120)
        return QSize(120, round(min(max(rows * min(28.0, width / columns), 24), 320)))


class ArrayPanel(QWidget):
    """A value or a gradient, with its heading. `role` is `value` or `gradient` and decides the colour of a number."""

    def __init__(self, title: str, role: str) -> None:
        super().__init__()
        self._role = role
        self._theme = LIGHT
        self._view: Gradient | None = None
        self._array: np.ndarray | None = None
        self._fetch: Fetch | None = None
        self.title = label(title, "section")
        self.number = label("", role, selectable=True)
        self.note = label("", "small", wrap=True, selectable=True)
        self.stack = QStackedWidget()
        self.table, self.model, self.heat = QTableView(), TableModel(), HeatMap()
        self._set_up_table()
        self.stack.addWidget(self.heat)
        self.stack.addWidget(self.table)
        self.slices = QSlider(Qt.Orientation.Horizontal)
        self.slices.setAccessibleName(_("Slice"))
        scroll_past(self.slices)
        self.slice_text = label("", "small")
        self.whole = button(_("Load all numbers"), "quiet")
        self.modes = QButtonGroup(self)
        self._bar = QWidget()
        self._set_up_bar()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in (self.title, self.number, self.note, self._bar, self.stack):
            layout.addWidget(widget)
        self.slices.valueChanged.connect(lambda _: self._show_slice())
        self.whole.clicked.connect(self._load)
        self.show_view(None)

    def _set_up_table(self) -> None:
        self.table.setModel(self.model)
        self.table.verticalHeader().setDefaultSectionSize(24)
        self.table.horizontalHeader().setDefaultSectionSize(76)
        quiet_table(self.table)

    def _set_up_bar(self) -> None:
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for index, text in enumerate((_("Heat map"), _("Table"))):
            choice = button(text, "quiet")
            choice.setCheckable(True)
            choice.setChecked(index == 0)
            self.modes.addButton(choice, index)
            row.addWidget(choice)
        row.addStretch(1)
        row.addWidget(self.whole)
        row.addWidget(self.slices, 1)
        row.addWidget(self.slice_text)
        self.modes.idClicked.connect(self.stack.setCurrentIndex)
        self.modes.idClicked.connect(lambda _: self._resize())

    def show_view(self, view: Gradient | None, theme: Theme | None = None, stale: bool = False, fetch: Fetch | None = None) -> None:
        """Show a tensor, the reason of its absence, or (None) nothing."""
        self._theme = theme or self._theme
        self._view, self._fetch = view, fetch
        set_property(self.number, "role", "stale" if stale else self._role)
        array = isinstance(view, ArrayView)
        tensor = array and view.scalar is None and not view.covered  # type: ignore[union-attr]
        self.number.setVisible(array and not tensor)
        self._bar.setVisible(tensor)
        self.stack.setVisible(tensor)
        if not isinstance(view, ArrayView):
            self.number.clear()
            self.number.setToolTip("")
            self.note.setText(view.why if isinstance(view, Absent) else "—")
            return
        if view.covered:
            self.number.setText(number(view.norm))
            self.number.setToolTip(exact(view.norm))
            self.note.setText(f"{shape_text(view.shape)} · {exact(view.norm)}" if view.shape else exact(view.norm))
            self._array = None
            self.model.show_cells(None)
            self.heat.show_cells(None, self._theme)
            return
        if view.scalar is not None:
            self.number.setText(number(view.scalar))
            self.number.setToolTip(exact(view.scalar))
            shape = "" if not view.shape else _("shape {shape} · ").format(shape=shape_text(view.shape))
            self.note.setText(f"{shape}{view.dtype} · {exact(view.scalar)}" + (_(" · updating") if stale else ""))
            return
        self.note.setText(_statistics(view) + (_(" · updating") if stale else ""))
        self._array = view.data if view.data is not None else view.thumbnail
        self.whole.setVisible(view.data is None and fetch is not None)
        self._show_array()

    def _show_array(self) -> None:
        if self._array is None or self._array.size == 0:
            self.stack.hide()
            return
        count = as_table(self._array).shape[0]
        self.slices.setRange(0, count - 1)
        self.slices.setVisible(count > 1)
        self.slice_text.setVisible(count > 1)
        self._show_slice()

    def _show_slice(self) -> None:
        if self._array is None or self._array.size == 0:
            return
        slices = as_table(self._array)
        at = min(self.slices.value(), slices.shape[0] - 1)
        self.slice_text.setText(f"{at + 1} / {slices.shape[0]}")
        self.model.show_cells(slices[at])
        # A vector lies down in a heat map: a column one cell wide would say nothing.
        self.heat.show_cells(slices[at].T if self._array.ndim == 1 else slices[at], self._theme)
        self._resize()

    def _resize(self) -> None:
        table = self.stack.currentIndex() == 1
        rows = self.model.rowCount()
        self.stack.setFixedHeight(min(320, 30 + 24 * rows) if table else self.heat.sizeHint().height())

    def _load(self) -> None:
        if self._fetch is not None:
            self.whole.setEnabled(False)
            self._fetch(self._loaded)

    def _loaded(self, array: np.ndarray | None) -> None:
        self.whole.setEnabled(True)
        if array is not None and isinstance(self._view, ArrayView) and array.shape == self._view.shape:
            self._array = array
            self.whole.hide()
            self._show_array()


def _statistics(view: ArrayView) -> str:
    first = f"{shape_text(view.shape)} · {view.dtype}"
    if not view.finite:
        return _("{first} · holds NaN or infinity").format(first=first)
    rest = _("from {minimum} to {maximum} · mean {mean} · std {std}").format(
        minimum=number(view.minimum), maximum=number(view.maximum), mean=number(view.mean), std=number(view.std)
    )
    return _("{first}\n{rest} · norm {norm}").format(first=first, rest=rest, norm=number(view.norm))

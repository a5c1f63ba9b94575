"""The first rows of a table under the choices for its columns: role, kind, missing values, and the features that a column becomes."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QMenu, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget

from engine.data.table_reading import ColumnReading, TableReading
from graph.text.messages import _
from ui.importing.name_field import NameField
from ui.importing.words import EXPLAINED, ROWS, options, said
from ui.look.numbers import plain
from ui.look.theme import LIGHT, Theme, color, font
from ui.maths.array_view import quiet_table

Index = QModelIndex | QPersistentModelIndex
FIELDS = tuple(field for field, _title in ROWS)
NONE = "–"
CHOICE = Qt.ItemDataRole.UserRole
"""Whether there is something to choose in a cell."""
OPENS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_F4)


class PreviewModel(QAbstractTableModel):
    """Four lines of choices, then rows as they are read."""

    def __init__(self) -> None:
        super().__init__()
        self.reading: TableReading | None = None
        self.theme = LIGHT

    def show_reading(self, reading: TableReading | None) -> None:
        """Where the columns are the same, the cell that has the focus keeps it."""
        before, self.reading = self.reading, self.reading
        same = before is not None and reading is not None and [c.name for c in before.columns] == [c.name for c in reading.columns]
        if same and self._rows(before) == self._rows(reading):
            self.reading = reading
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self.columnCount() - 1)
            return
        self.beginResetModel()
        self.reading = reading
        self.endResetModel()

    @staticmethod
    def _rows(reading: TableReading | None) -> int:
        return max((len(column.values) for column in reading.columns), default=0) if reading is not None else 0

    def column(self, at: int) -> ColumnReading:
        assert self.reading is not None
        return self.reading.columns[at]

    def rowCount(self, parent: Index | None = None) -> int:
        return len(FIELDS) + self._rows(self.reading) if self.reading is not None else 0

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self.reading.columns) if self.reading is not None else 0

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self.reading is None or not index.isValid():
            return None
        column, row = self.column(index.column()), index.row()
        if row < len(FIELDS):
            return self._choice(column, FIELDS[row], role)
        return self._cell(column, row - len(FIELDS), role)

    def _choice(self, column: ColumnReading, field: str, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return said(column, field, len(self.reading.classes) if self.reading is not None else 0)
        if role == CHOICE:
            return bool(options(column, field))
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(column, field)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{column.title}, {dict(ROWS)[field]}: {said(column, field)}"
        if role == Qt.ItemDataRole.ForegroundRole:
            warned = field == "missing" and column.missing and column.role != "ignore"
            return color(self.theme.warning if warned else self.theme.secondary if column.role == "ignore" else self.theme.text)
        if role == Qt.ItemDataRole.FontRole:
            return font("strong" if column.role == "target" else "base", self.theme.scale)
        return None

    def _tip(self, column: ColumnReading, field: str) -> str:
        parts = [EXPLAINED[field]]
        if field in ("role", "kind"):
            parts.insert(0, column.evidence)
        if field == "code" and len(column.features) > 1:
            shown = column.features[:12]
            parts.append(", ".join(shown) + (" …" if len(column.features) > len(shown) else ""))
        if field == "role":
            parts.append(_("For several targets, select their columns first: Ctrl+click on their names."))
        return "\n".join(filter(None, parts))

    def _cell(self, column: ColumnReading, row: int, role: int) -> Any:
        value = column.values[row] if row < len(column.values) else ""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if role == Qt.ItemDataRole.DisplayRole:
            if isinstance(value, bool):
                return _("yes") if value else _("no")
            if isinstance(value, int | float):
                return plain(value)
            return NONE if value is None else str(value)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _("No value") if value is None else str(value)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int((Qt.AlignmentFlag.AlignRight if number else Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ForegroundRole:
            return color(self.theme.warning if value is None else self.theme.secondary if column.role == "ignore" else self.theme.text)
        if role == Qt.ItemDataRole.BackgroundRole and value is None:
            return color(self.theme.warning_soft)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self.reading is None:
            return None
        if orientation == Qt.Orientation.Vertical:
            if role == Qt.ItemDataRole.DisplayRole:
                return ROWS[section][1] if section < len(FIELDS) else str(section - len(FIELDS) + 1)
            return EXPLAINED[FIELDS[section]] if role == Qt.ItemDataRole.ToolTipRole and section < len(FIELDS) else None
        column = self.column(section)
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.FontRole:
            return font("strong", self.theme.scale)
        if role == Qt.ItemDataRole.ForegroundRole:
            return color(self.theme.secondary if column.role == "ignore" else self.theme.text)
        if role == Qt.ItemDataRole.ToolTipRole:
            in_file = _("In the file: {name}").format(name=column.name) if column.title != column.name else ""
            return "\n".join(filter(None, (f"{column.title}: {column.evidence}", in_file, _("Double-click or press F2 to rename it"))))
        return None


class ChoiceDelegate(QStyledItemDelegate):
    """Draws a cell in which there is something to choose as a field; a selected one has the edge of a field with the focus."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = LIGHT

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        if not index.data(CHOICE):
            return super().paint(painter, option, index)
        theme, area = self.theme, QRectF(option.rect).adjusted(2.5, 2.5, -3.5, -2.5)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(color(theme.panel if chosen else theme.field))
        painter.setPen(QPen(color(theme.highlight if chosen else theme.field_edge), 1.5 if chosen else 1))
        painter.drawRoundedRect(area, 6, 6)
        x, y, size = area.right() - 11 * theme.scale, area.center().y(), 3.5 * theme.scale
        painter.setPen(QPen(color(theme.secondary), 1.4))
        painter.drawPolyline([QPointF(x - size, y - size / 2), QPointF(x, y + size / 2), QPointF(x + size, y - size / 2)])
        painter.setFont(index.data(Qt.ItemDataRole.FontRole))
        painter.setPen(index.data(Qt.ItemDataRole.ForegroundRole))
        place = area.adjusted(6, 0, -20 * theme.scale, 0)
        text = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, int(place.width()))
        painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
        painter.restore()


class Preview(QTableView):
    """`chosen(names, field, value)`: a choice for these columns was made, by the menu of a cell."""

    chosen = Signal(list, str, str)

    def __init__(self) -> None:
        super().__init__()
        self.rows = PreviewModel()
        self.setModel(self.rows)
        quiet_table(self)
        self._delegate = ChoiceDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName(_("Columns and first rows of the table"))
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self._pressed: QModelIndex | None = None
        self.menu: QMenu | None = None
        self.name_field = NameField(self.horizontalHeader())
        self.name_field.renamed.connect(lambda name, title: self.chosen.emit([name], "name", title))
        self.horizontalHeader().sectionDoubleClicked.connect(self.rename)

    def set_theme(self, theme: Theme) -> None:
        self.rows.theme = self._delegate.theme = theme
        self.verticalHeader().setDefaultSectionSize(round(28 * theme.scale))
        self.viewport().update()

    def show_reading(self, reading: TableReading | None) -> None:
        before = self.rows.columnCount()
        self.rows.show_reading(reading)
        if reading is not None and (before != len(reading.columns) or not self.currentIndex().isValid()):
            self._widths()
        if not self.currentIndex().isValid() and self.rows.columnCount():
            self.setCurrentIndex(self.rows.index(0, 0))

    def _widths(self) -> None:
        metrics, scale = self.fontMetrics(), self.rows.theme.scale
        for at in range(min(self.rows.columnCount(), 200)):
            column = self.rows.column(at)
            texts = [said(column, field) + "  ▾ " for field in FIELDS] + [column.title]
            texts += [str(value) for value in column.values[:12]]
            wide = max(metrics.horizontalAdvance(text) for text in texts)
            self.setColumnWidth(at, round(min(max(wide + 26 * scale, 96 * scale), 230 * scale)))

    def go_to(self, text: str) -> None:
        """Bring the first column whose name contains a text into view."""
        names = [self.rows.column(at).title.casefold() for at in range(self.rows.columnCount())]
        at = next((at for at, name in enumerate(names) if text.casefold() in name), None)
        if text and at is not None:
            self.setCurrentIndex(self.rows.index(0, at))
            self.scrollTo(self.rows.index(0, at), QAbstractItemView.ScrollHint.PositionAtCenter)

    def rename(self, at: int) -> None:
        """Type another name for a column."""
        if 0 <= at < self.rows.columnCount():
            self.scrollTo(self.rows.index(0, at))
            column, others = self.rows.column(at), [self.rows.column(other) for other in range(self.rows.columnCount()) if other != at]
            self.name_field.open(at, column.name, column.title, {other.title for other in others}, self.rows.theme.scale)

    # choosing

    def open_menu(self, index: QModelIndex) -> None:
        """The values among which to choose for this cell's column, and for the others that are selected."""
        if not index.isValid() or index.row() >= len(FIELDS):
            return
        field, column = FIELDS[index.row()], self.rows.column(index.column())
        names = self._names(index)
        menu = QMenu(self)
        current = {"role": column.role, "kind": column.kind, "missing": column.filling, "code": column.code}[field]
        for value, title in options(column, field).items():
            action = menu.addAction(title)
            action.setCheckable(True)
            action.setChecked(value == current)
            action.triggered.connect(lambda _on=False, value=value: self.chosen.emit(names, field, value))
            if value == current:
                menu.setActiveAction(action)
        if not menu.actions():
            return
        menu.aboutToHide.connect(menu.deleteLater)
        self.menu = menu
        area: QRect = self.visualRect(index)
        menu.popup(self.viewport().mapToGlobal(area.bottomLeft()))

    def _names(self, index: QModelIndex) -> list[str]:
        columns = sorted({chosen.column() for chosen in self.selectedIndexes()})
        return [self.rows.column(at).name for at in (columns if index.column() in columns else [index.column()])]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        chosen = {selected.column() for selected in self.selectedIndexes()}
        plain_click = event.modifiers() == Qt.KeyboardModifier.NoModifier and event.button() == Qt.MouseButton.LeftButton
        self._pressed = index if plain_click else None
        if plain_click and index.row() < len(FIELDS) and len(chosen) > 1 and index.column() in chosen:
            return  # the selected columns stay selected: the choice is for all of them
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index, pressed = self.indexAt(event.position().toPoint()), self._pressed
        self._pressed = None
        if pressed is not None and pressed.isValid() and pressed.row() == index.row():
            self.open_menu(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        down = event.key() == Qt.Key.Key_Down and event.modifiers() & Qt.KeyboardModifier.AltModifier
        if event.key() == Qt.Key.Key_F2:
            self.rename(self.currentIndex().column())
            return
        if (event.key() in OPENS and not control) or down:
            self.open_menu(self.currentIndex())
            return
        if event.key() == Qt.Key.Key_Escape or (event.key() in OPENS and control):
            event.ignore()
            return
        super().keyPressEvent(event)

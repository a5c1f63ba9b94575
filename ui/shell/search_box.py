"""The search box at the cursor: type a few letters, Enter places the node. Esc gives the focus back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QFrame, QLineEdit, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from graph.text import suggest
from ui.look.marks import paint_swatch
from ui.look.theme import Theme, color, font

ROW = Qt.ItemDataRole.UserRole + 1
SHOWN = 8


@dataclass(frozen=True, slots=True)
class SearchRow:
    """One line of a list to choose from. `value` is what choosing it means; `mark` a category or empty; `formula` is LaTeX."""

    value: object
    title: str
    detail: str = ""
    mark: str = ""
    enabled: bool = True
    formula: str = ""


class _RowPainter(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        theme, rect, row = self.theme, QRect(option.rect), index.data(ROW)
        scale = theme.scale
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(theme.selection_soft))
            painter.drawRoundedRect(rect, 6, 6)
        left = rect.left() + round(10 * scale)
        if row.mark:
            paint_swatch(painter, QRect(left, rect.top(), round(16 * scale), rect.height()), row.mark, theme)
            left += round(26 * scale)
        painter.setFont(font("base", scale))
        painter.setPen(color(theme.text if row.enabled else theme.stale))
        title = QRect(left, rect.top(), rect.right() - left - 8, rect.height())
        painter.drawText(title, int(Qt.AlignmentFlag.AlignVCenter), row.title)
        used = painter.fontMetrics().horizontalAdvance(row.title) + round(16 * scale)
        painter.setFont(font("small", scale))
        painter.setPen(color(theme.secondary))
        room = title.adjusted(used, 0, -4, 0)
        detail = painter.fontMetrics().elidedText(row.detail, Qt.TextElideMode.ElideLeft, room.width())  # keys are at its end
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), detail)
        if row.formula:
            self._paint_formula(painter, row.formula, room.adjusted(0, 0, -painter.fontMetrics().horizontalAdvance(f"{detail}   "), 0))
        painter.restore()

    def _paint_formula(self, painter: QPainter, latex: str, room: QRect) -> None:
        """Right-aligned, with raised and lowered signs where they belong."""
        from ui.maths.formula_text import line, runs

        size = 13 * self.theme.scale
        written = line(runs(latex), max(0, room.width()), size)
        written.paint(painter, room.right() - written.width, room.center().y() + 0.34 * size, size)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(200, round(30 * self.theme.scale))


class SearchBox(QFrame):
    """A popup over the window. `offer` makes the rows for what is typed; `chosen` carries the value of the chosen row.

    Where it makes none, the rows for the nearest of the `known` words are offered in their place.
    """

    chosen = Signal(object)
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.setObjectName("searchbox")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.hide()
        self._offer: Callable[[str], Sequence[SearchRow]] = lambda _: ()
        self._known: Callable[[], Iterable[str]] = tuple
        self._before: QWidget | None = None
        self.query = QLineEdit()
        self.list = QListView()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self._painter = _RowPainter(theme, self)
        self.list.setItemDelegate(self._painter)
        self.model = QStandardItemModel(self)
        self.list.setModel(self.model)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        layout.addWidget(self.query)
        layout.addWidget(self.list)
        self.query.installEventFilter(self)
        self.query.textChanged.connect(self._fill)
        self.list.clicked.connect(self._take)
        self.list.entered.connect(self.list.setCurrentIndex)

    def set_theme(self, theme: Theme) -> None:
        self._painter.theme = theme

    def ask(
        self, at: QPoint | None, hint: str, offer: Callable[[str], Sequence[SearchRow]], known: Callable[[], Iterable[str]], text: str = ""
    ) -> None:  # fmt: skip
        """Open with the upper left corner at `at` (global), kept inside the window; None: in its upper middle."""
        parent = self._window
        focus = QGuiApplication.focusObject()
        self._before = focus if isinstance(focus, QWidget) and not self.isAncestorOf(focus) else self._before
        self._offer, self._known = offer, known
        self.query.setPlaceholderText(hint)
        self.query.setAccessibleName(hint)
        self.query.setText(text)
        self._fill(text)
        scale = self._painter.theme.scale
        self.setFixedWidth(min(round(400 * scale), parent.width() - 16))
        self.adjustSize()
        corner = parent.mapFromGlobal(at) if at is not None else QPoint((parent.width() - self.width()) // 2, round(64 * scale))
        highest = self._full_height()
        x = max(8, min(corner.x(), parent.width() - self.width() - 8))
        y = max(8, min(corner.y(), parent.height() - highest - 8))
        self.move(x, y)
        self.show()
        self.raise_()
        self.query.setFocus(Qt.FocusReason.PopupFocusReason)
        self.query.selectAll()

    def values(self) -> list[object]:
        """What is offered now, in order."""
        return [self.model.index(row, 0).data(ROW).value for row in range(self.model.rowCount())]

    def dismiss(self) -> None:
        """Close without choosing; the focus returns to where it was."""
        if self.isVisible():
            self.hide()
            if self._before is not None:
                self._before.setFocus(Qt.FocusReason.PopupFocusReason)
            self.closed.emit()

    def _full_height(self) -> int:
        return round((SHOWN * 30 + 66) * self._painter.theme.scale)

    def _fill(self, text: str) -> None:
        self.model.clear()
        for row in self._offer(text) or self._nearest(text):
            item = QStandardItem(row.title)
            item.setData(row, ROW)
            if row.value is None:
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.model.appendRow(item)
        rows = self.model.rowCount()
        self.list.setFixedHeight(round(min(rows, SHOWN) * 30 * self._painter.theme.scale) + 2)
        first = next((r for r in range(rows) if self.model.index(r, 0).data(ROW).enabled), 0)
        self.list.setCurrentIndex(self.model.index(first, 0))
        self.adjustSize()

    def _nearest(self, text: str) -> list[SearchRow]:
        """That nothing was found, and the rows for what was probably meant."""
        near = suggest.nearest(text, self._known())
        rows = list(self._offer(near)) if near else []
        return [SearchRow(None, suggest.no_match(text, rows[0].title if rows else ""), enabled=False), *rows]

    def _take(self, index: QModelIndex) -> None:
        row = index.data(ROW)
        if row is None or row.value is None or not row.enabled:
            return
        self.dismiss()
        self.chosen.emit(row.value)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.query and event.type() == QEvent.Type.ShortcutOverride:
            # While the box is open its keys belong to it, Tab and Esc included.
            event.accept()
            return True
        if watched is self.query and event.type() == QEvent.Type.KeyPress:
            return self._key(event)  # type: ignore[arg-type]
        if watched is self.query and event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.hide()
            self.closed.emit()
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        key, current = event.key(), self.list.currentIndex()
        if key == Qt.Key.Key_Escape:
            self.dismiss()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(current)
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Tab, Qt.Key.Key_Up, Qt.Key.Key_Backtab, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            far = SHOWN if key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp) else 1
            way = far if key in (Qt.Key.Key_Down, Qt.Key.Key_Tab, Qt.Key.Key_PageDown) else -far
            rows = self.model.rowCount()
            row = (current.row() + way) % rows if far == 1 else max(0, min(rows - 1, current.row() + way))
            self.list.setCurrentIndex(self.model.index(row, 0))
        else:
            return False
        return True

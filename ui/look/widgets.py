"""Small widgets that several panels are made of. What they look like is decided in `ui.look.style`."""

from __future__ import annotations

from collections.abc import Sequence, Set

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QLayout, QLayoutItem, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ui.look.typing import commit_typing


def label(text: str = "", role: str = "", wrap: bool = False, selectable: bool = False) -> QLabel:
    """A text; `role` is one of the style sheet's: section, heading, strong, small, secondary, value, gradient, complaint."""
    widget = QLabel(text.upper() if role == "section" else text)
    widget.setProperty("role", role)
    widget.setTextFormat(Qt.TextFormat.PlainText)
    widget.setWordWrap(wrap)
    if selectable:
        widget.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return widget


def line() -> QFrame:
    """A hairline across."""
    frame = QFrame()
    frame.setProperty("role", "line")
    frame.setFixedHeight(1)
    return frame


def button(text: str, kind: str = "", accent: str = "", tip: str = "") -> QPushButton:
    """A push button that keyboard users reach and that leaves the canvas its focus when clicked."""
    widget = QPushButton(text)
    if kind:
        widget.setProperty("kind", kind)
    if accent:
        widget.setProperty("accent", accent)
    widget.setToolTip(tip)
    widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    widget.setCursor(Qt.CursorShape.PointingHandCursor)
    widget.pressed.connect(commit_typing)  # the field keeps its focus: what is typed in it would not count yet
    return widget


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Change a property the style sheet looks at, and look again."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class ElidedLabel(QLabel):
    """A one-line text that shortens in the middle instead of pushing its neighbours out."""

    def __init__(self, text: str = "", role: str = "", widest: int = 10_000) -> None:
        super().__init__(text)
        self.setProperty("role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._full = text
        self._widest = widest

    def set_full(self, text: str) -> None:
        self._full = text
        self.setToolTip(text)
        self.updateGeometry()
        self._shorten()

    @property
    def full(self) -> str:
        return self._full

    def _shorten(self) -> None:
        room = max(0, self.contentsRect().width())
        super().setText(self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideRight, room))

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._shorten()

    def sizeHint(self) -> QSize:
        wanted = self.fontMetrics().horizontalAdvance(self._full) + 2
        return QSize(min(wanted, self._widest), self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self.sizeHint().width(), self.fontMetrics().horizontalAdvance("mmm…")), self.fontMetrics().height())


class PartsLabel(ElidedLabel):
    """A line of parts, of which only whole ones are shown: where room is short, those of high rank are left out first."""

    SEPARATOR = " · "

    def __init__(self, role: str = "") -> None:
        super().__init__("", role)
        self._parts: list[tuple[int, str]] = []

    def set_parts(self, parts: list[tuple[int, str]]) -> None:
        """(rank, text) of each part, in the order in which they are read."""
        self._parts = list(parts)
        self.set_full(self.SEPARATOR.join(text for _, text in parts))
        self.setAccessibleName(self.full)

    def sizeHint(self) -> QSize:
        return QSize(self.least(), self.fontMetrics().height())

    def least(self) -> int:
        """The width of the part that is left out last; 0 without any."""
        first = min((rank for rank, _ in self._parts), default=0)
        return max((self.fontMetrics().horizontalAdvance(text) + 4 for rank, text in self._parts if rank == first), default=0)

    def _shorten(self) -> None:
        room, shown = max(0, self.contentsRect().width()), list(self._parts)
        if self._parts and room < self.least() - 4:
            return self.setText("")  # half of a number says something else
        while len(shown) > 1 and self.fontMetrics().horizontalAdvance(self._joined(shown)) > room:
            shown.remove(max(shown, key=lambda part: part[0]))
        if self._parts:
            self.setText(self.fontMetrics().elidedText(self._joined(shown), Qt.TextElideMode.ElideRight, room))
        else:
            super()._shorten()

    def _joined(self, parts: list[tuple[int, str]]) -> str:
        return self.SEPARATOR.join(text for _, text in parts)


class FlowLayout(QLayout):
    """Widgets in a row that breaks into further rows where the width ends."""

    def __init__(self, spacing: int = 8) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._gap = spacing
        self.setContentsMargins(0, 0, 0, 0)

    def _arrange(self, rect: QRect, place: bool) -> int:
        x, y, tallest = rect.x(), rect.y(), 0
        for item in self._items:
            widget = item.widget()
            if widget is not None and widget.isHidden():
                continue
            size = item.sizeHint()
            if x + size.width() > rect.right() + 1 and tallest:
                x, y, tallest = rect.x(), y + tallest + self._gap, 0
            if place:
                item.setGeometry(QRect(QPoint(x, y), size))
            x += size.width() + self._gap
            tallest = max(tallest, size.height())
        return y + tallest - rect.y()

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), place=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, place=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        widths = [item.sizeHint().width() for item in self._items]
        heights = [item.sizeHint().height() for item in self._items]
        return QSize(max(widths, default=0), max(heights, default=0))


def column(*parts: QWidget, largest: QWidget) -> QWidget:
    """Widgets one below the other, without a gap; `largest` gets the room that the others leave."""
    widget = QWidget()
    layout = QVBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for part in parts:
        layout.addWidget(part, 1 if part is largest else 0)
    return widget


def leave_out(row: QBoxLayout, width: int, optional: Sequence[QWidget]) -> None:
    """Hide the first of these widgets of a row until the rest fits into the width, and show the others."""
    hints: dict[QWidget, int] = {}
    for count in range(len(optional) + 1):
        left_out = set(optional[:count])
        if row_width(row, left_out, set(optional) - left_out, hints) <= width:
            break
    for widget in optional:
        if widget.isHidden() != (widget in left_out):
            widget.setVisible(widget not in left_out)


def row_width(
    row: QBoxLayout, hidden: Set[QWidget] = frozenset(), shown: Set[QWidget] = frozenset(), hints: dict[QWidget, int] | None = None
) -> int:
    """The width that a row likes to have, rows within it included, if some widgets were hidden and some were shown.

    Qt's own size hints are up to date only after its events. `hints` are widths that widgets like to have, asked of each once and noted.
    """
    widths = []
    hints = {} if hints is None else hints
    for at in range(row.count()):
        item = row.itemAt(at)
        widget, inner = (item.widget(), item.layout()) if item is not None else (None, None)
        if widget is not None:
            if widget in hidden or (widget.isHidden() and widget not in shown):
                continue
            if (known := hints.get(widget)) is not None:
                widths.append(known)
                continue
            inside = widget.layout()
            own = row_width(inside, hidden, shown, hints) if isinstance(inside, QHBoxLayout) else widget.sizeHint().width()
            widths.append(min(max(own, widget.minimumWidth()), widget.maximumWidth()))
            if not isinstance(inside, QHBoxLayout):  # of a row, the width is that of what is shown in it
                hints[widget] = widths[-1]
        elif isinstance(inner, QBoxLayout):
            widths.append(row_width(inner, hidden, shown, hints))
    margins = row.contentsMargins()
    return sum(widths) + max(len(widths) - 1, 0) * row.spacing() + margins.left() + margins.right()


def clear(layout: QLayout) -> None:
    """Remove and delete everything in a layout."""
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        elif item is not None and (inner := item.layout()) is not None:
            clear(inner)


def scrolled(page: QWidget) -> QScrollArea:
    """A page that scrolls down and never sideways."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    holder = QWidget()
    inner = QVBoxLayout(holder)
    inner.setContentsMargins(0, 0, 12, 0)
    inner.addWidget(page)
    area.setWidget(holder)
    return area

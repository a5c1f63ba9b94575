"""A sheet over the canvas: moved by its upper edge, sized by its corner, closed by Esc."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from graph.text.messages import _
from ui.look.style import px, style_sheet
from ui.look.theme import LIGHT, Theme, color
from ui.look.typing import claim_escape
from ui.look.widgets import button

STEP = 24
"""Pixels that an arrow key moves a sheet by that has the focus itself."""
LEAST = QSize(220, 120)
_WAYS = {
    Qt.Key.Key_Left: QPoint(-STEP, 0), Qt.Key.Key_Right: QPoint(STEP, 0), Qt.Key.Key_Up: QPoint(0, -STEP), Qt.Key.Key_Down: QPoint(0, STEP),
}  # fmt: skip


class Grip(QWidget):
    """A part that is dragged: `dragged` says how far since the last time."""

    dragged = Signal(QPoint)

    def __init__(self, parent: QWidget, cursor: Qt.CursorShape) -> None:
        super().__init__(parent)
        self.setCursor(cursor)
        self._held: QPointF | None = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = event.globalPosition()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is not None:
            step = (event.globalPosition() - self._held).toPoint()
            self._held += QPointF(step)
            self.dragged.emit(step)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None
        event.accept()


class Corner(Grip):
    """The lower right corner, with strokes that show that it can be dragged."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.CursorShape.SizeFDiagCursor)
        self.theme = LIGHT
        self.setToolTip(_("Drag to change the size"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(color(self.theme.wire), 1.2))
        side = self.width() - 4
        for inset in (3, 7):
            painter.drawLine(QPointF(side, inset), QPointF(inset, side))
        painter.end()


class Handle(Grip):
    """The upper edge of a sheet, with a short line that shows that it can be dragged."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.CursorShape.SizeAllCursor)
        self.theme = LIGHT
        self.setToolTip(_("Drag to move"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(color(self.theme.wire), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        middle = QPointF(self.width() / 2, self.height() / 2)
        painter.drawLine(middle - QPointF(18, 0), middle + QPointF(18, 0))
        painter.end()


class Floating(QFrame):
    """`closable`: can be pinned and closed at its upper edge; else the content says how it ends."""

    closed = Signal()
    pinned = Signal(bool)
    moved = Signal()
    """The user moved it, or changed its size."""

    def __init__(self, canvas: QWidget, title: str, content: QWidget, closable: bool) -> None:
        super().__init__(canvas.parentWidget())  # beside the canvas: what is typed here is for none of the canvas's keys
        self._canvas = canvas
        self.setObjectName("sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.closable, self.content, self.by_hand = closable, content, False
        self.handle = Handle(self)
        self.pin = button(_("Pin"), "quiet", tip=_("Keep this card at its place and about its number, whatever is selected"))
        self.pin.setCheckable(True)
        self.close_button = button("✕", "quiet", tip=_("Close  (Esc)"))
        self.close_button.setAccessibleName(_("Close {title}").format(title=title))
        self.corner = Corner(self)
        head = QHBoxLayout(self.handle)
        head.setContentsMargins(0, 4, 6, 0)
        head.addStretch(1)
        for part in (self.pin, self.close_button):
            head.addWidget(part)
            part.setVisible(closable)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14 if closable else 1, 1, 2, 8 if closable else 1)
        layout.setSpacing(0)
        layout.addWidget(self.handle)
        layout.addWidget(content, 1)
        self.handle.dragged.connect(self._drag)
        self.corner.dragged.connect(self._stretch)
        self.close_button.clicked.connect(self.closed)
        self.pin.toggled.connect(self.pinned)

    def set_theme(self, theme: Theme) -> None:
        """`theme` is as large as what is read from afar."""
        self.setStyleSheet(style_sheet(theme))
        self.corner.theme = self.handle.theme = theme
        if not self.closable:
            self.handle.setFixedHeight(px(theme, 14))

    def wanted(self, width: int) -> int:
        """The height at which nothing has to be scrolled, at this width."""
        page = self.page
        own = page.heightForWidth(width - 8) if page.hasHeightForWidth() else page.sizeHint().height()
        return own + self.handle.sizeHint().height() + 8

    @property
    def page(self) -> QWidget:
        """What is shown: the content, or what scrolls in it."""
        inner = self.content.widget() if isinstance(self.content, QScrollArea) else None
        return inner or self.content

    def place(self) -> QRect:
        """Where it lies, in the canvas's coordinates."""
        return self.geometry().translated(-self._canvas.pos())

    def put(self, place: QRect) -> None:
        """Lie here, in the canvas's coordinates."""
        self.setGeometry(place.translated(self._canvas.pos()))

    # by hand

    def _drag(self, step: QPoint) -> None:
        self._put_by_hand(self.place().translated(step))

    def _stretch(self, step: QPoint) -> None:
        size = QSize(self.width() + step.x(), self.height() + step.y()).expandedTo(LEAST)
        self._put_by_hand(QRect(self.place().topLeft(), size))

    def _put_by_hand(self, place: QRect) -> None:
        """At least its upper edge stays in reach of the mouse."""
        area = self._canvas.rect()
        place.moveTop(min(max(place.top(), 0), area.height() - 40))
        place.moveLeft(min(max(place.left(), 60 - place.width()), area.width() - 60))
        self.by_hand = True
        self.put(place)
        self.moved.emit()

    def first_stop(self) -> QWidget:
        return self

    # Qt

    def event(self, event: QEvent) -> bool:
        return claim_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = _WAYS.get(Qt.Key(event.key())) if self.hasFocus() else None
        if event.key() == Qt.Key.Key_Escape and self.closable:
            self.closed.emit()
        elif way is not None:
            self._put_by_hand(self.place().translated(way))
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        side = 16
        self.corner.setGeometry(self.width() - side - 2, self.height() - side - 2, side, side)
        self.corner.raise_()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()  # nothing here is for the canvas below

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()

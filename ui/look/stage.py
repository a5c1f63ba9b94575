"""One page as the subject of the screen: it lies over canvas and panels, below the top bar, until Esc."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from ui.look.typing import claim_escape


class Stage(QWidget):
    """Covers the window between its bars. `left`: Esc was pressed. `placed`: it lies elsewhere, or has another size."""

    left = Signal()
    placed = Signal()

    def __init__(self, window: QWidget, name: str) -> None:
        super().__init__(window)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(name)
        self._window = window
        self.share, self.at_left = 1.0, False
        """The part of the window's width that it covers, and whether at the left or at the right."""
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 6, 16, 6)
        window.installEventFilter(self)
        self.hide()

    def put(self, page: QWidget) -> None:
        """Show a page here."""
        self._column.addWidget(page)
        page.show()
        self.place()
        self.show()
        self.raise_()

    def place(self) -> None:
        """Between the top bar and the status bar."""
        window = self._window
        top, bottom = 0, window.height()
        if isinstance(window, QMainWindow):
            bar = window.menuWidget()
            if bar is not None and bar.isVisible():
                top = bar.mapTo(window, QPoint(0, bar.height())).y()
            status = window.statusBar()
            if status.isVisible():
                bottom = status.mapTo(window, QPoint(0, 0)).y()
        wide = round(self.share * window.width())
        self.setGeometry(0 if self.at_left else window.width() - wide, top, wide, max(bottom - top, 1))
        self.placed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest) and self.isVisible():
            self.place()
        return False

    def event(self, event: QEvent) -> bool:
        return claim_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

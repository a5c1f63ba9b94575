"""One page as the subject of the screen: it lies over canvas and panels, below the top bar, until Esc."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from ui.look.typing import claim_escape


class Stage(QWidget):
    """Covers the window between its bars. `left`: Esc was pressed."""

    left = Signal()

    def __init__(self, window: QWidget, name: str) -> None:
        super().__init__(window)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(name)
        self._window = window
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
        self.setGeometry(0, top, window.width(), max(bottom - top, 1))

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

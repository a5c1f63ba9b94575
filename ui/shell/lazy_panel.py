"""The place of a panel that is made when it is first seen or asked for."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.shell.workspace.panel import Panel


class LazyPanel(QWidget):
    """`fills`: the panel takes the height there is, whatever the texts in it would like."""

    def __init__(self, make: Callable[[], Panel], fills: bool) -> None:
        super().__init__()
        self._make, self._fills = make, fills
        self.panel: Panel | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)

    def fill(self) -> Panel:
        if self.panel is None:
            self.take(self._make())
        assert self.panel is not None
        return self.panel

    def take(self, panel: Panel) -> None:
        """The panel is here, perhaps again after it was on a sheet of its own."""
        self.panel = panel
        layout = self.layout()
        assert layout is not None
        layout.addWidget(panel)
        self._put_in_tab_order(panel)
        panel.show()

    def _put_in_tab_order(self, panel: Panel) -> None:
        """Tab goes through the panel where its place is. Qt puts what comes late behind everything else in the window.

        The order is taken from the tree, not from `nextInFocusChain`: to PySide each widget would then belong to the one before it in the
        chain, and be gone with it when that is deleted, alive or not.
        """
        before: QWidget = self
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # Qt orders only what takes Tab
        for stop in panel.findChildren(QWidget):
            # what opens as a window of its own, as the list of a choice, has its own order
            if panel.isAncestorOf(stop) and stop.focusPolicy() & Qt.FocusPolicy.TabFocus and stop.focusProxy() is None:
                QWidget.setTabOrder(before, stop)
                before = stop
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.fill()

    def hasHeightForWidth(self) -> bool:
        return not self._fills and super().hasHeightForWidth()

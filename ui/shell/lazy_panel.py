"""The place of a panel that is made when it is first seen or asked for."""

from __future__ import annotations

from collections.abc import Callable

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
        panel.show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.fill()

    def hasHeightForWidth(self) -> bool:
        return not self._fills and super().hasHeightForWidth()

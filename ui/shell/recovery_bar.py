"""The quiet line above the canvas that offers what a crash has left. It waits; nothing has to be answered first."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from graph.text.messages import _
from ui.look.widgets import button, label


class RecoveryBar(QWidget):
    """Hidden until `ask`."""

    restored = Signal()
    deleted = Signal()
    postponed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.text = label("", wrap=True)
        self.restore = button(_("Restore"), "primary", tip=_("Open the recovered graph; your file does not change until you save"))
        self.later = button(_("Not now"), "quiet", tip=_("Ask again at the next start"))
        self.delete = button(_("Delete …"), "quiet", tip=_("Discard these changes"))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 12, 8)
        row.setSpacing(8)
        row.addWidget(self.text, 1)
        for widget in (self.delete, self.later, self.restore):
            row.addWidget(widget)
        self.restore.clicked.connect(self.restored)
        self.later.clicked.connect(self.postponed)
        self.delete.clicked.connect(self.deleted)
        self.hide()

    def ask(self, text: str) -> None:
        """Show the question; the focus stays where it is."""
        self.text.setText(text)
        self.setAccessibleName(text)
        self.show()

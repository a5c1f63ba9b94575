"""How many copies of a block are put in series."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QDialog, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from graph.grouping.repeat import MOST
from graph.text.messages import _
from ui.look.widgets import button, label

SHOWN = 4
"""As many names are written out."""


class RepeatDialog(QDialog):
    """`count` holds the number of copies; `names` gives the names that the block's output gets for a number of copies, its own first."""

    def __init__(self, names: Callable[[int], list[str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = names
        self.setWindowTitle(_("Repeat in series"))
        self.count = QSpinBox()
        self.count.setRange(1, MOST)
        self.count.setAccessibleName(_("Number of copies"))
        self.says = label("", "secondary", wrap=True)
        row = QHBoxLayout()
        row.addWidget(label(_("Copies after the selected block")), 1)
        row.addWidget(self.count)
        buttons = QHBoxLayout()
        cancel, add = button(_("Cancel")), button(_("Repeat"), "primary")
        add.setDefault(True)
        cancel.clicked.connect(self.reject)
        add.clicked.connect(self.accept)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(12)
        layout.addLayout(row)
        layout.addWidget(self.says)
        layout.addWidget(label(_("Each copy has parameters of its own, with first values of its own."), "small", wrap=True))
        layout.addLayout(buttons)
        self.setMinimumWidth(420)
        self.count.valueChanged.connect(self._say)
        self.count.setValue(3)
        self.count.selectAll()
        self._say(self.count.value())

    def _say(self, count: int) -> None:
        names = self._names(count)
        if len(names) > SHOWN + 1:
            names = [*names[:SHOWN], "…", names[-1]]
        self.says.setText(" → ".join(names))

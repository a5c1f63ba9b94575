"""Which column is the target: the one choice that is made for every table, wherever the column is."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox

from engine.data.table_reading import TableReading
from graph.text.messages import _

LETTERS = 14


class TargetChoice(QComboBox):
    """`chosen(name)`: a person chose this column."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._names: list[str] = []
        self.setAccessibleName(_("Target"))
        self.setToolTip(_("The column that the network predicts"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumContentsLength(LETTERS)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setEnabled(False)
        self.activated.connect(self._take)

    def show_reading(self, reading: TableReading | None) -> None:
        columns = reading.columns if reading is not None else ()
        targets = [at for at, column in enumerate(columns) if column.role == "target"]
        titles = [column.title for column in columns]
        self._names = [column.name for column in columns]
        self.setEnabled(bool(titles))
        if titles != [self.itemText(at) for at in range(self.count())]:
            self.clear()
            self.addItems(titles)
        self.setPlaceholderText(", ".join(titles[at] for at in targets) if targets else _("choose one"))
        self.setCurrentIndex(targets[0] if len(targets) == 1 else -1)

    def _take(self, at: int) -> None:
        self.chosen.emit(self._names[at])

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

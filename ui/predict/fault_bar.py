"""The quiet line above the canvas where a fault is planted, or guessed. It never says where one is."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from graph.model.faults import KINDS
from graph.text.messages import _
from ui.look.typing import scroll_past
from ui.look.widgets import FlowLayout, button, label

ANY = _("Any kind")
GUESS = _("Something in this graph is wrong. Select the faulty wire or node and choose the kind of fault.")


class FaultBar(QWidget):
    """`planted(kind, at the selection?)` with an empty kind for any; `guessed(kind)`."""

    planted = Signal(str, bool)
    guessed = Signal(str)
    revealed = Signal()
    removed = Signal()
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.text = label("", wrap=True)
        self.kind, self.place = QComboBox(), QComboBox()
        for box in (self.kind, self.place):
            scroll_past(box)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.kind.setMaximumWidth(420)
        self.kind.setAccessibleName(_("Kind of fault"))
        self.place.setAccessibleName(_("Place of the fault"))
        self.place.addItems([_("at random"), _("at the selection")])
        self.plant = button(_("Plant"), "primary", tip=_("Plant the fault without showing where; Undo removes it"))
        self.guess = button(_("Guess"), "primary", tip=_("Check whether this fault is at the selection"))
        self.reveal = button(_("Reveal"), "quiet", tip=_("Show the fault"))
        self.remove = button(_("Remove"), "quiet", tip=_("Remove the fault from the graph"))
        self.dismiss = button(_("Close"), "quiet", tip=_("Close (Esc)"))
        row = FlowLayout(8)  # in large type it breaks: it must not make the window wider
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 12, 8)
        layout.setSpacing(6)
        layout.addWidget(self.text)
        layout.addLayout(row)
        for widget in (self.kind, self.place, self.plant, self.guess, self.reveal, self.remove, self.dismiss):
            row.addWidget(widget)
        self.plant.clicked.connect(lambda: self.planted.emit(self._chosen(), self.place.currentIndex() == 1))
        self.guess.clicked.connect(lambda: self.guessed.emit(self._chosen()))
        self.reveal.clicked.connect(self.revealed)
        self.remove.clicked.connect(self.removed)
        self.dismiss.clicked.connect(self.close_bar)
        self.hide()

    def _chosen(self) -> str:
        return str(self.kind.currentData() or "")

    def show_planting(self) -> None:
        """Offer to plant one."""
        self._fill(any_kind=True)
        self.text.setText(_("Plant a fault for others to find. It changes what the graph computes until it is removed."))
        self._show(self.place, self.plant)

    def show_guessing(self) -> None:
        """Ask for a guess."""
        self._fill(any_kind=False)
        self.ask_again()
        self._show(self.guess, self.reveal, self.remove)

    def ask_again(self) -> None:
        """Take back what was said about a guess."""
        self.text.setText(GUESS)

    def say(self, text: str) -> None:
        self.text.setText(text)

    def close_bar(self) -> None:
        self.hide()
        self.closed.emit()

    def _fill(self, any_kind: bool) -> None:
        self.kind.clear()
        if any_kind:
            self.kind.addItem(ANY, "")
        for key, words in KINDS.items():
            self.kind.addItem(words, key)

    def _show(self, *wanted: QWidget) -> None:
        for widget in (self.place, self.plant, self.guess, self.reveal, self.remove):
            widget.setVisible(widget in wanted)
        self.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        else:
            super().keyPressEvent(event)

"""How far long work has come, and a way to end it. For work that is over in half a second no bar appears."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from graph.text.messages import _
from ui.look.schedule import Schedule
from ui.look.widgets import ElidedLabel, button

SHOW_MS, SHOW = 500, "show the bar"


class JobBar(QWidget):
    """A line with words, a bar and Cancel. `cancelled`: the button was clicked, or Esc was pressed where the keys go here."""

    cancelled = Signal()
    again = Signal()
    """The offer was taken."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._schedule = Schedule(self)
        self._name, self._begun = name, False
        self.text = ElidedLabel("", "secondary")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(name)
        self.cancel = button(_("Cancel"), "quiet", tip=_("Stop this task; existing results are kept  (Esc)"))
        self.cancel.setAccessibleName(_("Cancel: {name}").format(name=name))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 3, 6, 3)
        row.setSpacing(10)
        row.addWidget(self.text, 2)
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel)
        self._offered = False
        self.cancel.clicked.connect(lambda _clicked: (self.again if self._offered else self.cancelled).emit())
        self.hide()

    def begin(self, text: str = "") -> None:
        """Work has begun."""
        self._begun, self._offered = True, False
        self.cancel.setText(_("Cancel"))
        self.bar.show()
        self.show_progress(0, 0, text)
        self._schedule.after_frame(SHOW, self.show, SHOW_MS)

    @property
    def begun(self) -> bool:
        """Whether work is under way, shown or not."""
        return self._begun

    def show_progress(self, done: int, total: int, text: str) -> None:
        """`done` of `total`; 0 where the total is unknown."""
        scale = max(1, total // 10**6)  # a bar counts no further than 2³¹
        self.bar.setRange(0, total // scale)
        self.bar.setValue(done // scale)
        self.text.set_full(text or self._name)

    def finish(self) -> None:
        """The work has ended, one way or the other."""
        self._begun = False
        self._schedule.drop(SHOW)
        self.hide()

    def offer(self, text: str, caption: str) -> None:
        """The work was cancelled: say what follows from that, and offer to do it after all."""
        self.finish()
        self._offered = True
        self.text.set_full(text)
        self.cancel.setText(caption)
        self.bar.hide()
        self.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)

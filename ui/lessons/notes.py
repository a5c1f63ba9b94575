"""Speaker notes: a second window for the lecturer, on a screen that the class does not see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QSize, Qt, QTime, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QListWidget, QScrollArea, QVBoxLayout, QWidget

from graph.text.messages import _
from ui.lessons.panel import rows
from ui.lessons.text import LessonText
from ui.look.style import style_sheet
from ui.look.theme import Theme
from ui.look.widgets import ElidedLabel, button, label, line

if TYPE_CHECKING:
    from ui.lessons.player import Player

EMPTY = _("*No notes on this step.*")
_NEXT = (Qt.Key.Key_PageDown, Qt.Key.Key_Right, Qt.Key.Key_Space)
_BACK = (Qt.Key.Key_PageUp, Qt.Key.Key_Left)


class NotesWindow(QWidget):
    """Follows the lesson, and moves it by the same keys."""

    next_clicked = Signal()
    back_clicked = Signal()
    step_chosen = Signal(int)
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._owner = parent
        self._theme: Theme | None = None
        self._player: Player | None = None
        self.setWindowTitle(_("Speaker notes — Gradwire"))
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setObjectName("panel")
        self.lesson_title, self.title = ElidedLabel("", "secondary"), label("", "heading", wrap=True)
        self.text = LessonText(18.0)
        self.coming = label("", "secondary", wrap=True)
        self.clock, self.elapsed = label("", "heading"), label("", "secondary")
        self.restart = button(_("Restart"), "quiet", tip=_("Count from zero again"))
        self.back, self.next = button(_("Back"), tip=_("Page Up")), button(_("Next"), "primary", tip=_("Page Down"))
        self.steps = QListWidget()
        self.steps.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.steps.setAccessibleName(_("Steps"))
        self.steps.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._since = QElapsedTimer()
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._tell_time)
        self._build()
        self.restart.clicked.connect(self._count_anew)
        self.back.clicked.connect(self.back_clicked)
        self.next.clicked.connect(self.next_clicked)
        self.steps.itemClicked.connect(lambda item: self.step_chosen.emit(self.steps.row(item)))
        self.resize(QSize(860, 560))

    def _build(self) -> None:
        times = QHBoxLayout()
        times.addWidget(self.clock)
        times.addStretch(1)
        times.addWidget(self.elapsed)
        times.addWidget(self.restart)
        side = QVBoxLayout()
        side.addLayout(times)
        side.addWidget(line())
        side.addWidget(self.steps, 1)
        holder = QWidget()
        inner = QVBoxLayout(holder)
        inner.setContentsMargins(0, 0, 16, 0)
        inner.addWidget(self.text)
        inner.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(holder)
        buttons = QHBoxLayout()
        buttons.addWidget(self.coming, 1)
        buttons.addWidget(self.back)
        buttons.addWidget(self.next)
        main = QVBoxLayout()
        main.setSpacing(10)
        main.addWidget(self.lesson_title)
        main.addWidget(self.title)
        main.addWidget(area, 1)
        main.addWidget(line())
        main.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 20, 20, 20)
        row.setSpacing(24)
        row.addLayout(main, 5)
        row.addLayout(side, 2)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.setStyleSheet(f"{style_sheet(theme)} #panel {{ background: {theme.panel}; }} {rows(theme)}")
        if self._player is not None:
            self.follow(self._player)

    def follow(self, player: Player) -> None:
        """The lesson is at another step."""
        assert self._theme is not None
        self._player = player
        lesson, steps = player.lesson, player.lesson.steps
        self.lesson_title.set_full(
            _("{title} · step {number} of {steps}").format(title=lesson.title, number=player.index + 1, steps=len(steps))
        )
        self.title.setText(player.step.title)
        self.text.show_text(player.step.notes or EMPTY, self._theme)
        self.coming.setText(_("This is the last step.") if player.last else _("Next: {title}").format(title=steps[player.index + 1].title))
        self.back.setEnabled(player.index > 0)
        self.next.setEnabled(not player.last)
        titles = [f"{number}. {step.title}" for number, step in enumerate(steps, 1)]
        if titles != [self.steps.item(row).text() for row in range(self.steps.count())]:
            self.steps.clear()
            self.steps.addItems(titles)
        self.steps.setCurrentRow(player.index)

    def _count_anew(self) -> None:
        self._since.start()
        self._tell_time()

    def _tell_time(self) -> None:
        self.clock.setText(QTime.currentTime().toString("HH:mm"))
        seconds = self._since.elapsed() // 1000 if self._since.isValid() else 0
        hours = f"{seconds // 3600}:{seconds // 60 % 60:02}" if seconds >= 3600 else f"{seconds // 60}"
        self.elapsed.setText(f"{hours}:{seconds % 60:02}")

    # Qt

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _NEXT:
            self.next_clicked.emit()
        elif event.key() in _BACK:
            self.back_clicked.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self._owner.window().activateWindow()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._since.isValid():
            self._since.start()
        self._tell_time()
        self._tick.start()

    def hideEvent(self, event: QHideEvent) -> None:
        self._tick.stop()
        super().hideEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._tick.stop()
        super().closeEvent(event)
        self.closed.emit()

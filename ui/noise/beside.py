"""A picture with words beside it: where the page is narrow, the words have half of it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLayout, QPushButton, QVBoxLayout, QWidget

from graph.text.messages import _
from ui.look.theme import LIGHT, Theme
from ui.look.widgets import button, label, scrolled

SHARE = 0.54
"""Of the page's width, what the words have at most, unless they need more."""


class PictureAndWords(QWidget):
    """`wide` is the width of the words for type at 100 %, `share` their largest share of the page."""

    def __init__(self, wide: int, share: float = SHARE) -> None:
        super().__init__()
        self.theme: Theme = LIGHT
        self._wide, self._share = wide, share
        self._absent = label("", "secondary", wrap=True)
        self._absent.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def lay_out(self, picture: QWidget, words: list[QWidget | QLayout]) -> None:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(6)
        for each in words:
            column.addWidget(each) if isinstance(each, QWidget) else column.addLayout(each)
        column.addStretch(1)
        self._side = scrolled(side)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(14)
        place = QWidget()  # the words stay where they are while there is no picture
        holder = QVBoxLayout(place)
        holder.setContentsMargins(0, 0, 0, 0)
        holder.addWidget(picture)
        holder.addWidget(self._absent)
        self._absent.hide()
        whole.addWidget(place, 1)
        whole.addWidget(self._side)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._share_out()
        self.draw()

    def draw(self) -> None:
        """Show what there is, in the theme."""

    def first_stop(self) -> QWidget:
        """Where the keyboard goes first."""
        return self

    def forget(self, why: str = "") -> None:
        """Nothing is shown; the words say why."""

    def stop(self) -> None:
        """Ask for nothing more."""

    def say_absent(self, text: str) -> None:
        """What the picture will be, in its place; empty while it is there."""
        self._absent.setText(text)
        self._absent.setVisible(bool(text))

    def give_room(self) -> None:
        """Give the words the heights that they need, at once."""
        inner = self._side.widget()
        QCoreApplication.sendPostedEvents(inner, QEvent.Type.LayoutRequest)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_out()

    def _share_out(self) -> None:
        self._side.setFixedWidth(round(min(self._wide * self.theme.scale, self._share * max(self.width(), 1))))


def fill_button() -> QPushButton:
    """It fills the window with a page."""
    fill = button("⤢", "quiet", tip=_("Show this as large as the window; Esc goes back"))
    fill.setAccessibleName(_("Fill the window"))
    fill.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return fill


def becomes_close(fill: QPushButton) -> None:
    """On a page that fills the window the button leaves it."""
    fill.setText("✕")
    fill.setToolTip(_("Close  (Esc)"))
    fill.setAccessibleName(_("Close"))

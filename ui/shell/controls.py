"""The one bar of controls under the canvas: the transport, and beside it what a feature adds while it is at work."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui.look.style import style_sheet
from ui.look.theme import LIGHT, Theme
from ui.look.type_size import smaller
from ui.look.widgets import leave_out, row_width
from ui.shell.transport import Transport
from ui.shell.workspace.pages import Guest
from ui.shell.workspace.playback import Playhead

LEAST = 240
"""No bar makes the canvas wider than this: what has no room is left out, first what menus and keys do as well."""


class Controls(QWidget):
    """One row, never two."""

    def __init__(self, playhead: Playhead) -> None:
        super().__init__()
        self.setObjectName("controls")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.transport = Transport(playhead)
        self._row = QHBoxLayout(self)
        self._row.addStretch(1)
        self._row.addWidget(self.transport)
        self._row.addStretch(1)
        self._guests: list[tuple[Guest, Sequence[QWidget], Sequence[QWidget]]] = []
        self._theme = LIGHT
        self._fitted: tuple[object, ...] = ()
        self._needed: dict[tuple[float, int], int] = {}
        """The width at a scale of type and with so many guests, where it was too much for the bar: to measure it takes a style sheet."""

    def add(self, guest: Guest, optional: Sequence[QWidget], last: Sequence[QWidget] = ()) -> None:
        """Show a feature's controls after the transport, which moves to the left; where room is short `optional` are left out first, then
        the speed, then `last`."""
        self._guests.append((guest, optional, last))
        self._row.insertWidget(self._row.count() - 1, guest, 1)
        self._fitted = ()
        self._needed.clear()
        self._fit()

    def set_theme(self, theme: Theme) -> None:
        self._theme, self._fitted = theme, ()
        self._needed.clear()
        self._fit()

    def _fit(self) -> None:
        """Take the theme's type size, or the largest at which what cannot be left out fits; then leave out what has no room."""
        shown = [(first, last) for guest, first, last in self._guests if not guest.isHidden()]
        optional = [widget for first, _ in shown for widget in first]
        optional += [self.transport.speed_label, self.transport.speed, *(widget for _, last in shown for widget in last)]
        now = (self._theme, self.width(), len(shown))
        if now != self._fitted:
            self._fitted = now
            for end in (0, self._row.count() - 1):
                self._row.setStretch(end, 0 if shown else 1)
            for theme in smaller(self._theme):
                size = (theme.scale, len(shown))
                if self._needed.get(size, 0) > self.width():
                    continue
                self._dress(theme)
                if (needed := row_width(self._row, set(optional))) <= self.width():
                    break
                self._needed[size] = needed
        leave_out(self._row, self.width(), optional)

    def _dress(self, theme: Theme) -> None:
        pad = round(5 * theme.scale)
        self._row.setContentsMargins(2 * pad, pad, 2 * pad, pad)
        self._row.setSpacing(round(8 * theme.scale))
        wanted = "" if theme is self._theme else style_sheet(theme)
        if self.styleSheet() != wanted:
            self.setStyleSheet(wanted)
        self.transport.fix_widths()
        for guest, _first, _last in self._guests:
            guest.set_theme(theme)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return done

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST, self._row.minimumSize().height())

"""A narrow strip at each edge of the canvas beyond which a panel is hidden: a click brings it back."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtWidgets import QPushButton, QWidget

from graph.text.messages import _
from ui.look.style import px
from ui.look.theme import LIGHT, Theme
from ui.look.widgets import button

THICK, LONG = 14, 64
"""Of a strip, in pixels for type at 100 %."""
_SIGNS = {"left": "›", "right": "‹", "below": "⌃"}


class Edges(QObject):
    """`name_at` says which panel would come back at an edge; empty where one is shown, or where there is none."""

    def __init__(self, canvas: QWidget, name_at: Callable[[str], tuple[str, str]], show: Callable[[str], None]) -> None:
        super().__init__(canvas)
        self._canvas, self._name_at, self._theme = canvas, name_at, LIGHT
        self._wanted = True
        self.strips: dict[str, QPushButton] = {}
        for place, sign in _SIGNS.items():
            strip = button(sign, "edge")
            strip.setParent(canvas)
            strip.setCursor(Qt.CursorShape.PointingHandCursor)
            strip.clicked.connect(lambda _=False, place=place: show(self._name_at(place)[0]))
            strip.hide()
            self.strips[place] = strip
        canvas.installEventFilter(self)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.refresh()

    def want(self, wanted: bool) -> None:
        """Show the strips, or none of them: while presenting nothing is on the canvas but the graph."""
        self._wanted = wanted
        self.refresh()

    def refresh(self) -> None:
        """Panels were shown or hidden, or the canvas has another size."""
        thick, long = px(self._theme, THICK), px(self._theme, LONG)
        width, height = self._canvas.width(), self._canvas.height()
        rects = {
            "left": QRect(0, (height - long) // 2, thick, long),
            "right": QRect(width - thick, (height - long) // 2, thick, long),
            "below": QRect((width - long) // 2, height - thick, long, thick),
        }
        for place, strip in self.strips.items():
            key, title = self._name_at(place)
            strip.setGeometry(rects[place])
            strip.setToolTip(_("Show {panel}").format(panel=title))
            strip.setAccessibleName(strip.toolTip())
            strip.setVisible(self._wanted and bool(key))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.refresh()
        return False

"""How much of the window each dock takes. What the user chose is kept between starts; what a lesson or the presenter imposes never is."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QDockWidget, QWidget

from ui.look.frame import BOTTOM_HEIGHT, INSPECTOR_WIDTH, LIBRARY_WIDTH

if TYPE_CHECKING:
    from ui.shell.window import Window

FIRST = {"library": LIBRARY_WIDTH, "inspector": INSPECTOR_WIDTH, "bottom": BOTTOM_HEIGHT, "outline": 0.5}
"""Sizes in pixels for type at 100 %; of the outline, which is below the library, its share of their height."""
SIDE_MOST, SIDES_MOST, BOTTOM_MOST = 1 / 3, 0.5, 0.4
"""Shares of the window that one side, both sides together, and the bottom panel get at most when the program gives them their size."""
OTHERS, BESIDE_BARS = 75, 0.5
"""Top bar and status line in pixels for type at 100 %, and the bottom panel's share of what they and strips beside the canvas leave."""
BAR = 20
"""A strip beside the canvas is at least as high as this."""
_HIDDEN = frozenset({"outline"})
_LEFT = ("library", "outline")


class DockLayout(QObject):
    """Sizes and visibility of the docks by name, and of guests such as a lesson, for which other docks give way."""

    def __init__(self, window: Window, docks: Mapping[str, QDockWidget]) -> None:
        super().__init__(window)
        self._window, self._docks = window, docks
        self._chosen: dict[str, float] = dict(FIRST)
        self._owners: dict[str, frozenset[str]] = {}
        self._before: dict[str, bool] = {}
        """Docks that had to give way, and whether they were shown before."""
        self._guests: dict[QDockWidget, tuple[float, float]] = {}
        self._pressed: dict[str, int] = {}
        self._busy = True  # until `restore`
        self.settled = False
        """Whether the mouse was used since the program last arranged the docks; until then they follow each new size of the window."""
        self._barred = 0
        window.installEventFilter(self)
        window.centre.installEventFilter(self)

    # between starts

    def restore(self) -> None:
        """As the user left the docks; at the first start, as they are meant."""
        shown, sizes = _read(self._window.settings.text("layout"))
        self._chosen.update(sizes)
        self._busy = True
        for child in (self._window.topbar, self._window.centre, self._window.status):
            child.show()  # Qt shows it a moment later: until then the docks would share its room among them
        for name, dock in self._docks.items():
            dock.setVisible(shown.get(name, name not in _HIDDEN))
        self._busy = False
        self.arrange()

    def remember(self) -> None:
        shown = {name: self._before.get(name, not dock.isHidden()) for name, dock in self._docks.items()}
        sizes = {name: round(size, 2) for name, size in self._chosen.items()}
        self._window.settings.set("layout", json.dumps({"shown": shown, "sizes": sizes}))

    # room for something else

    def give_way(self, owner: str, names: Iterable[str]) -> None:
        """Hide docks while `owner` needs their room."""
        self._owners[owner] = frozenset(names)
        for name in self._owners[owner]:
            self._before.setdefault(name, not self._docks[name].isHidden())
            self._docks[name].hide()
        self.settled = False

    def come_back(self, owner: str) -> None:
        """Show again what was shown before, unless something else still needs the room."""
        released = self._owners.pop(owner, frozenset())
        for name in released.difference(*self._owners.values()):
            self._docks[name].setVisible(self._before.pop(name, True))
        self.settled = False
        self.arrange()

    def put(self, guest: QDockWidget, width: float, share: float) -> None:
        """Show a dock on the left that is not one of the window's own: its width at the light theme's type, and the most of the window."""
        self._guests[guest] = (width, share)
        self._window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, guest)
        guest.show()
        self.arrange()

    def remove(self, guest: QDockWidget) -> None:
        self._guests.pop(guest, None)
        guest.hide()
        self._window.removeDockWidget(guest)

    # sizes

    def arrange(self) -> None:
        """Give each dock that is shown the size that was chosen for it, as far as the canvas keeps its room."""
        window, scale = self._window, self._window.theme.scale
        if self._busy:
            return
        left = [dock for dock in (*(self._docks[name] for name in _LEFT), *self._guests) if not dock.isHidden()]
        right = [dock for dock in (self._docks["inspector"],) if not dock.isHidden()]
        wide = [self._left_width() if left else 0.0, self._side_width("inspector") if right else 0.0]
        squeeze = min(1.0, SIDES_MOST * window.width() / max(sum(wide), 1.0))
        widths = [max(round(width * squeeze), *(dock.minimumSizeHint().width() for dock in docks), 0)
                  for width, docks in zip(wide, (left, right), strict=True) for _ in docks]  # fmt: skip
        window.resizeDocks([*left, *right], widths, Qt.Orientation.Horizontal)
        if not self._docks["bottom"].isHidden():
            room = window.height() - OTHERS * scale - self._bars()
            height = min(self._chosen["bottom"] * scale, BOTTOM_MOST * window.height(), BESIDE_BARS * room)
            window.resizeDocks([self._docks["bottom"]], [round(height)], Qt.Orientation.Vertical)
        if all(not self._docks[name].isHidden() for name in _LEFT):
            share = round(1000 * self._chosen["outline"])
            window.resizeDocks([self._docks[name] for name in _LEFT], [1000 - share, share], Qt.Orientation.Vertical)

    def _bars(self) -> int:
        """The height of strips above and below the canvas, such as the debugger's."""
        shown = [child for child in self._window.centre.children() if isinstance(child, QWidget) and child is not self._window.canvas]
        return sum(max(child.height(), child.sizeHint().height()) for child in shown if not child.isHidden())

    def _left_width(self) -> float:
        window = self._window
        guests = [min(w * window.theme.scale, share * window.width()) for dock, (w, share) in self._guests.items() if not dock.isHidden()]
        return max(guests, default=self._side_width("library"))

    def _side_width(self, name: str) -> float:
        return min(self._chosen[name] * self._window.theme.scale, SIDE_MOST * self._window.width())

    def _extents(self) -> dict[str, int]:
        """Present sizes of what is shown, by the names that choices have."""
        docks = {name: dock for name, dock in self._docks.items() if not dock.isHidden()}
        found = {name: docks[name].width() for name in ("inspector",) if name in docks}
        if left := [docks[name] for name in _LEFT if name in docks]:
            found["library"] = left[0].width()
        if len(left) == len(_LEFT):
            found["outline"] = left[1].height()
        if "bottom" in docks:
            found["bottom"] = docks["bottom"].height()
        return found

    def _take_choice(self) -> None:
        """An edge was dragged: the sizes that changed are the user's choice now."""
        pressed, self._pressed = self._pressed, {}
        for name, size in self._extents().items():
            if size == pressed.get(name, size):
                continue
            if name == "outline":
                self._chosen[name] = min(max(size / (size + self._docks["library"].height()), 0.1), 0.9)
            else:
                self._chosen[name] = size / self._window.theme.scale

    # Qt

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The edges between docks belong to the window itself: a press and a release there are a drag of an edge."""
        if watched is not self._window:
            if event.type() == QEvent.Type.LayoutRequest and abs(self._bars() - self._barred) > BAR:
                self._barred = self._bars()
                self.arrange()
        elif isinstance(event, QMouseEvent):
            if event.type() == QEvent.Type.MouseButtonPress:
                self._pressed, self.settled = self._extents(), True
            elif event.type() == QEvent.Type.MouseButtonRelease:
                self._take_choice()
        return False


def _read(text: str) -> tuple[dict[str, bool], dict[str, float]]:
    """What was remembered, without anything that makes no sense."""
    try:
        known: Any = json.loads(text or "{}")
    except ValueError:
        known = {}
    parts = [known.get(key) if isinstance(known, dict) else None for key in ("shown", "sizes")]
    shown, sizes = (part if isinstance(part, dict) else {} for part in parts)
    good = {name: float(size) for name, size in sizes.items() if name in FIRST and _sane(size)}
    return {name: value for name, value in shown.items() if isinstance(value, bool)}, good


def _sane(size: object) -> bool:
    return isinstance(size, (int, float)) and not isinstance(size, bool) and math.isfinite(size) and 0 < size < 1e5

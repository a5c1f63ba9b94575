"""How much of the window each dock takes. What the user chose is kept between starts; what a lesson or the presenter imposes never is."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from ui.shell import registry
from ui.shell.workspace.workspace import Workspace

if TYPE_CHECKING:
    from ui.shell.status import Status
    from ui.shell.topbar import TopBar

SIDE_MOST, SIDES_MOST, BOTTOM_MOST = 1 / 3, 0.5, 0.4
"""Shares of the window that one side, both sides together, and the bottom panel get at most when the program gives them their size."""
OTHERS, BESIDE_BARS = 75, 0.5
"""Top bar and status line in pixels for type at 100 %, and the bottom panel's share of what they and strips beside the canvas leave."""
BAR = 20
"""A strip beside the canvas is at least as high as this."""
SHARE_LEAST, SHARE_MOST = 0.1, 0.9
"""Of the height that docks above each other have, what one of them gets at least and at most."""


class Docked(Workspace, Protocol):
    """A workspace around which panels are docked."""

    @property
    def widget(self) -> QMainWindow: ...

    @property
    def furnished(self) -> bool:
        """Whether everything is in its place."""

    @property
    def centre(self) -> QWidget:
        """The canvas, with strips above and below it."""

    @property
    def topbar(self) -> TopBar: ...

    @property
    def status(self) -> Status: ...


class DockLayout(QObject):
    """Sizes and visibility of the docks by name, and of guests such as a lesson, for which other docks give way."""

    def __init__(self, window: Docked, docks: Mapping[str, QDockWidget]) -> None:
        super().__init__(window.widget)
        self._window, self._main, self._docks = window, window.widget, docks
        self._specs = {name: spec for name, spec in registry.panel_specs().items() if name in docks}
        self._chosen: dict[str, float] = {name: spec.size for name, spec in self._specs.items()}
        """Widths and heights for type at 100 %; of a dock below another one at the side, its share of their height."""
        self._owners: dict[str, frozenset[str]] = {}
        self._before: dict[str, bool] = {}
        """Docks that had to give way, and whether they were shown before."""
        self._guests: dict[QDockWidget, tuple[float, float]] = {}
        self._pressed: dict[str, int] = {}
        self._busy = True  # until `restore`
        self.settled = False
        """Whether the mouse was used since the program last arranged the docks; until then they follow each new size of the window."""
        self._barred = 0
        self._main.installEventFilter(self)
        window.centre.installEventFilter(self)

    # between starts

    def restore(self) -> None:
        """As the user left the docks; at the first start, as they are meant."""
        shown, sizes = _read(self._window.settings.text("layout"), self._docks)
        self._chosen.update(sizes)
        self._busy = True
        for child in (self._window.topbar, self._window.centre, self._window.status):
            child.show()  # Qt shows it a moment later: until then the docks would share its room among them
        for name, dock in self._docks.items():
            dock.setVisible(shown.get(name, self._specs[name].shown))
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
        self._main.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, guest)
        guest.show()
        self.arrange()

    def remove(self, guest: QDockWidget) -> None:
        self._guests.pop(guest, None)
        guest.hide()
        self._main.removeDockWidget(guest)

    # sizes

    def arrange(self) -> None:
        """Give each dock that is shown the size that was chosen for it, as far as the canvas keeps its room."""
        scale = self._window.theme.scale
        if self._busy:
            return
        sides = {place: self._shown(place) for place in ("left", "right")}
        columns = {place: [self._docks[name] for name in names] for place, names in sides.items()}
        columns["left"] += [guest for guest in self._guests if not guest.isHidden()]
        wide = {place: self._width(place) if docks else 0.0 for place, docks in columns.items()}
        squeeze = min(1.0, SIDES_MOST * self._main.width() / max(sum(wide.values()), 1.0))
        docks = [*columns["left"], *columns["right"]]
        widths = [max(round(wide[place] * squeeze), *(dock.minimumSizeHint().width() for dock in columns[place]), 0)
                  for place in columns for _ in columns[place]]  # fmt: skip
        self._main.resizeDocks(docks, widths, Qt.Orientation.Horizontal)
        for name in self._shown("below"):
            room = self._main.height() - OTHERS * scale - self._bars()
            height = min(self._chosen[name] * scale, BOTTOM_MOST * self._main.height(), BESIDE_BARS * room)
            self._main.resizeDocks([self._docks[name]], [round(height)], Qt.Orientation.Vertical)
        for names in sides.values():
            if len(names) > 1:
                shares = [round(1000 * self._chosen[name]) for name in names[1:]]
                heights = [max(1000 - sum(shares), round(1000 * SHARE_LEAST)), *shares]
                self._main.resizeDocks([self._docks[name] for name in names], heights, Qt.Orientation.Vertical)

    def _shown(self, place: str) -> list[str]:
        """Docks in one place that are shown, the topmost first."""
        return [name for name, spec in self._specs.items() if spec.place == place and not self._docks[name].isHidden()]

    def _widest(self, place: str) -> str:
        """The dock whose width is that of all at this side."""
        return next(name for name, spec in self._specs.items() if spec.place == place)

    def _bars(self) -> int:
        """The height of strips above and below the canvas, such as the debugger's."""
        shown = [child for child in self._window.centre.children() if isinstance(child, QWidget) and child is not self._window.canvas]
        return sum(max(child.height(), child.sizeHint().height()) for child in shown if not child.isHidden())

    def _width(self, place: str) -> float:
        window, whole = self._window, self._main.width()
        guests = [min(w * window.theme.scale, share * whole) for dock, (w, share) in self._guests.items() if not dock.isHidden()]
        own = min(self._chosen[self._widest(place)] * window.theme.scale, SIDE_MOST * whole)
        return max(guests, default=own) if place == "left" else own

    def _extents(self) -> dict[str, int]:
        """Present sizes of what is shown, by the names that choices have."""
        extents: dict[str, int] = {}
        for place in ("left", "right"):
            names = self._shown(place)
            if names:
                extents[self._widest(place)] = self._docks[names[0]].width()
            extents |= {name: self._docks[name].height() for name in names[1:]}
        return extents | {name: self._docks[name].height() for name in self._shown("below")}

    def _take_choice(self) -> None:
        """An edge was dragged: the sizes that changed are the user's choice now."""
        pressed, self._pressed = self._pressed, {}
        for name, size in self._extents().items():
            if size == pressed.get(name, size):
                continue
            place = self._specs[name].place
            if place != "below" and name != self._widest(place):
                whole = sum(self._docks[other].height() for other in self._shown(place))
                self._chosen[name] = min(max(size / whole, SHARE_LEAST), SHARE_MOST)
            else:
                self._chosen[name] = size / self._window.theme.scale

    # Qt

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The edges between docks belong to the window itself: a press and a release there are a drag of an edge."""
        if watched is not self._main:
            if event.type() == QEvent.Type.LayoutRequest and abs(self._bars() - self._barred) > BAR:
                self._barred = self._bars()
                self.arrange()
        elif isinstance(event, QMouseEvent):
            if event.type() == QEvent.Type.MouseButtonPress:
                self._pressed, self.settled = self._extents(), True
            elif event.type() == QEvent.Type.MouseButtonRelease:
                self._take_choice()
        return False


def _read(text: str, docks: Iterable[str]) -> tuple[dict[str, bool], dict[str, float]]:
    """What was remembered, without anything that makes no sense."""
    try:
        known: Any = json.loads(text or "{}")
    except ValueError:
        known = {}
    parts = [known.get(key) if isinstance(known, dict) else None for key in ("shown", "sizes")]
    shown, sizes = (part if isinstance(part, dict) else {} for part in parts)
    good = {name: float(size) for name, size in sizes.items() if name in docks and _sane(size)}
    return {name: value for name, value in shown.items() if isinstance(value, bool)}, good


def _sane(size: object) -> bool:
    return isinstance(size, (int, float)) and not isinstance(size, bool) and math.isfinite(size) and 0 < size < 1e5

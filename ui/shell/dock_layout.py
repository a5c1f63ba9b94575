"""How much of the window each dock takes in each mode. What the user chose is kept between starts; what a lesson imposes never is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from ui.shell import arrangement, registry
from ui.shell.arrangement import ALONE, Arrangement
from ui.shell.workspace.workspace import Workspace

if TYPE_CHECKING:
    from ui.look.theme import Theme
    from ui.shell.controls import Controls
    from ui.shell.status import Status
    from ui.shell.topbar import TopBar

SIDE_MOST, SIDES_MOST = 1 / 3, 0.5
"""Shares of the window that one side and both sides together get at most when the program gives them their size."""
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
    def controls(self) -> Controls: ...

    @property
    def status(self) -> Status: ...

    def set_theme(self, theme: Theme) -> None: ...


class Fronts(Protocol):
    """The tabs of docks that have some."""

    def front(self) -> Mapping[str, str]:
        """The key of the tab in front, by dock."""

    def bring(self, key: str) -> None:
        """Bring a tab to the front."""

    def wanted(self, key: str) -> bool:
        """Whether there is something to see in a dock."""


class DockLayout(QObject):
    """Sizes and visibility of the docks by name in each mode."""

    def __init__(self, window: Docked, docks: Mapping[str, QDockWidget], tabs: Fronts) -> None:
        super().__init__(window.widget)
        self._window, self._main, self._docks = window, window.widget, docks
        self._tabs = tabs
        self._specs = {name: spec for name, spec in registry.panel_specs().items() if name in docks}
        self._chosen: dict[str, float] = dict(arrangement.first("", self._specs).sizes)
        """The sizes of the present arrangement."""
        self._arrangements: dict[str, Arrangement] = {}
        self._kept: dict[str, Arrangement] | None = None
        """All arrangements as they were before something imposed a mode."""
        self._at = ""
        self._pressed: dict[str, int] = {}
        self._busy = True  # until `restore`
        self.settled = False
        """Whether the mouse was used since the program last arranged the docks; until then they follow each new size of the window."""
        self._barred = 0
        self._main.installEventFilter(self)
        window.centre.installEventFilter(self)

    # arrangements

    def restore(self) -> None:
        """As the user left the docks in this mode; at the first start, as they are meant."""
        self._arrangements = arrangement.read(self._window.settings.text("layout"), registry.panel_specs())
        self._busy = True
        for child in (self._window.topbar, self._window.centre, self._window.status):
            child.show()  # Qt shows it a moment later: until then the docks would share its room among them
        self._busy = False
        self._take(self._place)

    def remember(self) -> None:
        """Keep what the user arranged for the next start; what was changed while a mode was imposed is not kept."""
        self._leave(self._at)
        self._window.settings.set("layout", arrangement.write(self._kept if self._kept is not None else self._arrangements))

    def switch(self) -> None:
        """The mode or the theme is another one: its docks come back as they were left in it."""
        if self._arrangements and self._place != self._at:
            self._leave(self._at)
            self._take(self._place)

    def impose(self, imposed: bool) -> None:
        """Something imposes a mode: from now on nothing is kept; `imposed` False: everything is as it was before that."""
        if not self._arrangements:
            return
        if imposed:
            self._leave(self._at)
            self._kept = {place: one.copy() for place, one in self._arrangements.items()}
        elif self._kept is not None:
            self._arrangements, self._kept = self._kept, None
            self._take(self._place)

    @property
    def _place(self) -> str:
        return arrangement.place_of(self._window.modes.current, self._window.theme.name == "projector")

    def _leave(self, place: str) -> None:
        """Note how the docks are."""
        one = self._arrangements[place]
        one.shown |= {name: not dock.isHidden() for name, dock in self._docks.items() if self._tabs.wanted(name) or not dock.isHidden()}
        one.sizes = dict(self._chosen)
        one.tabs = dict(self._tabs.front())

    def _take(self, place: str) -> None:
        one = self._arrangements[place]
        self._at, self._chosen = place, dict(one.sizes)
        self._busy = True
        for name, dock in self._docks.items():
            dock.setVisible(one.shown[name] and self._tabs.wanted(name))
        for key in one.tabs.values():
            self._tabs.bring(key)
        self._busy = False
        self.settled = False
        self.arrange()

    def want(self, name: str) -> None:
        """There is something to see in a dock now, or nothing any more: it is shown where that was chosen, or goes."""
        if self._busy or not self._arrangements:
            return
        one, dock = self._arrangements[self._at], self._docks[name]
        if self._tabs.wanted(name):
            dock.setVisible(one.shown[name])
        else:
            one.shown[name] = not dock.isHidden()
            dock.hide()

    # sizes

    def arrange(self) -> None:
        """Give each dock that is shown the size that was chosen for it, as far as the canvas keeps its room."""
        scale = self._window.theme.scale
        if self._busy:
            return
        sides = {place: self._shown(place) for place in ("left", "right")}
        columns = {place: [self._docks[name] for name in names] for place, names in sides.items()}
        wide = {place: self._width(place) if docks else 0.0 for place, docks in columns.items()}
        squeeze = min(1.0, SIDES_MOST * self._main.width() / max(sum(wide.values()), 1.0))
        docks = [*columns["left"], *columns["right"]]
        widths = [max(round(wide[place] * squeeze), *(dock.minimumSizeHint().width() for dock in columns[place]), 0)
                  for place in columns for _ in columns[place]]  # fmt: skip
        self._main.resizeDocks(docks, widths, Qt.Orientation.Horizontal)
        for name in self._shown("below"):
            height = min(self._chosen[name] * scale, self._window.modes.mode.most * self._main.height())
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
        """The name that the width of all docks at this side has."""
        shown = self._shown(place)
        if len(shown) == 1 and self._specs[shown[0]].alone:
            return f"{shown[0]}{ALONE}"
        return next(name for name, spec in self._specs.items() if spec.place == place)

    def _bars(self) -> int:
        """The height of strips above and below the canvas, such as the debugger's."""
        shown = [child for child in self._window.centre.children() if isinstance(child, QWidget) and child is not self._window.canvas]
        return sum(max(child.height(), child.sizeHint().height()) for child in shown if not child.isHidden())

    def _width(self, place: str) -> float:
        name, least = self._widest(place), max(self._specs[shown].wide for shown in self._shown(place))
        size = self._chosen[name] * self._window.theme.scale
        if self._chosen[name] == arrangement.first("", self._specs).sizes[name]:
            size = max(size, least * self._main.width())
        return min(size, SIDE_MOST * self._main.width())

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
            place = self._specs[name.removesuffix(ALONE)].place
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

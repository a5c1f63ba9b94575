"""The panels around the canvas: made from their declarations, shown by key, dressed, and walked through by F6."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QBoxLayout, QDockWidget, QScrollArea, QWidget

from ui.look.theme import Theme
from ui.look.type_size import for_graph, sized
from ui.look.widgets import scrolled
from ui.shell import registry
from ui.shell.dock_layout import DockLayout
from ui.shell.edges import Edges
from ui.shell.floating import Floating
from ui.shell.lazy_panel import LazyPanel
from ui.shell.sheets import Sheets
from ui.shell.type_sizes import TypeSizes
from ui.shell.workspace.pages import Guest
from ui.shell.workspace.panel import InspectorPage, Panel, PanelSpec

if TYPE_CHECKING:
    from ui.shell.dock_layout import Docked

_AREAS = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "below": Qt.DockWidgetArea.BottomDockWidgetArea,
}
TABBED = ("bottom", "inspector")
"""Docks that hold other panels as tabs."""


class Tabbed(Protocol):
    """A dock with tabs."""

    def add_page(self, spec: PanelSpec, page: QWidget) -> None:
        """One more tab, at its place in the order of `spec`."""

    def turn_to(self, key: str) -> None: ...

    def current(self) -> str:
        """The key of the tab that is in front."""

    def retitle(self, key: str, text: str) -> None: ...

    def set_away(self, key: str, away: bool) -> None:
        """A page is on a sheet of its own now, or is back."""


class Panels(QObject):
    """All panels by key, in docks and in tabs; the window's `Pages`."""

    def __init__(self, window: Docked) -> None:
        super().__init__(window.widget)
        self._window, self._main = window, window.widget
        self.specs = registry.panel_specs()
        self.sizes = TypeSizes(window.settings)
        self._made: dict[str, Panel] = {}
        self._places: dict[str, LazyPanel] = {}
        self._sheets: dict[str, Floating] = {}
        self._afloat: set[str] = set()
        """Pages of the inspector that are on sheets."""
        self.sheets = Sheets(window.canvas, window.work, window.theme)
        window.canvas.sheet_closer = self.close_sheet
        self.docks = {key: self._dock(spec) for key, spec in self.specs.items() if spec.place in _AREAS}
        for key, spec in self.specs.items():
            if spec.place in TABBED and spec.made != "when asked for":
                self._add_tab(key)
        self.edges = Edges(window.canvas, self._hidden_at, self.show)
        self._made["inspector"].turned.connect(lambda: self._take_back("inspector"))  # type: ignore[attr-defined]
        self.layout = DockLayout(window, self.docks, self)
        for name in self.docks:
            self._made[name].want_changed.connect(lambda name=name: self.layout.want(name))
        window.modes.changed.connect(lambda _before, _now: self.layout.switch())
        window.modes.imposed.connect(self.layout.impose)

    # making

    def made(self, key: str) -> Panel | None:
        """A panel if it has been created, else None."""
        return self._made.get(key)

    def panel(self, key: str) -> Panel:
        """A panel, created now if it has not been needed yet."""
        if key not in self._made:
            if self.specs[key].place in TABBED and key not in self._places:
                self._add_tab(key)
            self._places[key].fill()
        return self._made[key]

    def all(self) -> list[Panel]:
        """Those that are made, in their order."""
        return [self._made[key] for key in self.specs if key in self._made]

    def _make(self, key: str) -> Panel:
        spec = self.specs[key]
        panel: Panel = registry.load(spec.make)(self._window)
        self._made[key] = panel
        if spec.place in TABBED:
            panel.titled.connect(lambda text: self._tabs(key).retitle(key, text))
        if self._window.furnished:
            panel.install()
            panel.set_theme(sized(self._window.theme, self.sizes.total(spec.place)))
        return panel

    def _add_tab(self, key: str) -> None:
        spec = self.specs[key]
        if spec.made == "with the window":
            page: QWidget = self._make(key)
        else:
            page = self._places[key] = LazyPanel(lambda: self._make(key), fills=spec.place == "bottom")
        self._tabs(key).add_page(spec, page)

    def _tabs(self, key: str) -> Tabbed:
        return self._made[self.specs[key].place]  # type: ignore[return-value]

    def _dock(self, spec: PanelSpec) -> QDockWidget:
        dock = QDockWidget(spec.title, self._main)
        dock.setObjectName(spec.key)
        dock.setTitleBarWidget(QWidget())
        dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
        dock.setWidget(self._make(spec.key))
        self._main.addDockWidget(_AREAS[spec.place], dock)
        dock.setVisible(False)
        dock.visibilityChanged.connect(lambda _: self._visibility_changed(spec.key))
        return dock

    def _visibility_changed(self, key: str) -> None:
        self._mark(key)
        self.edges.refresh()
        if not self.docks[key].isHidden():
            self.layout.arrange()
            self._take_back(key)

    def _hidden_at(self, place: str) -> tuple[str, str]:
        """Key and title of the first dock in a place where none is shown; empty where one is."""
        specs = [spec for spec in self.specs.values() if spec.place == place]
        shown = any(not self.docks[spec.key].isHidden() for spec in specs)
        return ("", "") if shown or not specs else (specs[0].key, specs[0].title)

    def _mark(self, key: str) -> None:
        self._window.actions_by_id[f"panel_{key}"].setChecked(not self.docks[key].isHidden())

    def restore(self) -> None:
        """As the user left the docks."""
        self.layout.restore()
        for key in self.docks:
            self._mark(key)  # a dock that is as it was declared has not told that it is there

    # pages on sheets

    def _float(self, key: str) -> None:
        """Show a page on a sheet beside what is selected; asked for again, it is about what is selected now."""
        sheet = self._sheets.get(key)
        if key in self._afloat and sheet is not None:
            sheet.pin.setChecked(False)
            sheet.raise_()
            return
        panel = self.panel(key)
        if sheet is None:
            sheet = self._sheets[key] = Floating(self._window.canvas, self.specs[key].title, scrolled(QWidget()), closable=True)
            sheet.closed.connect(lambda: self._land(key))
            sheet.pinned.connect(lambda pinned: self._pin(key, pinned))
        sheet.pin.setChecked(False)
        layout = sheet.page.layout()
        assert layout is not None
        layout.addWidget(panel)
        panel.show()
        self._afloat.add(key)
        panel.set_theme(for_graph(self._window.theme))
        self._tabs(key).set_away(key, True)
        self.sheets.put(key, sheet)

    def _land(self, key: str) -> None:
        """Close a page's sheet: the page is in its tab again."""
        if key not in self._afloat:
            return
        focus = QApplication.focusWidget()
        inside = focus is not None and (focus is self._sheets[key] or self._sheets[key].isAncestorOf(focus))
        self._afloat.discard(key)
        panel = self._made[key]
        self._places[key].take(panel)
        panel.set_theme(self._made[self.dock_of(key)].theme)
        self._pin(key, False)
        self.sheets.take_away(key)
        self._tabs(key).set_away(key, False)
        if inside:
            self._window.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def _pin(self, key: str, pinned: bool) -> None:
        panel = self._made[key]
        if isinstance(panel, InspectorPage):
            panel.set_pinned(pinned)

    def _take_back(self, dock: str) -> None:
        """A page whose tab is seen is in its tab."""
        if dock in TABBED and not self.docks[dock].isHidden() and (key := self.front()[dock]) in self._afloat:
            self._land(key)

    # what is shown

    def dock_of(self, key: str) -> str:
        """The dock that a panel is, or is a tab of."""
        place = self.specs[key].place
        return place if place in TABBED else key

    def show(self, key: str, focus: str = "", room: int = 0) -> None:
        """Bring a panel to the front, with the focus on the part of that name; `room` is the height it needs for type at 100 %."""
        window, name = self._window, self.dock_of(key)
        if self.specs[key].floats and (key in self._afloat or not self.is_shown(key)):
            self._float(key)
            return
        dock = self.docks[name]
        dock.show()
        if name != key:
            self.bring(key)
        if focus:
            self.panel(key).take_focus(focus)
        wanted = min(round(room * window.theme.scale), round(0.4 * self._main.height()))
        if dock.height() < wanted:
            self._main.resizeDocks([dock], [wanted], Qt.Orientation.Vertical)

    def front(self) -> dict[str, str]:
        """The key of the tab in front, by dock."""
        return {name: self._made[name].current() for name in TABBED}  # type: ignore[attr-defined]

    def wanted(self, key: str) -> bool:
        """Whether there is something to see in a dock."""
        return self._made[key].wanted

    def bring(self, key: str) -> None:
        """Bring a tab to the front of its dock, shown or not."""
        if key not in self._made and key not in self._places:
            self._add_tab(key)
        self._tabs(key).turn_to(key)

    def hide(self, key: str) -> None:
        if key in self._afloat:
            return self._land(key)
        self.docks[self.dock_of(key)].hide()

    def is_shown(self, key: str) -> bool:
        name = self.dock_of(key)
        if key in self._afloat:
            return True
        return not self.docks[name].isHidden() and (name == key or self._tabs(key).current() == key)

    def places(self) -> frozenset[str]:
        return frozenset(name for name, dock in self.docks.items() if not dock.isHidden()) | self._afloat

    def knows(self, key: str) -> bool:
        """Whether there is such a panel."""
        return key in self.specs

    # room for others

    def put(self, key: str, title: str, panel: QWidget, width: float, share: float) -> None:
        if key not in self._sheets:
            self._sheets[key] = Floating(self._window.canvas, title, panel, closable=False)
        self.sheets.put(key, self._sheets[key], (width, share))

    def take_away(self, key: str) -> None:
        self.sheets.take_away(key)

    def close_sheet(self) -> bool:
        return self.sheets.close_top()

    def add_bar(self, bar: QWidget) -> None:
        layout = self._window.centre.layout()
        assert isinstance(layout, QBoxLayout)
        layout.insertWidget(0, bar)

    def add_controls(self, controls: Guest, optional: Sequence[QWidget], last: Sequence[QWidget] = ()) -> None:
        self._window.controls.add(controls, optional, last)

    def add_ribbon(self, ribbon: QWidget) -> None:
        self._window.topbar.add_ribbon(ribbon)

    def add_status(self, widget: QWidget) -> None:
        self._window.status.insertPermanentWidget(1, widget)

    def show_bars(self, shown: bool) -> None:
        for bar in (self._window.topbar, self._window.controls, self._window.status):
            bar.setVisible(shown)
        self.edges.want(shown)

    def show_focus(self, shown: bool) -> None:
        self._window.canvas.model.shows_focus = shown
        self._window.set_theme(self._window.theme)

    # the focus

    def turn(self, way: int) -> None:
        """Move the focus to the next panel that is seen, or the one before: canvas, right, below, left, top."""
        window = self._window
        docks = [self._made[key] for place in ("right", "below", "left") for key in self.docks if self.specs[key].place == place]
        stops: list[tuple[QWidget, QWidget]] = [
            (window.canvas, window.canvas), *((sheet, sheet.first_stop()) for sheet in self.sheets.all()),
            *((panel, panel.first_stop()) for panel in docks), (window.topbar, window.topbar.first_stop()),
        ]  # fmt: skip
        stops = [(panel, first) for panel, first in stops if first.isVisible() and first.isEnabled()]
        focus = QApplication.focusWidget()
        here = next((i for i, (panel, _) in reversed([*enumerate(stops)])
                     if focus is not None and (panel is focus or panel.isAncestorOf(focus))), 0)  # fmt: skip
        stops[(here + way) % len(stops)][1].setFocus(Qt.FocusReason.TabFocusReason)

    # looks

    def dress(self, theme: Theme) -> None:
        """Put the panels into a theme that is already as large as the window's type."""
        for name in self.docks:
            self._dress_one(name, theme)
        self.sheets.set_theme(theme)
        self.edges.set_theme(theme)
        self.fit()

    def _dress_one(self, name: str, theme: Theme) -> None:
        from ui.look.style import style_sheet

        own = sized(theme, self.sizes.total(name))
        widget = self._made[name]
        wanted = "" if own is theme else style_sheet(own)
        if widget.styleSheet() != wanted:
            widget.setStyleSheet(wanted)
        for key, panel in self._made.items():
            if self.dock_of(key) == name:
                panel.set_theme(own if key not in self._afloat else for_graph(theme))
        sideways = Qt.ScrollBarPolicy.ScrollBarAsNeeded if self.sizes.total(name) > 1.3 else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        if self.specs[name].place == "right":
            for area in widget.findChildren(QScrollArea):
                area.setHorizontalScrollBarPolicy(sideways)

    def fit(self) -> None:
        """Least sizes for the type's size, never so large that the canvas has no room; the top bar gives way where it must."""
        window, scale = self._window, self._window.theme.scale
        for name in self.docks:
            spec = self.specs[name]
            least, share = spec.least
            if spec.place == "below":
                self._made[name].setMinimumHeight(round(min(least * scale, max(share * self._main.height(), least))))
            else:
                wide = min(least * scale * self.sizes.total(name) / self.sizes.of(), max(share * self._main.width(), least))
                self._made[name].setMinimumWidth(round(wide))
        window.topbar.dress(window.theme)

    def step_type(self, way: int, name: str) -> None:
        """Larger or smaller type in one dock."""
        total = self.sizes.step(way, name)
        self._dress_one(name, self._window.theme)
        self.fit()
        self._window.say(f"{self.specs[name].title}: type at {total:.0%}")

    def reset_type(self) -> None:
        """Type at 100 %, in the window and in every dock."""
        for name in ("", *self.docks):
            self.sizes.set(1.0, name)

    def panel_at(self, widget: QWidget | None) -> str:
        """The dock a widget is in; empty for none."""
        open_panels = ((name, self._made[name]) for name in self.docks)
        return next((name for name, panel in open_panels if widget is not None and (panel is widget or panel.isAncestorOf(widget))), "")

    def watch(self) -> None:
        """Look at the wheel from now on; the window has a surface."""
        surface = self._main.windowHandle()
        if surface is not None:
            surface.installEventFilter(self)

    # Qt

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Watches the window's surface, where a wheel is seen before any widget scrolls by it."""
        if event.type() == QEvent.Type.MouseButtonPress:
            self.layout.settled = True
        if isinstance(event, QWheelEvent) and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            name = self.panel_at(self._main.childAt(event.position().toPoint()))
            if name:
                if event.angleDelta().y():
                    self.step_type(1 if event.angleDelta().y() > 0 else -1, name)
                return True
        return False

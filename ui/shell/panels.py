"""The panels around the canvas: their docks, their places, who has the focus, and how large their type is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QWheelEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QScrollArea, QWidget

from ui.look.theme import Theme
from ui.look.type_size import sized
from ui.shell.dock_layout import DockLayout
from ui.shell.type_sizes import TypeSizes

if TYPE_CHECKING:
    from ui.shell.window import Window

TITLES = {"library": "Node library", "outline": "Outline", "inspector": "Inspector", "bottom": "Training, data and problems"}
_AREAS = {
    "library": Qt.DockWidgetArea.LeftDockWidgetArea,
    "outline": Qt.DockWidgetArea.LeftDockWidgetArea,
    "inspector": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}
_IN_OUTLINE = ("cut", "copy", "duplicate", "delete", "dissolve", "rename")
"""Canvas commands that act on the selection, and so can be given in the outline as well. Letters are left to its search."""
_LEAST = {"library": (168, 0.2), "outline": (264, 0.25), "inspector": (248, 0.3)}
"""Least width at the light theme's type size, and the share of the window it may take at most."""


class Panels(QObject):
    """Docks by name, in the window's four places."""

    def __init__(self, window: Window, widgets: dict[str, QWidget]) -> None:
        super().__init__(window)
        self._window, self._widgets = window, widgets
        self.sizes = TypeSizes(window.settings)
        self.docks = {name: self._dock(name, widget) for name, widget in widgets.items()}
        self.docks["outline"].hide()
        self.layout = DockLayout(window, self.docks)
        for name in _IN_OUTLINE:
            window.outline.tree.addAction(window.actions_by_id[name])

    def _dock(self, name: str, widget: QWidget) -> QDockWidget:
        window = self._window
        dock = QDockWidget(TITLES[name], window)
        dock.setObjectName(name)
        dock.setTitleBarWidget(QWidget())
        dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
        dock.setWidget(widget)
        window.addDockWidget(_AREAS[name], dock)
        action = window.actions_by_id[f"panel_{name}"]
        dock.visibilityChanged.connect(lambda _: self._visibility_changed(dock, action))
        return dock

    def _visibility_changed(self, dock: QDockWidget, action: QAction) -> None:
        action.setChecked(not dock.isHidden())
        if not dock.isHidden():
            self.layout.arrange()

    # places

    def toggle(self, name: str) -> None:
        dock = self.docks[name]
        dock.setVisible(dock.isHidden())

    # what is shown

    def show_inspector(self, page: int | None) -> None:
        """A page of the inspector; None: the node's name, ready to be typed over."""
        window = self._window
        self.docks["inspector"].show()
        if page is not None:
            window.inspector.tabs.setCurrentIndex(page)
        else:
            from ui.inspector.inspector import NODE

            window.inspector.tabs.setCurrentIndex(NODE)
            window.inspector.node_page.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_value(self) -> None:
        """The value of the selected node in the inspector, ready to be typed over; the name of a node whose value is computed."""
        self.show_inspector(None)
        form = self._window.inspector.node_page.form
        field = form.editors.get("value") if form is not None else None
        if field is not None and field.isEnabled():
            field.setFocus(Qt.FocusReason.TabFocusReason)  # as Tab does it: the text is selected

    def show_bottom(self, page: int) -> None:
        self.docks["bottom"].show()
        self._window.bottom.tabs.setCurrentIndex(page)

    def show_training(self, focus: Callable[[], object]) -> None:
        from ui.shell.bottom import TRAINING

        self.show_bottom(TRAINING)
        focus()

    def turn(self, way: int) -> None:
        """Move the focus to the next panel that is seen, or the one before."""
        window = self._window
        stops: list[tuple[QWidget, QWidget]] = [
            (window.canvas, window.canvas),
            (window.inspector, window.inspector.tabs.tabBar()),
            (window.bottom, window.bottom.tabs),
            (window.library, window.library.query),
            (window.outline, window.outline.tree),
            (window.topbar, window.topbar.first_stop()),
        ]
        stops = [(panel, first) for panel, first in stops if first.isVisible() and first.isEnabled()]
        focus = QApplication.focusWidget()
        here = next((i for i, (panel, _) in enumerate(stops) if focus is not None and (panel is focus or panel.isAncestorOf(focus))), 0)
        stops[(here + way) % len(stops)][1].setFocus(Qt.FocusReason.TabFocusReason)

    # looks

    def dress(self, theme: Theme) -> None:
        """Put the panels into a theme that is already as large as the window's type."""
        for name in self._widgets:
            self._dress_one(name, theme)
        self.fit()

    def _dress_one(self, name: str, theme: Theme) -> None:
        from ui.look.style import style_sheet

        own = sized(theme, self.sizes.total(name))
        widget = self._widgets[name]
        wanted = "" if own is theme else style_sheet(own)
        if widget.styleSheet() != wanted:
            widget.setStyleSheet(wanted)
        widget.set_theme(own)  # type: ignore[attr-defined]
        sideways = Qt.ScrollBarPolicy.ScrollBarAsNeeded if self.sizes.total(name) > 1.3 else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        if name == "inspector":
            for area in widget.findChildren(QScrollArea):
                area.setHorizontalScrollBarPolicy(sideways)

    def fit(self) -> None:
        """Least sizes for the type's size, never so large that the canvas has no room; the top bar gives way where it must."""
        window = self._window
        for name, (width, share) in _LEAST.items():
            wide = min(width * window.theme.scale * self.sizes.total(name) / self.sizes.of(), max(share * window.width(), width))
            self._widgets[name].setMinimumWidth(round(wide))
        self._widgets["bottom"].setMinimumHeight(round(min(150 * window.theme.scale, max(0.25 * window.height(), 150))))
        window.topbar.dress(window.theme)

    def step_type(self, way: int, name: str) -> None:
        """Larger or smaller type in one panel."""
        total = self.sizes.step(way, name)
        self._dress_one(name, self._window.theme)
        self.fit()
        self._window.say(f"{TITLES[name]}: type at {total:.0%}")

    def reset_type(self) -> None:
        """Type at 100 %, in the window and in every panel."""
        for name in ("", *self._widgets):
            self.sizes.set(1.0, name)

    def panel_at(self, widget: QWidget | None) -> str:
        """The panel a widget is in; empty for none."""
        return next((n for n, panel in self._widgets.items() if widget is not None and (panel is widget or panel.isAncestorOf(widget))), "")

    def watch(self) -> None:
        """Look at the wheel from now on; the window has a surface."""
        surface = self._window.windowHandle()
        if surface is not None:
            surface.installEventFilter(self)

    # Qt

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Watches the window's surface, where a wheel is seen before any widget scrolls by it."""
        if event.type() == QEvent.Type.MouseButtonPress:
            self.layout.settled = True
        if isinstance(event, QWheelEvent) and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            name = self.panel_at(self._window.childAt(event.position().toPoint()))
            if name:
                if event.angleDelta().y():
                    self.step_type(1 if event.angleDelta().y() > 0 else -1, name)
                return True
        return False

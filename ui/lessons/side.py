"""The place left of the canvas: a lesson or its recorder stands there while other panels give way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDockWidget, QWidget

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace

WIDTH, SHARE = 400, 0.36
"""At the light theme's type size, and the share of the window it may take at most."""
NARROW = 1500
"""A window narrower than this has no room for a lesson, the graph and the inspector."""


class Side:
    """One dock. What it holds is not part of the remembered layout: the dock exists only while it is shown."""

    def __init__(self, workspace: Workspace, name: str, title: str) -> None:
        self._workspace, self._name, self._title = workspace, name, title
        self._dock: QDockWidget | None = None

    @property
    def shown(self) -> bool:
        return self._dock is not None and not self._dock.isHidden()

    def show(self, panel: QWidget, giving_way: tuple[str, ...]) -> None:
        """Show a panel; these docks give way, and where the window is narrow the inspector too."""
        workspace = self._workspace
        if self._dock is None:
            self._dock = QDockWidget(self._title, workspace.widget)
            self._dock.setObjectName(self._name)
            self._dock.setTitleBarWidget(QWidget())
            self._dock.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
            self._dock.setWidget(panel)
        narrow = workspace.width() < NARROW * workspace.theme.scale
        workspace.panels.layout.give_way(self._name, (*giving_way, *(("inspector",) if narrow else ())))
        workspace.panels.layout.put(self._dock, WIDTH, SHARE)

    def hide(self) -> None:
        """Give the place back to those it was taken from."""
        if self._dock is not None and self.shown:
            self._workspace.panels.layout.remove(self._dock)
        self._workspace.panels.layout.come_back(self._name)

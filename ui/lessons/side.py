"""The place of a lesson or of its recorder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace

WIDTH, SHARE = 400, 0.36
"""For type at 100 %, and the share of the window it may take at most."""
BROAD, MOST = 1100, 0.72
"""The same where an experiment is shown: its figure is the largest thing in view."""


class Side:
    """One dock. What it holds is not part of the remembered layout."""

    def __init__(self, workspace: Workspace, name: str, title: str) -> None:
        self._workspace, self._name, self._title = workspace, name, title

    def show(self, panel: QWidget, mode: str) -> None:
        """Show a panel, in a mode that ends with it."""
        self._workspace.modes.enter(self._name, mode)
        self.place(panel)

    def place(self, panel: QWidget, broad: bool = False) -> None:
        """Put the panel where the graph that is shown now keeps the most room; `broad`: where the panel itself has the most."""
        width, share = (BROAD, MOST) if broad else (WIDTH, SHARE)
        self._workspace.pages.put(self._name, self._title, panel, width, share)

    def hide(self) -> None:
        """Give the place back; the window is in the mode before again."""
        self._workspace.pages.take_away(self._name)
        self._workspace.modes.leave(self._name)

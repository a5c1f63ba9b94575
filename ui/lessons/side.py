"""The place left of the canvas: a lesson or its recorder stands there while other panels give way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace

WIDTH, SHARE = 400, 0.36
"""For type at 100 %, and the share of the window it may take at most."""
NARROW = 1500
"""A window narrower than this has no room for a lesson, the graph and the inspector."""


class Side:
    """One dock. What it holds is not part of the remembered layout."""

    def __init__(self, workspace: Workspace, name: str, title: str) -> None:
        self._workspace, self._name, self._title = workspace, name, title

    def show(self, panel: QWidget, giving_way: tuple[str, ...]) -> None:
        """Show a panel; these docks give way, and where the window is narrow the inspector too."""
        workspace = self._workspace
        narrow = workspace.widget.width() < NARROW * workspace.theme.scale
        workspace.pages.give_way(self._name, (*giving_way, *(("inspector",) if narrow else ())))
        workspace.pages.put(self._name, self._title, panel, WIDTH, SHARE)

    def hide(self) -> None:
        """Give the place back to those it was taken from."""
        self._workspace.pages.take_away(self._name)
        self._workspace.pages.come_back(self._name)

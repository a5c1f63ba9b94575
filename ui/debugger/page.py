"""The debugger's page in the bottom panel: what the update makes of the parameters, and where playback and training stop."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout

from ui.debugger.feature import DEBUGGER
from ui.debugger.points_view import PointsView
from ui.debugger.update_view import UpdateView
from ui.look.theme import Theme
from ui.shell.workspace.panel import Panel
from ui.shell.workspace.services import INSIDE
from ui.shell.workspace.workspace import Workspace


class DebuggerPage(Panel):
    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        control = workspace.services.get(DEBUGGER).control
        updates = control.updates
        self.points = PointsView(control.breakpoints, updates.name_of, updates.target, updates.find, updates.refuse)
        self.update_view = UpdateView()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        row.addWidget(self.update_view, 1)
        row.addWidget(self.points)
        self.update_view.entry_wanted.connect(updates.ask_entry)
        self.update_view.chosen.connect(lambda node: workspace.canvas.select([node]))
        self.update_view.inside_wanted.connect(lambda *place: workspace.services.get(INSIDE).open(*place))
        updates.fill(self)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.points.setFixedWidth(round(178 * theme.scale))
        self.update_view.set_theme(theme)

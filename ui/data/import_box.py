"""The ways to a table of one's own: import one, or change how the present one is read."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from graph.text.messages import _
from ui.look.widgets import FlowLayout, button
from ui.shell.workspace.workspace import Workspace


class ImportBox(QWidget):
    """The commands are those of the action table, which knows when they can be used."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.load = button(_("Import a table …"))
        self.change = button(_("Change how it is read …"))
        flow = FlowLayout(4)
        self.setLayout(flow)
        for made, action in ((self.load, "import_table"), (self.change, "change_reading")):
            made.clicked.connect(lambda _on=False, key=action: self._workspace.actions_by_id[key].trigger())
            flow.addWidget(made)

    def refresh(self) -> None:
        """The commands may be usable now, or no longer."""
        actions = self._workspace.actions_by_id
        for made, action in ((self.load, "import_table"), (self.change, "change_reading")):
            if action in actions:
                made.setVisible(actions[action].isEnabled())
                made.setToolTip(actions[action].toolTip())

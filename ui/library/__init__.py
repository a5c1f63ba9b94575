"""The library of node types."""

from ui.look.frame import LIBRARY_WIDTH
from ui.shell.workspace.panel import PanelSpec

PANELS = (
    PanelSpec("library", "Node library", "left", "ui.library.library:Library", 10, size=LIBRARY_WIDTH, least=(168, 0.2),
              tip="Show or hide the node library"),
)  # fmt: skip

"""The library of node types."""

from graph.text.messages import _
from ui.look.frame import LIBRARY_WIDTH
from ui.shell.workspace.panel import PanelSpec

PANELS = (
    PanelSpec("library", _("Node library"), "left", "ui.library.library:Library", 10, size=LIBRARY_WIDTH, least=(168, 0.2),
              modes=("build",), tip=_("Show or hide the node library")),
)  # fmt: skip

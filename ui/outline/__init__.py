"""The outline of the graph."""

from graph.text.messages import _
from ui.shell.workspace.panel import PanelSpec

PANELS = (
    PanelSpec("outline", _("Outline"), "left", "ui.outline.outline:Outline", 20, size=0.5, least=(264, 0.25),
              tip=_("Show or hide the graph as a list of nodes and wires"), shortcuts=("Ctrl+Shift+L",), search=("tree", "list")),
)  # fmt: skip

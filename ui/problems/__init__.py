"""Problems of the graph and their repairs."""

from graph.text.messages import _
from ui.shell.workspace.panel import PanelSpec

PANELS = (PanelSpec("problems", _("Problems"), "bottom", "ui.problems.problems:ProblemsPage", 46),)

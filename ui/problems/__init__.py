"""Problems of the graph and their repairs."""

from ui.shell.workspace.panel import PanelSpec

PANELS = (PanelSpec("problems", "Problems", "bottom", "ui.problems.problems:ProblemsPage", 44),)

"""Runs: the tree of all training runs and their branches, to go to, restore, continue, name and compare."""

from graph.text.messages import _
from ui.runs.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec
from ui.shell.workspace.panel import PanelSpec

PANELS = (PanelSpec("runs", _("Runs"), "bottom", "ui.runs.page:RunsPage", 41, made="when seen"),)
FEATURE = FeatureSpec("runs", "ui.runs.feature:RunsFeature", 13, ROWS)

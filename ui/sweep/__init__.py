"""Sweeps: the document trained with many settings, and what came of it as curves, a chart by value, and a table."""

from graph.text.messages import _
from ui.shell.workspace.feature import FeatureSpec
from ui.shell.workspace.panel import PanelSpec
from ui.sweep.rows import ROWS

PANELS = (PanelSpec("sweep", _("Sweep"), "bottom", "ui.sweep.page:SweepPage", 50, made="when seen"),)
FEATURE = FeatureSpec("sweep", "ui.sweep.feature:SweepFeature", 13, ROWS)

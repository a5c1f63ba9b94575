"""Two runs, or two steps, compared: their curves, settings and results, and the difference of every number on the canvas."""

from graph.text.messages import _
from ui.compare.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec
from ui.shell.workspace.panel import PanelSpec

PANELS = (PanelSpec("compare", _("Compare"), "bottom", "ui.compare.page:ComparePage", 52, made="when asked for"),)
FEATURE = FeatureSpec("comparison", "ui.compare.feature:CompareFeature", 17, ROWS)

"""Several objectives on one graph: which parameters each moves and in which direction, marked on the canvas and edited in a panel."""

from graph.text.messages import _
from ui.objectives.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec
from ui.shell.workspace.panel import PanelSpec

PANELS = (PanelSpec("objectives", _("Objectives"), "bottom", "ui.objectives.page:ObjectivesPage", 53, made="when asked for"),)
FEATURE = FeatureSpec("objectives", "ui.objectives.feature:Objectives", 14, ROWS)

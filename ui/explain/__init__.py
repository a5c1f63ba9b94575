"""Explanations of every number."""

from graph.text.messages import _
from ui.explain.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec
from ui.shell.workspace.panel import PanelSpec

FEATURE = FeatureSpec("explain", "ui.explain.feature:Explain", 30, ROWS)
PANELS = (
    PanelSpec("explain", _("Explain"), "inspector", "ui.explain.card_page:CardPage", 32, made="when seen", floats=True),
    PanelSpec("analysis", _("Analysis"), "bottom", "ui.explain.tools_page:ToolsPage", 47, made="when seen", modes=("analyse",)),
)

"""The learned function: decision regions, heat maps and fitted curves, seen forming while a network trains."""

from graph.text.messages import _
from ui.regions.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec
from ui.shell.workspace.panel import PanelSpec

PANELS = (
    PanelSpec("regions", _("Learned function"), "right", "ui.regions.side:RegionsPanel", 36, size=0.54, alone=420.0, wide=0.24,
              least=(248, 0.3), modes=("build", "analyse"), projected=True,
              tip=_("Show or hide the picture of the function that is learned"),
              search=("decision regions", "boundary", "fitted curve", "heat map", "residuals")),
)  # fmt: skip
FEATURE = FeatureSpec("plane", "ui.regions.feature:RegionsFeature", 14, ROWS)

"""What the optimizer holds, on the weights: velocity, accumulated squares, effective rates; and every step on the objective."""

from graph.text.messages import _
from ui.shell.workspace.feature import FeatureSpec
from ui.shell.workspace.panel import PanelSpec
from ui.weights.rows import ROWS

PANELS = (
    PanelSpec("steps", _("Steps"), "bottom", "ui.weights.page:StepsPage", 54, made="when asked for"),
    PanelSpec("frame", _("Uniform frame"), "bottom", "ui.weights.frame_page:FramePage", 55, made="when asked for"),
)
FEATURE = FeatureSpec("weights", "ui.weights.feature:WeightsFeature", 15, ROWS)

"""Training: settings and curves."""

from graph.text.messages import _
from ui.shell.workspace.feature import FeatureSpec
from ui.shell.workspace.panel import PanelSpec
from ui.training.rows import ROWS

PANELS = (PanelSpec("training", _("Training"), "bottom", "ui.training.training:TrainingPage", 40, made="when seen"),)
FEATURE = FeatureSpec("curves", "ui.training.curve_feature:CurveFeature", 13, ROWS)

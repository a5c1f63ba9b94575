"""Predicting numbers, and finding planted faults."""

from graph.text.messages import _
from ui.predict.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec
from ui.shell.workspace.panel import PanelSpec

FEATURE = FeatureSpec("predict", "ui.predict.feature:Predict", 40, ROWS)
PANELS = (PanelSpec("predictions", _("Predictions"), "bottom", "ui.predict.score_page:ScorePage", 49, made="when asked for"),)

"""Training: settings and curves."""

from graph.text.messages import _
from ui.shell.workspace.panel import PanelSpec

PANELS = (PanelSpec("training", _("Training"), "bottom", "ui.training.training:TrainingPage", 41),)

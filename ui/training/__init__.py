"""Training: settings and curves."""

from ui.shell.workspace.panel import PanelSpec

PANELS = (PanelSpec("training", "Training", "bottom", "ui.training.training:TrainingPage", 41),)

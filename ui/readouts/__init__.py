"""Results: how well the network predicts each part of the data, and which samples it gets wrong."""

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionSpec, nodes
from ui.shell.workspace.panel import PanelSpec

ROWS = (
    ActionSpec("readouts", _("Results"), "View", ("Ctrl+Shift+T",), enabled=nodes,
               tip=_("Show what the network predicts for every sample: confusion matrix, scores, mistakes"), before=True,
               search=("confusion matrix", "accuracy", "precision", "recall", "F1", "ROC", "AUC", "residuals", "R²", "mistakes",
                       "metrics", "evaluate"), run="readouts.bring"),
)  # fmt: skip
PANELS = (PanelSpec("readouts", _("Results"), "bottom", "ui.readouts.page:ReadoutsPage", 44, made="when seen", rows=ROWS),)

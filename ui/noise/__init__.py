"""Gradient noise: single samples' gradients, batch sizes, batch size and learning rate together."""

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec
from ui.shell.workspace.feature import FeatureSpec
from ui.shell.workspace.panel import PanelSpec


def learns(s: ActionContext) -> bool:
    return s.learns


ROWS = (
    ActionSpec("show_noise", _("Gradient noise"), "Learn/Analyse", ("Ctrl+Shift+F6",), enabled=learns,
               search=("per-sample gradients", "mini-batch", "variance", "covariance", "standard error", "batch size", "sigma"),
               tip=_("The gradient of each sample of a mini-batch, their mean and spread, and what the batch size changes"),
               run="noise.show_noise"),
)  # fmt: skip
PANELS = (PanelSpec("noise", _("Gradient noise"), "bottom", "ui.noise.page:NoisePage", 58, made="when asked for"),)
FEATURE = FeatureSpec("noise", "ui.noise.feature:NoiseFeature", 19, ROWS)

"""Gradient noise: single samples' gradients, batch sizes, batch size and learning rate together; sharp and flat minima."""

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec
from ui.shell.workspace.feature import FeatureSpec
from ui.shell.workspace.panel import PanelSpec


def learns(s: ActionContext) -> bool:
    return s.learns


ROWS = (
    ActionSpec("show_noise", _("Gradient noise"), "Learn/Analyse", ("Ctrl+Shift+F6",), enabled=learns, before=True,
               search=("per-sample gradients", "mini-batch", "variance", "covariance", "standard error", "batch size", "sigma"),
               tip=_("The gradient of each sample of a mini-batch, their mean and spread, and what the batch size changes"),
               run="noise.show_noise"),
    ActionSpec("show_minima", _("Sharp and flat minima"), "Learn/Analyse", ("Ctrl+F12",), enabled=learns,
               search=("sharpness", "flatness", "largest eigenvalue", "trace", "Hutchinson", "interpolation", "barrier", "rescaling"),
               tip=_("How sharp the objective is where the runs end, and what lies between the ends"), run="noise.show_minima"),
)  # fmt: skip
PANELS = (
    PanelSpec("noise", _("Gradient noise"), "bottom", "ui.noise.page:NoisePage", 58, made="when asked for"),
    PanelSpec("minima", _("Sharp and flat minima"), "bottom", "ui.noise.minima_page:MinimaPage", 59, made="when asked for"),
)
FEATURE = FeatureSpec("noise", "ui.noise.feature:NoiseFeature", 19, ROWS)

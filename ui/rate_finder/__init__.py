"""The learning-rate finder: the loss while the rate grows, with the rate that its rule suggests."""

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec
from ui.shell.workspace.feature import FeatureSpec
from ui.shell.workspace.panel import PanelSpec


def resting(s: ActionContext) -> bool:
    """Whether something can be trained, and nothing is being trained now."""
    return s.kernel and s.trainable and not s.training


ROWS = (
    ActionSpec("find_rate", _("Find a learning rate"), "Run/Sweep", ("Ctrl+F8",), enabled=resting, before=True,
               tip=_("Train a copy with a growing learning rate and show where the loss falls and where it diverges"),
               search=("learning rate finder", "range test", "lr", "eta"), run="rate_finder.find"),
)  # fmt: skip
PANELS = (PanelSpec("rate_finder", _("Learning rate"), "bottom", "ui.rate_finder.page:RatePage", 51, made="when asked for"),)
FEATURE = FeatureSpec("rate_finder", "ui.rate_finder.feature:RateFinder", 13, ROWS)

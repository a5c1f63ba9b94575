"""The rows of the action table about rates of convergence."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec


def learns(s: ActionContext) -> bool:
    return s.learns


ROWS = (
    ActionSpec("show_rates", _("Rates of convergence"), "Learn/Analyse", ("Alt+Shift+R",), enabled=learns, run="rates.show",
               search=("convergence", "bound", "gap", "theory", "Lipschitz", "linear", "sublinear", "strongly convex",
                       "log-log", "worst case"),
               tip=_("The measured gap, gradients and distance of the run on logarithmic axes, with the bounds of theory")),
)  # fmt: skip

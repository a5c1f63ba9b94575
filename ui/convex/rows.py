"""The row of the action table about convex problems."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec


def _computed(s: ActionContext) -> bool:
    return s.kernel and s.nodes > 0


ROWS = (
    ActionSpec("convex", _("Convexity, optimum and Lipschitz constants"), "Learn/Analyse", ("Alt+Shift+C",), enabled=_computed,
               check="toggle", run="convex.toggle",
               search=("convex problem", "closed form", "normal equations", "optimum", "global minimum", "logistic regression",
                       "least squares", "smoothness", "strongly convex"),
               tip=_("Whether the objective is a known convex problem and why, its exact minimum, and how steep its gradient can be")),
)  # fmt: skip

"""The row of the action table about curvature."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec


def _computed(s: ActionContext) -> bool:
    return s.kernel and s.nodes > 0


ROWS = (
    ActionSpec("hessian", _("Hessian and its eigenvalues"), "Learn/Analyse", ("Ctrl+Shift+F2",), enabled=_computed, check="toggle",
               search=("curvature", "second derivatives", "definite", "eigenvector", "condition number", "saddle", "Newton", "Lanczos",
                       "spectral density", "spectrum", "minimum"),
               tip=_("The second derivatives of the objective as a map, with eigenvalues, definiteness and Newton’s step"),
               run="curvature.toggle"),
)  # fmt: skip

"""The row of the action table about Jacobians."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec


def _computed(s: ActionContext) -> bool:
    return s.kernel and s.nodes > 0


ROWS = (
    ActionSpec("jacobian", _("Jacobian of a node"), "Learn/Analyse", ("Alt+Shift+J",), enabled=_computed, check="toggle",
               run="jacobian.toggle", search=("derivative", "partial derivatives", "matrix", "local derivative", "singular values", "vjp"),
               tip=_("All partial derivatives of the selected node’s output by a value or a learned tensor before it, as a map")),
)  # fmt: skip

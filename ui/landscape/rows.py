"""The row of the action table about the landscape."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec


def _computed(s: ActionContext) -> bool:
    return s.kernel and s.nodes > 0


ROWS = (
    ActionSpec("landscape", _("Landscape of the objective"), "Learn/Analyse", ("Ctrl+Shift+F4",), enabled=_computed, check="toggle",
               search=("loss surface", "contour plot", "level lines", "heat map", "valley", "saddle", "minimum", "plane", "Hessian"),
               tip=_("The objective over any two of its numbers, or along two directions, as large as the window"),
               run="landscape.toggle"),
)  # fmt: skip

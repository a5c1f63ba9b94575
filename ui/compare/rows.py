"""The rows of the action table about comparing runs and steps."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec, has

MENU = "Run/Compare"
WORDS = ("compare", "difference", "versus", "diff", "runs", "steps")


def _resting(s: ActionContext) -> bool:
    """Whether there are runs, and nothing is being trained now."""
    return "runs to compare" in s.facts and not s.training


_comparing = has("comparing")

ROWS = (
    ActionSpec("compare_runs", _("Compare runs"), MENU, ("Shift+C",), "canvas", enabled=_resting, search=WORDS,
               tip=_("Compare the two selected runs, or the run that is shown with the one it branched from, number by number"),
               run="comparison.compare_runs"),
    ActionSpec("compare_step", _("Compare this step with others"), MENU, enabled=_resting, search=(*WORDS, "timeline"),
               tip=_("Keep the step that is shown as A; B is the step that you go to next"), run="comparison.compare_step"),
    ActionSpec("compare_swap", _("Swap A and B"), MENU, enabled=_comparing, search=WORDS, before=True,
               tip=_("Exchange the two moments, so that every difference changes its sign"), run="comparison.swap"),
    ActionSpec("compare_canvas", _("Differences on the canvas"), MENU, enabled=_comparing, check="toggle", search=WORDS,
               tip=_("Show B − A in the place of every number on the canvas, or the numbers of the step that is shown"),
               run="comparison.toggle_canvas"),
    ActionSpec("compare_close", _("End the comparison"), MENU, enabled=_comparing, search=WORDS,
               tip=_("Show the numbers of the step that is shown again  (Esc)"), run="comparison.close"),
)  # fmt: skip

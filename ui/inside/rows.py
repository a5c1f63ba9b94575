"""The rows of the action table about the inside of an optimizer."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec, has, learns

A = ActionSpec
MENU = "Learn/Inside a node"
WORDS = ("optimizer", "update", "rule", "inside", "adam", "step")
inside, own = has("inside"), has("own rule")


def openable(s: ActionContext) -> bool:
    """Whether something is trained here whose update can be shown."""
    return "inside" not in s.facts and learns(s) and s.trainable


ROWS: tuple[ActionSpec, ...] = (
    A("inside", _("Inside of the optimizer"), MENU, ("I",), "canvas", enabled=openable, before=True, search=(*WORDS, "hypergradient"),
      tip=_("Show the update of the selected parameter as a wired graph with the numbers of the coming step"),
      run="inside.open_selected", context=375),
    A("inside_all", _("Inside of the optimizer, for all parameters"), MENU, enabled=has("inside possible"), search=WORDS,
      tip=_("Show the update of all parameters together, as one vector"), run="inside.open_all"),
    A("inside_entry", _("One number or the whole parameter"), MENU, ("Shift+I",), "canvas", enabled=has("inside of many"), search=WORDS,
      tip=_("Follow one number of the parameter, or all its numbers together"), run="inside.toggle_entry"),
    A("inside_back", _("Back one training step"), MENU, ("Alt+F9",), enabled=has("inside back"), search=WORDS,
      tip=_("Take back one training step of your graph, exactly"), run="inside.back"),
    A("inside_train_with", _("Train with this rule"), MENU, enabled=own, before=True, search=WORDS,
      tip=_("Use the rule as it is wired now for the training of your graph; undo returns to the one before"), run="inside.train_with"),
    A("inside_race", _("Race it against the original"), MENU, enabled=own, search=(*WORDS, "compare"),
      tip=_("Train your graph with both rules from the same start, on the same mini-batches"), run="inside.race"),
    A("inside_export", _("Export the rule as PyTorch code …"), MENU, enabled=inside, search=(*WORDS, "python"),
      tip=_("Write the rule as it is wired now as a class for PyTorch"), run="inside.export", asks=True),
    A("inside_discard", _("Discard the changes of the rule"), MENU, enabled=own, search=WORDS,
      tip=_("Wire the rule again as your training uses it; undo brings your changes back"), run="inside.discard"),
    A("inside_leave", _("Back to your graph"), MENU, enabled=inside, before=True, search=WORDS,
      tip=_("Show your own graph again, as it was  (Esc)"), run="inside.leave"),
)  # fmt: skip

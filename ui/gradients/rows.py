"""The rows of the action table about the size of gradients."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionSpec, has, nodes

MENU = "View/Gradient size"
WORDS = ("vanishing", "exploding", "gradient flow", "norm", "dead", "saturated")

ROWS = (
    ActionSpec("gradient_size_off", _("Off"), MENU, check="gradient_size", tip=_("Wires do not show how large their gradients are"),
               search=WORDS, run="gradients.off"),
    ActionSpec("gradient_size_width", _("Width"), MENU, check="gradient_size",
               tip=_("The larger a wire's gradient, the wider the wire"), search=WORDS, run="gradients.width"),
    ActionSpec("gradient_size_heat", _("Heat"), MENU, check="gradient_size",
               tip=_("The larger a wire's gradient, the stronger its colour"), search=WORDS, run="gradients.heat"),
    ActionSpec("gradient_size_next", _("Change the look"), MENU, ("G",), "canvas", nodes,
               _("Show the size of the gradients by width, by heat, or not at all"), before=True, search=WORDS, run="gradients.turn"),
    ActionSpec("gradient_layers", _("Choose a layer by its gradient"), MENU, ("Shift+G",), "canvas", has("gradient size"),
               _("Move the focus to the chart of gradient sizes: arrow keys choose a layer, Enter selects it"), search=WORDS,
               run="gradients.focus"),
)  # fmt: skip

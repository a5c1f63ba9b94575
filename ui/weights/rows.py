"""The rows of the action table about what the optimizer holds."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec

MENU = "View/Cards show"
WORDS = ("optimizer state", "on the weights", "memory", "arrows", "effective learning rate", "momentum buffer")


def learns(s: ActionContext) -> bool:
    return s.learns


ROWS = (
    ActionSpec("weights_values", _("Weights: values alone"), MENU, check="weights_show", search=WORDS, run="weights.values",
               tip=_("Show nothing of the optimizer on the weights")),
    ActionSpec("weights_velocity", _("Weights: velocity"), MENU, check="weights_show", enabled=learns, search=WORDS, run="weights.velocity",
               tip=_("An arrow for each weight: the move that the optimizer's memory holds")),
    ActionSpec("weights_squares", _("Weights: accumulated squares"), MENU, check="weights_show", enabled=learns, search=WORDS,
               run="weights.squares", tip=_("A square for each weight: the squared gradients collected so far")),
    ActionSpec("weights_rate", _("Weights: effective learning rate"), MENU, check="weights_show", enabled=learns, search=WORDS,
               run="weights.rate", tip=_("A map of αH⁻¹: how far one unit of the gradient moves each weight")),
    ActionSpec("weights_momentum", _("Weights: effective momentum"), MENU, check="weights_show", enabled=learns, search=WORDS,
               run="weights.momentum", tip=_("A map of βH⁻¹H₋₁: which share of the last move each weight makes again")),
    ActionSpec("weights_sums", _("Summed gradients"), MENU, check="weights_show", enabled=learns, run="weights.sums",
               search=(*WORDS, "zero_grad", "accumulate"),
               tip=_("An arrow for each weight: the gradients added up since they were set to zero")),
    ActionSpec("weights_step", _("Weights: the coming step as a sum"), MENU, check="weights_show", enabled=learns,
               search=(*WORDS, "vector sum"),
               run="weights.step", tip=_("Arrows for each weight: the part of the gradient, the part of the memory, and their sum")),
    ActionSpec("weights_next", _("Change what is shown on the weights"), MENU, ("V",), "canvas", learns, before=True, search=WORDS,
               run="weights.turn", tip=_("Values alone, velocity, accumulated squares, effective learning rate or momentum")),
    ActionSpec("show_steps", _("Steps on the objective"), "Learn/Analyse", ("Shift+F4",), enabled=learns, before=True,
               search=("path", "contour plot", "vector sum", "look-ahead", "saddle", "valley", "momentum"), run="weights.show_steps",
               tip=_("The path of the run over the objective of two weights, and each step as a sum of its parts")),
    ActionSpec("show_frame", _("Uniform frame of the optimizers"), "Learn/Analyse", ("Ctrl+Shift+F7",), enabled=learns,
               search=("common frame", "table", "alpha", "beta", "Adam", "AdaGrad", "RMSProp"), run="weights.show_frame",
               tip=_("G, α and β of five optimizers with the numbers of the current run")),
)  # fmt: skip

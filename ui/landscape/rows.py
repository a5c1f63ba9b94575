"""The rows of the action table about the landscape."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec, has

MENU = "File/Landscape"
WORDS = ("loss surface", "contour plot", "level lines", "landscape")
_there = has("landscape")


def _computed(s: ActionContext) -> bool:
    return s.kernel and s.nodes > 0


ROWS = (
    ActionSpec("landscape", _("Landscape of the objective"), "Learn/Analyse", ("Ctrl+Shift+F4",), enabled=_computed, check="toggle",
               before=True,
               search=("loss surface", "contour plot", "level lines", "heat map", "valley", "saddle", "minimum", "plane", "Hessian"),
               tip=_("The objective over any two of its numbers, or along two directions, as large as the window"),
               run="landscape.toggle"),
    ActionSpec("landscape_solid", _("Landscape as a surface"), "Learn/Analyse", enabled=_there, check="toggle", search=(*WORDS, "3D"),
               tip=_("Show the landscape as a surface that can be turned, or as level lines"), run="landscape.turn"),
    ActionSpec("landscape_beside", _("Landscape beside the graph"), "Learn/Analyse", enabled=_there, check="toggle",
               search=(*WORDS, "split", "wires"), run="landscape.beside",
               tip=_("Let the graph be seen beside the landscape, or let the landscape fill the window")),
    ActionSpec("landscape_svg", _("Save the landscape as SVG …"), MENU, enabled=_there, search=(*WORDS, "export"), asks=True,
               tip=_("Save what the landscape shows as a vector picture"), run="landscape.save_svg"),
    ActionSpec("landscape_png", _("Save the landscape as PNG …"), MENU, enabled=_there, search=(*WORDS, "export"), asks=True,
               tip=_("Save what the landscape shows in pixels"), run="landscape.save_png"),
    ActionSpec("landscape_latex", _("Save the landscape for LaTeX …"), MENU, enabled=_there, search=(*WORDS, "export", "pgfplots", "tikz"),
               asks=True, run="landscape.save_latex",
               tip=_("Save a document for LaTeX with all numbers of the landscape, which pgfplots draws")),
    ActionSpec("landscape_copy", _("Copy the landscape"), MENU, enabled=_there, search=(*WORDS, "clipboard"),
               tip=_("Copy what the landscape shows as a picture"), run="landscape.copy"),
)  # fmt: skip

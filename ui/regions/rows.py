"""The rows of the action table about the picture of the learned function."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionSpec, has

MENU = "View/Learned function"
WORDS = ("decision regions", "boundary", "plane", "fitted curve", "learned function")
_there = has("plane")

ROWS = (
    ActionSpec("plane_stage", _("Fill the window"), MENU, ("F7",), enabled=_there, check="toggle", search=(*WORDS, "full stage", "large"),
               tip=_("Let the picture of the learned function fill the window, or return it to its panel"), run="plane.toggle_stage"),
    ActionSpec("plane_focus", _("Read the picture"), MENU, ("Shift+F7",), enabled=_there, search=(*WORDS, "cursor", "zoom"),
               tip=_("Move the focus to the picture: arrow keys read it, + and − zoom, Shift and arrows pan, 0 shows all, Enter chooses "
                     "the sample at the crosshair, N goes to the next one"), run="plane.focus"),
    ActionSpec("plane_all", _("Show all of the plane"), MENU, enabled=has("plane zoomed"), search=(*WORDS, "zoom"),
               tip=_("Return to the range of the data; the mouse wheel zooms, a drag moves"), run="plane.show_all"),
    ActionSpec("plane_svg", _("Save the picture as SVG …"), MENU, enabled=_there, before=True, search=(*WORDS, "export"), asks=True,
               tip=_("Save the picture of the learned function as a vector picture"), run="plane.save_svg"),
    ActionSpec("plane_png", _("Save the picture as PNG …"), MENU, enabled=_there, search=(*WORDS, "export"), asks=True,
               tip=_("Save the picture of the learned function in pixels"), run="plane.save_png"),
    ActionSpec("plane_copy", _("Copy the picture"), MENU, enabled=_there, search=(*WORDS, "clipboard"),
               tip=_("Copy the picture of the learned function"), run="plane.copy"),
)  # fmt: skip
